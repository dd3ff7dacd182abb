import { globalExport } from '../suspend/control.ts';
import type { Loaded } from './loaded.ts';

/** Instances of one program that are kept for the next process. */
const MOST_KEPT = 32;
/** Larger memories are made anew: that is cheaper than to write them. */
const LARGEST_KEPT = 512 * 1024;

/**
 * Instances whose process has ended, for the next ones. A new instance costs its memory's address space and a share of a
 * garbage collection, many times what it takes to write the old one's memory and globals back to what they were at first.
 *
 * Every byte of the memory and every mutable global is written, so nothing of a process reaches the next. An instance
 * is not kept if anything else of it can have changed, its memory has grown, or it trapped.
 */
export class InstancePool {
  readonly #globals: readonly string[];
  readonly #free: Loaded[] = [];
  /** The memory of a new instance, up to the last byte that is not 0. */
  #memory: Uint8Array | undefined;
  #length = 0;
  #values: readonly unknown[] = [];

  /** `globals`: indices of all mutable globals. */
  constructor(globals: readonly number[]) {
    this.#globals = globals.map(globalExport);
  }

  /** An instance that is as good as new. */
  take(): Loaded | undefined {
    return this.#free.pop();
  }

  /** A new instance, before its first call: what later ones are made equal to. */
  made(loaded: Loaded): void {
    if (this.#memory !== undefined) return;
    const { bytes } = loaded.memory;
    let end = bytes.length;
    if (end > LARGEST_KEPT) return;
    while (end > 0 && bytes[end - 1] === 0) end--;
    this.#memory = bytes.slice(0, end);
    this.#length = bytes.length;
    this.#values = this.#globals.map(name => loaded.globalOf(name).value);
  }

  /** An instance whose process has ended without a trap. */
  give(loaded: Loaded): void {
    const memory = this.#memory;
    if (memory === undefined || this.#free.length >= MOST_KEPT) return;
    const { bytes } = loaded.memory;
    if (bytes.length !== this.#length) return;
    bytes.set(memory);
    bytes.fill(0, memory.length);
    for (let i = 0; i < this.#globals.length; i++) loaded.globalOf(this.#globals[i]).value = this.#values[i];
    loaded.pinned.length = 0;
    loaded.driver.reset();
    this.#free.push(loaded);
  }
}
