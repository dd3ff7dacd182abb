import { badName, nameNotFound, nameTaken, notText } from '../catalogue.ts';
import { TroupeError } from '../errors.ts';
import type { Process } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
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
  let holder: string | undefined;
  try {
    holder = scheduler.names.register(name, pid);
  } catch (thrown) {
    if (thrown instanceof TroupeError) return thrown;
    throw thrown;
  }
  if (holder === pid) return undefined;
  if (holder !== undefined) return nameTaken(name, holder);
  // Whoever holds it must release it at its end. If it ended just now the signal finds nobody and the name is freed.
  if (scheduler.signalTo(pid, namedSignal(process.pid, name)) !== undefined) scheduler.names.release(name, pid);
  return undefined;
}

export function lookupName(scheduler: Scheduler, name: string): string | TroupeError {
  return checkName(name) ?? scheduler.names.lookup(name) ?? nameNotFound(name);
}

export function unregisterName(scheduler: Scheduler, name: string): boolean {
  return typeof name === 'string' && scheduler.names.release(name, undefined);
}
