/** Telling who starts processes in order that one of them is ready (`SpawnRequest.announce`). */
import type { Process } from '../scheduler/process.ts';
import { startedSignal } from './signal.ts';

/** It waits for the first time, unless it says that it only waits for others to start. */
export function announceStart(process: Process): void {
  const extras = process.extras!;
  if (process.machine!.isStarting) return;
  const starter = extras.starter!;
  extras.starter = undefined;
  const { scheduler } = process.linked;
  scheduler.outbound?.sends(process);
  scheduler.notify(starter, startedSignal(process.pid, scheduler.clock.unix() / 1000));
}
