---@meta random

---Random numbers, bytes and ids (not for secrets)
---@class troupe.random
local random = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Uniform in [0, 1)
---@return number
function random.number() end

---Uniform whole number from least to most, both included
---@param least integer
---@param most integer
---@return integer? number
---@return troupe.Error? err
function random.integer(least, most) end

---So many random bytes, at most 1 MiB
---@param count integer
---@return string? bytes
---@return troupe.Error? err
function random.bytes(count) end

---A version 4 UUID (RFC 9562)
---@return string uuid
function random.uuid() end

return random
