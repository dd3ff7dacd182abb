/**
 * One Lua virtual machine: an instance of the binary with its memory, of which each worker thread has one. It knows
 * nothing of processes; those are states in it (`state.ts`), and what they call are the host functions linked here.
 */
import { type Adapter, buildAdapter, type Continuation, type HostFunction } from './adapter.ts';
import type { LuaApi } from './api.ts';
import { compileLuaBinary } from './binary.ts';
import { luaImports } from './imports.ts';
import { CALL_FUNCTION, STATE_CALL, STATE_TOP, VALUE_SIZE } from './layout.ts';
import { checkLayout } from './layout_check.ts';
import { Memory } from './memory.ts';
import { discoverStandardLibraries, type StandardLibraries } from './standard.ts';
import { Text } from './text.ts';

/** Room for `lua_Debug` and for second results. */
const OUT_BYTES = 256;

/** Functions of the string library that take an error object where they want a string. */
const GUARDED = ['byte', 'find', 'gmatch', 'gsub', 'len', 'lower', 'match', 'rep', 'reverse', 'sub', 'upper'];

/** What the host adds to Lua, by name. */
export interface HostLibrary {
  readonly functions: { readonly [name: string]: HostFunction };
  readonly continuations: { readonly [name: string]: Continuation };
}

export class LuaVm {
  readonly api: LuaApi;
  readonly memory: Memory;
  readonly text: Text;
  readonly adapter: Adapter;
  readonly standard: StandardLibraries;
  /** Places in Lua's function table: of the host's functions, and of the string functions that take errors. */
  readonly functions: { readonly [name: string]: number };
  readonly continuations: { readonly [name: string]: number };
  readonly guarded: ReadonlyMap<string, number>;
  readonly allocator: number;
  /** Where Lua leaves second results; free between calls. */
  readonly out: number;
  readonly #writer: number;
  readonly #dumped: Uint8Array[] = [];

  /** `coerce` makes the first argument a string where it is an error object. */
  constructor(library: HostLibrary, coerce: HostFunction) {
    const host = { api: undefined as unknown as LuaApi, refresh: () => this.memory.refresh() };
    const instance = new WebAssembly.Instance(compileLuaBinary(), luaImports(host));
    const api = instance.exports as unknown as LuaApi;
    host.api = api;
    this.api = api;
    this.memory = new Memory(api);
    api.emscripten_stack_init();
    api.__wasm_call_ctors();
    this.memory.start();
    this.text = new Text(api, this.memory);
    this.out = this.memory.allocate(OUT_BYTES);
    checkLayout(api, this.memory, this.text);
    this.standard = discoverStandardLibraries(api, this.memory, this.text);

    const table = api.__indirect_function_table;
    const functions = Object.entries(library.functions);
    const continuations = Object.entries(library.continuations);
    this.adapter = buildAdapter({
      api,
      functions: functions.map(entry => entry[1]),
      continuations: continuations.map(entry => entry[1]),
      writer: (_, bytes, length) => {
        this.#dumped.push(this.memory.u8.slice(bytes, bytes + length));
        return 0;
      },
      guarded: GUARDED.map(name => table.get(this.standard.string.functions.get(name)!) as CallableFunction),
      coerce,
    });
    const place = (fn: CallableFunction): number => {
      const slot = table.grow(1);
      table.set(slot, fn);
      return slot;
    };
    this.allocator = place(this.adapter.allocate);
    this.#writer = place(this.adapter.writer);
    this.functions = Object.fromEntries(functions.map(([name], i) => [name, place(this.adapter.functions(i))]));
    this.continuations = Object.fromEntries(
      continuations.map(([name], i) => [name, place(this.adapter.continuations(i))]),
    );
    this.guarded = new Map(GUARDED.map((name, i) => [name, place(this.adapter.guarded(i))]));
  }

  /** How many arguments the host function that runs was given. */
  count(L: number): number {
    const { u32 } = this.memory;
    const call = u32[(L + STATE_CALL) >>> 2];
    return ((u32[(L + STATE_TOP) >>> 2] - u32[(call + CALL_FUNCTION) >>> 2]) >> 4) - 1;
  }

  /** Address of argument `index` (from 1); only valid up to `count`. */
  argument(L: number, index: number): number {
    const { u32 } = this.memory;
    return u32[(u32[(L + STATE_CALL) >>> 2] + CALL_FUNCTION) >>> 2] + index * VALUE_SIZE;
  }

  /** Address of the value on top of the stack. */
  top(L: number): number {
    return this.memory.u32[(L + STATE_TOP) >>> 2] - VALUE_SIZE;
  }

  /** Raise a Lua error with the place of the caller in front, as `error("...")` does. Does not return. */
  raise(L: number, message: string): never {
    this.api.luaL_where(L, 1);
    this.text.push(L, message);
    this.api.lua_concat(L, 2);
    this.api.lua_error(L);
    throw new Error('unreachable: lua_error returned');
  }

  /** Raise "bad argument #index to 'name' (message)". Does not return. */
  badArgument(L: number, index: number, message: string): never {
    this.text.push(L, message);
    this.api.luaL_argerror(L, index, this.api.lua_tolstring(L, -1, 0));
    throw new Error('unreachable: luaL_argerror returned');
  }

  /** Raise "bad argument #index to 'name' (type expected, got ...)". Does not return. */
  badType(L: number, index: number, type: string): never {
    this.api.luaL_typeerror(L, index, this.text.name(type));
    throw new Error('unreachable: luaL_typeerror returned');
  }

  /**
   * What a host function answers to leave until it is resumed; what it returned for then is what `continuation`, a place
   * in the function table, returns. See `HostFunction`.
   */
  yield(continuation: number): number {
    return -continuation;
  }

  /**
   * Run the coroutine `thread`, which has `count` values for it on its stack, until it ends or yields. Answers a
   * `Status`. This is the one way into Lua programs, hence the place where a slice begins and ends.
   *
   * A host's exception that flies through Lua leaves the state in pieces: it can only be closed. The others are unharmed
   * once the binary's own stack is back where it was.
   */
  resume(thread: number, count: number): number {
    const { api } = this;
    const sp = api.stackSave();
    try {
      return api.lua_resume(thread, 0, count, this.out);
    } catch (thrown) {
      api.stackRestore(sp);
      throw thrown;
    }
  }

  /** Call a host function in protected mode. Answers a `Status`; its one result or the error is left on the stack. */
  protect(L: number, slot: number): number {
    const { api } = this;
    const sp = api.stackSave();
    try {
      api.lua_pushcclosure(L, slot, 0);
      return api.lua_pcallk(L, 0, 1, 0, 0, 0);
    } catch (thrown) {
      api.stackRestore(sp);
      throw thrown;
    }
  }

  /** Push the chunk as a function, or the message of what is wrong with it. Answers a `Status`. */
  load(L: number, chunk: Uint8Array, name: string, mode: 'b' | 't'): number {
    const at = this.memory.reserve(chunk.length);
    this.memory.u8.set(chunk, at);
    const status = this.api.luaL_loadbufferx(L, at, chunk.length, this.text.name(name), this.text.name(mode));
    this.memory.release();
    return status;
  }

  /** The function on top of the stack as bytecode, with its line numbers. */
  dump(L: number): Uint8Array {
    this.#dumped.length = 0;
    this.api.lua_dump(L, this.#writer, 0, 0);
    const bytes = Buffer.concat(this.#dumped);
    this.#dumped.length = 0;
    return bytes;
  }
}
