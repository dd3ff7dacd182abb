/** How text and bytes get into a guest's memory and out of it, for methods with a `wit` signature. */
import type { ASUtil } from '@assemblyscript/loader';
import { TroupeError } from '../../../runtime/errors.ts';
import type { Loaded } from '../instance/loaded.ts';
import { textLength } from '../abi/memory.ts';

export interface Passing {
  /** i32 values that one text or byte list takes as a parameter. */
  readonly wordsOfText: number;
  lowerText(loaded: Loaded, text: string, values: unknown[]): void;
  lowerBytes(loaded: Loaded, bytes: Uint8Array, values: unknown[]): void;
  /** Throw for a pointer that leads nowhere. */
  liftText(loaded: Loaded, result: number): string;
  liftBytes(loaded: Loaded, result: number): Uint8Array;
  /** After the call, whatever it returned. */
  finish(loaded: Loaded, exportName: string, result: unknown): void;
}

/**
 * The canonical ABI, as compilers for C, Rust and others follow it: (pointer, length) of UTF-8 or bytes, in memory from
 * the export `cabi_realloc` (or `troupe_alloc`); a result is the address of such a pair, `cabi_post_<export>` frees it.
 */
export const canonicalPassing: Passing = {
  wordsOfText: 2,
  lowerText(loaded, text, values) {
    const length = textLength(text);
    const at = allocate(loaded, length);
    loaded.memory.writeText(at, text, length);
    values.push(at, length);
  },
  lowerBytes(loaded, bytes, values) {
    const at = allocate(loaded, bytes.length);
    loaded.memory.write(at, bytes);
    values.push(at, bytes.length);
  },
  liftText(loaded, result) {
    const { at, length } = pair(loaded, result);
    const text = loaded.memory.text(at, length);
    if (text === undefined) throw new Error('it is not UTF-8 inside the memory');
    return text;
  },
  liftBytes(loaded, result) {
    const { at, length } = pair(loaded, result);
    const bytes = loaded.memory.copy(at, length);
    if (bytes === undefined) throw new Error('it is not inside the memory');
    return bytes;
  },
  finish(loaded, exportName, result) {
    const release = `cabi_post_${exportName}`;
    if (loaded.has(release)) loaded.within(release, result);
  },
};

function allocate(loaded: Loaded, length: number): number {
  const given = loaded.has('cabi_realloc')
    ? loaded.within('cabi_realloc', 0, 0, 1, length)
    : loaded.within('troupe_alloc', length);
  const at = (given as number) >>> 0;
  if (loaded.memory.holds(at, length)) return at;
  throw new TroupeError(`the allocator of the module gave ${length} bytes at ${at}, which is not inside its memory`, {
    kind: 'INTERNAL',
  });
}

function pair(loaded: Loaded, result: number): { at: number; length: number } {
  const address = result >>> 0;
  if (!loaded.memory.holds(address, 8)) throw new Error(`address ${address} is not inside the memory`);
  return { at: loaded.memory.readWord(address), length: loaded.memory.readWord(address + 4) };
}

/** Class ids that every AssemblyScript module has. */
const ARRAY_BUFFER = 1;
const STRING = 2;
/** Bytes in front of an object; its class id is 8 before it, its length 4. */
const HEADER = 20;
const CLASS_ID = 8;

/**
 * AssemblyScript objects through `@assemblyscript/loader`: `string` is a String, `list<u8>` an ArrayBuffer, or a
 * Uint8Array where the module says its class id: `export const Uint8Array_ID = idof<Uint8Array>()`.
 */
export const assemblyscriptPassing: Passing = {
  wordsOfText: 1,
  lowerText(loaded, text, values) {
    const at = newObject(loaded, text.length * 2, STRING);
    const bytes = loaded.memory.bytes;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      bytes[at + i * 2] = unit;
      bytes[at + i * 2 + 1] = unit >> 8;
    }
    values.push(at);
  },
  lowerBytes(loaded, bytes, values) {
    const buffer = newObject(loaded, bytes.length, ARRAY_BUFFER);
    loaded.memory.write(buffer, bytes);
    const view = loaded.number('Uint8Array_ID');
    values.push(view === undefined ? buffer : newView(loaded, view, buffer, bytes.length));
  },
  liftText(loaded, result) {
    const text = loaderOf(loaded).__getString(result >>> 0);
    if (text === null) throw new Error('it is null');
    return text;
  },
  liftBytes(loaded, result) {
    const at = result >>> 0;
    if (at < CLASS_ID || !loaded.memory.holds(at - CLASS_ID, CLASS_ID)) {
      throw new Error(`address ${at} is not inside the memory`);
    }
    const tools = loaderOf(loaded);
    if (loaded.memory.readWord(at - CLASS_ID) === ARRAY_BUFFER) return new Uint8Array(tools.__getArrayBuffer(at));
    const view: unknown = tools.__getArrayView(at);
    if (view instanceof Uint8Array) return view.slice();
    throw new Error('it is an array of something else; return a Uint8Array, Array<u8>, StaticArray<u8> or ArrayBuffer');
  },
  finish(loaded) {
    for (const object of loaded.pinned) loaded.within('__unpin', object);
    loaded.pinned.length = 0;
  },
};

function loaderOf(loaded: Loaded): ASUtil {
  return loaded.assemblyscript!;
}

/**
 * A new object, kept from the guest's garbage collector until the call is over. Not the loader's own `__new...`: these
 * would call the guest without its driver.
 */
function newObject(loaded: Loaded, length: number, classId: number): number {
  const at = (loaded.within('__new', length, classId) as number) >>> 0;
  if (at < HEADER || !loaded.memory.holds(at, length)) {
    throw new TroupeError(`__new of the module gave ${length} bytes at ${at}, which is not inside its memory`, {
      kind: 'INTERNAL',
    });
  }
  loaded.pinned.push(loaded.within('__pin', at) as number);
  return at;
}

/** The object in front of an ArrayBuffer: three words, buffer, address and length. */
function newView(loaded: Loaded, classId: number, buffer: number, length: number): number {
  const at = newObject(loaded, 12, classId);
  loaded.memory.writeWords(at, buffer, buffer, length);
  return at;
}
