---@meta funcs

---Calls of other entries, waited for or not.
---@class troupe.funcs
local funcs = {}

---Call a function, or a process with `meta.default_host`.
---
---Waits: this path stops, the others of the process go on.
---@param id string
---@param ... any
---@return any value
---@return troupe.Error? err
function funcs.call(id, ...) end

---The same without waiting.
---@param id string
---@param ... any
---@return troupe.Future? future
---@return troupe.Error? err
function funcs.async(id, ...) end

---@return troupe.Spawner spawner
function funcs.new() end

---A call that may not have ended yet.
---@class troupe.Future
local Future = {}

---Gives the result once, `nil` after an error; then it is closed.
---@return troupe.Channel channel
function Future:response() end

---The same channel.
---@return troupe.Channel channel
function Future:channel() end

---As far as they are known.
---@return any value
---@return troupe.Error? err
function Future:result() end

---@return troupe.Error? err
---@return boolean failed whether there is one
function Future:error() end

---@return boolean
function Future:is_complete() end

---@return boolean
function Future:is_canceled() end

---The callee is cancelled, the error is CANCELED.
---@return boolean canceled `false` if it was complete
function Future:cancel() end

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

return funcs
