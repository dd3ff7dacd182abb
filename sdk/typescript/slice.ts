/**
 * The slice that is running now: one object a worker, because steps never nest. It is what commands look at in their
 * hot path instead of a field in every process.
 */
import type { Process } from './process.ts';

/** Messages taken and paths resumed in one step, before the other processes of the worker get their turn. */
export const SLICE = 300;

class Slice {
  /** What is left of it. At 0 commands suspend even where they could go on, and the step reports Ready. */
  left = 0;
  /**
   * The process whose generator runs at this moment. A command that suspends clears it, so "set" means "may wait":
   * a second command in the same breath, or one outside of a generator, finds it cleared and is refused.
   */
  running: Process | undefined = undefined;
  /** The process that is in a step; undefined between steps, where promises run and must ask for one. */
  stepping: Process | undefined = undefined;
}

export const slice = new Slice();
