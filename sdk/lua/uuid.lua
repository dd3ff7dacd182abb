---@meta uuid

---@alias troupe.UuidVariant "RFC4122"|"NCS"|"Microsoft"|"Future"

---@class troupe.UuidParts
---@field version integer
---@field variant troupe.UuidVariant
---@field timestamp? integer of v1 and v7: unix seconds
---@field node? string of v1

---Unique identifiers: made, checked, taken apart
---@class troupe.uuid
local uuid = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---From the time and a random node
---@return string uuid
function uuid.v1() end

---From a namespace (a UUID) and a name, by MD5: the same for the same two
---@param namespace string
---@param name string
---@return string? uuid
---@return troupe.Error? err
function uuid.v3(namespace, name) end

---Random
---@return string uuid
function uuid.v4() end

---From a namespace (a UUID) and a name, by SHA-1: the same for the same two
---@param namespace string
---@param name string
---@return string? uuid
---@return troupe.Error? err
function uuid.v5(namespace, name) end

---From the time and chance; later ones sort after earlier ones
---@return string uuid
function uuid.v7() end

---Whether a value is a UUID in one of the forms that are read
---@param value any
---@return boolean valid
function uuid.validate(value) end

---Version of a UUID
---@param uuid string
---@return integer? version
---@return troupe.Error? err
function uuid.version(uuid) end

---Variant of a UUID: RFC4122 for all of today
---@param uuid string
---@return troupe.UuidVariant? variant
---@return troupe.Error? err
function uuid.variant(uuid) end

---What is in a UUID: version, variant, timestamp (v1 and v7: unix seconds), node (v1)
---@param uuid string
---@return troupe.UuidParts? parts
---@return troupe.Error? err
function uuid.parse(uuid) end

---A UUID as standard (default), simple (no dashes) or urn
---@param uuid string
---@param form? "standard"|"simple"|"urn"
---@return string? text
---@return troupe.Error? err
function uuid.format(uuid, form) end

return uuid
