---@meta registry

---@class troupe.Entry
---@field id string
---@field kind string
---@field meta table<string, any>
---@field data any what the keys of its kind say; of a `registry.entry` its `data:`

---@alias troupe.EntryChange {set: troupe.EntryDefinition} | {remove: string}

---The keys of the YAML; `id`, or `name` and `namespace` (left out: the own one).
---@class troupe.EntryDefinition
---@field id? string
---@field name? string
---@field namespace? string
---@field kind string
---@field source? string
---@field meta? table<string, any>
---@field [string] any

---@class troupe.RegistryOptions
---@field if_version? integer CONFLICT where the deployment is of another version
---@field note? string for the history

---Lists of ids, and how many entries stayed as they were.
---@class troupe.RegistryChanged
---@field version integer
---@field added string[]
---@field changed string[]
---@field removed string[]
---@field unchanged integer

---@class troupe.RegistryVersion
---@field version integer
---@field at number Unix time in seconds
---@field by {what: string, pid?: string, entry?: string, actor?: string}
---@field note? string
---@field undone_to? integer the version that an undo has brought back
---@field changes {id: string, what: "added" | "changed" | "removed", keys: string[]}[]

---The deployment's entries, to read, and to change where the host allows it
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

---Change entries, all or none: a list of {set: definition} and {remove: id}; answers {version, added, changed, removed, unchanged}
---
---Waits: this path stops, the others of the process go on.
---@param changes troupe.EntryChange[]
---@param options? troupe.RegistryOptions
---@return troupe.RegistryChanged? changed
---@return troupe.Error? err PERMISSION_DENIED, CONFLICT, INVALID; `details().problems` has each mistake with its place
function registry.apply(changes, options) end

---Bring back the version before, or that of a number; answers as apply does
---
---Waits: this path stops, the others of the process go on.
---@param version? integer
---@param options? troupe.RegistryOptions
---@return troupe.RegistryChanged? changed
---@return troupe.Error? err PERMISSION_DENIED, NOT_FOUND where nothing is to be undone
function registry.undo(version, options) end

---What has changed, the newest first: {version, at, by, note, undone_to, changes: {id, what, keys}}
---
---Waits: this path stops, the others of the process go on.
---@return troupe.RegistryVersion[]? versions
---@return troupe.Error? err PERMISSION_DENIED
function registry.history() end

---The version of the deployment, which each change makes larger
---
---Waits: this path stops, the others of the process go on.
---@return integer? version
---@return troupe.Error? err PERMISSION_DENIED
function registry.version() end

return registry
