/** Asking a process to end, and ending it (semantics section 3). */
import { runtimesOwn, terminated } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import { isOfRuntime } from '../hosts/host.ts';
import { type ProcessEvent, ProcessEventKind } from '../machine.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import { Queue } from '../scheduler/queue.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { cancelChildren } from './commands.ts';
import { endProcess } from './exit.ts';
import { cancelSignal, terminateSignal } from './signal.ts';

export function cancelProcess(
  scheduler: Scheduler,
  from: string,
  dest: string,
  reason: string | undefined,
): TroupeError | undefined {
  const refused = refuseOwn(scheduler, dest, 'cancelled');
  return refused ?? scheduler.signalTo(dest, cancelSignal(from, scheduler.clock.unix() / 1000, reason));
}

/** What is of the runtime ends with it, not because a process says so: everything would end with it. */
function refuseOwn(scheduler: Scheduler, dest: string, what: string): TroupeError | undefined {
  const pid = scheduler.locate(dest);
  return typeof pid === 'string' && isOfRuntime(pid) ? runtimesOwn(pid, what) : undefined;
}

export function terminateProcess(scheduler: Scheduler, from: string, dest: string): TroupeError | undefined {
  const refused = refuseOwn(scheduler, dest, 'terminated');
  return refused ?? scheduler.signalTo(dest, terminateSignal(from));
}

/** Hand a process event to a process and make it runnable. */
export function pushEvent(process: Process, event: ProcessEvent): void {
  const rare = process.rare;
  if (rare.events === undefined) rare.events = new Queue(4);
  rare.events.push(event);
  process.linked.scheduler.wake(process);
}

export function onCancel(process: Process, from: string, at: number, reason: string | undefined): void {
  pushEvent(process, { kind: ProcessEventKind.CANCEL, from, at, reason: reason ?? '' });
  cancelChildren(process, reason);
}

export function onTerminate(process: Process): void {
  kill(process, terminated());
}

/** End it without running any code of its own: at once where it waits, at the step's end where it runs. */
export function kill(process: Process, error: TroupeError): void {
  if (process.state === ProcessState.Dead) return;
  if (process.state === ProcessState.Running || process.state === ProcessState.RunningWoken) {
    process.rare.doom ??= error;
  } else {
    endProcess(process, { error });
  }
}
