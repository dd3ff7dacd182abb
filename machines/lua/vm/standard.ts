/**
 * Lua's standard libraries, as found in a throw-away state at start: which function is at which place of the function
 * table. Processes get them from here, one by one and only those that are safe, instead of opening whole libraries.
 */
import type { LuaApi } from './api.ts';
import { REGISTRY, REGISTRY_GLOBALS, STATE_TOP, Tag, Type, VALUE_SIZE, VALUE_TAG } from './layout.ts';
import type { Memory } from './memory.ts';
import type { Text } from './text.ts';

/** A library: its functions by name (places in the function table), and its other members. */
export interface StandardLibrary {
  readonly functions: ReadonlyMap<string, number>;
  readonly constants: ReadonlyMap<string, StandardConstant>;
}

/** A whole number is given as bigint: `math.mininteger` fits in nothing else. */
export type StandardConstant = number | bigint | string | Uint8Array;

export interface StandardLibraries {
  readonly [name: string]: StandardLibrary;
}

/** The libraries a program may see something of; `metamethods` are those of strings, e.g. arithmetic on `"10"`. */
const NAMES = ['_G', 'string', 'table', 'math', 'utf8', 'coroutine'] as const;

export function discoverStandardLibraries(api: LuaApi, memory: Memory, text: Text): StandardLibraries {
  const L = api.luaL_newstate();
  api.luaL_openlibs(L);
  const found: { [name: string]: StandardLibrary } = {};
  for (const name of NAMES) {
    api.lua_rawgeti(L, REGISTRY, BigInt(REGISTRY_GLOBALS));
    api.lua_getfield(L, -1, text.name(name));
    found[name] = readLibrary(L, api, memory, text);
    api.lua_settop(L, 0);
  }
  api.lua_pushlstring(L, memory.scratch, 0);
  api.lua_getmetatable(L, -1);
  found.metamethods = readLibrary(L, api, memory, text);
  api.lua_close(L);
  return found;
}

/** Reads the table on top of the stack. Closures (`math.random`) have state of their own and are left out. */
function readLibrary(L: number, api: LuaApi, memory: Memory, text: Text): StandardLibrary {
  const functions = new Map<string, number>();
  const constants = new Map<string, StandardConstant>();
  api.lua_pushnil(L);
  while (api.lua_next(L, -2) !== 0) {
    const value = memory.i32[(L + STATE_TOP) >>> 2] - VALUE_SIZE;
    const key = value - VALUE_SIZE;
    const name = text.readText(memory.i32[key >>> 2], memory.u8[(key + VALUE_TAG) >>> 0]);
    const tag = memory.u8[(value + VALUE_TAG) >>> 0];
    if (tag === Tag.HostFunction) functions.set(name, api.lua_tocfunction(L, -1));
    else if (tag === Tag.Float) constants.set(name, memory.f64[value >>> 3]);
    else if (tag === Tag.Integer) constants.set(name, readInteger(memory, value));
    else if (api.lua_type(L, -1) === Type.String) constants.set(name, text.read(memory.i32[value >>> 2], tag));
    api.lua_settop(L, -2);
  }
  return { functions, constants };
}

function readInteger(memory: Memory, at: number): bigint {
  return (BigInt(memory.i32[(at >>> 2) + 1]) << 32n) | BigInt(memory.i32[at >>> 2] >>> 0);
}
