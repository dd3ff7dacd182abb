// What the assembly calls of the Lua binary that it is linked into. Lua's reference manual describes each.
@external("lua", "lua_newuserdatauv")
export declare function lua_newuserdatauv(L: u32, bytes: u32, values: i32): u32;
@external("lua", "lua_rawgeti")
export declare function lua_rawgeti(L: u32, index: i32, key: i64): i32;
@external("lua", "lua_setmetatable")
export declare function lua_setmetatable(L: u32, index: i32): i32;
@external("lua", "lua_getiuservalue")
export declare function lua_getiuservalue(L: u32, index: i32, value: i32): i32;
@external("lua", "lua_setiuservalue")
export declare function lua_setiuservalue(L: u32, index: i32, value: i32): i32;
@external("lua", "lua_settop")
export declare function lua_settop(L: u32, index: i32): void;
@external("lua", "lua_touserdata")
export declare function lua_touserdata(L: u32, index: i32): u32;
@external("lua", "lua_pushlstring")
export declare function lua_pushlstring(L: u32, bytes: u32, length: u32): u32;
@external("lua", "lua_pushinteger")
export declare function lua_pushinteger(L: u32, value: i64): void;
@external("lua", "lua_pushnumber")
export declare function lua_pushnumber(L: u32, value: f64): void;
@external("lua", "lua_pushboolean")
export declare function lua_pushboolean(L: u32, value: i32): void;
@external("lua", "lua_setfield")
export declare function lua_setfield(L: u32, index: i32, key: u32): void;
@external("lua", "luaL_typeerror")
export declare function luaL_typeerror(L: u32, argument: i32, name: u32): i32;
