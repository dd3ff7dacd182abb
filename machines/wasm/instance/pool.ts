import type { Loaded } from './loaded.ts';
import type { Template } from './template.ts';

/** Instances of one program that are kept for the next process. */
const MOST_KEPT = 32;
/** Larger memories are made anew: that is cheaper than to write them. */
export const LARGEST_KEPT = 512 * 1024;

/**
 * Instances whose process has ended, for the next ones. A new instance costs its memory's address space and a share of a
 * garbage collection, many times what it takes to write the old one's memory and globals back to what they were at first.
 *
 * Every byte of the memory and every mutable global is written, so nothing of a process reaches the next. An instance
 * is not kept if its memory is large or has grown, or if it trapped; programs of which anything else can change have no
 * pool.
 */
export class InstancePool {
  readonly #free: Loaded[] = [];

  /** An instance that is as good as new. */
  take(): Loaded | undefined {
    return this.#free.pop();
  }

  /** An instance whose process has ended without a trap; false where it is not kept. */
  give(loaded: Loaded, template: Template): boolean {
    const { length } = loaded.memory.bytes;
    if (this.#free.length >= MOST_KEPT || length > LARGEST_KEPT || length !== template.length) return false;
    loaded.pinned.length = 0;
    loaded.driver.reset();
    template.restore(loaded);
    this.#free.push(loaded);
    return true;
  }
}
