/**
 * One Lua virtual machine: an instance of the binary with its memory, of which each worker thread has one. It knows
 * nothing of processes; those are states in it (`state.ts`), and what they call are the host functions linked here.
 */
import {
  type Adapter,
  buildAdapter,
  type Continuation,
  GRACE_SHIFT,
  giveUp,
  HOOK_PERIOD,
  type HostFunction,
  TOO_LONG,
} from './adapter.ts';
import type { LuaApi } from './api.ts';
import { compileLuaBinary } from './binary.ts';
import { type LuaHost, luaImports } from './imports.ts';
import {
  CALL_FUNCTION,
  CALL_SAVED_PC,
  CLOSURE_FUNCTION,
  MASK_COUNT,
  STATE_CALL,
  STATE_CALLS,
  STATE_STATUS,
  STATE_TOP,
  Status,
  Tag,
  Type,
  TYPE_NAMES,
  VALUE_SIZE,
  VALUE_TAG,
} from './layout.ts';
import { checkLayout } from './layout_check.ts';
import { Memory } from './memory.ts';
import type { SlotExports } from './slots/exports.ts';
import { NO_LIMIT } from './slots/slot_header.ts';
import type { RegionSource } from './slots/region_claims.ts';
import { expandMemory, Slots } from './slots/slots.ts';
import { discoverStandardLibraries, type StandardLibraries } from './standard.ts';
import { Text } from './text.ts';
import { ALLOCATOR_SLOT, FIRST_GRACE, FUEL, GRACE, HOW, How, MIN_FUEL, READY_RESULTS, UNWINDING } from './words.ts';

const SCRATCH_PAGES = 16;
const UNLIMITED = 0x7fff_ffff;
/** Units of fuel that a program can owe. */
const MOST_CHARGED = 0x4000_0000;

/** Room for `lua_Debug` and for second results. */
const OUT_BYTES = 256;

/** Functions of the string library that take an error object where they want a string. */
const GUARDED = [
  ...['byte', 'find', 'gmatch', 'gsub', 'len', 'lower', 'match', 'rep', 'reverse', 'sub', 'unpack', 'upper'],
];

/** What the host adds to Lua, by name. */
export interface HostLibrary {
  readonly functions: { readonly [name: string]: HostFunction };
  readonly continuations: { readonly [name: string]: Continuation };
  /** Functions that always answer the same one value, and the key under which they leave it in the registry. */
  readonly kept: { readonly [name: string]: number };
  /** Functions that the transformed binary has itself: name of its export by the name in `functions`. */
  readonly natives: { readonly [name: string]: string };
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
  /** The same for states in slots: their userdata is the slot. */
  readonly slotAllocator = ALLOCATOR_SLOT;
  /** Where states live with the transformed binary. Undefined where the system does not allow so much address space. */
  readonly slots: Slots | undefined;
  /** Where Lua leaves second results; free between calls. */
  readonly out: number;
  /** Whether the binary is the transformed one: its programs can be preempted. */
  readonly transformed: boolean;
  readonly #writer: number;
  readonly #hook: number;
  readonly #names: ReadonlyMap<number, string>;
  /** Raises the error for a wrong argument; does not return. */
  onMisuse!: (L: number, index: number, message: string) => never;
  #given = 0;
  /** The binary's stack pointer while nothing of it runs. */
  readonly #stack: number;
  #scratchSlot = 0;
  readonly #dumped: Uint8Array[] = [];

  /** `coerce` makes the first argument a string where it is an error object. */
  constructor(library: HostLibrary, coerce: HostFunction, regions: () => RegionSource) {
    const host: LuaHost = {
      api: undefined as unknown as LuaApi,
      refresh: () => this.memory.refresh(),
      grant: negated => this.slots!.grant(negated),
    };
    const { module, transformed } = compileLuaBinary();
    this.transformed = transformed;
    const instance = new WebAssembly.Instance(module, luaImports(host));
    const api = instance.exports as unknown as LuaApi;
    host.api = api;
    this.api = api;
    this.memory = new Memory(api);
    api.emscripten_stack_init();
    api.__wasm_call_ctors();
    if (transformed && expandMemory(api.memory)) {
      this.memory.refresh();
      this.slots = new Slots(api as unknown as SlotExports, this.memory, regions());
      this.memory.slots = this.slots;
    } else if (transformed) {
      process.emitWarning('Lua processes have no slots: the system does not allow 4 GiB of address space (ulimit -v)', {
        code: 'TROUPE_LUA_NO_SLOTS',
      });
    }
    this.#stack = api.stackSave();
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
      kept: new Map(
        Object.entries(library.kept).map(([name, key]) => [functions.findIndex(one => one[0] === name), key]),
      ),
      continuations: continuations.map(entry => entry[1]),
      writer: (_, bytes, length) => {
        this.#dumped.push(this.memory.u8.slice(bytes >>> 0, (bytes >>> 0) + length));
        return 0;
      },
      guarded: GUARDED.map(name => table.get(this.standard.string.functions.get(name)!) as CallableFunction),
      guardedNames: GUARDED,
      coerce,
      tooLong: this.text.name(TOO_LONG),
    });
    const place = (fn: CallableFunction): number => {
      const slot = table.grow(1);
      table.set(slot, fn);
      return slot;
    };
    this.allocator = place(this.adapter.allocate);
    this.#hook = place(this.adapter.hook);
    this.#writer = place(this.adapter.writer);
    this.functions = Object.fromEntries(
      functions.map(([name], i) => [name, place(native(api, library.natives[name]) ?? this.adapter.functions(i))]),
    );
    this.#names = new Map(Object.entries(this.functions).map(([name, slot]) => [slot, name]));
    this.continuations = Object.fromEntries(
      continuations.map(([name], i) => [name, place(this.adapter.continuations(i))]),
    );
    this.guarded = new Map(GUARDED.map((name, i) => [name, place(this.adapter.guarded(i))]));
  }

  /** How many arguments the host function that runs was given. */
  count(L: number): number {
    const { i32 } = this.memory;
    const call = i32[(L + STATE_CALL) >>> 2];
    return ((i32[(L + STATE_TOP) >>> 2] - i32[(call + CALL_FUNCTION) >>> 2]) >> 4) - 1;
  }

  /** Address of argument `index` (from 1); only valid up to `count`. */
  argument(L: number, index: number): number {
    const { i32 } = this.memory;
    return i32[(i32[(L + STATE_CALL) >>> 2] + CALL_FUNCTION) >>> 2] + index * VALUE_SIZE;
  }

  /** The string at `address`, which must be one. */
  textAt(address: number): string {
    return this.text.readText(this.memory.i32[address >>> 2], this.memory.u8[(address + VALUE_TAG) >>> 0]);
  }

  /** Whether the coroutine that runs can yield: the upper half of the word counts what it could not leave. */
  isYieldable(L: number): boolean {
    return this.memory.i32[(L + STATE_CALLS) >>> 2] >>> 16 === 0;
  }

  /** Address of the value on top of the stack. */
  top(L: number): number {
    return this.memory.i32[(L + STATE_TOP) >>> 2] - VALUE_SIZE;
  }

  // What needs no memory of Lua's is written straight onto the stack: a call into the binary costs five times as much. A
  // host function has room for 20 values, and no barrier is needed there (lapi.c does the same).

  pushNil(L: number): void {
    this.#push(L, Tag.Nil);
  }

  pushBoolean(L: number, value: boolean): void {
    this.#push(L, value ? Tag.True : Tag.False);
  }

  /** A whole number within 2^53. */
  pushInteger(L: number, value: number): void {
    const at = this.#push(L, Tag.Integer) >>> 2;
    const { i32 } = this.memory;
    if (value === (value | 0)) {
      i32[at] = value;
      i32[at + 1] = value >> 31;
    } else {
      const high = Math.floor(value / 4_294_967_296);
      i32[at] = value - high * 4_294_967_296;
      i32[at + 1] = high;
    }
  }

  pushNumber(L: number, value: number): void {
    const at = this.#push(L, Tag.Float);
    this.memory.f64[at >>> 3] = value;
  }

  #push(L: number, tag: number): number {
    const { i32, u8 } = this.memory;
    const word = (L + STATE_TOP) >>> 2;
    const top = i32[word];
    u8[(top + VALUE_TAG) >>> 0] = tag;
    i32[word] = top + VALUE_SIZE;
    return top;
  }

  /** Raise a Lua error with the place of the caller in front, as `error("...")` does. Does not return. */
  raise(L: number, message: string): never {
    this.api.luaL_where(L, 1);
    this.text.push(L, message);
    this.api.lua_concat(L, 2);
    this.api.lua_error(L);
    throw new Error('unreachable: lua_error returned');
  }

  /** Raise that argument `index` of the host function that runs is wrong. Does not return. */
  badArgument(L: number, index: number, message: string): never {
    return this.onMisuse(L, index, message);
  }

  /** The same where it is of another type. */
  badType(L: number, index: number, type: string): never {
    const found = this.api.lua_type(L, index);
    let got = found < 0 ? 'no value' : TYPE_NAMES[found];
    if (found === Type.Userdata) {
      this.api.lua_getmetatable(L, index);
      this.api.lua_getfield(L, -1, this.text.name('__name'));
      got = this.textAt(this.top(L));
    }
    return this.onMisuse(L, index, `${type} expected, got ${got}`);
  }

  /** Name of the host function that runs, by which it was given; empty for one of Lua's own. */
  runningFunction(L: number): string {
    const { i32, u8 } = this.memory;
    const func = i32[(i32[(L + STATE_CALL) >>> 2] + CALL_FUNCTION) >>> 2];
    const tag = u8[(func + VALUE_TAG) >>> 0];
    const value = i32[func >>> 2];
    return this.#names.get(tag === Tag.HostClosure ? i32[(value + CLOSURE_FUNCTION) >>> 2] : value) ?? '';
  }

  /**
   * What a host function answers to wait: it leaves, up to the machine, until the path is resumed; what it returned for
   * then is what `continuation`, a place in the function table, returns. See `HostFunction`.
   */
  wait(continuation: number): number {
    this.memory.i32[HOW >>> 2] = How.Waits;
    return -continuation;
  }

  /** The same to hand on a yield that came from further in, whatever it was for. */
  handOn(continuation: number): number {
    return -continuation;
  }

  /** Why the coroutine that was resumed last has yielded. */
  how(): How {
    return this.memory.i32[HOW >>> 2] as How;
  }

  /** The waiting function finds so many results on its stack: its continuation is not asked. */
  setReadyResults(count: number): void {
    this.memory.i32[READY_RESULTS >>> 2] = count;
  }

  setHow(how: How): void {
    this.memory.i32[HOW >>> 2] = how;
  }

  /**
   * A coroutine that the machine will resume: for the program it runs, so Lua's own functions call it "normal" and refuse
   * to resume or close it. `markSuspended` comes before it is resumed.
   */
  markRunning(co: number): void {
    this.memory.u8[(co + STATE_STATUS) >>> 0] = Status.Ok;
  }

  markSuspended(co: number): void {
    this.memory.u8[(co + STATE_STATUS) >>> 0] = Status.Yield;
  }

  /**
   * An interrupted function stands before an instruction, and tracebacks show the line of the one before. Make them show
   * the right one; the coroutine must not be resumed afterwards.
   */
  showInterrupted(L: number): void {
    const { i32 } = this.memory;
    const call = i32[(L + STATE_CALL) >>> 2];
    const func = i32[(call + CALL_FUNCTION) >>> 2];
    if (this.memory.u8[(func + VALUE_TAG) >>> 0] === Tag.LuaFunction) i32[(call + CALL_SAVED_PC) >>> 2] += 4;
  }

  /** Units of fuel that the last `resume` burnt. */
  get burnt(): number {
    return this.#given - this.memory.i32[FUEL >>> 2];
  }

  /** For what the host does when a program calls it: takes away fuel. Where none is left it is interrupted as soon as it can be. */
  charge(fuel: number): void {
    const { i32 } = this.memory;
    i32[FUEL >>> 2] = Math.max(i32[FUEL >>> 2] - fuel, -MOST_CHARGED);
  }

  /**
   * Run the coroutine `thread`, which has `count` values for it on its stack, until it ends, yields, or has burnt `fuel`;
   * where it cannot be interrupted, it may burn `patience` more before it fails.
   * Answers a `Status`; `how` tells why it yielded. This is the one way into Lua programs.
   *
   * A host's exception that flies through Lua leaves the state in pieces: it can only be closed. The others are unharmed
   * once the binary's own stack is back where it was.
   */
  resume(thread: number, count: number, fuel: number, patience: number): number {
    const { api } = this;
    const { i32 } = this.memory;
    this.#given = fuel;
    i32[FUEL >>> 2] = fuel;
    i32[MIN_FUEL >>> 2] = fuel - patience;
    i32[HOW >>> 2] = How.Yielded;
    i32[GRACE >>> 2] = FIRST_GRACE;
    try {
      return api.lua_resume(thread, 0, count, this.out);
    } catch (thrown) {
      // Programs are entered only from here, and never from within one another.
      this.#recover(this.#stack);
      throw thrown;
    }
  }

  /** For the stock binary: raise an error where what cannot be interrupted has taken all its time. */
  checkPatience(L: number): void {
    const { i32 } = this.memory;
    if (i32[FUEL >>> 2] >= i32[MIN_FUEL >>> 2]) return;
    const grace = i32[GRACE >>> 2];
    if (grace === 0) giveUp();
    i32[MIN_FUEL >>> 2] = i32[FUEL >>> 2] - grace;
    i32[GRACE >>> 2] = grace >> GRACE_SHIFT;
    this.raise(L, TOO_LONG);
  }

  /** For the stock binary: let programs of this state, and the coroutines that they make, burn fuel. */
  burnFuel(L: number): void {
    this.api.lua_sethook(L, this.#hook, MASK_COUNT, HOOK_PERIOD);
  }

  #recover(sp: number): void {
    this.api.stackRestore(sp);
    this.memory.i32[UNWINDING >>> 2] = 0;
    if (this.api.yield_base === undefined) return;
    this.api.yield_base.value = -1;
    this.api.yield_state!.value = 0;
  }

  /** A state for the host's own use, without limits; it may become large. */
  newScratchState(): number {
    if (this.slots === undefined) return this.api.luaL_newstate();
    this.#scratchSlot = this.slots.arena(SCRATCH_PAGES, NO_LIMIT);
    return this.#scratchSlot === 0 ? 0 : this.api.lua_newstate(ALLOCATOR_SLOT, this.#scratchSlot);
  }

  closeScratchState(L: number): void {
    if (this.slots === undefined) this.api.lua_close(L);
    else this.slots.drop(this.#scratchSlot);
  }

  /** Call a host function in protected mode. Answers a `Status`; its one result or the error is left on the stack. */
  protect(L: number, slot: number): number {
    const { api } = this;
    this.#lift();
    const sp = api.stackSave();
    try {
      api.lua_pushcclosure(L, slot, 0);
      return api.lua_pcallk(L, 0, 1, 0, 0, 0);
    } catch (thrown) {
      this.#recover(sp);
      throw thrown;
    }
  }

  /** The host's own work in Lua is neither preempted nor bounded. */
  #lift(): void {
    this.memory.i32[FUEL >>> 2] = UNLIMITED;
    this.memory.i32[MIN_FUEL >>> 2] = -UNLIMITED;
  }

  /** Push the chunk as a function, or the message of what is wrong with it. Answers a `Status`. */
  load(L: number, chunk: Uint8Array, name: string, mode: 'b' | 't'): number {
    const at = this.memory.reserve(chunk.length);
    this.memory.u8.set(chunk, at >>> 0);
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

function native(api: LuaApi, name: string | undefined): CallableFunction | undefined {
  return name === undefined ? undefined : (api as unknown as { [name: string]: CallableFunction | undefined })[name];
}
