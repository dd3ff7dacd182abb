/**
 * Where Lua 5.4.4 keeps what, in the pinned build (32-bit pointers). Offsets are in bytes.
 *
 * Reading values straight from memory costs a few nanoseconds and can neither fail nor allocate, so it is how arguments
 * and payloads leave Lua; writing always goes through Lua's own functions. `checkLayout` proves these numbers at start.
 * Source: lobject.h, lstate.h, lstring.h of Lua 5.4.4.
 */

/** `lua_State`. */
/** A `Status`. */
export const STATE_STATUS = 6;
export const STATE_TOP = 12;
export const STATE_CALL = 20;
export const STATE_STACK = 28;
/** Variables that wait to be closed. Equal to the stack's bottom where there are none. */
export const STATE_TO_CLOSE = 36;

/** Calls that are nested, and in the upper half those that cannot be left by a yield. */
export const STATE_CALLS = 96;

/** `CallInfo`: the stack slot of the function that runs; its arguments follow. */
export const CALL_FUNCTION = 0;
/** Of a Lua function that does not run: its next instruction. */
export const CALL_SAVED_PC = 16;

/** `TValue`: eight bytes of value, then the tag. */
export const VALUE_SIZE = 16;
export const VALUE_TAG = 8;

/** Tags, with variant and "collectable" bits. */
export const Tag = {
  Nil: 0x00,
  False: 0x01,
  True: 0x11,
  LightUserdata: 0x02,
  Integer: 0x03,
  Float: 0x13,
  ShortString: 0x44,
  LongString: 0x54,
  Table: 0x45,
  LuaFunction: 0x46,
  HostFunction: 0x16,
  HostClosure: 0x66,
  Userdata: 0x47,
  Thread: 0x48,
} as const;

/** The low four bits of a tag are the type; nil has several variants. */
export const TYPE_MASK = 0x0f;

/** `Table`. */
export const TABLE_FLAGS = 6;
export const TABLE_LOG_NODES = 7;
export const TABLE_LIMIT = 8;
export const TABLE_ARRAY = 12;
export const TABLE_NODES = 16;
export const TABLE_METATABLE = 24;
/** Set in the flags where the limit is a hint and the real size is the next power of two. */
export const LIMIT_IS_HINT = 0x80;

/** `Node` of a table's hash part. */
export const NODE_SIZE = 24;
export const NODE_KEY_TAG = 9;
export const NODE_NEXT = 12;
export const NODE_KEY = 16;

/** `TString`: short strings keep their length in one byte. */
export const STRING_SHORT_LENGTH = 7;
export const STRING_HASH = 8;
export const STRING_LONG_LENGTH = 12;
export const STRING_BYTES = 16;

/** `CClosure`: upvalues follow the function, which is a place in the function table. */
export const CLOSURE_FUNCTION = 12;
export const CLOSURE_UPVALUES = 16;

/** `lua_Debug`. */
export const DEBUG_NAME = 4;
export const DEBUG_NAME_WHAT = 8;
export const DEBUG_WHAT = 12;
export const DEBUG_SOURCE = 16;
export const DEBUG_LINE = 24;
export const DEBUG_DEFINED = 28;
export const DEBUG_SHORT_SOURCE = 44;
export const DEBUG_SIZE = 112;

/** Pseudo-index of the registry, and of the first upvalue of a host closure. */
export const REGISTRY = -1_001_000;
export const FIRST_UPVALUE = REGISTRY - 1;
/** The registry's slot of the table of globals. */
export const REGISTRY_GLOBALS = 2;
/** As many results as there are. */
export const MULTIPLE_RESULTS = -1;

/** `LUA_MASKCOUNT` of `lua_sethook`. */
export const MASK_COUNT = 8;

/** What `lua_resume` and `lua_pcallk` answer. */
export const Status = { Ok: 0, Yield: 1, RuntimeError: 2, SyntaxError: 3, MemoryError: 4, ErrorInHandler: 5 } as const;

/** What `lua_type` answers. */
export const Type = {
  None: -1,
  Nil: 0,
  Boolean: 1,
  LightUserdata: 2,
  Number: 3,
  String: 4,
  Table: 5,
  Function: 6,
  Userdata: 7,
  Thread: 8,
} as const;

export const TYPE_NAMES: readonly string[] = [
  'nil',
  'boolean',
  'light userdata',
  'number',
  'string',
  'table',
  'function',
  'userdata',
  'coroutine',
];
