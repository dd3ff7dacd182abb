/**
 * Binary data that never changes, so that it can be passed on without a copy: to processes of the same thread as it is,
 * to those of other threads as the shared memory that it lies in.
 *
 *     const image = Bytes.from(uint8array);
 *     self.send(viewer, 'image', image);
 *     self.send(archive, 'head', image.slice(0, 512));
 *
 * Nothing here gives away the memory: whoever had it could change what others see, or reach beyond a slice. What a
 * program hands in is copied once, what it takes out is its own.
 *
 * The memory goes when the last object that views it has been collected, on whichever thread: V8 counts the references
 * to shared memory, and nothing else keeps it. But V8 does not count its bytes, so without further ado a thread could
 * pile up gigabytes of it before it sees a reason to collect; see `BALLAST`.
 */
import { isUint8Array } from 'node:util/types';
import { TroupeError } from '../errors.ts';

/**
 * From this many bytes on the memory is shared. Less is cheaper to copy to another thread than to share with it: making
 * shared memory and handing it over takes some microseconds, which is what copying so many bytes takes.
 */
export const SHARED_BYTES = 8192;
/** What one frame between threads can describe. */
const MAX_BYTES = 2 ** 32 - 1;
/** Bytes that `inspect` shows. */
const SHOWN = 16;

/**
 * Ordinary memory that is never touched, and so takes none, held by one Bytes for each so many bytes of shared memory
 * that this thread views: V8 counts it, and looks for what can be collected. Each time costs some milliseconds, so not
 * too often. A ballast must be more than the allocator ever keeps for itself (32 MiB): less would be cleared at each use.
 */
const BALLAST = 64 * 1024 * 1024;
const SHARED_PER_BALLAST = 128 * 1024 * 1024;
let sharedSinceBallast = 0;

/** Whoever has it may make Bytes over memory of its choice. */
const KEY = Symbol('Bytes');

const setBytes = Uint8Array.prototype.set;
/** Of a Uint8Array, whatever its own class says. */
export const lengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')!.get as (
  this: Uint8Array,
) => number;
const { utf8Slice, utf8Write, base64Slice, hexSlice } = Buffer.prototype;
const searchIn = Buffer.prototype.indexOf as (
  this: Uint8Array,
  value: string | number | Uint8Array,
  from: number,
) => number;
const compare = Buffer.compare;
const byteLength = Buffer.byteLength;

export type BytesSource = string | Uint8Array | Bytes;

/** The view behind it: for the runtime, which only reads it. */
export let contentOf: (bytes: Bytes) => Uint8Array;
/** Whether it is one, made here: not what only looks like one. */
export let isBytes: (value: object) => value is Bytes;

export class Bytes {
  readonly #content: Uint8Array;
  readonly #ballast: ArrayBuffer | undefined;
  #view: DataView | undefined = undefined;

  static {
    contentOf = bytes => bytes.#content;
    isBytes = (value): value is Bytes => #content in value;
  }

  /** Not for programs: `Bytes.from` makes them. */
  constructor(key: symbol, content: Uint8Array, ballast: ArrayBuffer | undefined) {
    if (key !== KEY) throw invalid('Bytes cannot be constructed; write Bytes.from(...)');
    this.#content = content;
    this.#ballast = ballast;
    Object.freeze(this);
  }

  /** A copy of the bytes; a text as UTF-8. Bytes come back as they are. */
  static from(source: BytesSource): Bytes {
    if (typeof source === 'object' && source !== null && isBytes(source)) return source;
    return Bytes.concat([source]);
  }

  /** All of them, one after the other. */
  static concat(parts: readonly BytesSource[]): Bytes {
    if (!Array.isArray(parts)) throw invalid('Bytes.concat takes an array of strings, Uint8Arrays and Bytes');
    // Read once: a list of a program may answer something else the second time.
    const list: (string | Uint8Array)[] = [];
    let length = 0;
    for (let i = 0; i < parts.length; i++) {
      const part = readable(parts[i], 'Bytes.from');
      list.push(part);
      length += typeof part === 'string' ? byteLength(part, 'utf8') : lengthOf.call(part);
    }
    const made = allocateBytes(length);
    const content = contentOf(made);
    let at = 0;
    for (let i = 0; i < list.length; i++) {
      const part = list[i];
      if (typeof part === 'string') {
        at += utf8Write.call(content, part, at);
      } else {
        setBytes.call(content, part, at);
        at += lengthOf.call(part);
      }
    }
    return made;
  }

  get length(): number {
    return this.#content.length;
  }

  /** The byte at `index`, from the end where it is negative; undefined where there is none. */
  at(index: number): number | undefined {
    const content = this.#content;
    const whole = Math.trunc(index) || 0;
    return content[whole < 0 ? content.length + whole : whole];
  }

  /** The bytes from `from` up to, not with, `to`; negative ones count from the end. A view: nothing is copied. */
  slice(from = 0, to = this.length): Bytes {
    const content = this.#content;
    const first = within(from, content.length);
    const last = Math.max(first, within(to, content.length));
    if (first === 0 && last === content.length) return this;
    const view = new Uint8Array(content.buffer, content.byteOffset + first, last - first);
    return new Bytes(KEY, view, this.#ballast);
  }

  /** Copy all of it into `target`, from `at` on. Throws INVALID where it does not fit. */
  copyTo(target: Uint8Array, at = 0): void {
    if (!isUint8Array(target)) throw invalid('copyTo takes a Uint8Array');
    const length = this.#content.length;
    const room = lengthOf.call(target);
    if (!Number.isInteger(at) || at < 0 || at + length > room) {
      throw invalid(`${length} bytes do not fit into a Uint8Array of ${room} from ${String(at)} on`);
    }
    setBytes.call(target, this.#content, at);
  }

  /** A copy that is the caller's own. */
  toUint8Array(): Uint8Array {
    return new Uint8Array(this.#content);
  }

  /** As UTF-8 text; what is not becomes U+FFFD. */
  text(): string {
    return utf8Slice.call(this.#content, 0, this.#content.length);
  }

  equals(other: Bytes | Uint8Array): boolean {
    const bytes = readable(other, 'equals');
    return typeof bytes !== 'string' && compare(this.#content, bytes) === 0;
  }

  /** Where a byte, or a sequence of bytes (a text as UTF-8), is first found at or after `from`; -1: nowhere. */
  indexOf(sought: number | BytesSource, from = 0): number {
    const value = typeof sought === 'number' ? sought : readable(sought, 'indexOf');
    return searchIn.call(this.#content, value, within(from, this.#content.length));
  }

  getUint8(at: number): number {
    return this.#number(at, 1).getUint8(at);
  }

  getInt8(at: number): number {
    return this.#number(at, 1).getInt8(at);
  }

  getUint16(at: number, littleEndian = false): number {
    return this.#number(at, 2).getUint16(at, littleEndian);
  }

  getInt16(at: number, littleEndian = false): number {
    return this.#number(at, 2).getInt16(at, littleEndian);
  }

  getUint32(at: number, littleEndian = false): number {
    return this.#number(at, 4).getUint32(at, littleEndian);
  }

  getInt32(at: number, littleEndian = false): number {
    return this.#number(at, 4).getInt32(at, littleEndian);
  }

  getBigUint64(at: number, littleEndian = false): bigint {
    return this.#number(at, 8).getBigUint64(at, littleEndian);
  }

  getBigInt64(at: number, littleEndian = false): bigint {
    return this.#number(at, 8).getBigInt64(at, littleEndian);
  }

  getFloat32(at: number, littleEndian = false): number {
    return this.#number(at, 4).getFloat32(at, littleEndian);
  }

  getFloat64(at: number, littleEndian = false): number {
    return this.#number(at, 8).getFloat64(at, littleEndian);
  }

  /** Numbers are read through a view of their own, made for the first one. */
  #number(at: number, size: number): DataView {
    const content = this.#content;
    if (!Number.isInteger(at) || at < 0 || at + size > content.length) {
      throw invalid(`a number of ${size} bytes at ${String(at)} does not lie within ${content.length} bytes`);
    }
    return (this.#view ??= new DataView(content.buffer, content.byteOffset, content.length));
  }

  *[Symbol.iterator](): Generator<number, void, undefined> {
    const content = this.#content;
    for (let i = 0; i < content.length; i++) yield content[i];
  }

  /** Base64, as bytes are in JSON everywhere here. */
  toJSON(): string {
    return base64Slice.call(this.#content, 0, this.#content.length);
  }

  get [Symbol.toStringTag](): string {
    return 'Bytes';
  }

  /** For `util.inspect`: how many, and how they begin. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { length } = this.#content;
    const hex = hexSlice.call(this.#content, 0, Math.min(length, SHOWN));
    return `Bytes(${length}) <${hex.replace(/..(?=.)/g, '$& ')}${length > SHOWN ? ' ...' : ''}>`;
  }
}

/** New ones, all zero; the runtime fills them before anybody else has them. Throws UNAVAILABLE where there is no room. */
export function allocateBytes(length: number): Bytes {
  if (length < SHARED_BYTES) return new Bytes(KEY, new Uint8Array(length), undefined);
  if (length > MAX_BYTES) throw invalid(`${length} bytes are more than 4 GiB; send them in parts`);
  let memory: SharedArrayBuffer;
  try {
    memory = new SharedArrayBuffer(length);
  } catch {
    throw new TroupeError(`there is no room for ${length} bytes; send them in parts`, { kind: 'UNAVAILABLE' });
  }
  return bytesOver(memory, 0, length);
}

/** What another thread sent: its own shared memory. It must not change any more. */
export function bytesOver(memory: SharedArrayBuffer, offset: number, length: number): Bytes {
  return new Bytes(KEY, new Uint8Array(memory, offset, length), ballastFor(memory.byteLength));
}

/** The shared memory that it lies in; undefined where it is too little to share. */
export function sharedMemoryOf(bytes: Bytes): SharedArrayBuffer | undefined {
  const { buffer } = contentOf(bytes);
  return buffer instanceof SharedArrayBuffer ? buffer : undefined;
}

function ballastFor(length: number): ArrayBuffer | undefined {
  sharedSinceBallast += length;
  if (sharedSinceBallast < SHARED_PER_BALLAST) return undefined;
  sharedSinceBallast = 0;
  try {
    return new ArrayBuffer(BALLAST);
  } catch {
    // Where there is no address space for it, there was pressure enough.
    return undefined;
  }
}

function readable(source: unknown, operation: string): string | Uint8Array {
  if (typeof source === 'string') return source;
  if (typeof source === 'object' && source !== null) {
    if (isBytes(source)) return contentOf(source);
    if (isUint8Array(source)) return source;
  }
  throw invalid(`${operation} takes strings, Uint8Arrays and Bytes`);
}

/** An index of a slice: from the end where it is negative, and never outside. */
function within(index: number, length: number): number {
  const whole = Math.trunc(index) || 0;
  return whole < 0 ? Math.max(0, length + whole) : Math.min(whole, length);
}

function invalid(text: string): TroupeError {
  return new TroupeError(text, { kind: 'INVALID', retryable: false });
}
