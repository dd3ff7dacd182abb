---@meta _

-- What there is of Lua's basic functions. Not there: `dofile` and `loadfile`.

---@class _G
_G = {}

_VERSION = "Lua 5.4"

---@generic T
---@param value? T
---@param message? any
---@param ... any
---@return T value
---@return any ...
function assert(value, message, ...) end

---@param option? "collect"|"count"
---@return any
function collectgarbage(option) end

---@param message any a text, or `errors.new{...}`
---@param level? integer
function error(message, level) end

---@param object any
---@return table? metatable
---@nodiscard
function getmetatable(object) end

---@generic V
---@param list V[]
---@return fun(list: V[], i?: integer): integer, V
---@return V[]
---@return integer
function ipairs(list) end

---Text only, no bytecode.
---@param chunk string|function
---@param name? string
---@param mode? "t"|"bt"
---@param env? table
---@return function? fn
---@return string? err
---@nodiscard
function load(chunk, name, mode, env) end

---@generic K, V
---@param map table<K, V>
---@param key? K
---@return K?
---@return V?
---@nodiscard
function next(map, key) end

---@generic K, V
---@param map table<K, V>
---@return fun(map: table<K, V>, key?: K): K, V
---@return table<K, V>
function pairs(map) end

---@param fn async fun(...): ...
---@param ... any
---@return boolean ok
---@return any ...
function pcall(fn, ...) end

---Write to the log of the runtime, at the level info.
---@param ... any
function print(...) end

---@param a any
---@param b any
---@return boolean
---@nodiscard
function rawequal(a, b) end

---@param map table
---@param key any
---@return any
---@nodiscard
function rawget(map, key) end

---@param object table|string
---@return integer
---@nodiscard
function rawlen(object) end

---@param map table
---@param key any
---@param value any
---@return table map
function rawset(map, key, value) end

---What the entry declares: a capability of `modules:`, or a library of `imports:` by its alias.
---@param name string
---@return any
function require(name) end

---@param index integer|"#"
---@param ... any
---@return any ...
---@nodiscard
function select(index, ...) end

---Refuses `__gc`.
---@param map table
---@param metatable? table
---@return table map
function setmetatable(map, metatable) end

---@param value any
---@param base? integer
---@return number?
---@nodiscard
function tonumber(value, base) end

---@param value any
---@return string
---@nodiscard
function tostring(value) end

---@param value any
---@return "nil"|"number"|"string"|"boolean"|"table"|"function"|"thread"|"userdata"
---@nodiscard
function type(value) end

---Write to the log of the runtime, at the level warn.
---@param ... string
function warn(...) end

---@param fn async fun(...): ...
---@param handler fun(err: any): ...
---@param ... any
---@return boolean ok
---@return any ...
function xpcall(fn, handler, ...) end
