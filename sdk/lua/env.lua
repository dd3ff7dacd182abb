---@meta env

---Environment variables that the host names
---@class troupe.env
local env = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---The value of a variable, or nothing where it is not set; an id is that of an env.variable
---@param name string
---@return string? value
---@return troupe.Error? err
function env.get(name) end

---All variables that the host names and that are set, by name
---@return table<string, string> values
function env.get_all() end

return env
