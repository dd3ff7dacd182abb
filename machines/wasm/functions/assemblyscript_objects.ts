/**
 * Objects of AssemblyScript, laid out as `@assemblyscript/loader` has them. Not through the loader's own `__new...`:
 * these would call the guest without its driver. Addresses come from the guest and are checked here.
 */
import type { Loaded } from '../instance/loaded.ts';
import { badMemory } from './allocate.ts';
import type { Crossing } from './crossing.ts';

/** Class ids that every module has. */
export const ARRAY_BUFFER = 1;
export const STRING = 2;
/** Bytes in front of an object; its class id is 8 before it, its length 4. */
const HEADER = 20;
const CLASS_ID = 8;
const LENGTH = 4;
/** Buffer, address and bytes; an `Array` has its length behind them. */
const VIEW_BYTES = 12;
const ARRAY_BYTES = 16;

/** A new object, all zero, kept from the guest's garbage collector until the call is over. */
export function newObject(loaded: Loaded, length: number, classId: number): number {
  const at = (loaded.within('__new', length, classId) as number) >>> 0;
  if (at < HEADER || !loaded.memory.holds(at, length)) {
    throw badMemory(`__new of the module gave ${length} bytes at ${at}, which is not inside its memory`);
  }
  loaded.pinned.push(loaded.within('__pin', at) as number);
  return at;
}

/** The object in front of a buffer: a typed array, or an `Array` where the number of its elements is given. */
export function newView(loaded: Loaded, classId: number, buffer: number, bytes: number, elements?: number): number {
  const at = newObject(loaded, elements === undefined ? VIEW_BYTES : ARRAY_BYTES, classId);
  loaded.memory.writeWords(at, buffer, buffer, bytes);
  if (elements !== undefined) loaded.memory.view.setUint32(at + VIEW_BYTES, elements, true);
  return at;
}

/** The address of an object that the guest gave. Throws INTERNAL for null and for what cannot be one. */
export function objectAt(crossing: Crossing, pointer: number): number {
  const at = pointer >>> 0;
  if (at === 0) throw crossing.broken('it is null');
  if (at < HEADER || at % 4 !== 0 || !crossing.memory.holds(at, lengthOf(crossing, at))) {
    throw crossing.broken(`there is no object inside the memory at address ${at}`);
  }
  return at;
}

export function classOf(crossing: Crossing, at: number): number {
  return crossing.memory.readWord(at - CLASS_ID);
}

/** Bytes of an object; no limit where its header is outside of the memory. */
export function lengthOf(crossing: Crossing, at: number): number {
  return crossing.memory.holds(at, 0) ? crossing.memory.readWord(at - LENGTH) : Number.POSITIVE_INFINITY;
}

/** The elements of an `Array`, `StaticArray` or typed array: their address and number, and the class of view they have. */
export function elementsAt(crossing: Crossing, at: number): { at: number; length: number; view: string } {
  let view: ArrayBufferView & { readonly length: number };
  try {
    view = crossing.loaded.assemblyscript!.__getArrayView(at) as typeof view;
  } catch {
    throw crossing.broken('it is no array');
  }
  const { byteOffset, byteLength, length } = view;
  if (!crossing.memory.holds(byteOffset, byteLength)) throw crossing.broken('its elements are not inside the memory');
  return { at: byteOffset, length, view: view.constructor.name };
}
