/** Proves at start that values lie in memory as `layout.ts` says: a wrong offset would corrupt programs silently. */
import { TroupeError } from '../../../runtime/errors.ts';
import type { LuaApi } from './api.ts';
import {
  CALL_FUNCTION,
  FIRST_UPVALUE,
  NODE_KEY,
  NODE_KEY_TAG,
  STATE_CALL,
  STATE_CALLS,
  STATE_STACK,
  STATE_TO_CLOSE,
  STATE_TOP,
  STRING_BYTES,
  TABLE_ARRAY,
  TABLE_LIMIT,
  TABLE_LOG_NODES,
  TABLE_METATABLE,
  TABLE_NODES,
  Tag,
  VALUE_SIZE,
  VALUE_TAG,
} from './layout.ts';
import type { Memory } from './memory.ts';
import type { Text } from './text.ts';

const PROBE = 'probe';
const LONG = 'a string that is longer than forty bytes is not interned';

/** Throws INTERNAL where the binary differs from the layout. */
export function checkLayout(api: LuaApi, memory: Memory, text: Text): void {
  const L = api.luaL_newstate();
  const { u8, f64, i32 } = memory;
  const word = (at: number) => i32[at >>> 2];
  const top = () => word(L + STATE_TOP) - VALUE_SIZE;
  const tag = () => u8[(top() + VALUE_TAG) >>> 0];
  const failures: string[] = [];
  const expect = (what: string, ok: boolean) => {
    if (!ok) failures.push(what);
  };

  expect('stack', word(word(L + STATE_CALL) + CALL_FUNCTION) === word(L + STATE_STACK));
  expect('variables to close', word(L + STATE_TO_CLOSE) === word(L + STATE_STACK));
  expect('calls', word(L + STATE_CALLS) >>> 16 === 1 && api.lua_isyieldable(L) === 0);
  api.lua_pushnumber(L, 2.5);
  expect('float', tag() === Tag.Float && f64[top() >>> 3] === 2.5);
  api.lua_pushinteger(L, -3n);
  expect('integer', tag() === Tag.Integer && i32[top() >>> 2] === -3 && i32[(top() >>> 2) + 1] === -1);
  api.lua_pushboolean(L, 1);
  expect('true', tag() === Tag.True);
  api.lua_pushboolean(L, 0);
  expect('false', tag() === Tag.False);
  api.lua_pushnil(L);
  expect('nil', tag() === Tag.Nil);
  text.push(L, PROBE);
  const short = word(top());
  expect('short string', tag() === Tag.ShortString && text.read(short, tag()) === PROBE);
  expect('bytes of a string', api.lua_tolstring(L, -1, 0) === short + STRING_BYTES);
  text.push(L, LONG);
  expect('long string', tag() === Tag.LongString && text.read(word(top()), tag()) === LONG);
  expect('count', api.lua_gettop(L) === (top() - word(word(L + STATE_CALL) + CALL_FUNCTION)) / VALUE_SIZE);

  api.lua_createtable(L, 2, 1);
  const table = word(top());
  expect('table', tag() === Tag.Table && api.lua_topointer(L, -1) === table);
  api.lua_pushinteger(L, 7n);
  api.lua_rawseti(L, -2, 2n);
  expect('array part', word(table + TABLE_LIMIT) === 2 && word(word(table + TABLE_ARRAY) + VALUE_SIZE) === 7);
  api.lua_pushinteger(L, 8n);
  api.lua_setfield(L, -2, text.name(PROBE));
  const node = word(table + TABLE_NODES);
  expect('hash part', u8[(table + TABLE_LOG_NODES) >>> 0] === 0 && word(node) === 8 && word(node + NODE_KEY) === short);
  expect('key', u8[(node + NODE_KEY_TAG) >>> 0] === Tag.ShortString);
  api.lua_createtable(L, 0, 0);
  const metatable = word(top());
  api.lua_setmetatable(L, -2);
  expect('metatable', word(table + TABLE_METATABLE) === metatable);

  const data = api.lua_newuserdatauv(L, 8, 2);
  expect('userdata', tag() === Tag.Userdata && data - word(top()) === 24 + 2 * VALUE_SIZE);
  api.lua_pushnumber(L, 4.5);
  api.lua_setiuservalue(L, -2, 1);
  expect('user value', f64[(data - 2 * VALUE_SIZE) >>> 3] === 4.5);
  expect('registry', api.lua_topointer(L, FIRST_UPVALUE + 1) !== 0);
  api.lua_close(L);

  if (failures.length > 0) {
    throw new TroupeError(`the Lua binary is not laid out as expected: ${failures.join(', ')}`, {
      kind: 'INTERNAL',
      retryable: false,
    });
  }
}
