/** Types whose values are one number for the guest, in whatever convention, and how they stand in memory. */
import type { Payload } from '../../../runtime/machine.ts';
import type { Crossing } from './crossing.ts';
import { fromWide, type IntegerRange, shown, signedRange, unsignedRange, wholeWithin } from './numbers.ts';
import type { WitPrimitive } from './wit_type.ts';

export type CoreType = 'i32' | 'i64' | 'f32' | 'f64';
export type CoreValue = number | bigint;

export interface Scalar {
  readonly core: CoreType;
  /** Bytes in memory; also the alignment. */
  readonly size: number;
  /** Throws INVALID. */
  lower(crossing: Crossing, value: Payload): CoreValue;
  /** Throws INTERNAL for what is no value of the type. Upper bits of a small integer mean nothing. */
  lift(crossing: Crossing, core: CoreValue): Payload;
  put(view: DataView, at: number, core: CoreValue): void;
  get(view: DataView, at: number): CoreValue;
}

/** What is an i32, and in memory an integer of 1, 2 or 4 bytes. */
export abstract class Word implements Scalar {
  readonly core = 'i32';
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  abstract lower(crossing: Crossing, value: Payload): number;
  abstract lift(crossing: Crossing, core: CoreValue): Payload;

  put(view: DataView, at: number, core: CoreValue): void {
    if (this.size === 4) view.setInt32(at, core as number, true);
    else if (this.size === 2) view.setInt16(at, core as number, true);
    else view.setInt8(at, core as number);
  }

  get(view: DataView, at: number): number {
    if (this.size === 4) return view.getUint32(at, true);
    return this.size === 2 ? view.getUint16(at, true) : view.getUint8(at);
  }
}

/** The unsigned number that the low bytes of an i32 hold. */
function lowBytes(core: CoreValue, size: number): number {
  const unsigned = (core as number) >>> 0;
  return size === 4 ? unsigned : unsigned & (size === 2 ? 0xffff : 0xff);
}

class SmallInteger extends Word {
  readonly #range: IntegerRange;
  readonly #least: number;
  readonly #most: number;
  /** Bits above those of a signed type; -1: unsigned. */
  readonly #shift: number;

  constructor(bits: 8 | 16 | 32, signed: boolean) {
    super(bits / 8);
    this.#range = signed ? signedRange(bits) : unsignedRange(bits);
    this.#least = Number(this.#range.least);
    this.#most = Number(this.#range.most);
    this.#shift = signed ? 32 - bits : -1;
  }

  lower(crossing: Crossing, value: Payload): number {
    if (typeof value === 'number' && value >= this.#least && value <= this.#most && Number.isInteger(value)) {
      return value | 0;
    }
    return Number(whole(crossing, value, this.#range)) | 0;
  }

  lift(_crossing: Crossing, core: CoreValue): Payload {
    return this.#shift < 0 ? lowBytes(core, this.size) : ((core as number) << this.#shift) >> this.#shift;
  }
}

class WideInteger implements Scalar {
  readonly core = 'i64';
  readonly size = 8;
  readonly #range: IntegerRange;
  readonly #signed: boolean;

  constructor(signed: boolean) {
    this.#range = signed ? signedRange(64) : unsignedRange(64);
    this.#signed = signed;
  }

  lower(crossing: Crossing, value: Payload): bigint {
    return whole(crossing, value, this.#range);
  }

  lift(_crossing: Crossing, core: CoreValue): Payload {
    return fromWide(this.#signed ? (core as bigint) : BigInt.asUintN(64, core as bigint));
  }

  put(view: DataView, at: number, core: CoreValue): void {
    view.setBigInt64(at, core as bigint, true);
  }

  get(view: DataView, at: number): bigint {
    return view.getBigInt64(at, true);
  }
}

/** Throws INVALID that names the argument. */
function whole(crossing: Crossing, value: Payload, range: IntegerRange): bigint {
  const found = wholeWithin(value, range);
  if (typeof found === 'string') throw crossing.refuse(found);
  return found;
}

class Float implements Scalar {
  readonly core: 'f32' | 'f64';
  readonly size: number;

  constructor(core: 'f32' | 'f64') {
    this.core = core;
    this.size = core === 'f32' ? 4 : 8;
  }

  lower(crossing: Crossing, value: Payload): number {
    if (typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    throw crossing.mistaken('a number', value);
  }

  lift(_crossing: Crossing, core: CoreValue): Payload {
    return core as number;
  }

  put(view: DataView, at: number, core: CoreValue): void {
    if (this.size === 4) view.setFloat32(at, core as number, true);
    else view.setFloat64(at, core as number, true);
  }

  get(view: DataView, at: number): number {
    return this.size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
  }
}

class Bool extends Word {
  lower(crossing: Crossing, value: Payload): number {
    if (typeof value !== 'boolean') throw crossing.mistaken('true or false', value);
    return value ? 1 : 0;
  }

  lift(_crossing: Crossing, core: CoreValue): Payload {
    return core !== 0;
  }
}

class Char extends Word {
  lower(crossing: Crossing, value: Payload): number {
    const code = typeof value === 'string' ? value.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== value || !isScalarValue(code)) {
      throw crossing.mistaken('text of one character', value);
    }
    return code;
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    const code = (core as number) >>> 0;
    if (!isScalarValue(code)) throw crossing.broken(`${code} is no character of Unicode`);
    return String.fromCodePoint(code);
  }
}

function isScalarValue(code: number): boolean {
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/** One of several names, as its place among them. */
export class Choice extends Word {
  readonly #names: readonly string[];
  readonly #places: ReadonlyMap<string, number>;

  constructor(names: readonly string[], size: number) {
    super(size);
    this.#names = names;
    this.#places = new Map(names.map((name, place) => [name, place]));
  }

  lower(crossing: Crossing, value: Payload): number {
    const place = typeof value === 'string' ? this.#places.get(value) : undefined;
    if (place !== undefined) return place;
    throw crossing.refuse(`must be ${oneOf(this.#names)}, got ${named(value)}`);
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    const place = (core as number) >>> 0;
    const { length } = this.#names;
    if (place >= length) throw crossing.broken(`${place} is none of its ${length} cases`);
    return this.#names[place];
  }
}

/** Any of several names, as one bit each, the first one lowest. */
export class Bits extends Word {
  readonly #names: readonly string[];

  constructor(names: readonly string[], size: number) {
    super(size);
    this.#names = names;
  }

  lower(crossing: Crossing, value: Payload): number {
    if (!Array.isArray(value)) throw crossing.mistaken('a list of names', value);
    let bits = 0;
    for (const one of value as readonly Payload[]) {
      const place = this.#names.indexOf(one as string);
      if (place < 0) throw crossing.refuse(`may have ${this.#names.join(', ')}, got ${named(one)}`);
      bits |= 1 << place;
    }
    return bits;
  }

  /** Bits that have no name mean nothing. */
  lift(_crossing: Crossing, core: CoreValue): Payload {
    return this.#names.filter((_, place) => ((core as number) & (1 << place)) !== 0);
  }
}

/** `"a", "b" or "c"`; long lists lose their end. */
export function oneOf(names: readonly string[]): string {
  const most = 12;
  const some = names.slice(0, most).map(name => `"${name}"`);
  if (names.length > most) some.push(`${names.length - most} more`);
  return some.length === 1 ? some[0] : `${some.slice(0, -1).join(', ')} or ${some.at(-1)}`;
}

/** A value where a name is wanted: short texts as they are. */
export function named(value: Payload): string {
  return typeof value === 'string' && value.length <= 60 ? JSON.stringify(value) : shown(value);
}

/** Bytes of the smallest unsigned integer that numbers so many cases. */
export function sizeOfCases(count: number): number {
  return count <= 0x100 ? 1 : count <= 0x10000 ? 2 : 4;
}

/** Bytes of so many flags. */
export function sizeOfFlags(count: number): number {
  return count <= 8 ? 1 : count <= 16 ? 2 : 4;
}

/** All primitive types but `string`. */
export const SCALARS: { readonly [name in Exclude<WitPrimitive, 'string'>]: Scalar } = {
  bool: new Bool(1),
  s8: new SmallInteger(8, true),
  s16: new SmallInteger(16, true),
  s32: new SmallInteger(32, true),
  s64: new WideInteger(true),
  u8: new SmallInteger(8, false),
  u16: new SmallInteger(16, false),
  u32: new SmallInteger(32, false),
  u64: new WideInteger(false),
  f32: new Float('f32'),
  f64: new Float('f64'),
  char: new Char(4),
};
