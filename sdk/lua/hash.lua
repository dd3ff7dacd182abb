---@meta hash

---Digests and keyed digests
---@class troupe.hash
local hash = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---MD5 of text or bytes
---@param data string
---@param raw? boolean bytes instead of hexadecimal text
---@return string? digest
---@return troupe.Error? err
function hash.md5(data, raw) end

---SHA1 of text or bytes
---@param data string
---@param raw? boolean bytes instead of hexadecimal text
---@return string? digest
---@return troupe.Error? err
function hash.sha1(data, raw) end

---SHA256 of text or bytes
---@param data string
---@param raw? boolean bytes instead of hexadecimal text
---@return string? digest
---@return troupe.Error? err
function hash.sha256(data, raw) end

---SHA512 of text or bytes
---@param data string
---@param raw? boolean bytes instead of hexadecimal text
---@return string? digest
---@return troupe.Error? err
function hash.sha512(data, raw) end

---HMAC with MD5 of text or bytes
---@param data string
---@param secret string
---@param raw? boolean bytes instead of hexadecimal text
---@return string? digest
---@return troupe.Error? err
function hash.hmac_md5(data, secret, raw) end

---HMAC with SHA1 of text or bytes
---@param data string
---@param secret string
---@param raw? boolean bytes instead of hexadecimal text
---@return string? digest
---@return troupe.Error? err
function hash.hmac_sha1(data, secret, raw) end

---HMAC with SHA256 of text or bytes
---@param data string
---@param secret string
---@param raw? boolean bytes instead of hexadecimal text
---@return string? digest
---@return troupe.Error? err
function hash.hmac_sha256(data, secret, raw) end

---HMAC with SHA512 of text or bytes
---@param data string
---@param secret string
---@param raw? boolean bytes instead of hexadecimal text
---@return string? digest
---@return troupe.Error? err
function hash.hmac_sha512(data, secret, raw) end

---FNV-1a of 32 bits, a number from 0 to 2^32 - 1
---@param data string
---@return integer? digest
---@return troupe.Error? err
function hash.fnv32(data) end

---FNV-1a of 64 bits, a signed 64-bit integer
---@param data string
---@return integer? digest
---@return troupe.Error? err
function hash.fnv64(data) end

return hash
