/** Asking a process to end, and ending it (semantics section 3). */
import { notText, terminated } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import { SYSTEM_HOST } from '../hosts/host.ts';
import { type ProcessEvent, ProcessEventKind } from '../machine.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import { Queue } from '../scheduler/queue.ts';
import { cancelChildren } from './commands.ts';
import { endProcess } from './exit.ts';
import { refuseRuntimes } from './guard.ts';
import { cancelSignal, type Signal, shutdownSignal, terminateSignal } from './signal.ts';

export function cancelProcess(process: Process, dest: string, reason: string | undefined): TroupeError | undefined {
  return (
    badReason(reason) ?? signalEnd(process, dest, 'process.cancel', cancelSignal(process.pid, now(process), reason))
  );
}

export function terminateProcess(process: Process, dest: string): TroupeError | undefined {
  return signalEnd(process, dest, 'process.terminate', terminateSignal(process.pid));
}

export function shutDownProcess(process: Process, dest: string, reason: string | undefined): TroupeError | undefined {
  const signal = shutdownSignal(process.pid, now(process), reason);
  return badReason(reason) ?? signalEnd(process, dest, 'process.terminate', signal);
}

function badReason(reason: string | undefined): TroupeError | undefined {
  return reason === undefined || typeof reason === 'string' ? undefined : notText('the reason', reason);
}

/** Unix seconds. */
function now({ linked }: Process): number {
  return linked.scheduler.clock.unix() / 1000;
}

/** `action`: for the record where it is the runtime's own. */
function signalEnd(process: Process, dest: string, action: string, signal: Signal): TroupeError | undefined {
  const { scheduler } = process.linked;
  const pid = scheduler.locate(dest);
  if (typeof pid !== 'string') return pid;
  return refuseRuntimes(process, action, pid) ?? scheduler.signalTo(pid, signal);
}

/** Hand a process event to a process and make it runnable. */
export function pushEvent(process: Process, event: ProcessEvent): void {
  const rare = process.rare;
  if (rare.events === undefined) rare.events = new Queue(4);
  rare.events.push(event);
  process.linked.scheduler.wake(process);
}

export function onCancel(process: Process, from: string, at: number, reason: string | undefined): void {
  if (isOfRuntime(process)) return;
  pushEvent(process, { kind: ProcessEventKind.CANCEL, from, at, reason: reason ?? '' });
  cancelChildren(process, reason);
}

export function onShutdown(process: Process, from: string, at: number, reason: string | undefined): void {
  if (process.extras?.hears) onCancel(process, from, at, reason);
  else onTerminate(process);
}

export function onTerminate(process: Process): void {
  if (isOfRuntime(process)) return;
  kill(process, terminated());
}

/** What is the runtime's own ends with it, and not because somebody has waited for it in vain. */
function isOfRuntime(process: Process): boolean {
  return process.linked.host.id === SYSTEM_HOST;
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
