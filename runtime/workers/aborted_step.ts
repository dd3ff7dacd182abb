/**
 * A step that the watchdog cuts off ends without a word: no `finally` runs, and the scheduler seems to be in the middle
 * of a turn for ever. Before the watchdog lets the thread go on it sends a notice, which the thread's event loop finds
 * once that turn is over: it ends the process and lets the scheduler go on.
 */
import type { MessagePort } from 'node:worker_threads';
import { stepAborted } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import { type Frame, showFrames } from './frames.ts';

/** What the main thread tells a worker before it lets it go on. */
export interface AbortNotice {
  /** How long the step had been under way, and how long it may be. */
  readonly milliseconds: number;
  readonly limit: number;
  /** Where it was, by the places of what runs: the language knows the places of what was written. */
  readonly frames: readonly Frame[];
}

/**
 * The worker's half. `notices`: the other end of the port that the watchdog was given for this worker. `aborted` is told
 * the error of each step that was cut off, outside of that step's turn; no turn of the scheduler is whole before it.
 */
export function onAbortedStep(notices: MessagePort, aborted: (error: TroupeError) => void): void {
  notices.on('message', ({ milliseconds, limit, frames }: AbortNotice) => {
    aborted(stepAborted(milliseconds, limit, showFrames(frames)));
  });
}
