/** Strings into Lua and out of it. Lua strings are bytes; those that are valid UTF-8 are text. */
import { isUtf8 } from 'node:buffer';
import type { LuaApi } from './api.ts';
import { STRING_BYTES, STRING_LONG_LENGTH, STRING_SHORT_LENGTH, Tag } from './layout.ts';
import type { Memory } from './memory.ts';

/** Strings up to this many bytes are looked up before they are made: topics, keys and PIDs come again and again. */
const CACHED_BYTES = 40;
const CACHE_SIZE = 1024;
/** Up to this many characters are written one by one: quicker than any encoder. */
const SHORT = 48;
/** Longer texts are measured before they are encoded; shorter ones get three bytes a character. */
const LONG = 16_384;
/** C strings that are kept for ever, at most; keys of messages come from outside and must not pile up. */
const MAX_NAMES = 4096;

const encoder = new TextEncoder();

export class Text {
  readonly #api: LuaApi;
  readonly #memory: Memory;
  readonly #names = new Map<string, number>();
  /** Direct-mapped by hash; the cached strings are flat and internalised, which makes them good object keys. */
  readonly #cache: string[] = new Array(CACHE_SIZE).fill('');

  constructor(api: LuaApi, memory: Memory) {
    this.#api = api;
    this.#memory = memory;
  }

  /** A zero-terminated string that stays where it is for ever. Only for texts that this project wrote. */
  name(value: string): number {
    return this.#names.get(value) ?? this.#keep(value);
  }

  /** The same for a key of somebody's message, or 0 where it cannot be kept. */
  keyName(value: string): number {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    if (this.#names.size >= MAX_NAMES || value.length > CACHED_BYTES || value.includes('\0')) return 0;
    return this.#keep(value);
  }

  #keep(value: string): number {
    const bytes = encoder.encode(value);
    const pointer = this.#memory.allocate(bytes.length + 1);
    this.#memory.u8.set(bytes, pointer);
    this.#memory.u8[pointer + bytes.length] = 0;
    this.#names.set(value, pointer);
    return pointer;
  }

  /** Push as a Lua string. May raise "not enough memory". */
  push(L: number, value: string): void {
    const memory = this.#memory;
    const length = value.length;
    if (length <= SHORT) {
      const { u8, scratch } = memory;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        u8[scratch + i] = code;
      }
      if (i === length) {
        this.#api.lua_pushlstring(L, scratch, length);
        return;
      }
    }
    const most = length <= LONG ? length * 3 : Buffer.byteLength(value, 'utf8');
    const at = memory.reserve(most);
    const { written } = encoder.encodeInto(value, memory.u8.subarray(at, at + most));
    this.#api.lua_pushlstring(L, at, written);
    memory.release();
  }

  pushBytes(L: number, value: Uint8Array): void {
    const memory = this.#memory;
    const at = memory.reserve(value.length);
    memory.u8.set(value, at);
    this.#api.lua_pushlstring(L, at, value.length);
    memory.release();
  }

  /** Length in bytes of the string object at `pointer`. */
  length(pointer: number, tag: number): number {
    const memory = this.#memory;
    return tag === Tag.ShortString
      ? memory.u8[pointer + STRING_SHORT_LENGTH]
      : memory.u32[(pointer + STRING_LONG_LENGTH) >>> 2];
  }

  /** The string object at `pointer`: text where it is valid UTF-8, otherwise a copy of its bytes. */
  read(pointer: number, tag: number): string | Uint8Array {
    const length = this.length(pointer, tag);
    const start = pointer + STRING_BYTES;
    const { u8 } = this.#memory;
    if (length <= CACHED_BYTES) {
      let hash = length;
      let high = 0;
      for (let i = start; i < start + length; i++) {
        const byte = u8[i];
        hash = (Math.imul(hash, 31) + byte) | 0;
        high |= byte;
      }
      if (high < 128) return this.#cached(start, length, hash);
    }
    const bytes = u8.subarray(start, start + length);
    return isUtf8(bytes) ? this.#memory.buffer.utf8Slice(start, start + length) : bytes.slice();
  }

  #cached(start: number, length: number, hash: number): string {
    const slot = (hash ^ (hash >>> 12)) & (CACHE_SIZE - 1);
    const known = this.#cache[slot];
    const { u8 } = this.#memory;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === u8[start + i]) i++;
      if (i === length) return known;
    }
    const made = this.#memory.buffer.latin1Slice(start, start + length);
    this.#cache[slot] = made;
    return made;
  }

  /** The same as text, whatever it is: invalid bytes become U+FFFD. For messages and names. */
  readText(pointer: number, tag: number): string {
    const value = this.read(pointer, tag);
    return typeof value === 'string' ? value : Buffer.from(value).toString('utf8');
  }

  /** A zero-terminated string of Lua's own, at most `limit` bytes. */
  readName(pointer: number, limit = 256): string {
    if (pointer === 0) return '';
    const { u8, buffer } = this.#memory;
    let end = pointer;
    while (end < pointer + limit && u8[end] !== 0) end++;
    return buffer.utf8Slice(pointer, end);
  }
}
