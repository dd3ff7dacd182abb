/**
 * The canonical ABI of the component model for core modules: how each type is flattened into parameters, how it lies in
 * memory, and the way of its values both ways. One object for each use of a type, made once.
 */
import type { Payload } from '../../../runtime/machine.ts';
import { binaryOf } from '../../../runtime/payload/payload.ts';
import { textLength } from '../abi/memory.ts';
import { allocate } from './allocate.ts';
import { joinTypes, widened } from './flat_join.ts';
import { aligned, Layout } from './layout.ts';
import { type Product, productOf, type Sum, sumOf } from './compound.ts';
import type { Crossing } from './crossing.ts';
import {
  Bits,
  Choice,
  type CoreType,
  type CoreValue,
  type Scalar,
  SCALARS,
  sizeOfCases,
  sizeOfFlags,
} from './scalars.ts';
import type { WitType } from './wit_type.ts';

/** A result of more flat values is returned by its address. */
export const MAX_FLAT_RESULTS = 1;

export interface CanonicalType {
  /** Bytes in memory, a multiple of the alignment. */
  readonly size: number;
  readonly align: number;
  /** The core values that it is as a parameter; at least one. */
  readonly flat: readonly CoreType[];
  /** Values need memory of their own: there is text or a list in them. */
  readonly allocates: boolean;
  /** Append the flat values. Throws INVALID. */
  lower(crossing: Crossing, value: Payload, flat: CoreValue[]): void;
  /** The result of a function: its one flat value, or the address where there would be more. Throws INTERNAL, as `load`. */
  lift(crossing: Crossing, core: CoreValue): Payload;
  /** Write at an address that was checked. Throws INVALID. */
  store(crossing: Crossing, value: Payload, at: number): void;
  /** Read from an address that was checked. */
  load(crossing: Crossing, at: number): Payload;
}

export function canonicalType(type: WitType): CanonicalType {
  if (type === 'string') return new CanonicalText();
  if (typeof type === 'string') return new CanonicalScalar(SCALARS[type]);
  switch (type.kind) {
    case 'list':
      return type.element === 'u8' ? new CanonicalBytes() : new CanonicalList(canonicalType(type.element));
    case 'enum':
      return new CanonicalScalar(new Choice(type.cases, sizeOfCases(type.cases.length)));
    case 'flags':
      return new CanonicalScalar(new Bits(type.flags, sizeOfFlags(type.flags.length)));
    case 'record':
    case 'tuple':
      return new CanonicalProduct(productOf(type));
    default:
      return new CanonicalSum(sumOf(type));
  }
}

function loadResult(type: CanonicalType, crossing: Crossing, core: CoreValue): Payload {
  return type.load(crossing, crossing.address(core as number, type.size, type.align));
}

class CanonicalScalar implements CanonicalType {
  readonly size: number;
  readonly align: number;
  readonly flat: readonly CoreType[];
  readonly allocates = false;
  readonly #scalar: Scalar;

  constructor(scalar: Scalar) {
    this.#scalar = scalar;
    this.size = scalar.size;
    this.align = scalar.size;
    this.flat = [scalar.core];
  }

  lower(crossing: Crossing, value: Payload, flat: CoreValue[]): void {
    flat.push(this.#scalar.lower(crossing, value));
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    return this.#scalar.lift(crossing, core);
  }

  store(crossing: Crossing, value: Payload, at: number): void {
    const core = this.#scalar.lower(crossing, value);
    this.#scalar.put(crossing.memory.view, at, core);
  }

  load(crossing: Crossing, at: number): Payload {
    return this.#scalar.lift(crossing, this.#scalar.get(crossing.memory.view, at));
  }
}

const POINTER_AND_LENGTH: readonly CoreType[] = ['i32', 'i32'];

/** What is passed as (pointer, length) of something else in memory. */
abstract class Indirect implements CanonicalType {
  readonly size = 8;
  readonly align = 4;
  readonly flat = POINTER_AND_LENGTH;
  readonly allocates = true;

  /** Write the content of a value to new memory of the guest: its address. */
  protected abstract place(crossing: Crossing, value: Payload): number;
  /** The length of a value that was placed: bytes or elements. */
  protected abstract lengthOf(value: Payload): number;
  protected abstract read(crossing: Crossing, pointer: number, length: number): Payload;

  lower(crossing: Crossing, value: Payload, flat: CoreValue[]): void {
    const at = this.place(crossing, value);
    flat.push(at | 0, this.lengthOf(value) | 0);
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    return loadResult(this, crossing, core);
  }

  store(crossing: Crossing, value: Payload, at: number): void {
    const content = this.place(crossing, value);
    const { view } = crossing.memory;
    view.setUint32(at, content, true);
    view.setUint32(at + 4, this.lengthOf(value), true);
  }

  load(crossing: Crossing, at: number): Payload {
    const { memory } = crossing;
    return this.read(crossing, memory.readWord(at), memory.readWord(at + 4));
  }
}

class CanonicalText extends Indirect {
  protected place(crossing: Crossing, value: Payload): number {
    if (typeof value !== 'string') throw crossing.mistaken('text', value);
    const length = textLength(value);
    const at = allocate(crossing.loaded, length, 1);
    crossing.memory.writeText(at, value, length);
    return at;
  }

  protected lengthOf(value: Payload): number {
    return textLength(value as string);
  }

  protected read(crossing: Crossing, pointer: number, length: number): Payload {
    crossing.chargeBytes(length);
    const text = crossing.memory.text(pointer, length);
    if (text === undefined) throw crossing.broken('it is not UTF-8 inside the memory');
    return text;
  }
}

/** `list<u8>`. */
class CanonicalBytes extends Indirect {
  protected place(crossing: Crossing, value: Payload): number {
    const binary = binaryOf(value);
    if (binary === undefined) throw crossing.mistaken('bytes', value);
    const at = allocate(crossing.loaded, binary.length, 1);
    crossing.memory.write(at, binary);
    return at;
  }

  protected lengthOf(value: Payload): number {
    return binaryOf(value)!.length;
  }

  protected read(crossing: Crossing, pointer: number, length: number): Payload {
    crossing.chargeBytes(length);
    const bytes = crossing.memory.copy(pointer, length);
    if (bytes === undefined) throw crossing.broken('it is not inside the memory');
    return bytes;
  }
}

class CanonicalList extends Indirect {
  readonly #element: CanonicalType;

  constructor(element: CanonicalType) {
    super();
    this.#element = element;
  }

  protected place(crossing: Crossing, value: Payload): number {
    if (!Array.isArray(value)) throw crossing.mistaken('a list', value);
    const element = this.#element;
    const list = value as readonly Payload[];
    const start = allocate(crossing.loaded, list.length * element.size, element.align);
    const { path } = crossing;
    const depth = path.length;
    for (let i = 0; i < list.length; i++) {
      path[depth] = i;
      element.store(crossing, list[i], start + i * element.size);
    }
    path.length = depth;
    return start;
  }

  protected lengthOf(value: Payload): number {
    return (value as readonly Payload[]).length;
  }

  protected read(crossing: Crossing, pointer: number, length: number): Payload {
    const element = this.#element;
    const start = crossing.address(pointer, length * element.size, element.align);
    crossing.chargeValues(length);
    const list: Payload[] = new Array(length);
    const { path } = crossing;
    const depth = path.length;
    for (let i = 0; i < length; i++) {
      path[depth] = i;
      list[i] = element.load(crossing, start + i * element.size);
    }
    path.length = depth;
    return list;
  }
}

/** Records and tuples: one part after the other, each at its alignment. */
class CanonicalProduct implements CanonicalType {
  readonly size: number;
  readonly align: number;
  readonly flat: readonly CoreType[];
  readonly allocates: boolean;
  readonly #product: Product;
  readonly #parts: readonly CanonicalType[];
  readonly #layout: Layout;

  constructor(product: Product) {
    this.#product = product;
    this.#parts = product.types.map(canonicalType);
    this.#layout = new Layout(this.#parts);
    this.size = this.#layout.size;
    this.align = this.#layout.align;
    this.flat = this.#parts.flatMap(part => part.flat);
    this.allocates = this.#parts.some(part => part.allocates);
  }

  lower(crossing: Crossing, value: Payload, flat: CoreValue[]): void {
    const values = this.#product.split(crossing, value);
    const { segments } = this.#product;
    for (let i = 0; i < values.length; i++) {
      crossing.path.push(segments[i]);
      this.#parts[i].lower(crossing, values[i], flat);
      crossing.path.pop();
    }
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    if (this.flat.length > MAX_FLAT_RESULTS) return loadResult(this, crossing, core);
    crossing.path.push(this.#product.segments[0]);
    const only = this.#parts[0].lift(crossing, core);
    crossing.path.pop();
    return this.#product.join([only]);
  }

  store(crossing: Crossing, value: Payload, at: number): void {
    const values = this.#product.split(crossing, value);
    const { segments } = this.#product;
    for (let i = 0; i < values.length; i++) {
      crossing.path.push(segments[i]);
      this.#parts[i].store(crossing, values[i], at + this.#layout.offsets[i]);
      crossing.path.pop();
    }
  }

  load(crossing: Crossing, at: number): Payload {
    const parts = this.#parts;
    const { segments } = this.#product;
    crossing.chargeValues(parts.length);
    const values: Payload[] = new Array(parts.length);
    for (let i = 0; i < parts.length; i++) {
      crossing.path.push(segments[i]);
      values[i] = parts[i].load(crossing, at + this.#layout.offsets[i]);
      crossing.path.pop();
    }
    return this.#product.join(values);
  }
}

/** Variants, options and results: the number of the case, then room for what any case carries. */
class CanonicalSum implements CanonicalType {
  readonly size: number;
  readonly align: number;
  readonly flat: readonly CoreType[];
  readonly allocates: boolean;
  readonly #sum: Sum;
  readonly #cases: readonly (CanonicalType | undefined)[];
  /** Bytes of the case's number. */
  readonly #tagSize: number;
  /** Where what is carried begins. */
  readonly #offset: number;

  constructor(sum: Sum) {
    this.#sum = sum;
    this.#cases = sum.types.map(type => type && canonicalType(type));
    const carried = this.#cases.filter(one => one !== undefined);
    this.#tagSize = sizeOfCases(this.#cases.length);
    const align = Math.max(1, ...carried.map(one => one.align));
    this.#offset = aligned(this.#tagSize, align);
    this.align = Math.max(this.#tagSize, align);
    this.size = aligned(this.#offset + Math.max(0, ...carried.map(one => one.size)), this.align);
    const joined: CoreType[] = ['i32'];
    for (const { flat } of carried) {
      flat.forEach((core, i) => {
        joined[i + 1] = joined.length === i + 1 ? core : joinTypes(joined[i + 1], core);
      });
    }
    this.flat = joined;
    this.allocates = carried.some(one => one.allocates);
  }

  lower(crossing: Crossing, value: Payload, flat: CoreValue[]): void {
    const index = this.#sum.caseOf(crossing, value);
    const start = flat.push(index);
    const type = this.#cases[index];
    if (type === undefined) {
      this.#nothingCarried(crossing, value, index);
    } else {
      const depth = this.#enter(crossing, index);
      type.lower(crossing, this.#sum.carried(value, index), flat);
      crossing.path.length = depth;
      type.flat.forEach((core, i) => {
        flat[start + i] = widened(flat[start + i], core, this.flat[i + 1]);
      });
    }
    for (let i = flat.length - start + 1; i < this.flat.length; i++) flat.push(this.flat[i] === 'i64' ? 0n : 0);
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    if (this.flat.length > MAX_FLAT_RESULTS) return loadResult(this, crossing, core);
    return this.#sum.join(this.#checked(crossing, (core as number) >>> 0), null);
  }

  store(crossing: Crossing, value: Payload, at: number): void {
    const index = this.#sum.caseOf(crossing, value);
    const type = this.#cases[index];
    if (type === undefined) {
      this.#nothingCarried(crossing, value, index);
    } else {
      const depth = this.#enter(crossing, index);
      type.store(crossing, this.#sum.carried(value, index), at + this.#offset);
      crossing.path.length = depth;
    }
    TAGS[this.#tagSize].put(crossing.memory.view, at, index);
  }

  load(crossing: Crossing, at: number): Payload {
    const index = this.#checked(crossing, TAGS[this.#tagSize].get(crossing.memory.view, at) as number);
    const type = this.#cases[index];
    if (type === undefined) return this.#sum.join(index, null);
    crossing.chargeValues(1);
    const depth = this.#enter(crossing, index);
    const carried = type.load(crossing, at + this.#offset);
    crossing.path.length = depth;
    return this.#sum.join(index, carried);
  }

  /** Into what a case carries: the length of the path to come back to. */
  #enter(crossing: Crossing, index: number): number {
    const depth = crossing.path.length;
    const segment = this.#sum.segments[index];
    if (segment !== undefined) crossing.path.push(segment);
    return depth;
  }

  #nothingCarried(crossing: Crossing, value: Payload, index: number): void {
    const carried = this.#sum.carried(value, index);
    if (carried === null || carried === undefined) return;
    this.#enter(crossing, index);
    throw crossing.mistaken('nothing', carried);
  }

  #checked(crossing: Crossing, index: number): number {
    const { length } = this.#cases;
    if (index >= length) throw crossing.broken(`${index} is none of its ${length} cases`);
    return index;
  }
}

/** How the number of a case stands in memory, by its size. */
const TAGS: { readonly [size: number]: Scalar } = { 1: SCALARS.u8, 2: SCALARS.u16, 4: SCALARS.u32 };
