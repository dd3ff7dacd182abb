/** A Lua machine reduced to what slots need: the linked binary, its slots, and programs that print into a list. */
import { existsSync, readFileSync } from 'node:fs';
import type { Test } from 'uvu';
import type { LuaApi } from '../../machines/lua/vm/api.ts';
import { type LuaHost, luaImports } from '../../machines/lua/vm/imports.ts';
import type { SlotExports } from '../../machines/lua/vm/slots/exports.ts';
import { type Membership, RegionClaims } from '../../machines/lua/vm/slots/region_claims.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';
import { extractSlot, injectSlot } from '../../machines/lua/vm/slots/image.ts';
import { expandMemory, Slots } from '../../machines/lua/vm/slots/slots.ts';
import { type Booted, makeTemplate, type Template } from '../../machines/lua/vm/slots/template.ts';
import { FUEL, HOW, MIN_FUEL } from '../../machines/lua/vm/words.ts';

const FILE = new URL('../../machines/lua/vm/lua.wasm', import.meta.url);
/** Place of the slot allocator in the binary's function table. */
const ALLOCATOR = 199;
const REGISTRY = -1_001_000;
const LIBRARIES = ['coroutine', 'table', 'string', 'math', 'utf8'] as const;
const UNLIMITED_FUEL = 0x7fff_ffff;
const YIELDED = 1;

type Api = LuaApi & SlotExports & { readonly [name: `luaopen_${string}`]: (L: number) => number };

/** Whether the build made the binary. Where not, the suite has one test, which says so. */
export function hasBinary(test: Test): boolean {
  if (existsSync(FILE)) return true;
  test('skipped, there is no transformed binary', () => {
    console.log(`${FILE.pathname} is missing; "npm run build" makes it, or says why not`);
  });
  return false;
}

let compiled: WebAssembly.Module | undefined;

export interface Outcome {
  /** 0: it returned. 2: an error. 4: out of memory. */
  readonly status: number;
  /** Its first result, or the error, as text. */
  readonly text: string;
}

export class Machine {
  readonly api: Api;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly slots: Slots;
  readonly claims: RegionClaims;
  readonly membership: Membership;
  readonly #out: number;
  readonly #input: number;
  readonly #strings = new Map<string, number>();

  constructor(claims = new RegionClaims(new RegionTable(RegionTable.create(77)), 1)) {
    compiled ??= new WebAssembly.Module(readFileSync(FILE));
    const host: LuaHost = { api: undefined as unknown as LuaApi, refresh: () => {} };
    const imports = luaImports(host);
    imports.env.emscripten_resize_heap = (bytes: number) => (bytes < 0 ? this.slots.grant(bytes) : 0);
    const { exports } = new WebAssembly.Instance(compiled, imports);
    this.api = exports as unknown as Api;
    host.api = this.api;
    if (!expandMemory(this.api.memory)) throw new Error('the system refuses 4 GiB of address space');
    this.u8 = new Uint8Array(this.api.memory.buffer);
    this.i32 = new Int32Array(this.api.memory.buffer);
    this.api.emscripten_stack_init();
    this.api.__wasm_call_ctors();
    this.claims = claims;
    this.membership = claims.membership();
    this.slots = new Slots(this.api, this, claims);
    this.#out = this.api.malloc(64);
    this.#input = this.api.malloc(1 << 18);
    this.fuel(UNLIMITED_FUEL);
  }

  fuel(fuel: number): void {
    this.i32[FUEL >>> 2] = fuel;
    this.i32[MIN_FUEL >>> 2] = -0x7fff_ffff;
    this.i32[HOW >>> 2] = 0;
  }

  /** A C string, always the same one for the same text. */
  name(text: string): number {
    let at = this.#strings.get(text);
    if (at === undefined) {
      const bytes = Buffer.from(`${text}\0`);
      at = this.api.malloc(bytes.length);
      this.u8.set(bytes, at);
      this.#strings.set(text, at);
    }
    return at;
  }

  text(L: number, index: number): string {
    const at = this.api.luaL_tolstring(L, index, this.#out) >>> 0;
    const text = Buffer.from(this.u8.slice(at, at + this.i32[this.#out >>> 2])).toString();
    this.api.lua_settop(L, -2);
    return text;
  }

  /** Pushes the program as a function. */
  load(L: number, program: string | Uint8Array): void {
    const bytes = Buffer.from(program);
    this.u8.set(bytes, this.#input);
    const mode = typeof program === 'string' ? 't' : 'b';
    const status = this.api.luaL_loadbufferx(L, this.#input, bytes.length, this.name('=test'), this.name(mode));
    if (status !== 0) throw new Error(this.text(L, -1));
  }

  /** As bytecode: it takes less room, and loading it leaves no rubbish behind. */
  compile(program: string): Uint8Array {
    const { api } = this;
    const L = api.luaL_newstate();
    api.luaL_openlibs(L);
    this.load(L, 'return string.dump(load((...), "=test"), false)');
    const bytes = Buffer.from(program);
    this.u8.set(bytes, this.#input);
    api.lua_pushlstring(L, this.#input, bytes.length);
    if (api.lua_pcallk(L, 1, 1, 0, 0, 0) !== 0) throw new Error(this.text(L, -1));
    const at = api.lua_tolstring(L, -1, this.#out) >>> 0;
    const dumped = this.u8.slice(at, at + this.i32[this.#out >>> 2]);
    api.lua_close(L);
    return dumped;
  }

  /** A state with the libraries, and a thread that has `program` as its function. */
  boot(slot: number, program: Uint8Array): Booted {
    const { api } = this;
    this.fuel(UNLIMITED_FUEL);
    const state = api.lua_newstate(ALLOCATOR, slot);
    if (state === 0) throw new Error('no state');
    api.luaopen_base(state);
    api.lua_settop(state, 0);
    for (const library of LIBRARIES) {
      api[`luaopen_${library}`](state);
      api.lua_pushvalue(state, -1);
      this.setGlobal(state, library);
      api.lua_settop(state, 0);
    }
    this.load(state, 'math.randomseed(1)');
    api.lua_callk(state, 0, 0, 0, 0);
    this.getGlobal(state, 'math');
    api.lua_getfield(state, -1, this.name('random'));
    api.lua_getupvalue(state, -1, 1);
    const random = api.lua_touserdata(state, -1);
    api.lua_settop(state, 0);
    const thread = api.lua_newthread(state);
    this.load(thread, program);
    this.collect(state);
    this.collect(state);
    return { state, thread, random };
  }

  /** A booted slot that is no clone. */
  fresh(program: string, limit: number, pages = 8): number {
    const slot = this.slots.arena(pages, limit);
    const { state, thread } = this.boot(slot, this.compile(program));
    this.slots.setStates(slot, state, thread);
    return slot;
  }

  template(program: string): Template {
    const bytecode = this.compile(program);
    const result = makeTemplate(this.slots, slot => this.boot(slot, bytecode));
    if ('refused' in result) throw new Error(result.refused);
    return result.ok;
  }

  collect(L: number): void {
    this.load(L, 'collectgarbage()');
    this.api.lua_callk(L, 0, 0, 0, 0);
  }

  getGlobal(L: number, name: string): void {
    this.api.lua_rawgeti(L, REGISTRY, 2n);
    this.api.lua_getfield(L, -1, this.name(name));
    this.api.lua_rotate(L, -2, -1);
    this.api.lua_settop(L, -2);
  }

  /** Takes the value on top. */
  setGlobal(L: number, name: string): void {
    this.api.lua_rawgeti(L, REGISTRY, 2n);
    this.api.lua_rotate(L, -2, 1);
    this.api.lua_setfield(L, -2, this.name(name));
    this.api.lua_settop(L, -2);
  }

  /** The slot leaves as an image. */
  extract(slot: number): Uint8Array {
    return extractSlot(this.slots, this.membership, slot);
  }

  /** The slot of an image is here. */
  inject(image: Uint8Array, at = 0): number {
    return injectSlot(this.slots, this.membership, image, at);
  }

  /** One slice of the slot's thread; `undefined`: it was preempted or yielded, and can be resumed. */
  slice(slot: number, fuel = UNLIMITED_FUEL): Outcome | undefined {
    const thread = this.slots.threadOf(slot);
    this.fuel(fuel);
    const status = this.api.lua_resume(thread, 0, 0, this.#out);
    const preempted = this.i32[HOW >>> 2] === 1;
    const results = this.i32[this.#out >>> 2];
    this.fuel(UNLIMITED_FUEL);
    if (status === YIELDED) {
      if (!preempted) this.api.lua_settop(thread, -results - 1);
      return undefined;
    }
    const limit = this.slots.limit(slot);
    this.slots.setLimit(slot, -1);
    const outcome = { status, text: status === 0 && results === 0 ? '' : this.text(thread, -1) };
    this.slots.setLimit(slot, limit);
    return outcome;
  }

  run(slot: number, fuel = UNLIMITED_FUEL): Outcome {
    for (;;) {
      const outcome = this.slice(slot, fuel);
      if (outcome !== undefined) return outcome;
    }
  }

  /**
   * Another program for a thread that has ended. What the last one left above the stack's top is collected first: the
   * new one's registers would be there.
   */
  next(slot: number, program: string): Outcome {
    const thread = this.slots.threadOf(slot);
    const limit = this.slots.limit(slot);
    this.slots.setLimit(slot, -1);
    this.api.lua_resetthread(thread, 0);
    this.api.lua_settop(thread, 0);
    this.collect(this.slots.stateOf(slot));
    this.load(thread, program);
    this.slots.setLimit(slot, limit);
    return this.run(slot);
  }
}
