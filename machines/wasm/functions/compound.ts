/** Payloads of compound types: which parts a value has, and the value that parts make. No memory here. */
import type { Payload } from '../../../runtime/machine.ts';
import { putOwn } from '../../../runtime/payload/shape.ts';
import type { Crossing } from './crossing.ts';
import { named, oneOf } from './scalars.ts';
import type { WitCompound, WitType } from './wit_type.ts';

/** Types whose values have all parts: records and tuples. */
export interface Product {
  readonly types: readonly WitType[];
  /** How a path names each part. */
  readonly segments: readonly (string | number)[];
  /** The parts in order. Throws INVALID. */
  split(crossing: Crossing, value: Payload): readonly Payload[];
  join(parts: readonly Payload[]): Payload;
}

/** Types whose values are one of several cases: variants, options and results. */
export interface Sum {
  readonly types: readonly (WitType | undefined)[];
  /** How a path names what each case carries; undefined: not at all. */
  readonly segments: readonly (string | undefined)[];
  /** Which case a value is. Throws INVALID. */
  caseOf(crossing: Crossing, value: Payload): number;
  /** What it carries. */
  carried(value: Payload, index: number): Payload;
  join(index: number, carried: Payload): Payload;
}

class RecordProduct implements Product {
  readonly types: readonly WitType[];
  readonly segments: readonly string[];
  readonly #optional: readonly boolean[];

  constructor(fields: readonly { readonly name: string; readonly type: WitType }[]) {
    this.types = fields.map(field => field.type);
    this.segments = fields.map(field => field.name);
    this.#optional = fields.map(({ type }) => typeof type === 'object' && type.kind === 'option');
  }

  split(crossing: Crossing, value: Payload): readonly Payload[] {
    const names = this.segments;
    const map = mapOf(value);
    if (map === undefined) throw crossing.mistaken(`a map of ${names.join(', ')}`, value);
    const parts: Payload[] = new Array(names.length);
    let found = 0;
    for (let i = 0; i < names.length; i++) {
      const has = Object.hasOwn(map, names[i]);
      parts[i] = has ? map[names[i]] : null;
      if (has) found++;
      else if (!this.#optional[i]) throw this.#missing(crossing, names[i], map);
    }
    if (found !== Object.keys(map).length) throw this.#unknown(crossing, map);
    return parts;
  }

  #missing(crossing: Crossing, name: string, map: object): Error {
    const unknown = Object.keys(map).find(key => !this.segments.includes(key));
    crossing.path.push(name);
    return crossing.refuse(
      `is missing${unknown === undefined ? '' : `, but there is an unknown field ${named(unknown)}`}`,
    );
  }

  #unknown(crossing: Crossing, map: object): Error {
    crossing.path.push(Object.keys(map).find(key => !this.segments.includes(key))!);
    return crossing.refuse(`is unknown: the record has ${oneOf(this.segments).replace(/ or (?=[^,]*$)/, ' and ')}`);
  }

  join(parts: readonly Payload[]): Payload {
    const record: { [name: string]: Payload } = {};
    for (let i = 0; i < parts.length; i++) putOwn(record, this.segments[i], parts[i]);
    return record;
  }
}

class TupleProduct implements Product {
  readonly types: readonly WitType[];
  readonly segments: readonly number[];

  constructor(types: readonly WitType[]) {
    this.types = types;
    this.segments = types.map((_, index) => index);
  }

  split(crossing: Crossing, value: Payload): readonly Payload[] {
    const wanted = this.types.length;
    if (!Array.isArray(value)) throw crossing.mistaken(`a list of ${wanted}`, value);
    if (value.length !== wanted) throw crossing.refuse(`must be a list of ${wanted}, got one of ${value.length}`);
    return value;
  }

  join(parts: readonly Payload[]): Payload {
    return parts;
  }
}

class OptionSum implements Sum {
  readonly types: readonly (WitType | undefined)[];
  readonly segments = [undefined, undefined];

  constructor(some: WitType) {
    this.types = [undefined, some];
  }

  caseOf(_crossing: Crossing, value: Payload): number {
    return value === null || value === undefined ? 0 : 1;
  }

  carried(value: Payload): Payload {
    return value;
  }

  join(_index: number, carried: Payload): Payload {
    return carried;
  }
}

/** `{case: value}`, or the name alone for a case that carries nothing (and for one that carries an option: none). */
class NamedSum implements Sum {
  readonly types: readonly (WitType | undefined)[];
  readonly segments: readonly string[];
  readonly #places: ReadonlyMap<string, number>;

  constructor(cases: readonly { readonly name: string; readonly type: WitType | undefined }[]) {
    this.types = cases.map(one => one.type);
    this.segments = cases.map(one => one.name);
    this.#places = new Map(cases.map((one, place) => [one.name, place]));
  }

  caseOf(crossing: Crossing, value: Payload): number {
    const map = mapOf(value);
    const keys = map === undefined ? [] : Object.keys(map);
    const name = keys.length === 1 ? keys[0] : value;
    const place = typeof name === 'string' ? this.#places.get(name) : undefined;
    if (place !== undefined) return place;
    throw crossing.refuse(`must be a case, ${this.#cases()}, got ${named(keys.length === 1 ? name : value)}`);
  }

  #cases(): string {
    return this.segments.map((name, i) => (this.types[i] === undefined ? `"${name}"` : `{${name}: ...}`)).join(' or ');
  }

  carried(value: Payload, index: number): Payload {
    return typeof value === 'string' ? null : mapOf(value)![this.segments[index]];
  }

  join(index: number, carried: Payload): Payload {
    const name = this.segments[index];
    if (this.types[index] === undefined) return name;
    const value: { [name: string]: Payload } = {};
    putOwn(value, name, carried);
    return value;
  }
}

/** A map as such; the empty list, too: Lua's empty table. */
function mapOf(value: Payload): { readonly [key: string]: Payload } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return value as { readonly [key: string]: Payload };
  return Array.isArray(value) && value.length === 0 ? {} : undefined;
}

export function productOf(type: Extract<WitCompound, { kind: 'record' | 'tuple' }>): Product {
  return type.kind === 'record' ? new RecordProduct(type.fields) : new TupleProduct(type.types);
}

export function sumOf(type: Extract<WitCompound, { kind: 'variant' | 'option' | 'result' }>): Sum {
  switch (type.kind) {
    case 'variant':
      return new NamedSum(type.cases);
    case 'option':
      return new OptionSum(type.some);
    default:
      return new NamedSum([
        { name: 'ok', type: type.ok },
        { name: 'err', type: type.err },
      ]);
  }
}
