/**
 * A small WebAssembly module, assembled here, that stands between the Lua binary and JavaScript:
 *
 * - it turns JavaScript functions into function references, which Lua's function table wants, and yields for those that
 *   say so: Lua's yield unwinds the stack by an exception, and the fewer frames that are on it the better;
 * - it holds Lua's allocator, which counts and limits what each state takes, without a call into JavaScript;
 * - it passes 64-bit integers as doubles, because a BigInt costs three times the call itself;
 * - it wraps the functions of Lua's `string` library so that an error object will do where a string is expected;
 * - for the stock binary, which burns no fuel by itself, it has a hook that does so every so many instructions.
 */
import { TroupeError } from '../../../runtime/errors.ts';
import type { LuaApi } from './api.ts';
import { REGISTRY, Type } from './layout.ts';
import { clampCode } from './positions.ts';
import { signed, unsigned } from './transform/assemble.ts';
import { FUEL, GRACE, HOW, How, MIN_FUEL, READY_RESULTS } from './words.ts';

/** A call of a host function takes as long as this many turns of a loop. */
const FUEL_OF_CALL = 5;
/** Instructions of Lua between two calls of the hook. */
export const HOOK_PERIOD = 1000;
/** The error of what cannot be interrupted and does not end. The transformed binary has the same text. */
export const GRACE_SHIFT = 4;
export const TOO_LONG = 'runs too long where it cannot be interrupted';

/**
 * A function that Lua calls: takes its arguments from the stack of `L`, leaves results there, returns how many. A negative
 * number means: yield without values, and go on in the continuation that is at that place of the function table.
 */
export type HostFunction = (L: number) => number;
/** What goes on in place of a host function that yielded: `status` is a `Status`, `context` is 0. */
export type Continuation = (L: number, status: number, context: number) => number;
/** Receives what `lua_dump` writes; answers 0 to go on. */
export type Writer = (L: number, bytes: number, length: number, data: number) => number;

export interface Adapter {
  /** `lua_Alloc`; its userdata is two words: bytes in use, bytes allowed. */
  readonly allocate: CallableFunction;
  /** `value` must be a whole number within 2^53. */
  pushInteger(L: number, value: number): void;
  rawGetInteger(L: number, index: number, key: number): number;
  rawSetInteger(L: number, index: number, key: number): void;
  /** By the index of the JavaScript function that was given. */
  functions(index: number): CallableFunction;
  continuations(index: number): CallableFunction;
  writer: CallableFunction;
  /** The wrapped original, by its index. */
  guarded(index: number): CallableFunction;
  /** A count hook for `lua_sethook`, to be called every `HOOK_PERIOD` instructions. */
  readonly hook: CallableFunction;
}

const I32 = 0x7f;
const I64 = 0x7e;
const F64 = 0x7c;

/** Signatures by index in the type section. */
const Signature = {
  Function: 0,
  Continuation: 1,
  Allocator: 2,
  PushInteger64: 3,
  PushInteger: 4,
  RawGet64: 5,
  RawSet64: 6,
  RawSet: 7,
  Two: 8,
  One: 9,
  Hook: 10,
  None: 11,
} as const;

const SIGNATURES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[I32], [I32]],
  [[I32, I32, I32], [I32]],
  [[I32, I32, I32, I32], [I32]],
  [[I32, I64], []],
  [[I32, F64], []],
  [[I32, I32, I64], [I32]],
  [[I32, I32, I64], []],
  [[I32, I32, I32], []],
  [[I32, I32], [I32]],
  [[I32], []],
  [[I32, I32], []],
  [[], []],
];

/** Functions of the Lua binary that the module calls, at these indexes. */
const Imported = {
  Realloc: 0,
  Free: 1,
  PushInteger: 2,
  RawGetI: 3,
  RawSetI: 4,
  Type: 5,
  Yield: 6,
  Coerce: 7,
  IsYieldable: 8,
  Where: 9,
  PushString: 10,
  Concat: 11,
  Error: 12,
  GiveUp: 13,
  SetTop: 14,
} as const;

// Opcodes of WebAssembly.
const IF = 0x04;
const END = 0x0b;
const RETURN = 0x0f;
const CALL = 0x10;
const DROP = 0x1a;
const GET = 0x20;
const SET = 0x21;
const TEE = 0x22;
const LOAD = 0x28;
const STORE = 0x36;
const CONST = 0x41;
const EQZ = 0x45;
const EQ = 0x46;
const LT_S = 0x48;
const GT_U = 0x4b;
const SHR_S = 0x75;
const ADD = 0x6a;
const SUB = 0x6b;
const AND = 0x71;
const EXTEND = 0xac;
const TRUNC_F64_S = 0xb0;
const VOID = 0x40;

/**
 * `(userdata, pointer, old, new)`: refuses what would exceed the limit, counts the rest. Without a pointer `old` is a
 * type tag, not a size. Making smaller is never refused.
 */
const ALLOCATE: readonly number[] = [
  [GET, 1, EQZ, IF, VOID, CONST, 0, SET, 2, END],
  [GET, 0, LOAD, 2, 0, GET, 3, GET, 2, SUB, ADD, SET, 4],
  [GET, 3, EQZ, IF, VOID, GET, 1, CALL, Imported.Free, GET, 0, GET, 4, STORE, 2, 0, CONST, 0, RETURN, END],
  [GET, 3, GET, 2, GT_U, GET, 4, GET, 0, LOAD, 2, 4, GT_U, AND, IF, VOID, CONST, 0, RETURN, END],
  [GET, 1, GET, 3, CALL, Imported.Realloc, SET, 5],
  [GET, 5, IF, VOID, GET, 0, GET, 4, STORE, 2, 0, END],
  [GET, 5, END],
].flat();

/** A word at a fixed address; to store one, 0 and the value lie on the stack. */
const loadWord = (address: number) => [CONST, 0, LOAD, 2, ...unsigned(address)];
const storeWord = (address: number) => [STORE, 2, ...unsigned(address)];

/** Calls the function with its own parameters, and yields where it answers less than zero. */
function hostBody(original: number, parameters: number): number[] {
  const result = parameters;
  return [
    ...[CONST, 0, ...loadWord(FUEL), CONST, ...signed(FUEL_OF_CALL), SUB, ...storeWord(FUEL)],
    ...Array.from({ length: parameters }, (_, i) => [GET, i]).flat(),
    ...[CALL, ...unsigned(original), TEE, result, CONST, 0, LT_S, IF, VOID],
    ...[GET, 0, CONST, 0, CONST, 0, CONST, 0, GET, result, SUB, CALL, Imported.Yield, RETURN, END],
    ...[GET, result, END],
  ];
}

/** The same for continuations: first it looks whether the results are there already. */
function continuationBody(original: number): number[] {
  return [
    ...[...loadWord(READY_RESULTS), TEE, 3, IF, VOID],
    ...[CONST, 0, CONST, 0, ...storeWord(READY_RESULTS), GET, 3, RETURN, END],
    ...hostBody(original, 3),
  ];
}

/** What lies at the key of the registry, where the original has left it before; else the original. */
function keptBody(original: number, key: number): number[] {
  return [
    ...[GET, 0, CONST, ...signed(REGISTRY), CONST, ...signed(key), EXTEND, CALL, Imported.RawGetI],
    ...[IF, VOID, CONST, 1, RETURN, END],
    ...[GET, 0, CONST, ...signed(-2), CALL, Imported.SetTop, GET, 0, CALL, ...unsigned(original), END],
  ];
}

/** `coerce(L)` where the first argument is a userdata; positions brought into range; then the original. */
function guardBody(original: number, name: string): number[] {
  return [
    ...clampCode(name),
    ...[GET, 0, CONST, 1, CALL, Imported.Type, CONST, Type.Userdata, EQ],
    ...[IF, VOID, GET, 0, CALL, Imported.Coerce, DROP, END],
    ...[GET, 0, CALL, ...unsigned(original), END],
  ];
}

/** `(L, debug)`: burns fuel; where it has run out, yields, or raises an error where that is not possible. */
function hookBody(message: number): number[] {
  return [
    ...[CONST, 0, ...loadWord(FUEL), CONST, ...signed(HOOK_PERIOD), SUB, TEE, 2],
    ...[...storeWord(FUEL), GET, 2, CONST, 0, LT_S, IF, VOID],
    ...[GET, 0, CALL, Imported.IsYieldable, IF, VOID],
    ...[CONST, 0, CONST, How.Preempted, ...storeWord(HOW)],
    ...[GET, 0, CONST, 0, CONST, 0, CONST, 0, CALL, Imported.Yield, DROP, RETURN, END],
    ...[GET, 2, ...loadWord(MIN_FUEL), LT_S, IF, VOID],
    // Whoever catches the error has some fuel to deal with it, each time less; in the end there is no more to be caught.
    ...[...loadWord(GRACE), EQZ, IF, VOID, CALL, Imported.GiveUp, END],
    ...[CONST, 0, GET, 2, ...loadWord(GRACE), SUB, ...storeWord(MIN_FUEL)],
    ...[CONST, 0, ...loadWord(GRACE), CONST, GRACE_SHIFT, SHR_S, ...storeWord(GRACE)],
    ...[GET, 0, CONST, 0, CALL, Imported.Where, GET, 0, CONST, ...signed(message), CALL, Imported.PushString, DROP],
    ...[GET, 0, CONST, 2, CALL, Imported.Concat, GET, 0, CALL, Imported.Error, DROP, END, END, END],
  ];
}

/** For what catches the error of running too long again and again: ends the process. */
export function giveUp(): never {
  throw new TroupeError(TOO_LONG, { kind: 'RATE_LIMITED', retryable: false });
}

export interface AdapterParts {
  readonly api: LuaApi;
  readonly functions: readonly HostFunction[];
  /** By position: functions that always answer the same one value, and the key under which they leave it in the registry. */
  readonly kept: ReadonlyMap<number, number>;
  /** The first is that of functions that wait. */
  readonly continuations: readonly Continuation[];
  readonly writer: Writer;
  /** Functions of Lua's string library, from its function table. */
  readonly guarded: readonly CallableFunction[];
  /** Their names. */
  readonly guardedNames: readonly string[];
  /** Makes the first argument a string where it is an error object. */
  readonly coerce: HostFunction;
  /** Address of the text `TOO_LONG`. */
  readonly tooLong: number;
}

export function buildAdapter(parts: AdapterParts): Adapter {
  const { api, functions, continuations, guarded } = parts;
  const imports: number[][] = [importMemory()];
  const given: Record<string, unknown> = { memory: api.memory };
  let imported = 0;
  const take = (fn: unknown, signature: number): number => {
    const name = `f${imported}`;
    imports.push([...text('e'), ...text(name), 0, signature]);
    given[name] = fn;
    return imported++;
  };
  // In the order of `Imported`.
  take(api.realloc, Signature.Two);
  take(api.free, Signature.One);
  take(api.lua_pushinteger, Signature.PushInteger64);
  take(api.lua_rawgeti, Signature.RawGet64);
  take(api.lua_rawseti, Signature.RawSet64);
  take(api.lua_type, Signature.Two);
  take(api.lua_yieldk, Signature.Allocator);
  take(parts.coerce, Signature.Function);
  take(api.lua_isyieldable, Signature.Function);
  take(api.luaL_where, Signature.Hook);
  take(api.lua_pushstring, Signature.Two);
  take(api.lua_concat, Signature.Hook);
  take(api.lua_error, Signature.Function);
  take(giveUp, Signature.None);
  take(api.lua_settop, Signature.Hook);

  const bodies: { signature: number; locals: number; code: readonly number[]; name: string }[] = [];
  const wrap = (name: string, fn: unknown, signature: number, parameters: number) => {
    bodies.push({ name, signature, locals: 1, code: hostBody(take(fn, signature), parameters) });
  };
  functions.forEach((fn, i) => {
    const key = parts.kept.get(i);
    if (key === undefined) wrap(`function ${i}`, fn, Signature.Function, 1);
    else {
      const code = keptBody(take(fn, Signature.Function), key);
      bodies.push({ name: `function ${i}`, signature: Signature.Function, locals: 0, code });
    }
  });
  continuations.forEach((fn, i) => {
    bodies.push({
      name: `continuation ${i}`,
      signature: Signature.Continuation,
      locals: 1,
      // Those of coroutines hand on the call; only the innermost has results.
      code:
        i === 0 ? continuationBody(take(fn, Signature.Continuation)) : hostBody(take(fn, Signature.Continuation), 3),
    });
  });
  const writer = take(parts.writer, Signature.Allocator);
  guarded.forEach((fn, i) => {
    bodies.push({
      name: `guarded ${i}`,
      signature: Signature.Function,
      locals: 1,
      code: guardBody(take(fn, Signature.Function), parts.guardedNames[i]),
    });
  });
  bodies.push(
    { name: 'allocate', signature: Signature.Allocator, locals: 2, code: ALLOCATE },
    { name: 'hook', signature: Signature.Hook, locals: 1, code: hookBody(parts.tooLong) },
    {
      name: 'push integer',
      signature: Signature.PushInteger,
      locals: 0,
      code: [GET, 0, GET, 1, TRUNC_F64_S, CALL, Imported.PushInteger, END],
    },
    {
      name: 'get integer',
      signature: Signature.Continuation,
      locals: 0,
      code: [GET, 0, GET, 1, GET, 2, EXTEND, CALL, Imported.RawGetI, END],
    },
    {
      name: 'set integer',
      signature: Signature.RawSet,
      locals: 0,
      code: [GET, 0, GET, 1, GET, 2, EXTEND, CALL, Imported.RawSetI, END],
    },
  );
  const exported = bodies.map((body, i) => ({ name: body.name, index: imported + i }));
  exported.push({ name: 'writer', index: writer });

  const bytes = new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      SIGNATURES.map(([params, results]) => [0x60, params.length, ...params, results.length, ...results]),
    ),
    ...section(2, imports),
    ...section(
      3,
      bodies.map(body => [body.signature]),
    ),
    ...section(
      7,
      exported.map(({ name, index }) => [...text(name), 0, ...unsigned(index)]),
    ),
    ...section(
      10,
      bodies.map(body => sized(body.locals === 0 ? [0, ...body.code] : [1, body.locals, I32, ...body.code])),
    ),
  ]);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e: given } as WebAssembly.Imports);
  const get = (name: string) => instance.exports[name] as CallableFunction;
  return {
    allocate: get('allocate'),
    hook: get('hook'),
    pushInteger: get('push integer') as Adapter['pushInteger'],
    rawGetInteger: get('get integer') as Adapter['rawGetInteger'],
    rawSetInteger: get('set integer') as Adapter['rawSetInteger'],
    functions: index => get(`function ${index}`),
    continuations: index => get(`continuation ${index}`),
    writer: get('writer'),
    guarded: index => get(`guarded ${index}`),
  };
}

function importMemory(): number[] {
  return [...text('e'), ...text('memory'), 2, 0, 1];
}

function text(value: string): number[] {
  const bytes = Buffer.from(value, 'utf8');
  return [...unsigned(bytes.length), ...bytes];
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return [id, ...sized([...unsigned(items.length), ...items.flat()])];
}
