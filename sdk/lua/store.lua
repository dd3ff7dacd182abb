---@meta store

---Values by key, shared by the processes of a runtime, in memory
---@class troupe.store
local store = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---The value of a key, or nothing
---
---Waits: this path stops, the others of the process go on.
---@param key string
---@return any value
---@return troupe.Error? err
function store.get(key) end

---Whether there is a value under a key
---
---Waits: this path stops, the others of the process go on.
---@param key string
---@return boolean? exists
---@return troupe.Error? err
function store.has(key) end

---Keep a value under a key; with ttl (seconds, or a text such as "5m") only so long
---
---Waits: this path stops, the others of the process go on.
---@param key string
---@param value any
---@param ttl? number|string seconds, or a text such as "5m"; for ever where it is left out
---@return true? done
---@return troupe.Error? err
function store.set(key, value, ttl) end

---Forget a key; answers whether there was one
---
---Waits: this path stops, the others of the process go on.
---@param key string
---@return boolean? existed
---@return troupe.Error? err
function store.delete(key) end

---The keys that begin with a prefix (default: all), sorted
---
---Waits: this path stops, the others of the process go on.
---@param prefix? string
---@return string[]? keys
---@return troupe.Error? err
function store.list(prefix) end

return store
