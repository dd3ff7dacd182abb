/** Strings into Lua and out of it. Lua strings are bytes; those that are valid UTF-8 are text. */
import { isUtf8 } from 'node:buffer';
import type { LuaApi } from './api.ts';
import { STRING_BYTES, STRING_HASH, STRING_LONG_LENGTH, STRING_SHORT_LENGTH, Tag } from './layout.ts';
import type { Memory } from './memory.ts';

/** Lua interns strings up to this many bytes. They are looked up before they are made. */
const CACHED_BYTES = 40;
const CACHED_WORDS = CACHED_BYTES / 4 + 1;
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
  /** Direct-mapped by Lua's own hash: the texts, and what they were read from, word by word. */
  readonly #cache: string[] = new Array(CACHE_SIZE).fill('');
  readonly #lengths = new Int32Array(CACHE_SIZE).fill(-1);
  readonly #words = new Int32Array(CACHE_SIZE * CACHED_WORDS);

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

  /** Write a short ASCII text into the scratch area, `offset` bytes from its beginning; false for any other text. */
  place(value: string, offset: number): boolean {
    const { length } = value;
    if (length > SHORT) return false;
    const { u8, scratch } = this.#memory;
    const start = scratch + offset;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      u8[start + i] = code;
    }
    return true;
  }

  /** Push as a Lua string. May raise "not enough memory". */
  push(L: number, value: string): void {
    const memory = this.#memory;
    const { length } = value;
    if (this.place(value, 0)) {
      this.#api.lua_pushlstring(L, memory.scratch, length);
      return;
    }
    const most = length <= LONG ? length * 3 : Buffer.byteLength(value, 'utf8');
    const at = memory.reserve(most);
    const { written } = encoder.encodeInto(value, memory.u8.subarray(at >>> 0, (at >>> 0) + most));
    this.#api.lua_pushlstring(L, at, written);
    memory.release();
  }

  pushBytes(L: number, value: Uint8Array): void {
    const memory = this.#memory;
    const at = memory.reserve(value.length);
    memory.u8.set(value, at >>> 0);
    this.#api.lua_pushlstring(L, at, value.length);
    memory.release();
  }

  /** Length in bytes of the string object at `pointer`. */
  length(pointer: number, tag: number): number {
    const memory = this.#memory;
    return tag === Tag.ShortString
      ? memory.u8[(pointer + STRING_SHORT_LENGTH) >>> 0]
      : memory.i32[(pointer + STRING_LONG_LENGTH) >>> 2];
  }

  /** The string object at `pointer`: text where it is valid UTF-8, otherwise a copy of its bytes. */
  read(pointer: number, tag: number): string | Uint8Array {
    const length = this.length(pointer, tag);
    if (tag === Tag.ShortString) return this.#readShort(pointer, length);
    return this.#decode(pointer + STRING_BYTES, length);
  }

  #decode(start: number, length: number): string | Uint8Array {
    const from = start >>> 0;
    const bytes = this.#memory.u8.subarray(from, from + length);
    return isUtf8(bytes) ? this.#memory.buffer.utf8Slice(from, from + length) : bytes.slice();
  }

  /** A string that Lua has interned, and hashed: topics, keys and PIDs come again and again. */
  #readShort(pointer: number, length: number): string | Uint8Array {
    const { i32 } = this.#memory;
    const slot = i32[(pointer + STRING_HASH) >>> 2] & (CACHE_SIZE - 1);
    const words = this.#words;
    const first = slot * CACHED_WORDS;
    const start = (pointer + STRING_BYTES) >>> 2;
    const whole = length >> 2;
    // What lies behind the last byte is no part of the string.
    const rest = (1 << ((length & 3) << 3)) - 1;
    if (this.#lengths[slot] === length) {
      let i = 0;
      while (i < whole && words[first + i] === i32[start + i]) i++;
      if (i === whole && words[first + i] === (i32[start + i] & rest)) return this.#cache[slot];
    }
    const value = this.#decode(pointer + STRING_BYTES, length);
    // Only texts: bytes must be the reader's own.
    if (typeof value === 'string') {
      this.#lengths[slot] = length;
      this.#cache[slot] = value;
      for (let i = 0; i < whole; i++) words[first + i] = i32[start + i];
      words[first + whole] = i32[start + whole] & rest;
    }
    return value;
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
    const start = pointer >>> 0;
    let end = start;
    while (end < start + limit && u8[end] !== 0) end++;
    return buffer.utf8Slice(start, end);
  }
}
