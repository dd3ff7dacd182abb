---@meta crypto

---Secrets: random keys, encryption, signed tokens
---@class troupe.crypto
local crypto = {}

---The operations `random_...`.
---@class troupe.crypto.random
crypto.random = {}

---@param length integer
---@return string? bytes
---@return troupe.Error? err
function crypto.random.bytes(length) end

---@param length integer
---@param alphabet? string
---@return string? text
---@return troupe.Error? err
function crypto.random.string(length, alphabet) end

---@return string uuid
function crypto.random.uuid() end

---The operations `hmac_...`.
---@class troupe.crypto.hmac
crypto.hmac = {}

---@param key string
---@param data string
---@return string? digest
---@return troupe.Error? err
function crypto.hmac.sha256(key, data) end

---@param key string
---@param data string
---@return string? digest
---@return troupe.Error? err
function crypto.hmac.sha512(key, data) end

---The operations `encrypt_...`.
---@class troupe.crypto.encrypt
crypto.encrypt = {}

---@param data string
---@param key string of 16, 24 or 32 bytes
---@param additional_data? string what must be the same for both
---@return string? sealed
---@return troupe.Error? err
function crypto.encrypt.aes(data, key, additional_data) end

---@param data string
---@param key string of 32 bytes
---@param additional_data? string what must be the same for both
---@return string? sealed
---@return troupe.Error? err
function crypto.encrypt.chacha20(data, key, additional_data) end

---The operations `decrypt_...`.
---@class troupe.crypto.decrypt
crypto.decrypt = {}

---@param data string
---@param key string of 16, 24 or 32 bytes
---@param additional_data? string what must be the same for both
---@return string? data
---@return troupe.Error? err INVALID
function crypto.decrypt.aes(data, key, additional_data) end

---@param data string
---@param key string of 32 bytes
---@param additional_data? string what must be the same for both
---@return string? data
---@return troupe.Error? err INVALID
function crypto.decrypt.chacha20(data, key, additional_data) end

---The operations `jwt_...`.
---@class troupe.crypto.jwt
crypto.jwt = {}

---@param claims table<string, any>
---@param key string
---@param algorithm? "HS256"|"HS384"|"HS512"
---@return string? token
---@return troupe.Error? err
function crypto.jwt.encode(claims, key, algorithm) end

---@param token string
---@param key string
---@param algorithm? "HS256"|"HS384"|"HS512"
---@param require_exp? boolean
---@return table<string, any>? claims
---@return troupe.Error? err PERMISSION_DENIED
function crypto.jwt.verify(token, key, algorithm, require_exp) end

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---So many random bytes, 1 to 1 MiB
---@param length integer
---@return string? bytes
---@return troupe.Error? err
function crypto.random_bytes(length) end

---So many random characters of an alphabet (default: letters and digits), each as likely as the others
---@param length integer
---@param alphabet? string
---@return string? text
---@return troupe.Error? err
function crypto.random_string(length, alphabet) end

---A version 4 UUID that nobody can guess
---@return string uuid
function crypto.random_uuid() end

---HMAC with SHA256, hexadecimal; the key comes first
---@param key string
---@param data string
---@return string? digest
---@return troupe.Error? err
function crypto.hmac_sha256(key, data) end

---HMAC with SHA512, hexadecimal; the key comes first
---@param key string
---@param data string
---@return string? digest
---@return troupe.Error? err
function crypto.hmac_sha512(key, data) end

---Bytes that only the same key, and the same additional data, opens: nonce, ciphertext, tag
---@param data string
---@param key string of 16, 24 or 32 bytes
---@param additional_data? string what must be the same for both
---@return string? sealed
---@return troupe.Error? err
function crypto.encrypt_aes(data, key, additional_data) end

---The bytes that were encrypted; INVALID where key, additional data or content are not the same
---@param data string
---@param key string of 16, 24 or 32 bytes
---@param additional_data? string what must be the same for both
---@return string? data
---@return troupe.Error? err INVALID
function crypto.decrypt_aes(data, key, additional_data) end

---Bytes that only the same key, and the same additional data, opens: nonce, ciphertext, tag
---@param data string
---@param key string of 32 bytes
---@param additional_data? string what must be the same for both
---@return string? sealed
---@return troupe.Error? err
function crypto.encrypt_chacha20(data, key, additional_data) end

---The bytes that were encrypted; INVALID where key, additional data or content are not the same
---@param data string
---@param key string of 32 bytes
---@param additional_data? string what must be the same for both
---@return string? data
---@return troupe.Error? err INVALID
function crypto.decrypt_chacha20(data, key, additional_data) end

---A signed JSON Web Token: HS256 (default), HS384 or HS512
---@param claims table<string, any>
---@param key string
---@param algorithm? "HS256"|"HS384"|"HS512"
---@return string? token
---@return troupe.Error? err
function crypto.jwt_encode(claims, key, algorithm) end

---The claims of a token that this key signed; exp is needed unless require_exp is false
---@param token string
---@param key string
---@param algorithm? "HS256"|"HS384"|"HS512"
---@param require_exp? boolean
---@return table<string, any>? claims
---@return troupe.Error? err PERMISSION_DENIED
function crypto.jwt_verify(token, key, algorithm, require_exp) end

---So many bytes of key from a password, by sha256 (default) or sha512
---
---Waits: this path stops, the others of the process go on.
---@param password string
---@param salt string
---@param iterations integer
---@param key_length integer bytes
---@param hash? "sha256"|"sha512"
---@return string? key
---@return troupe.Error? err
function crypto.pbkdf2(password, salt, iterations, key_length, hash) end

---Whether two texts or bytes are the same, in a time that tells nothing about where they differ
---@param a string
---@param b string
---@return boolean? same
---@return troupe.Error? err
function crypto.constant_time_compare(a, b) end

return crypto
