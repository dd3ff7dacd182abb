/**
 * The host's tables and objects in a Lua state: module tables that fill themselves, and userdata with their metatables.
 * All of it is made when first needed and kept in the state's registry.
 */
import type { Engine } from './engine.ts';
import type { HostModule, LinkedModule, Member } from './host_module.ts';
import type { ModuleTables } from './module_tables.ts';
import { HELD_NUMBER, Kind, KINDS, MessageValue } from './values/kinds.ts';
import type { ObjectMaker } from './values/write.ts';
import type { HostFunction } from './vm/adapter.ts';
import { KIND_NAMES, METATABLES } from './vm/objects/object_map.ts';
import { REGISTRY, REGISTRY_GLOBALS, STATE_TOP, Tag, VALUE_SIZE, VALUE_TAG } from './vm/layout.ts';

/** Whole-number keys of the registry; Lua itself uses 1 and 2. */
const LAZY_METATABLE = 3;
const OBJECT_MARK = 4;
/** Table of what `require` has answered, by name. */
export const REQUIRED = 5;
/** The function that sorts large tables, once there was one. */
export const SORTER = 6;
/** PID and entry of the process, once it has asked. */
export const OWN_PID = 7;
export const OWN_ID = 8;

/** What `makeUsual` makes: members of `process`, and methods. */
const USUAL_MEMBERS = ['inbox', 'listen', 'pid', 'send'];
const USUAL_METHODS: readonly (readonly [Kind, readonly string[]])[] = [
  [Kind.Channel, ['receive']],
  [Kind.Message, ['from', 'payload', 'topic']],
  [Kind.Payload, ['data']],
];

/** Metamethods and methods of one kind of object. */
export interface ObjectClass {
  readonly kind: Kind;
  readonly methods: HostModule;
  readonly metamethods?: { readonly [name: string]: HostFunction };
}

export class Objects implements ObjectMaker {
  readonly #engine: Engine;
  /** Modules of methods, and metamethods (name and place in the function table), by kind. */
  readonly #classes: { methods: LinkedModule; metamethods: readonly [string, number][] }[] = [];
  /** `luaL_Reg` arrays of globals and of the metamethods of strings. */
  #globals = 0;
  #stringMetamethods = 0;
  #globalModules: readonly LinkedModule[] = [];
  /** Of the state that runs or is being filled. */
  tables!: ModuleTables;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  addClass(kind: Kind, methods: LinkedModule, metamethods: readonly [string, number][]): void {
    this.#classes[kind] = { methods, metamethods };
  }

  /** What every new state has: global functions by name, and tables by the name of their module. */
  setGlobals(functions: ReadonlyMap<string, number>, modules: readonly LinkedModule[]): void {
    this.#globals = this.#functionList(functions);
    this.#globalModules = modules;
    const metamethods = [...this.#engine.vm.standard.metamethods.functions];
    this.#stringMetamethods = this.#functionList(new Map(metamethods));
    const { memory, text } = this.#engine.vm;
    KINDS.forEach(({ name }, kind) => {
      memory.i32[(KIND_NAMES >>> 2) + kind] = text.name(name);
    });
  }

  /** An array of `luaL_Reg`, kept for ever. */
  #functionList(functions: ReadonlyMap<string, number>): number {
    const { memory, text } = this.#engine.vm;
    const list = memory.allocate((functions.size + 1) * 8);
    let at = list >>> 2;
    for (const [name, slot] of functions) {
      const pointer = text.name(name);
      memory.i32[at++] = pointer;
      memory.i32[at++] = slot;
    }
    memory.i32[at++] = 0;
    memory.i32[at] = 0;
    return list;
  }

  /** Fill a new state. Runs in protected mode. */
  open(L: number): void {
    const { api, text, adapter, functions } = this.#engine.vm;
    api.lua_createtable(L, 0, 2);
    this.#setFunction(L, '__index', functions['lazy.index']);
    this.#setFunction(L, '__pairs', functions['lazy.pairs']);
    api.lua_pushboolean(L, 0);
    api.lua_setfield(L, -2, text.name('__metatable'));
    adapter.rawSetInteger(L, REGISTRY, LAZY_METATABLE);

    // Not the table that the state was born with, which would have to grow six times.
    api.lua_createtable(L, 0, 64);
    api.lua_pushvalue(L, -1);
    adapter.rawSetInteger(L, REGISTRY, REGISTRY_GLOBALS);
    api.luaL_setfuncs(L, this.#globals, 0);
    api.lua_pushvalue(L, -1);
    api.lua_setfield(L, -2, text.name('_G'));
    text.push(L, 'Lua 5.4');
    api.lua_setfield(L, -2, text.name('_VERSION'));
    const modules = this.#globalModules;
    for (let i = 0; i < modules.length; i++) {
      this.pushModule(L, modules[i]);
      if (modules[i].name === 'string') {
        text.push(L, '');
        api.lua_createtable(L, 0, 12);
        api.luaL_setfuncs(L, this.#stringMetamethods, 0);
        api.lua_pushvalue(L, -3);
        api.lua_setfield(L, -2, text.name('__index'));
        api.lua_setmetatable(L, -2);
        api.lua_settop(L, -2);
      }
      api.lua_setfield(L, -2, text.name(modules[i].name));
    }
    api.lua_settop(L, 0);
  }

  /**
   * Make what nearly every process will need, in a state that many will be copies of: copying costs next to nothing.
   * Runs in protected mode.
   */
  makeUsual(L: number): void {
    const { api, text, adapter } = this.#engine.vm;
    const take = (names: readonly string[]) => {
      for (const name of names) {
        api.lua_getfield(L, -1, text.name(name));
        api.lua_settop(L, -2);
      }
    };
    adapter.rawGetInteger(L, REGISTRY, REGISTRY_GLOBALS);
    api.lua_getfield(L, -1, text.name('process'));
    take(USUAL_MEMBERS);
    for (const [kind, methods] of USUAL_METHODS) {
      this.pushObject(L, kind);
      adapter.rawGetInteger(L, REGISTRY, METATABLES + kind);
      api.lua_getfield(L, -1, text.name('__index'));
      take(methods);
    }
    api.lua_settop(L, 0);
  }

  #setFunction(L: number, name: string, slot: number): void {
    const { api, text } = this.#engine.vm;
    api.lua_pushcclosure(L, slot, 0);
    api.lua_setfield(L, -2, text.name(name));
  }

  // --- modules --------------------------------------------------------------------------------------------------

  /** Push a new, empty table of the module. */
  pushModule(L: number, module: LinkedModule): void {
    const { api, adapter, memory } = this.#engine.vm;
    api.lua_createtable(L, 0, 0);
    const table = memory.i32[(memory.i32[(L + STATE_TOP) >>> 2] - VALUE_SIZE) >>> 2];
    this.tables.add(table, module.index);
    adapter.rawGetInteger(L, REGISTRY, LAZY_METATABLE);
    api.lua_setmetatable(L, -2);
  }

  #moduleOf(table: number): LinkedModule | undefined {
    const index = this.tables.find(table);
    return index < 0 ? undefined : this.#engine.modules[index];
  }

  #pushMember(L: number, member: Member): void {
    const { api, text, adapter } = this.#engine.vm;
    if ('function' in member) api.lua_pushcclosure(L, member.function, 0);
    else if ('module' in member) this.pushModule(L, member.module);
    else if ('push' in member) member.push(L);
    else if (typeof member.constant === 'string') text.push(L, member.constant);
    else if (member.constant instanceof Uint8Array) text.pushBytes(L, member.constant);
    else if (typeof member.constant === 'bigint') api.lua_pushinteger(L, member.constant);
    else if (Number.isSafeInteger(member.constant)) adapter.pushInteger(L, member.constant);
    else api.lua_pushnumber(L, member.constant);
  }

  /** `__index` of module tables: makes a member that is asked for the first time. */
  readonly lazyIndex: HostFunction = L => {
    const { api, memory, text } = this.#engine.vm;
    const table = this.#engine.vm.argument(L, 1);
    const key = table + VALUE_SIZE;
    const tag = memory.u8[(key + VALUE_TAG) >>> 0];
    const module = this.#moduleOf(memory.i32[table >>> 2]);
    if (module === undefined || tag !== Tag.ShortString) return 0;
    const member = module.members.get(text.readText(memory.i32[key >>> 2], tag));
    if (member === undefined) return 0;
    this.#pushMember(L, member);
    api.lua_pushvalue(L, 2);
    api.lua_pushvalue(L, -2);
    api.lua_rawset(L, 1);
    return 1;
  };

  /** `__pairs` of module tables: makes all members, then lists them as `next` does. */
  readonly lazyPairs: HostFunction = L => {
    const { api, memory, text, standard } = this.#engine.vm;
    api.lua_settop(L, 1);
    const module = this.#moduleOf(memory.i32[this.#engine.vm.argument(L, 1) >>> 2]);
    for (const [name, member] of module?.members ?? []) {
      text.push(L, name);
      api.lua_pushvalue(L, -1);
      if (api.lua_rawget(L, 1) === 0) {
        api.lua_settop(L, -2);
        this.#pushMember(L, member);
        api.lua_rawset(L, 1);
      } else api.lua_settop(L, 1);
    }
    api.lua_pushcclosure(L, standard._G.functions.get('next')!, 0);
    api.lua_pushvalue(L, 1);
    api.lua_pushnil(L);
    return 3;
  };

  // --- objects --------------------------------------------------------------------------------------------------

  /** Push a text that is always the same in this state, and keep it under a key of the registry. */
  pushKept(L: number, value: string, key: number): number {
    const { api, text, adapter } = this.#engine.vm;
    text.push(L, value);
    api.lua_pushvalue(L, -1);
    adapter.rawSetInteger(L, REGISTRY, key);
    return 1;
  }

  pushObject(L: number, kind: Kind): number {
    const { api, adapter, memory } = this.#engine.vm;
    const { bytes, values } = KINDS[kind];
    if (api.object_create !== undefined) {
      const made = api.object_create(L, kind, bytes, values);
      if (made !== 0) return made;
      this.#makeMetatable(L, kind);
      api.lua_setmetatable(L, -2);
      return api.lua_touserdata(L, -1);
    }
    const data = api.lua_newuserdatauv(L, bytes, values);
    const { i32 } = memory;
    i32[data >>> 2] = kind;
    for (let at = data + 4; at < data + bytes; at += 4) i32[at >>> 2] = 0;
    if (adapter.rawGetInteger(L, REGISTRY, METATABLES + kind) === 0) this.#makeMetatable(L, kind);
    api.lua_setmetatable(L, -2);
    return data;
  }

  /** Push a message object without its data. */
  pushMessage(L: number, topic: string, from: string): void {
    const { api, text, memory } = this.#engine.vm;
    const { process } = this.#engine;
    if (process.hasMessages && text.place(topic, 0) && text.place(from, topic.length)) {
      api.object_message!(L, memory.scratch, topic.length, memory.scratch + topic.length, from.length);
      return;
    }
    if (!process.hasMessages && api.object_message !== undefined) {
      // Both metatables have to be there before the binary makes such objects by itself.
      this.pushObject(L, Kind.Payload);
      api.lua_settop(L, -2);
      process.hasMessages = true;
    }
    this.pushObject(L, Kind.Message);
    text.push(L, topic);
    api.lua_setiuservalue(L, -2, MessageValue.Topic);
    text.push(L, from);
    api.lua_setiuservalue(L, -2, MessageValue.From);
  }

  /** Push a message object whose payload has this number among those that the process holds. */
  pushHeldMessage(L: number, topic: string, from: string, number: number): void {
    const { api, text, memory } = this.#engine.vm;
    this.pushObject(L, Kind.HeldMessage);
    text.push(L, topic);
    api.lua_setiuservalue(L, -2, MessageValue.Topic);
    text.push(L, from);
    api.lua_setiuservalue(L, -2, MessageValue.From);
    const data = this.pushObject(L, Kind.HeldPayload);
    memory.i32[(data + HELD_NUMBER) >>> 2] = number;
    api.lua_setiuservalue(L, -2, MessageValue.Data);
  }

  /** Replace the nil on top of the stack. */
  #makeMetatable(L: number, kind: Kind): void {
    const { api, text, adapter } = this.#engine.vm;
    const { methods, metamethods } = this.#classes[kind];
    api.lua_settop(L, -2);
    api.lua_createtable(L, 0, 3 + metamethods.length);
    for (const [name, slot] of metamethods) this.#setFunction(L, name, slot);
    text.push(L, KINDS[kind].name);
    api.lua_setfield(L, -2, text.name('__name'));
    api.lua_pushboolean(L, 0);
    api.lua_setfield(L, -2, text.name('__metatable'));
    if (!metamethods.some(([name]) => name === '__index')) {
      this.pushModule(L, methods);
      api.lua_setfield(L, -2, text.name('__index'));
    }
    api.lua_pushvalue(L, -1);
    adapter.rawSetInteger(L, REGISTRY, METATABLES + kind);
  }

  pushObjectMark(L: number): void {
    const { api, text, adapter } = this.#engine.vm;
    const { process } = this.#engine;
    if (process.objectMark !== 0) {
      adapter.rawGetInteger(L, REGISTRY, OBJECT_MARK);
      return;
    }
    api.lua_createtable(L, 0, 1);
    text.push(L, 'object');
    api.lua_setfield(L, -2, text.name('__name'));
    api.lua_pushvalue(L, -1);
    adapter.rawSetInteger(L, REGISTRY, OBJECT_MARK);
    process.objectMark = api.lua_topointer(L, -1);
    this.#engine.reader.objectMark = process.objectMark;
  }

  /** Memory of argument `index`, which must be an object of this kind. */
  argument(L: number, index: number, kind: Kind): number {
    const { vm, reader } = this.#engine;
    if (index <= vm.count(L)) {
      const at = vm.argument(L, index);
      if (vm.memory.u8[(at + VALUE_TAG) >>> 0] === Tag.Userdata) {
        const data = reader.data(at);
        if (vm.memory.i32[data >>> 2] === kind) return data;
      }
    }
    return vm.badType(L, index, KINDS[kind].name);
  }
}
