---@meta errors

---@alias troupe.ErrorKind
---| "NOT_FOUND"
---| "ALREADY_EXISTS"
---| "INVALID"
---| "PERMISSION_DENIED"
---| "UNAVAILABLE"
---| "INTERNAL"
---| "CANCELED"
---| "CONFLICT"
---| "TIMEOUT"
---| "RATE_LIMITED"
---| "UNKNOWN"

---@class troupe.errors
errors = {}

errors.NOT_FOUND = "NOT_FOUND"
errors.ALREADY_EXISTS = "ALREADY_EXISTS"
errors.INVALID = "INVALID"
errors.PERMISSION_DENIED = "PERMISSION_DENIED"
errors.UNAVAILABLE = "UNAVAILABLE"
errors.INTERNAL = "INTERNAL"
errors.CANCELED = "CANCELED"
errors.CONFLICT = "CONFLICT"
errors.TIMEOUT = "TIMEOUT"
errors.RATE_LIMITED = "RATE_LIMITED"
errors.UNKNOWN = "UNKNOWN"

---An error object, of kind UNKNOWN unless the table says another.
---@param message string|{message: string, kind?: troupe.ErrorKind, retryable?: boolean, details?: table<string, any>}
---@return troupe.Error err
function errors.new(message) end

---The same error with `message: ` in front.
---@param err troupe.Error|string|nil
---@param message string
---@return troupe.Error? err `nil` for `nil`
function errors.wrap(err, message) end

---@param err any
---@param kind troupe.ErrorKind
---@return boolean is whether it is an error of this kind
function errors.is(err, kind) end

---@param err? troupe.Error
---@return string? traceback that of the error; without one the present one
function errors.call_stack(err) end

---An error object does where a text is expected: `tostring(err)`, `err .. ""`, `#err`, `err:find("not found")`.
---@class troupe.Error: string
local Error = {}

---@return string message
function Error:message() end

---@return troupe.ErrorKind kind
function Error:kind() end

---@return boolean? retryable `nil`: unknown
function Error:retryable() end

---@return table<string, any>? details
function Error:details() end

---@return string? stack
function Error:stack() end

return errors
