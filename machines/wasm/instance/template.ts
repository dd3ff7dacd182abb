import { globalExport } from '../suspend/control.ts';
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
  readonly #globals: readonly string[];
  readonly #values: readonly unknown[];

  /** Of a new instance, before its first call. `globals`: indices of all mutable globals. */
  constructor(loaded: Loaded, globals: readonly number[]) {
    const { bytes } = loaded.memory;
    this.bytes = bytes.slice(0, contentLength(bytes));
    this.length = bytes.length;
    this.#globals = globals.map(globalExport);
    this.#values = this.#globals.map(name => loaded.globalOf(name).value);
  }

  /** Write an instance back whose memory is of this length. */
  restore(loaded: Loaded): void {
    const { bytes } = loaded.memory;
    bytes.set(this.bytes);
    bytes.fill(0, this.bytes.length);
    for (let i = 0; i < this.#globals.length; i++) loaded.globalOf(this.#globals[i]).value = this.#values[i];
  }

  /** The mutable globals as they are, eight bytes each: i64 as such, all others as f64, which holds them exactly. */
  readGlobals(loaded: Loaded): Uint8Array {
    const bytes = new Uint8Array(this.#globals.length * 8);
    const view = new DataView(bytes.buffer);
    this.#globals.forEach((name, index) => {
      const { value } = loaded.globalOf(name);
      if (typeof value === 'bigint') view.setBigInt64(index * 8, value, true);
      else view.setFloat64(index * 8, value as number, true);
    });
    return bytes;
  }

  /** Set them to what `readGlobals` gave; false where these are not so many. */
  writeGlobals(loaded: Loaded, bytes: Uint8Array): boolean {
    if (bytes.length !== this.#globals.length * 8) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#globals.forEach((name, index) => {
      const wide = typeof this.#values[index] === 'bigint';
      loaded.globalOf(name).value = wide ? view.getBigInt64(index * 8, true) : view.getFloat64(index * 8, true);
    });
    return true;
  }
}
