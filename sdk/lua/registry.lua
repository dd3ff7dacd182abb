---@meta registry

---@class troupe.Entry
---@field id string
---@field kind string
---@field meta table<string, any>
---@field data any what the keys of its kind say; of a `registry.entry` its `data:`

---The deployment's entries, to read
---@class troupe.registry
local registry = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---An entry by id: {id, kind, meta, data}; NOT_FOUND
---@param id string without a namespace: of the own one
---@return troupe.Entry? entry
---@return troupe.Error? err NOT_FOUND
function registry.get(id) end

---The entries for which all of a filter holds, sorted by id: kind, ns, name, id, meta.<key>
---@param filter? table<string, any> a key can have `*`, `^`, `$` or `~` in front: contains, begins, ends, matches
---@return troupe.Entry[]? entries
---@return troupe.Error? err
function registry.find(filter) end

---The parts of an id: {ns, name}; ns is empty where there is none
---@param id string
---@return {ns: string, name: string}? parts
---@return troupe.Error? err
function registry.parse_id(id) end

return registry
