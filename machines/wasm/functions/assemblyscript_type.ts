/**
 * How types cross to AssemblyScript: numbers as they are, all else as references to objects of the language. Each type is
 * a scalar then, whose number is an address.
 */
import type { TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { binaryOf } from '../../../runtime/payload/payload.ts';
import {
  ARRAY_BUFFER,
  classOf,
  elementsAt,
  lengthOf,
  newObject,
  newView,
  objectAt,
  STRING,
} from './assemblyscript_objects.ts';
import { type Product, productOf } from './compound.ts';
import type { Crossing } from './crossing.ts';
import { Layout } from './layout.ts';
import { invalid } from './numbers.ts';
import { Bits, Choice, type CoreValue, type Scalar, SCALARS, Word } from './scalars.ts';
import { showType, type WitPrimitive, type WitRecord, type WitType } from './wit_type.ts';

/** Names of class ids, of which the module must export one: `Int32Array_ID` or `Array_i32_ID`. */
export type ClassNeed = readonly string[];

interface Elements {
  /** The type in AssemblyScript. */
  readonly name: string;
  /** The classes of view that the loader may have for an array of them. */
  readonly views: readonly string[];
}

const ELEMENTS: { readonly [name in Exclude<WitPrimitive, 'string'>]: Elements } = {
  bool: { name: 'bool', views: ['Uint8Array'] },
  s8: { name: 'i8', views: ['Int8Array'] },
  u8: { name: 'u8', views: ['Uint8Array'] },
  s16: { name: 'i16', views: ['Int16Array'] },
  u16: { name: 'u16', views: ['Uint16Array'] },
  s32: { name: 'i32', views: ['Int32Array'] },
  u32: { name: 'u32', views: ['Uint32Array'] },
  s64: { name: 'i64', views: ['BigInt64Array'] },
  u64: { name: 'u64', views: ['BigUint64Array'] },
  f32: { name: 'f32', views: ['Float32Array'] },
  f64: { name: 'f64', views: ['Float64Array'] },
  char: { name: 'i32', views: ['Int32Array', 'Uint32Array'] },
};
/** Enums are i32, flags u32; either may be declared as the other. */
const ANY_WORD = ['Int32Array', 'Uint32Array'];
const REFERENCES = ['Uint32Array'];
/** Numbers whose typed array has the name of the loader's view, but for the prefix of 64-bit ones. */
const TYPED: ReadonlySet<WitType> = new Set(['s8', 'u8', 's16', 'u16', 's32', 'u32', 's64', 'u64', 'f32', 'f64']);

/** Collects in `needs` what values of the type need as arguments. Throws INVALID for what the language does not have. */
export function assemblyscriptType(type: WitType, needs: Set<ClassNeed>): Scalar {
  if (type === 'string') return new TextReference();
  if (typeof type === 'string') return SCALARS[type];
  switch (type.kind) {
    case 'list':
      return type.element === 'u8' ? new BytesReference() : listOf(type.element, needs);
    case 'record':
      return recordOf(type, needs);
    case 'option':
      return optionOf(type.some, needs);
    case 'enum':
      return new Choice(type.cases, 4);
    case 'flags':
      return new Bits(type.flags, 4);
    case 'result':
      throw absent(type, 'throw an Error instead, or pass a record');
    case 'tuple':
      throw absent(type, 'declare a record');
    default:
      throw absent(type, 'declare a record whose fields are options');
  }
}

function absent(type: WitType, instead: string): TroupeError {
  return invalid(`"${showType(type)}" cannot be passed to AssemblyScript, which has no such type; ${instead}`);
}

/** How class ids name a type: `string`, `Array_i32`, `UserName` for a record `user-name`. */
function className(type: WitType): string {
  if (type === 'string') return 'string';
  if (typeof type === 'string') return ELEMENTS[type].name;
  switch (type.kind) {
    case 'list':
      return type.element === 'u8' ? 'Uint8Array' : `Array_${className(type.element)}`;
    case 'option':
      return className(type.some);
    case 'enum':
      return 'i32';
    case 'flags':
      return 'u32';
    case 'record':
      return type.name.replace(/(?:^|-)(.)/g, (_, first: string) => first.toUpperCase());
    default:
      throw absent(type, 'declare a record');
  }
}

function listOf(element: WitType, needs: Set<ClassNeed>): Scalar {
  const inner = assemblyscriptType(element, needs);
  const array = `Array_${className(element)}_ID`;
  const views = viewsOf(element);
  const typed = TYPED.has(element) ? `${views[0].replace('Big', '')}_ID` : undefined;
  // Elements must all be of one class, and an ArrayBuffer is none that an array would name.
  if (className(element) === 'Uint8Array') needs.add(['Uint8Array_ID']);
  needs.add(typed === undefined ? [array] : [typed, array]);
  return new ListReference(inner, views, typed, array);
}

function viewsOf(element: WitType): readonly string[] {
  if (element === 'string') return REFERENCES;
  if (typeof element === 'string') return ELEMENTS[element].views;
  return element.kind === 'enum' || element.kind === 'flags' ? ANY_WORD : REFERENCES;
}

function recordOf(type: WitRecord, needs: Set<ClassNeed>): Scalar {
  const fields = type.fields.map(field => assemblyscriptType(field.type, needs));
  const classId = `${className(type)}_ID`;
  needs.add([classId]);
  return new RecordReference(productOf(type), fields, classId);
}

function optionOf(some: WitType, needs: Set<ClassNeed>): Scalar {
  const inner = assemblyscriptType(some, needs);
  if (inner instanceof Reference) return new NullableReference(inner);
  throw absent({ kind: 'option', some }, 'only references can be null: strings, lists and records');
}

/** An address of an object. */
abstract class Reference extends Word {
  constructor() {
    super(4);
  }

  abstract override lower(crossing: Crossing, value: Payload): number;
}

class TextReference extends Reference {
  lower(crossing: Crossing, value: Payload): number {
    if (typeof value !== 'string') throw crossing.mistaken('text', value);
    const at = newObject(crossing.loaded, value.length * 2, STRING);
    const { bytes } = crossing.memory;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      bytes[at + i * 2] = unit;
      bytes[at + i * 2 + 1] = unit >> 8;
    }
    return at;
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    const at = objectAt(crossing, core as number);
    if (classOf(crossing, at) !== STRING) throw crossing.broken('it is no String');
    crossing.chargeBytes(lengthOf(crossing, at));
    return crossing.memory.utf16(at)!;
  }
}

/** `list<u8>`: an ArrayBuffer, or a Uint8Array where the module says its class id; results may be any array of u8. */
class BytesReference extends Reference {
  lower(crossing: Crossing, value: Payload): number {
    const binary = binaryOf(value);
    if (binary === undefined) throw crossing.mistaken('bytes', value);
    const { loaded } = crossing;
    const buffer = newObject(loaded, binary.length, ARRAY_BUFFER);
    loaded.memory.write(buffer, binary);
    const view = loaded.number('Uint8Array_ID');
    return view === undefined ? buffer : newView(loaded, view, buffer, binary.length);
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    let at = objectAt(crossing, core as number);
    let length = lengthOf(crossing, at);
    if (classOf(crossing, at) !== ARRAY_BUFFER) {
      const elements = elementsAt(crossing, at);
      if (elements.view !== 'Uint8Array') {
        throw crossing.broken(
          'it is an array of something else; return a Uint8Array, Array<u8>, StaticArray<u8> or ArrayBuffer',
        );
      }
      ({ at, length } = elements);
    }
    crossing.chargeBytes(length);
    return crossing.memory.copy(at, length)!;
  }
}

/** Other lists: an `Array`, or a typed array where the module says its class id; results may be any array. */
class ListReference extends Reference {
  readonly #element: Scalar;
  readonly #views: readonly string[];
  readonly #typed: string | undefined;
  readonly #array: string;

  constructor(element: Scalar, views: readonly string[], typed: string | undefined, array: string) {
    super();
    this.#element = element;
    this.#views = views;
    this.#typed = typed;
    this.#array = array;
  }

  lower(crossing: Crossing, value: Payload): number {
    if (!Array.isArray(value)) throw crossing.mistaken('a list', value);
    const list = value as readonly Payload[];
    const { loaded, memory, path } = crossing;
    const element = this.#element;
    const bytes = list.length * element.size;
    const buffer = newObject(loaded, bytes, ARRAY_BUFFER);
    const depth = path.length;
    for (let i = 0; i < list.length; i++) {
      path[depth] = i;
      const core = element.lower(crossing, list[i]);
      element.put(memory.view, buffer + i * element.size, core);
    }
    path.length = depth;
    const typed = this.#typed === undefined ? undefined : loaded.number(this.#typed);
    if (typed !== undefined) return newView(loaded, typed, buffer, bytes);
    return newView(loaded, loaded.number(this.#array)!, buffer, bytes, list.length);
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    const { at, length, view } = elementsAt(crossing, objectAt(crossing, core as number));
    if (!this.#views.includes(view)) throw crossing.broken('it is an array of something else');
    crossing.chargeValues(length);
    const { memory, path } = crossing;
    const element = this.#element;
    const list: Payload[] = new Array(length);
    const depth = path.length;
    for (let i = 0; i < length; i++) {
      path[depth] = i;
      list[i] = element.lift(crossing, element.get(memory.view, at + i * element.size));
    }
    path.length = depth;
    return list;
  }
}

/** An object of a class with the record's fields, in the same order. */
class RecordReference extends Reference {
  readonly #product: Product;
  readonly #fields: readonly Scalar[];
  readonly #classId: string;
  readonly #layout: Layout;
  /** Bytes of the object: AssemblyScript leaves out what would fill up the last field. */
  readonly #end: number;

  constructor(product: Product, fields: readonly Scalar[], classId: string) {
    super();
    this.#product = product;
    this.#fields = fields;
    this.#classId = classId;
    this.#layout = new Layout(fields.map(({ size }) => ({ size, align: size })));
    this.#end = this.#layout.offsets.at(-1)! + fields.at(-1)!.size;
  }

  lower(crossing: Crossing, value: Payload): number {
    const values = this.#product.split(crossing, value);
    const at = newObject(crossing.loaded, this.#end, crossing.loaded.number(this.#classId)!);
    for (let i = 0; i < values.length; i++) {
      crossing.path.push(this.#product.segments[i]);
      const core = this.#fields[i].lower(crossing, values[i]);
      this.#fields[i].put(crossing.memory.view, at + this.#layout.offsets[i], core);
      crossing.path.pop();
    }
    return at;
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    const at = objectAt(crossing, core as number);
    if (classOf(crossing, at) !== crossing.loaded.number(this.#classId)) {
      throw crossing.broken(`it is an object of another class than ${this.#classId} says`);
    }
    const length = lengthOf(crossing, at);
    if (length !== this.#end) {
      throw crossing.broken(
        `its class has ${length} bytes of fields, the record ${this.#end}; declare the same fields in the same order`,
      );
    }
    crossing.chargeValues(this.#fields.length);
    const values = this.#fields.map((field, i) => {
      crossing.path.push(this.#product.segments[i]);
      const found = field.lift(crossing, field.get(crossing.memory.view, at + this.#layout.offsets[i]));
      crossing.path.pop();
      return found;
    });
    return this.#product.join(values);
  }
}

class NullableReference extends Reference {
  readonly #some: Scalar;

  constructor(some: Scalar) {
    super();
    this.#some = some;
  }

  lower(crossing: Crossing, value: Payload): number {
    return value === null || value === undefined ? 0 : (this.#some.lower(crossing, value) as number);
  }

  lift(crossing: Crossing, core: CoreValue): Payload {
    return core === 0 ? null : this.#some.lift(crossing, core);
  }
}
