---@meta coroutine

---Lua's own, which can wait as any path can, and `spawn`.
---@class troupe.coroutine
coroutine = {}

---Begin another path of this process. It runs when this one next waits; an error in it ends the process.
---@param fn fun(...)
---@param ... any its arguments
function coroutine.spawn(fn, ...) end

---@param fn async fun(...): ...
---@return thread co
---@nodiscard
function coroutine.create(fn) end

---@param co thread
---@param ... any
---@return boolean ok
---@return any ...
function coroutine.resume(co, ...) end

---@param fn async fun(...): ...
---@return fun(...): ... resume
---@nodiscard
function coroutine.wrap(fn) end

---Outside of a coroutine it lets the other paths run.
---@param ... any
---@return any ...
function coroutine.yield(...) end

---@param co thread
---@return "running"|"suspended"|"normal"|"dead" status
---@nodiscard
function coroutine.status(co) end

---@return thread co
---@return boolean main
---@nodiscard
function coroutine.running() end

---@return boolean yieldable
---@nodiscard
function coroutine.isyieldable() end

---@param co thread
---@return boolean ok
---@return any err
function coroutine.close(co) end

return coroutine
