import { TroupeError } from '../errors.ts';
import { type Bytes, contentOf, isBytes, SHARED_BYTES, sharedMemoryOf } from './bytes.ts';
import { isKeptFrozen } from './frozen.ts';
import type { Payload } from './payload.ts';
import { refused, whyUnsendable } from './refusal.ts';
import { ROOT, type Shape } from './shape.ts';

/** MessagePack's ext type of a TroupeError; its body is the map {message, kind, retryable, details, stack}. */
export const ERROR_EXT = 1;
/** Of Bytes, for readers of the exact form: their content. */
export const BYTES_EXT = 2;
/** Of Bytes in shared memory: three big-endian words, which of the memories that go with it, offset and length. */
export const SHARED_EXT = 3;
export const SHARED_EXT_LENGTH = 12;
/** Before a value that is frozen, in the exact form: a byte that MessagePack has no use for. */
export const FROZEN_MARK = 0xc1;
/** Containers inside one another: what `copyPayload` allows, and room for what the kernel wraps round it. */
export const MAX_DEPTH = 320;

/** Bytes of one writer: well below what a Uint8Array can hold, well above what anybody should send. */
const MAX_LENGTH = 2 ** 30;
/** A writer that grew beyond this for one large payload lets go of its memory at the next reset. */
const KEPT_LENGTH = 2 ** 20;
/** Strings up to this many UTF-16 units are written by a loop: calling into C++ costs more. */
const SHORT_STRING = 24;
/** Below this a string is given the room its longest encoding could need; above, it is measured first. */
const MEASURED_STRING = 4096;
const SHORT_BYTES = 48;

const UINT32 = 2 ** 32;
const utf8Write = Buffer.prototype.utf8Write;
const hasOwn = Object.prototype.hasOwnProperty;
const errorToString = Error.prototype.toString;
/** Big-endian halves of a float64, whatever the machine's byte order. */
const float = new DataView(new ArrayBuffer(8));

/**
 * What becomes of Bytes and frozen values. `plain`: bytes and values like others, which is MessagePack as everyone reads
 * it. `exact`: they come back as what they are, read by a reader of the same form. `crossing`: exact, for another thread
 * of this runtime, to which shared memory goes beside the frame.
 */
export type PackedForm = 'plain' | 'exact' | 'crossing';

/**
 * Writes payloads one after the other into bytes that grow. Reusable: `reset`, write, take
 * `bytes` from 0 to `length` before the next reset.
 *
 * MessagePack as everyone reads it: integers in the safe range take the shortest form, -0 and all other numbers are
 * float64, bigints are int64 or uint64, undefined is nil (keys whose value is undefined are left out), bytes are bin,
 * errors are ext 1, Bytes and frozen values are what `PackedForm` says. Throws INVALID for what is no payload; the writer is then as it was before the call.
 */
export class PayloadWriter {
  /** Replaced when it grows. What lies beyond `length` means nothing. */
  bytes: Uint8Array;
  length = 0;
  /** Whether something was written that a reader of the plain form does not know. */
  special = false;
  /** In the form `crossing`: whether memory may go beside the bytes; otherwise all is in them. */
  sharing = true;
  /** What must go with the bytes, in the form `crossing`. */
  readonly shared: SharedArrayBuffer[] = [];
  readonly #form: PackedForm;
  /** Within a frozen value all is frozen, and one mark says so. */
  #withinFrozen = false;

  constructor(capacity = 1024, form: PackedForm = 'plain') {
    this.bytes = new Uint8Array(capacity);
    this.#form = form;
  }

  reset(): void {
    this.length = 0;
    this.special = false;
    if (this.shared.length > 0) this.shared.length = 0;
    if (this.bytes.length > KEPT_LENGTH) this.bytes = new Uint8Array(1024);
  }

  /** One payload as MessagePack. */
  write(value: Payload): void {
    const start = this.length;
    const shared = this.shared.length;
    try {
      this.#value(value, 0);
    } catch (thrown) {
      this.length = start;
      this.shared.length = shared;
      throw thrown;
    }
  }

  #uint8(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  #uint32(value: number): void {
    if (this.length + 4 > this.bytes.length) this.#grow(4);
    const bytes = this.bytes;
    const at = this.length;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.length = at + 4;
  }

  #float64(value: number): void {
    float.setFloat64(0, value);
    this.#uint32(float.getUint32(0));
    this.#uint32(float.getUint32(4));
  }

  /** Bytes as they are: MessagePack that exists already. */
  raw(source: Uint8Array): void {
    const count = source.length;
    if (this.length + count > this.bytes.length) this.#grow(count);
    if (count <= SHORT_BYTES) {
      const bytes = this.bytes;
      const at = this.length;
      for (let i = 0; i < count; i++) bytes[at + i] = source[i];
    } else {
      this.bytes.set(source, this.length);
    }
    this.length += count;
  }

  #value(value: Payload, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#string(value);
        return;
      case 'number':
        this.#number(value);
        return;
      case 'object':
        if (value === null) this.#uint8(0xc0);
        else this.#container(value, depth);
        return;
      case 'boolean':
        this.#uint8(value ? 0xc3 : 0xc2);
        return;
      case 'undefined':
        this.#uint8(0xc0);
        return;
      case 'bigint':
        this.#bigint(value);
        return;
      default:
        throw refused('payload', whyUnsendable(value));
    }
  }

  #number(value: number): void {
    if (this.length + 9 > this.bytes.length) this.#grow(9);
    const bytes = this.bytes;
    let at = this.length;
    if (value >>> 0 === value && (value !== 0 || 1 / value > 0)) {
      if (value < 0x80) {
        bytes[at++] = value;
      } else if (value < 0x100) {
        bytes[at++] = 0xcc;
        bytes[at++] = value;
      } else if (value < 0x10000) {
        bytes[at++] = 0xcd;
        bytes[at++] = value >>> 8;
        bytes[at++] = value;
      } else {
        bytes[at] = 0xce;
        this.length = at + 1;
        this.#uint32(value);
        return;
      }
    } else if ((value | 0) === value && value !== 0) {
      if (value >= -0x20) {
        bytes[at++] = value;
      } else if (value >= -0x80) {
        bytes[at++] = 0xd0;
        bytes[at++] = value;
      } else if (value >= -0x8000) {
        bytes[at++] = 0xd1;
        bytes[at++] = value >> 8;
        bytes[at++] = value;
      } else {
        bytes[at] = 0xd2;
        this.length = at + 1;
        this.#uint32(value >>> 0);
        return;
      }
    } else if (Number.isSafeInteger(value) && value !== 0) {
      bytes[at] = value < 0 ? 0xd3 : 0xcf;
      this.length = at + 1;
      this.#uint32(Math.floor(value / UINT32) >>> 0);
      this.#uint32(value >>> 0);
      return;
    } else {
      bytes[at] = 0xcb;
      this.length = at + 1;
      this.#float64(value);
      return;
    }
    this.length = at;
  }

  #bigint(value: bigint): void {
    const negative = value < 0n;
    if (negative ? BigInt.asIntN(64, value) !== value : BigInt.asUintN(64, value) !== value) {
      throw refused('payload', whyUnsendable(value));
    }
    this.#uint8(negative ? 0xd3 : 0xcf);
    this.#uint32(Number((value >> 32n) & 0xffffffffn));
    this.#uint32(Number(value & 0xffffffffn));
  }

  #string(text: string): void {
    const count = text.length;
    if (count <= SHORT_STRING) {
      if (this.length + 1 + count > this.bytes.length) this.#grow(1 + count);
      const bytes = this.bytes;
      const at = this.length + 1;
      let i = 0;
      for (; i < count; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[at + i] = unit;
      }
      if (i === count) {
        bytes[at - 1] = 0xa0 | count;
        this.length = at + count;
        return;
      }
    }
    this.#longString(text);
  }

  /** Lone surrogates become U+FFFD: they have no UTF-8. */
  #longString(text: string): void {
    const most = text.length < MEASURED_STRING ? text.length * 3 : Buffer.byteLength(text, 'utf8');
    if (this.length + 5 + most > this.bytes.length) this.#grow(5 + most);
    // The head is as long as its text's length wants, which is known after the text is written.
    const guess = stringHead(text.length);
    const at = this.length;
    const count = utf8Write.call(this.bytes, text, at + guess, most);
    const head = stringHead(count);
    if (head !== guess) this.bytes.copyWithin(at + head, at + guess, at + guess + count);
    if (head === 1) this.bytes[at] = 0xa0 | count;
    else this.#head(at, head === 2 ? 0xd9 : head === 3 ? 0xda : 0xdb, head - 1, count);
    this.length = at + head + count;
  }

  #container(value: object, depth: number): void {
    if (depth === MAX_DEPTH) throw refused('payload', `nested deeper than ${MAX_DEPTH} levels; send it flatter`);
    if (this.#form !== 'plain' && !this.#withinFrozen && isKeptFrozen(value)) {
      this.#frozen(value, depth);
      return;
    }
    if (Array.isArray(value)) {
      const count = value.length;
      if (this.length + 5 > this.bytes.length) this.#grow(5);
      if (count < 0x10) this.bytes[this.length++] = 0x90 | count;
      else if (count < 0x10000) this.length = this.#head(this.length, 0xdc, 2, count);
      else this.length = this.#head(this.length, 0xdd, 4, count);
      for (let i = 0; i < count; i++) this.#value(value[i], depth + 1);
    } else if (value instanceof Uint8Array) {
      this.#binary(value);
    } else if (isBytes(value)) {
      if (this.#form === 'plain') this.#binary(contentOf(value));
      else this.#bytes(value);
    } else if (value instanceof TroupeError) {
      this.#error(value, depth);
    } else {
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) throw refused('payload', whyUnsendable(value));
      this.#map(value as { readonly [key: string]: Payload }, depth);
    }
  }

  #frozen(value: object, depth: number): void {
    this.#uint8(FROZEN_MARK);
    this.special = true;
    this.#withinFrozen = true;
    try {
      this.#container(value, depth);
    } finally {
      this.#withinFrozen = false;
    }
  }

  #binary(content: Uint8Array): void {
    const count = content.length;
    if (this.length + 5 + count > this.bytes.length) this.#grow(5 + count);
    if (count < 0x100) this.length = this.#head(this.length, 0xc4, 1, count);
    else if (count < 0x10000) this.length = this.#head(this.length, 0xc5, 2, count);
    else this.length = this.#head(this.length, 0xc6, 4, count);
    this.raw(content);
  }

  #bytes(bytes: Bytes): void {
    this.special = true;
    const content = contentOf(bytes);
    const count = content.length;
    const memory =
      this.#form === 'crossing' && this.sharing && count >= SHARED_BYTES ? sharedMemoryOf(bytes) : undefined;
    if (memory === undefined) {
      if (this.length + 6 + count > this.bytes.length) this.#grow(6 + count);
      this.length = this.#head(this.length, 0xc9, 4, count);
      this.bytes[this.length++] = BYTES_EXT;
      this.raw(content);
      return;
    }
    let which = this.shared.indexOf(memory);
    if (which < 0) which = this.shared.push(memory) - 1;
    this.#uint8(0xc7);
    this.#uint8(SHARED_EXT_LENGTH);
    this.#uint8(SHARED_EXT);
    this.#uint32(which);
    this.#uint32(content.byteOffset);
    this.#uint32(count);
  }

  #map(record: { readonly [key: string]: Payload }, depth: number): void {
    const at = this.length;
    this.#uint8(0x80);
    let count = 0;
    let shape: Shape | undefined = ROOT;
    for (const key in record) {
      if (!hasOwn.call(record, key)) continue;
      const value = record[key];
      if (value === undefined) continue;
      if (shape !== undefined) shape = shape.nextKey === key ? shape.next : shape.step(key);
      if (shape === undefined) this.#string(key);
      else this.raw(shape.encoded);
      this.#value(value, depth + 1);
      count++;
    }
    if (count < 0x10) {
      this.bytes[at] = 0x80 | count;
    } else if (count < 0x10000) {
      this.#widen(at + 1, 2);
      this.#head(at, 0xde, 2, count);
    } else {
      this.#widen(at + 1, 4);
      this.#head(at, 0xdf, 4, count);
    }
  }

  #error(error: TroupeError, depth: number): void {
    const at = this.length;
    this.#uint8(0xc7);
    this.#uint8(0);
    this.#uint8(ERROR_EXT);
    const { message, kind, retryable, details, stack } = error;
    // An error that captured no stack has its message as one: nothing worth sending.
    const traced = stack === errorToString.call(error) ? undefined : stack;
    const body = { message, kind, retryable, details: details as Payload, stack: traced };
    this.#value(body, depth + 1);
    const count = this.length - at - 3;
    if (count < 0x100) {
      this.bytes[at + 1] = count;
    } else {
      this.#widen(at + 2, 3);
      this.#head(at, 0xc9, 4, count);
      this.bytes[at + 5] = ERROR_EXT;
    }
  }

  /** Writes a type byte and a big-endian length of `size` bytes: 1, 2 or 4. Answers where they end. */
  #head(at: number, type: number, size: number, count: number): number {
    const bytes = this.bytes;
    bytes[at++] = type;
    if (size === 4) {
      bytes[at++] = count >>> 24;
      bytes[at++] = count >>> 16;
    }
    if (size >= 2) bytes[at++] = count >>> 8;
    bytes[at++] = count;
    return at;
  }

  /** Makes room for `by` more bytes at `at`, in what is written already. */
  #widen(at: number, by: number): void {
    if (this.length + by > this.bytes.length) this.#grow(by);
    this.bytes.copyWithin(at + by, at, this.length);
    this.length += by;
  }

  #grow(by: number): void {
    const needed = this.length + by;
    if (needed > MAX_LENGTH) {
      throw refused('payload', `takes more than ${MAX_LENGTH / 2 ** 20} MiB as MessagePack; send it in parts`);
    }
    const grown = new Uint8Array(Math.min(MAX_LENGTH, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

/** Bytes of the head of a string of so many bytes. */
function stringHead(count: number): number {
  return count < 0x20 ? 1 : count < 0x100 ? 2 : count < 0x10000 ? 3 : 5;
}
