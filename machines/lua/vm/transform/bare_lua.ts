/**
 * Lua's binary with nothing around it: to probe and to test the binary itself, stock or transformed. A program runs as a
 * coroutine of a fresh state with all standard libraries, and is resumed until it ends, as the machine does it.
 */
import { Status } from '../layout.ts';
import { luaImports } from '../imports.ts';
import type { LuaApi } from '../api.ts';
import { FUEL, HASH_SEED, HOW, How, MIN_FUEL, UNWINDING } from '../words.ts';
import { THROWN } from './page_zero.ts';

/** The exports of the binary; the globals are those of the transformed one. */
export interface BareApi extends LuaApi {
  readonly yield_base?: WebAssembly.Global<number>;
  readonly yield_state?: WebAssembly.Global<number>;
}

export interface Limits {
  /** For each slice. Default: no preemption. */
  readonly fuel?: number;
  /** What a slice may take below 0 where it cannot be preempted. Default: no limit. */
  readonly overdraft?: number;
}

export interface Outcome {
  /** What `lua_resume` answered at last: 0, or the status of the error. */
  readonly status: number;
  /** The first result, or the error, as text. */
  readonly text: string;
  readonly preemptions: number;
  /** The program's own yields. */
  readonly yields: number;
  /** Exceptions: of JavaScript in the stock binary, of WebAssembly in the transformed one. */
  readonly thrown: number;
}

export const UNLIMITED = 0x7fff_ffff;
const NO_MINIMUM = -0x8000_0000;

export class BareLua {
  readonly api: BareApi;
  /** Whether the binary went through the transform. */
  readonly transformed: boolean;
  i32!: Int32Array;
  u8!: Uint8Array;
  #thrown = 0;
  readonly #results: number;

  constructor(module: WebAssembly.Module) {
    const host = { api: undefined as unknown as LuaApi, refresh: () => this.#refresh() };
    const imports = luaImports(host);
    const jump = imports.env._emscripten_throw_longjmp as () => void;
    imports.env._emscripten_throw_longjmp = () => {
      this.#thrown++;
      jump();
    };
    const api = new WebAssembly.Instance(module, imports).exports as unknown as BareApi;
    host.api = api;
    this.api = api;
    this.transformed = api.yield_base !== undefined;
    this.#refresh();
    api.emscripten_stack_init();
    api.__wasm_call_ctors();
    this.#results = api.malloc(8);
  }

  #refresh(): void {
    this.i32 = new Int32Array(this.api.memory.buffer);
    this.u8 = new Uint8Array(this.api.memory.buffer);
  }

  word(address: number): number {
    if (this.i32.buffer !== this.api.memory.buffer) this.#refresh();
    return this.i32[address >>> 2];
  }

  setWord(address: number, value: number): void {
    if (this.i32.buffer !== this.api.memory.buffer) this.#refresh();
    this.i32[address >>> 2] = value;
  }

  get thrown(): number {
    return this.transformed ? this.word(THROWN) : this.#thrown;
  }

  /** Of the hashes of strings in states that are opened from now on; only of the transformed binary. */
  setSeed(seed: number): void {
    this.setWord(HASH_SEED, seed);
  }

  /** A new state with all libraries. */
  open(): number {
    const L = this.api.luaL_newstate();
    this.api.luaL_openlibs(L);
    return L;
  }

  /** A C string; the caller frees it. */
  string(text: string): number {
    const bytes = Buffer.from(text, 'utf8');
    const at = this.api.malloc(bytes.length + 1);
    this.#refresh();
    this.u8.set(bytes, at);
    this.u8[at + bytes.length] = 0;
    return at;
  }

  /** The value at `index` as a string, or its type in parentheses. */
  text(L: number, index: number): string {
    const { api } = this;
    const type = api.lua_type(L, index);
    if (type === 1) return String(api.lua_toboolean(L, index) !== 0);
    if (type !== 3 && type !== 4) return `(${type})`;
    const at = api.lua_tolstring(L, index, this.#results) >>> 0;
    const length = this.word(this.#results);
    return Buffer.from(this.api.memory.buffer as ArrayBuffer, at, length).toString('latin1');
  }

  /** A coroutine of `L`, on top of its stack, that will run `source`. Throws where it does not compile. */
  load(L: number, source: string, name = '=x'): number {
    const { api } = this;
    const thread = api.lua_newthread(L);
    const [code, chunk] = [this.string(source), this.string(name)];
    const status = api.luaL_loadbufferx(thread, code, Buffer.byteLength(source), chunk, 0);
    api.free(code);
    api.free(chunk);
    if (status !== 0) throw new Error(this.text(thread, -1));
    return thread;
  }

  /** `lua_resume` with a fresh slice; pops what the program yielded. */
  resume(thread: number, { fuel = UNLIMITED, overdraft }: Limits = {}): number {
    this.setWord(FUEL, fuel);
    this.setWord(MIN_FUEL, overdraft === undefined ? NO_MINIMUM : -overdraft);
    this.setWord(HOW, How.Yielded);
    const status = this.api.lua_resume(thread, 0, 0, this.#results);
    if (status === Status.Yield) this.api.lua_settop(thread, -this.word(this.#results) - 1);
    return status;
  }

  /** Whether the coroutine resumed last ran out of fuel. */
  get wasPreempted(): boolean {
    return this.transformed && this.word(HOW) === How.Preempted;
  }

  /** Runs `source` in a fresh state until it ends. */
  run(source: string, limits: Limits = {}): Outcome {
    const { api } = this;
    const L = this.open();
    const thread = this.load(L, source);
    const before = this.thrown;
    const stack = api.stackSave();
    let preemptions = 0;
    let yields = 0;
    let status = this.resume(thread, limits);
    while (status === Status.Yield) {
      if (this.wasPreempted) preemptions++;
      else yields++;
      status = this.resume(thread, limits);
    }
    const outcome = { status, text: this.text(thread, -1), preemptions, yields, thrown: this.thrown - before };
    api.lua_close(L);
    if (api.stackSave() !== stack) throw new Error('the C stack is not where it was');
    this.expectBalance();
    return outcome;
  }

  /** After an exception of the host has flown through a resumption: `stack` is what `stackSave` answered before. */
  recover(stack: number): void {
    this.api.stackRestore(stack);
    if (!this.transformed) return;
    this.api.yield_base!.value = -1;
    this.api.yield_state!.value = 0;
    this.setWord(UNWINDING, 0);
  }

  /** Between two resumptions nothing is under way. */
  expectBalance(): void {
    if (!this.transformed) return;
    const { yield_base: base, yield_state: state } = this.api;
    if (base!.value !== -1) throw new Error(`yield_base is ${base!.value}`);
    if (state!.value !== 0) throw new Error(`yield_state is ${state!.value}`);
    if (this.word(UNWINDING) !== 0) throw new Error('a yield is still on its way');
  }
}
