/**
 * The functions that the Lua binary exports and this machine uses, as typed as WebAssembly allows: every pointer and
 * every index is a number. Lua's reference manual describes each. `L` is a `lua_State`, everywhere in this folder.
 */
export interface LuaApi {
  readonly memory: WebAssembly.Memory;
  readonly __indirect_function_table: WebAssembly.Table;
  /** Only of the transformed binary (`transform/`): what its yields keep while they run. */
  readonly yield_base?: WebAssembly.Global;
  readonly yield_state?: WebAssembly.Global;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  stackSave(): number;
  stackRestore(pointer: number): void;
  setThrew(threw: number, value: number): void;
  malloc(bytes: number): number;
  realloc(pointer: number, bytes: number): number;
  free(pointer: number): void;

  lua_newstate(allocator: number, userdata: number): number;
  lua_close(L: number): void;
  lua_newthread(L: number): number;
  lua_resume(L: number, from: number, count: number, results: number): number;
  lua_yieldk(L: number, results: number, context: number, continuation: number): number;
  lua_isyieldable(L: number): number;
  lua_status(L: number): number;
  lua_resetthread(L: number, from: number): number;
  /** Only of the transformed binary: `objects/assembly`. */
  object_create?(L: number, kind: number, bytes: number, values: number): number;
  object_message?(L: number, topic: number, topicLength: number, from: number, fromLength: number): void;
  object_integer_field?(L: number, key: number, value: number): void;
  object_number_field?(L: number, key: number, value: number): void;
  object_boolean_field?(L: number, key: number, value: number): void;
  object_text_field?(L: number, key: number, bytes: number, length: number): void;
  /** Only of the transformed binary. `more` points to further arguments. */
  lua_gc?(L: number, what: number, more: number): number;
  lua_error(L: number): number;
  lua_sethook(L: number, hook: number, mask: number, count: number): void;

  lua_gettop(L: number): number;
  lua_settop(L: number, index: number): void;
  lua_checkstack(L: number, slots: number): number;
  lua_rotate(L: number, index: number, by: number): void;
  lua_copy(L: number, from: number, to: number): void;
  lua_xmove(from: number, to: number, count: number): void;
  lua_pushvalue(L: number, index: number): void;
  lua_pushnil(L: number): void;
  lua_pushnumber(L: number, value: number): void;
  lua_pushinteger(L: number, value: bigint): void;
  lua_pushboolean(L: number, value: number): void;
  lua_pushstring(L: number, text: number): number;
  lua_pushlstring(L: number, bytes: number, length: number): number;
  lua_pushcclosure(L: number, slot: number, upvalues: number): void;
  lua_pushthread(L: number): number;

  lua_type(L: number, index: number): number;
  lua_rawlen(L: number, index: number): bigint;
  lua_tocfunction(L: number, index: number): number;
  lua_tothread(L: number, index: number): number;
  lua_topointer(L: number, index: number): number;
  lua_touserdata(L: number, index: number): number;
  lua_tonumberx(L: number, index: number, isNumber: number): number;
  lua_toboolean(L: number, index: number): number;
  lua_tolstring(L: number, index: number, length: number): number;

  lua_createtable(L: number, array: number, record: number): void;
  lua_gettable(L: number, index: number): number;
  lua_getfield(L: number, index: number, key: number): number;
  lua_setfield(L: number, index: number, key: number): void;
  lua_rawget(L: number, index: number): number;
  lua_rawset(L: number, index: number): void;
  lua_rawgeti(L: number, index: number, key: bigint): number;
  lua_rawseti(L: number, index: number, key: bigint): void;
  lua_rawgetp(L: number, index: number, key: number): number;
  lua_rawsetp(L: number, index: number, key: number): void;
  lua_next(L: number, index: number): number;
  lua_concat(L: number, count: number): void;
  lua_arith(L: number, operator: number): void;
  lua_rawequal(L: number, first: number, second: number): number;
  lua_getmetatable(L: number, index: number): number;
  lua_setmetatable(L: number, index: number): number;
  lua_newuserdatauv(L: number, bytes: number, values: number): number;
  lua_getiuservalue(L: number, index: number, value: number): number;
  lua_setiuservalue(L: number, index: number, value: number): number;
  lua_getupvalue(L: number, index: number, upvalue: number): number;

  lua_callk(L: number, args: number, results: number, context: number, continuation: number): void;
  lua_pcallk(L: number, args: number, results: number, handler: number, context: number, continuation: number): number;
  lua_dump(L: number, writer: number, data: number, strip: number): number;
  lua_getstack(L: number, level: number, debug: number): number;
  lua_getinfo(L: number, what: number, debug: number): number;

  luaL_loadbufferx(L: number, bytes: number, length: number, name: number, mode: number): number;
  luaL_setfuncs(L: number, functions: number, upvalues: number): void;
  luaL_where(L: number, level: number): void;
  luaL_argerror(L: number, arg: number, message: number): number;
  luaL_typeerror(L: number, arg: number, type: number): number;
  luaL_tolstring(L: number, index: number, length: number): number;
  luaL_newstate(): number;
  luaL_openlibs(L: number): void;
  luaopen_math(L: number): number;
}
