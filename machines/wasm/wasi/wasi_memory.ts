import type { GuestMemory } from '../abi/memory.ts';
import { Errno, refuse } from './errno.ts';

const WORD = 4;
/** A pointer and a length. */
const VECTOR_BYTES = 8;
const MOST_VECTORS = 1024;
/** Bytes that one call reads or writes at most; a program asks again for the rest. */
const MOST_TRANSFER = 1024 * 1024;
const LONGEST_PATH = 4096;

/** Part of the guest's memory: inside when it was made. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** The guest's memory for calls of WASI: what is not inside is FAULT. */
export class WasiMemory {
  readonly #memory: GuestMemory;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  /** The address, unsigned, if `length` bytes from there are inside. */
  check(at: number, length: number): number {
    at >>>= 0;
    return this.#memory.holds(at, length) ? at : refuse(Errno.FAULT);
  }

  /** Views of checked bytes; not to be kept, since the memory is another one when it has grown. */
  view(at: number, length: number): DataView {
    at = this.check(at, length);
    const { bytes } = this.#memory;
    return new DataView(bytes.buffer, bytes.byteOffset + at, length);
  }

  setWord(at: number, value: number): void {
    this.view(at, WORD).setUint32(0, value, true);
  }

  setLong(at: number, value: bigint): void {
    this.view(at, 8).setBigUint64(0, value, true);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#memory.write(this.check(at, bytes.length), bytes);
  }

  /** A path, or ILSEQ, NAMETOOLONG. */
  path(at: number, length: number): string {
    length >>>= 0;
    this.check(at, length);
    if (length > LONGEST_PATH) refuse(Errno.NAMETOOLONG);
    const text = this.#memory.text(at, length) ?? refuse(Errno.ILSEQ);
    return text.includes('\0') ? refuse(Errno.INVAL) : text;
  }

  /** The areas of an array of (pointer, length), each checked, cut off where they are more than one call transfers. */
  vectors(at: number, count: number): Span[] {
    count >>>= 0;
    if (count > MOST_VECTORS) refuse(Errno.INVAL);
    const view = this.view(at, count * VECTOR_BYTES);
    const spans: Span[] = [];
    let room = MOST_TRANSFER;
    for (let i = 0; i < count; i++) {
      const length = view.getUint32(i * VECTOR_BYTES + WORD, true);
      const start = this.check(view.getUint32(i * VECTOR_BYTES, true), length);
      const used = Math.min(length, room);
      if (used > 0) spans.push({ at: start, length: used });
      room -= used;
    }
    return spans;
  }

  /** A copy of what the areas hold, one after the other. */
  gather(spans: readonly Span[]): Uint8Array {
    const whole = new Uint8Array(totalLength(spans));
    let filled = 0;
    for (const { at, length } of spans) {
      whole.set(this.#memory.bytes.subarray(at, at + length), filled);
      filled += length;
    }
    return whole;
  }

  /** Fill the areas one after the other; `bytes` are at most as many as they hold. */
  scatter(spans: readonly Span[], bytes: Uint8Array): void {
    let used = 0;
    for (const { at, length } of spans) {
      if (used >= bytes.length) return;
      this.#memory.write(at, bytes.subarray(used, used + length));
      used += length;
    }
  }
}

export function totalLength(spans: readonly Span[]): number {
  let total = 0;
  for (const span of spans) total += span.length;
  return total;
}
