/**
 * The globals of a program: what Lua's base library has that is harmless, and the host's own versions of the rest.
 *
 * Not there: `dofile`, `loadfile`, `debug`, `io`, `package`, `string.dump`. `load` takes text only, because crafted
 * bytecode corrupts memory. `__gc` is refused, because finalizers would run where nothing can stop them.
 */
import { readRandom, writeLog } from '../ambient.ts';
import { typeOf } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { Type } from '../vm/layout.ts';

/** Lua's own base functions that programs get unchanged. */
const BASE = [
  ...['assert', 'error', 'getmetatable', 'ipairs', 'next', 'pairs', 'pcall', 'rawequal', 'rawget', 'rawlen', 'rawset'],
  ...['select', 'tonumber', 'tostring', 'type', 'xpcall'],
];
/** The host's own, by the name of the global. */
const OWN = ['collectgarbage', 'load', 'print', 'require', 'setmetatable', 'warn'];

/** What is left out of Lua's libraries. */
const WITHHELD: { readonly [library: string]: readonly string[] } = { string: ['dump'] };

/** Four words of 64 bits. */
const RANDOM_STATE_BYTES = 32;

export function sandboxFunctions(engine: Engine): { [name: string]: HostFunction } {
  /** The arguments as `print` joins them. */
  const joined = (L: number, separator: string): string => {
    const { vm } = engine;
    const count = vm.count(L);
    const parts: string[] = [];
    for (let i = 1; i <= count; i++) {
      vm.api.luaL_tolstring(L, i, 0);
      const at = vm.top(L);
      parts.push(vm.textAt(at));
      vm.api.lua_settop(L, -2);
    }
    return parts.join(separator);
  };

  return {
    print: L => {
      const line = joined(L, '\t');
      writeLog(engine.process.out, 'info', line);
      return 0;
    },
    warn: L => {
      const line = joined(L, '');
      writeLog(engine.process.out, 'warn', line);
      return 0;
    },
    load: L => {
      const { vm } = engine;
      const { api, text } = vm;
      const count = vm.count(L);
      if (typeOf(engine, L, 3) > Type.Nil) {
        if (typeOf(engine, L, 3) !== Type.String) vm.badType(L, 3, 'string');
        const at = vm.argument(L, 3);
        if (!vm.textAt(at).includes('t')) {
          api.lua_pushnil(L);
          text.push(L, 'attempt to load a binary chunk: only text can be loaded');
          return 2;
        }
      }
      if (count < 3) api.lua_settop(L, 3);
      text.push(L, 't');
      api.lua_copy(L, -1, 3);
      api.lua_settop(L, -2);
      return engine.standard('_G', 'load')(L);
    },
    setmetatable: L => {
      const { vm } = engine;
      if (typeOf(engine, L, 2) === Type.Table) {
        vm.text.push(L, '__gc');
        const type = vm.api.lua_rawget(L, 2);
        vm.api.lua_settop(L, -2);
        if (type !== Type.Nil) vm.badArgument(L, 2, 'finalizers (__gc) are not available; use __close');
      }
      return engine.standard('_G', 'setmetatable')(L);
    },
    collectgarbage: L => {
      const { vm } = engine;
      if (typeOf(engine, L, 1) > Type.Nil) {
        const at = vm.argument(L, 1);
        const option = typeOf(engine, L, 1) === Type.String ? vm.textAt(at) : vm.badType(L, 1, 'string');
        if (option !== 'count' && option !== 'collect') {
          vm.badArgument(L, 1, `option '${option}' is not available; there are 'count' and 'collect'`);
        }
      }
      return engine.standard('_G', 'collectgarbage')(L);
    },
  };
}

/** Functions that every state has as globals: places in the function table by name. */
export function globalFunctions(engine: Engine): ReadonlyMap<string, number> {
  const { standard, functions } = engine.vm;
  const globals = new Map<string, number>();
  for (const name of BASE) globals.set(name, standard._G.functions.get(name)!);
  for (const name of OWN) globals.set(name, functions[`host.${name}`]);
  return globals;
}

/** Lua's libraries as modules that fill themselves. */
export function standardModules(engine: Engine): HostModule[] {
  const { standard, guarded, functions: places } = engine.vm;
  return ['string', 'table', 'math', 'utf8'].map(name => {
    const functions = new Map(standard[name].functions);
    for (const withheld of WITHHELD[name] ?? []) functions.delete(withheld);
    if (name === 'string') for (const [member, slot] of guarded) functions.set(member, slot);
    if (name === 'table') functions.set('sort', places['host.sort']);
    return {
      name,
      standard: functions,
      constants: Object.fromEntries(standard[name].constants),
      ...(name === 'math' ? { made: randomFunctions(engine) } : {}),
    };
  });
}

/** `math.random` and `math.randomseed` share a generator; each process has its own, seeded by the runtime's chance. */
function randomFunctions(engine: Engine): { [name: string]: (L: number) => void } {
  const make = (wanted: string, other: string) => (L: number) => {
    const { api, text, memory } = engine.vm;
    api.luaopen_math(L);
    api.lua_getfield(L, -1, text.name('random'));
    api.lua_getupvalue(L, -1, 1);
    const words = api.lua_touserdata(L, -1) >>> 2;
    for (let i = 0; i < RANDOM_STATE_BYTES / 4; i++) {
      memory.i32[words + i] = readRandom(engine.process.out) * 2 ** 32;
    }
    api.lua_settop(L, -3);
    // Both members at once, so that seeding seeds what is drawn from.
    text.push(L, other);
    api.lua_getfield(L, -2, text.name(other));
    api.lua_rawset(L, 1);
    api.lua_getfield(L, -1, text.name(wanted));
    api.lua_rotate(L, -2, 1);
    api.lua_settop(L, -2);
  };
  return { random: make('random', 'randomseed'), randomseed: make('randomseed', 'random') };
}
