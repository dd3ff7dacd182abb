import { badName, nameNotFound, notText } from '../catalogue.ts';
import { TroupeError } from '../errors.ts';
import type { Process } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { refuseRuntimes, takenBy } from './guard.ts';
import { LONGEST_NAME } from './names.ts';
import { namedSignal } from './signal.ts';

/** Whether a text can be a name; PIDs and reserved words cannot. */
export function checkName(name: string): TroupeError | undefined {
  if (typeof name !== 'string') return notText('a name', name);
  const first = name.charCodeAt(0);
  const fits = name.length > 0 && (name.length * 3 <= LONGEST_NAME || Buffer.byteLength(name) <= LONGEST_NAME);
  return fits && first !== 0x7b && first !== 0x40 ? undefined : badName(name);
}

export function registerName(process: Process, name: string, dest: string): TroupeError | undefined {
  const bad = checkName(name);
  if (bad !== undefined) return bad;
  const scheduler = process.linked.scheduler;
  const pid = scheduler.locate(dest);
  if (typeof pid !== 'string') return pid;
  // It would hold the name for as long as the runtime lives.
  const refused = pid === process.pid ? undefined : refuseRuntimes(process, 'process.registry.foreign', pid);
  if (refused !== undefined) return refused;
  const holder = claimName(scheduler, name, pid);
  if (holder instanceof TroupeError) return holder;
  if (holder === pid) return undefined;
  if (holder !== undefined) return takenBy(process, name, holder);
  // Whoever holds it must release it at its end. If it ended just now the signal finds nobody and the name is freed.
  if (scheduler.signalTo(pid, namedSignal(process.pid, name)) !== undefined) scheduler.names.release(name, pid);
  return undefined;
}

/**
 * Undefined: the name is this PID's now. Otherwise its holder, or why there can be none. Another thread sees that a
 * process is gone a moment before it sees that its names are free: who is gone holds nothing.
 */
export function claimName(scheduler: Scheduler, name: string, pid: string): string | TroupeError | undefined {
  const { names } = scheduler;
  try {
    for (;;) {
      const holder = names.register(name, pid);
      if (holder === undefined || holder === pid || typeof scheduler.locate(holder) === 'string') return holder;
      names.release(name, holder);
    }
  } catch (thrown) {
    if (thrown instanceof TroupeError) return thrown;
    throw thrown;
  }
}

/** Who holds a name; nobody where the holder is gone. */
export function holderOf(scheduler: Scheduler, name: string): string | undefined {
  const holder = scheduler.names.lookup(name);
  return holder === undefined || typeof scheduler.locate(holder) === 'string' ? holder : undefined;
}

export function lookupName(scheduler: Scheduler, name: string): string | TroupeError {
  return checkName(name) ?? holderOf(scheduler, name) ?? nameNotFound(name);
}

/** `holder`: from whom it is taken; undefined: from anybody. */
export function unregisterName(scheduler: Scheduler, name: string, holder: string | undefined): boolean {
  return typeof name === 'string' && scheduler.names.release(name, holder);
}
