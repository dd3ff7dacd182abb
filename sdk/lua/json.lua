---@meta json

---Encode and decode JSON
---@class troupe.json
local json = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---JSON text of a value; options: indent (spaces, 0 to 10)
---@param value any
---@param options? {indent?: integer}
---@return string? text
---@return troupe.Error? err
function json.encode(value, options) end

---The value of a JSON text
---@param text string
---@return any value
---@return troupe.Error? err
function json.decode(text) end

---True where the value matches the JSON Schema (an object or JSON text), else INVALID with its places
---@param schema table|string
---@param value any
---@return true? valid
---@return troupe.Error? err
function json.validate(schema, value) end

---The same for the value of a JSON text
---@param schema table|string
---@param text string
---@return true? valid
---@return troupe.Error? err
function json.validate_string(schema, text) end

return json
