import { isErrorKind, TroupeError } from '../errors.ts';
import { allocateBytes, type Bytes, bytesOver, contentOf } from './bytes.ts';
import { keepFrozen } from './frozen.ts';
import { isMap, type Payload } from './payload.ts';
import { slots } from '../slots.ts';
import { FIRST, firstSlot, MAX_SHAPE_KEYS, putOwn, ROOT, type Shape } from './shape.ts';
import {
  BYTES_EXT,
  ERROR_EXT,
  FROZEN_MARK,
  MAX_DEPTH,
  type PackedForm,
  SHARED_EXT,
  SHARED_EXT_LENGTH,
} from './writer.ts';

/** Strings up to this many bytes are looked up among those read lately before they are made anew. */
const MAX_CACHED = 16;
const CACHED = 2048;
const MAX_STRING = 2 ** 29 - 24;

const UINT32 = 2 ** 32;
const latin1Slice = Buffer.prototype.latin1Slice;
const utf8Slice = Buffer.prototype.utf8Slice;
const float = new DataView(new ArrayBuffer(8));
const strings = slots<string>(CACHED, '');
const nothing = new Uint8Array(0);
const NONE: readonly SharedArrayBuffer[] = Object.freeze([]);

/**
 * Reads payloads one after the other from bytes that somebody else wrote, and that may be anything.
 *
 * Reading throws INVALID naming the byte, and nothing else, for what is malformed or cut short: it never looks beyond
 * `end`, allocates no more than the bytes at hand can fill, and recurses no deeper than 320 levels. 64-bit integers
 * outside the safe range become bigints, invalid UTF-8 becomes U+FFFD, integer keys become decimal strings; of a key
 * that comes twice the last value counts.
 */
export class PayloadReader {
  bytes: Uint8Array = nothing;
  /** Offset in `bytes` of what is read next. */
  position = 0;
  /** The memories that came with the bytes, in the form `crossing`. */
  shared: readonly SharedArrayBuffer[] = NONE;
  readonly #form: PackedForm;
  #end = 0;
  #start = 0;
  /** Values of the maps that are being read; those of a nested map lie above its container's. */
  readonly #values = slots<unknown>(256, undefined);
  #top = 0;

  /** `plain` knows neither Bytes nor frozen values; see `PackedForm`. */
  constructor(form: PackedForm = 'plain') {
    this.#form = form;
  }

  /** Reads `bytes` from `offset` up to `end` from now on; places in messages count from `offset`. */
  reset(bytes: Uint8Array, offset = 0, end = bytes.length): void {
    this.bytes = bytes;
    this.position = offset;
    this.#start = offset;
    this.#end = Math.min(end, bytes.length);
  }

  /** One payload. After an error `position` means nothing. */
  read(): Payload {
    try {
      return this.#value(0) as Payload;
    } catch (thrown) {
      this.#values.clearFrom(0);
      this.#top = 0;
      throw thrown;
    }
  }

  #uint8(): number {
    return this.bytes[this.#take(1)];
  }

  /** INVALID where bytes are left over. */
  finish(): void {
    if (this.position !== this.#end)
      throw this.#malformed(this.position, `${this.#end - this.position} bytes follow the value`);
  }

  #value(depth: number): unknown {
    const at = this.position;
    if (at >= this.#end) throw this.#malformed(at, 'a value is missing');
    const type = this.bytes[at];
    this.position = at + 1;
    if (type < 0x80) return type;
    if (type < 0x90) return this.#map(type & 0x0f, depth);
    if (type < 0xa0) return this.#array(type & 0x0f, depth);
    if (type < 0xc0) return this.#string(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#length(type - 0xc4));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#ext(this.#length(type - 0xc7), depth);
      case 0xca:
        float.setUint32(0, this.#uint32());
        return float.getFloat32(0);
      case 0xcb:
        return this.#float64();
      case 0xcc:
        return this.#uint8();
      case 0xcd:
        return this.#length(1);
      case 0xce:
        return this.#uint32();
      case 0xcf:
        return this.#uint64();
      case 0xd0:
        return (this.#uint8() << 24) >> 24;
      case 0xd1:
        return (this.#length(1) << 16) >> 16;
      case 0xd2:
        return this.#uint32() | 0;
      case 0xd3:
        return this.#int64();
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#ext(1 << (type - 0xd4), depth);
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#length(type - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#length(type - 0xdb), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#length(type - 0xdd), depth);
      case FROZEN_MARK:
        if (this.#form === 'plain') throw this.#malformed(at, 'byte 0xc1 stands for nothing');
        return this.#frozen(at, depth);
      default:
        throw this.#malformed(at, `byte ${type} stands for nothing`);
    }
  }

  /** A length or an unsigned integer of 1, 2 or 4 bytes, for `size` 0, 1 or 2. */
  #length(size: number): number {
    if (size === 0) return this.#uint8();
    if (size === 2) return this.#uint32();
    const at = this.#take(2);
    return (this.bytes[at] << 8) | this.bytes[at + 1];
  }

  #uint32(): number {
    const at = this.#take(4);
    const bytes = this.bytes;
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  }

  #float64(): number {
    float.setUint32(0, this.#uint32());
    float.setUint32(4, this.#uint32());
    return float.getFloat64(0);
  }

  #uint64(): number | bigint {
    const high = this.#uint32();
    const low = this.#uint32();
    return high < 0x200000 ? high * UINT32 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  #int64(): number | bigint {
    const high = this.#uint32() | 0;
    const low = this.#uint32();
    const number = high * UINT32 + low;
    return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
  }

  #binary(count: number): Uint8Array {
    const at = this.#take(count);
    const copy = new Uint8Array(count);
    copy.set(this.bytes.subarray(at, at + count));
    return copy;
  }

  #string(count: number): string {
    if (count > MAX_CACHED) return this.#longString(count);
    const at = this.#take(count);
    const bytes = this.bytes;
    let hash = count;
    let high = 0;
    for (let i = 0; i < count; i++) {
      const byte = bytes[at + i];
      hash = (Math.imul(hash, 31) + byte) | 0;
      high |= byte;
    }
    if (high > 0x7f) return utf8Slice.call(bytes, at, at + count);
    const slot = (hash ^ (hash >>> 11)) & (CACHED - 1);
    const cached = strings[slot];
    if (cached.length === count) {
      let i = 0;
      while (i < count && cached.charCodeAt(i) === bytes[at + i]) i++;
      if (i === count) return cached;
    }
    const text = latin1Slice.call(bytes, at, at + count);
    strings[slot] = text;
    return text;
  }

  #longString(count: number): string {
    const at = this.#take(count);
    if (count > MAX_STRING) throw this.#malformed(at, `a string of ${count} bytes is too long; send bytes`);
    return utf8Slice.call(this.bytes, at, at + count);
  }

  #array(count: number, depth: number): unknown[] {
    this.#enter(count, 1, depth);
    const items: unknown[] = [];
    for (let i = 0; i < count; i++) items.push(this.#value(depth + 1));
    return items;
  }

  #map(count: number, depth: number): Record<string, unknown> {
    this.#enter(count, 2, depth);
    const values = this.#values;
    const base = this.#top;
    let shape: Shape = ROOT;
    let wide: Record<string, unknown> | undefined = count > MAX_SHAPE_KEYS ? {} : undefined;
    for (let i = 0; i < count; i++) {
      if (wide === undefined) {
        const next = this.#step(shape);
        if (next !== undefined) {
          shape = next;
          values[this.#top++] = this.#value(depth + 1);
          continue;
        }
        this.#top = base;
        wide = shape.build(values, base);
      }
      const key = this.#key();
      putOwn(wide, key, this.#value(depth + 1));
    }
    if (wide !== undefined) return wide;
    this.#top = base;
    return shape.build(values, base);
  }

  /** Reads a key as a step from one shape to the next; undefined, with nothing read, where it is not worth a shape. */
  #step(shape: Shape): Shape | undefined {
    const at = this.position;
    const usual = shape.next;
    if (usual !== undefined && this.#matches(usual.encoded, at)) return usual;
    let slot = -1;
    if (shape === ROOT && at + 3 <= this.#end) {
      const bytes = this.bytes;
      slot = firstSlot(bytes[at], bytes[at + 1], bytes[at + 2]);
      const first = FIRST[slot];
      if (first !== undefined && this.#matches(first.encoded, at)) return first;
    }
    const next = shape.step(this.#key());
    if (next === undefined) this.position = at;
    else if (slot >= 0) FIRST[slot] = next;
    return next;
  }

  #matches(encoded: Uint8Array, at: number): boolean {
    const count = encoded.length;
    if (at + count > this.#end) return false;
    const bytes = this.bytes;
    for (let i = 0; i < count; i++) if (bytes[at + i] !== encoded[i]) return false;
    this.position = at + count;
    return true;
  }

  #key(): string {
    const at = this.position;
    const type = at < this.#end ? this.bytes[at] : 0xc1;
    if ((type & 0xe0) === 0xa0) {
      this.position = at + 1;
      return this.#string(type & 0x1f);
    }
    const integer = type < 0x80 || type >= 0xe0 || (type >= 0xcc && type <= 0xd3);
    if (integer || (type >= 0xd9 && type <= 0xdb)) return String(this.#value(0));
    throw this.#malformed(at, at < this.#end ? 'a map key is neither a string nor an integer' : 'a map key is missing');
  }

  #frozen(at: number, depth: number): unknown {
    // One mark stands for all that is within, so there is never a second one behind it.
    const marked = this.bytes[this.position] === FROZEN_MARK;
    const value = marked ? undefined : this.#value(depth);
    if (typeof value !== 'object' || value === null) throw this.#malformed(at, 'what is frozen is no container');
    return keepFrozen(value);
  }

  #bytes(count: number): Bytes {
    const at = this.#take(count);
    const bytes = allocateBytes(count);
    contentOf(bytes).set(this.bytes.subarray(at, at + count));
    return bytes;
  }

  #sharedBytes(count: number, at: number): Bytes {
    const which = this.#uint32();
    const offset = this.#uint32();
    const length = this.#uint32();
    const memory = this.shared[which];
    if (count !== SHARED_EXT_LENGTH || memory === undefined || offset + length > memory.byteLength) {
      throw this.#malformed(at, 'Bytes are not in the memory that came with the frame');
    }
    return bytesOver(memory, offset, length);
  }

  #ext(count: number, depth: number): TroupeError | Bytes {
    const type = this.#uint8();
    const at = this.position;
    if (this.#form !== 'plain') {
      if (type === BYTES_EXT) return this.#bytes(count);
      if (type === SHARED_EXT) return this.#sharedBytes(count, at);
    }
    if (type !== ERROR_EXT) {
      throw this.#malformed(at - 1, `ext type ${(type << 24) >> 24} is unknown; only ${ERROR_EXT}, an error, is read`);
    }
    const end = this.#take(count) + count;
    const outer = this.#end;
    this.position = at;
    this.#end = end;
    const body = this.#value(depth + 1);
    if (this.position !== end) throw this.#malformed(this.position, 'bytes follow the body of an error');
    this.#end = outer;
    return this.#error(body, at);
  }

  #error(body: unknown, at: number): TroupeError {
    if (!isMap(body)) throw this.#malformed(at, 'the body of an error is not a map');
    const { message, kind, retryable, details, stack } = body;
    if (typeof message !== 'string') throw this.#malformed(at, 'an error has no message');
    if (details !== undefined && details !== null && !isMap(details)) {
      throw this.#malformed(at, 'the details of an error are not a map');
    }
    return new TroupeError(message, {
      kind: isErrorKind(kind) ? kind : 'UNKNOWN',
      retryable: typeof retryable === 'boolean' ? retryable : undefined,
      details: details ?? undefined,
      stack: typeof stack === 'string' ? stack : undefined,
    });
  }

  /** Each item takes at least `least` bytes: a length that cannot be true is refused before anything is made. */
  #enter(count: number, least: number, depth: number): void {
    if (depth === MAX_DEPTH) throw this.#malformed(this.position, `nested deeper than ${MAX_DEPTH} levels`);
    const left = this.#end - this.position;
    if (count * least > left) {
      throw this.#malformed(this.position, `${count} items do not fit into the ${left} bytes that are left`);
    }
  }

  /** Moves past the next `count` bytes; answers where they begin. */
  #take(count: number): number {
    const at = this.position;
    if (count > this.#end - at) throw this.#malformed(at, `${count} bytes are wanted and ${this.#end - at} are left`);
    this.position = at + count;
    return at;
  }

  #malformed(at: number, what: string): TroupeError {
    const offset = at - this.#start;
    return new TroupeError(`MessagePack at byte ${offset}: ${what}`, {
      kind: 'INVALID',
      retryable: false,
      details: { offset },
    });
  }
}
