// Messages and payloads, the objects that programs touch most: their methods, and how they are made, without a call into
// JavaScript. Linked into the Lua binary as `object_...`; no globals, no data, no tables.
import {
  KIND_MESSAGE,
  KIND_NAMES,
  KIND_PAYLOAD,
  MESSAGE_BYTES,
  MESSAGE_DATA,
  MESSAGE_FROM,
  MESSAGE_TOPIC,
  MESSAGE_VALUES,
  METATABLES,
  PAYLOAD_BYTES,
  PAYLOAD_VALUES,
} from '../object_map';
import {
  lua_getiuservalue,
  lua_newuserdatauv,
  lua_pushboolean,
  lua_pushinteger,
  lua_pushlstring,
  lua_pushnumber,
  lua_rawgeti,
  lua_setfield,
  lua_setiuservalue,
  lua_setmetatable,
  lua_settop,
  lua_touserdata,
  luaL_typeerror,
} from './lua';

const REGISTRY: i32 = -1001000;

/**
 * Pushes a new object and answers its memory: the kind in the first word, zeros after it. 0 where the state has no
 * metatable for the kind yet: then the object lies below a nil.
 */
export function create(L: u32, kind: u32, bytes: u32, values: i32): u32 {
  const data = lua_newuserdatauv(L, bytes, values);
  store<u32>(data, kind);
  for (let at: u32 = 4; at < bytes; at += 4) store<u32>(data + at, 0);
  if (lua_rawgeti(L, REGISTRY, METATABLES + kind) == 0) return 0;
  lua_setmetatable(L, -2);
  return data;
}

/** Pushes a message object without its data. The metatables of messages and payloads must be there. */
export function message(L: u32, topic: u32, topicLength: u32, from: u32, fromLength: u32): void {
  create(L, KIND_MESSAGE, MESSAGE_BYTES, MESSAGE_VALUES);
  lua_pushlstring(L, topic, topicLength);
  lua_setiuservalue(L, -2, MESSAGE_TOPIC);
  lua_pushlstring(L, from, fromLength);
  lua_setiuservalue(L, -2, MESSAGE_FROM);
}

// Methods: functions that Lua calls.

/** Leaves the value of the first argument, which must be of the kind. */
function valueOf(L: u32, kind: u32, value: i32): i32 {
  const data = lua_touserdata(L, 1);
  if (data == 0 || load<u32>(data) != kind) return luaL_typeerror(L, 1, load<u32>(KIND_NAMES + (kind << 2)));
  lua_getiuservalue(L, 1, value);
  return 1;
}

export function message_topic(L: u32): i32 {
  return valueOf(L, KIND_MESSAGE, MESSAGE_TOPIC);
}

export function message_from(L: u32): i32 {
  return valueOf(L, KIND_MESSAGE, MESSAGE_FROM);
}

export function message_payload(L: u32): i32 {
  valueOf(L, KIND_MESSAGE, MESSAGE_DATA);
  lua_settop(L, 1);
  create(L, KIND_PAYLOAD, PAYLOAD_BYTES, PAYLOAD_VALUES);
  lua_getiuservalue(L, 1, MESSAGE_DATA);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

export function payload_data(L: u32): i32 {
  return valueOf(L, KIND_PAYLOAD, 1);
}

// Fields of the table on top of the stack; `key` is a C string.

export function integer_field(L: u32, key: u32, value: f64): void {
  lua_pushinteger(L, <i64>value);
  lua_setfield(L, -2, key);
}

export function number_field(L: u32, key: u32, value: f64): void {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, key);
}

export function boolean_field(L: u32, key: u32, value: i32): void {
  lua_pushboolean(L, value);
  lua_setfield(L, -2, key);
}

export function text_field(L: u32, key: u32, bytes: u32, length: u32): void {
  lua_pushlstring(L, bytes, length);
  lua_setfield(L, -2, key);
}
