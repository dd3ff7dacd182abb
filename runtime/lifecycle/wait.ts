/**
 * What happens at the moment at which a process waits, and not before: who started it is told that it has started
 * (`SpawnRequest.announce`); and new code takes its place, because what it was in the middle of would be lost with it.
 */
import type { Payload } from '../machine.ts';
import type { Extras } from '../scheduler/extras.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import { startedSignal } from './signal.ts';
import { replaceProcess } from './upgrade.ts';

/** `starter` is told when it waits for the first time. */
export function awaitStart(process: Process, starter: string): void {
  const { rare } = process;
  rare.starter = starter;
  rare.awaited = true;
}

/** It goes on as the present revision of its entry: now if it waits or has not begun, otherwise as soon as it waits. */
export function replaceAtWait(process: Process, args: readonly Payload[]): void {
  const waits = process.state === ProcessState.Idle || process.state === ProcessState.Blocked;
  if (waits || process.args !== undefined) {
    replaceProcess(process, args);
    return;
  }
  const { rare } = process;
  rare.replacement = args;
  rare.awaited = true;
}

/** It waits now. Whether it is another program from here on, which has its turn later. */
export function atWait(process: Process, extras: Extras): boolean {
  // A supervisor waits for its children to start.
  if (process.machine!.isStarting) return false;
  extras.awaited = false;
  const { starter, replacement } = extras;
  if (starter !== undefined) {
    extras.starter = undefined;
    const { scheduler } = process.linked;
    scheduler.outbound?.sends(process);
    scheduler.notify(starter, startedSignal(process.pid, scheduler.clock.unix() / 1000));
  }
  if (replacement === undefined) return false;
  extras.replacement = undefined;
  process.state = ProcessState.Idle;
  replaceProcess(process, replacement);
  return true;
}
