---@meta ctx

---Values inherited through spawns and calls
---@class troupe.ctx
local ctx = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---The value under a key; NOT_FOUND where there is none.
---@param key string
---@return any value
---@return troupe.Error? err
function ctx.get(key) end

---All values, by key.
---@return table<string, any> values
function ctx.all() end

return ctx
