---@meta base64

---Bytes as text and back
---@class troupe.base64
local base64 = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Text (as UTF-8) or bytes as base64; options: url_safe (default false), padding (default true)
---@param content string
---@param options? {url_safe?: boolean, padding?: boolean}
---@return string? text
---@return troupe.Error? err
function base64.encode(content, options) end

---The bytes of a base64 text, with or without padding; option: url_safe (default false)
---@param text string
---@param options? {url_safe?: boolean}
---@return string? bytes
---@return troupe.Error? err
function base64.decode(text, options) end

return base64
