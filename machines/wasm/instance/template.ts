import type { Loaded } from './loaded.ts';

const ZEROS = Buffer.alloc(65_536);

/** Length without the zeros at the end. A memory can begin with 4 GiB of them, so whole pages are compared first. */
function contentLength(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length;
  while (end >= ZEROS.length && ZEROS.compare(buffer, end - ZEROS.length, end) === 0) end -= ZEROS.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/**
 * What every instance of a program is like before its first call: the bytes of its memory and its mutable globals. The same
 * in every thread, because a start function runs without imports. A used instance is written back to it (`InstancePool`),
 * and an image holds only what differs from it.
 */
export class Template {
  /** The memory up to its last byte that is not 0. */
  readonly bytes: Uint8Array;
  /** Length of the memory in bytes. */
  readonly length: number;
  readonly #globals: Uint8Array;

  /** Of a new instance, before its first call. `globalBytes`: of its mutable globals. */
  constructor(loaded: Loaded, globalBytes: number) {
    const { bytes } = loaded.memory;
    this.bytes = bytes.slice(0, contentLength(bytes));
    this.length = bytes.length;
    // Nothing is on the saved stack of a new instance, so there is room.
    this.#globals = loaded.driver.saveGlobals(globalBytes)!;
  }

  /** Write an instance back whose memory is of this length, and in which no call is suspended. */
  restore(loaded: Loaded): void {
    const { bytes } = loaded.memory;
    bytes.set(this.bytes);
    bytes.fill(0, this.bytes.length);
    loaded.driver.loadGlobals(this.#globals);
  }

  /** The mutable globals as they are; undefined where they cannot be had now. */
  readGlobals(loaded: Loaded): Uint8Array | undefined {
    return loaded.driver.saveGlobals(this.#globals.length);
  }

  /** Set them to what `readGlobals` gave; false where these are not so many. */
  writeGlobals(loaded: Loaded, bytes: Uint8Array): boolean {
    if (bytes.length !== this.#globals.length) return false;
    loaded.driver.loadGlobals(bytes);
    return true;
  }
}
