---@meta logger

---Log records with fields; a colon does as well as the dot.
---@class troupe.logger
local logger = {}

---@param message any
---@param fields? table<string, any>|troupe.Error
---@overload fun(self: troupe.logger, message: any, fields?: table<string, any>|troupe.Error)
---@return nil
---@return troupe.Error? err
function logger.debug(message, fields) end

---@param message any
---@param fields? table<string, any>|troupe.Error
---@overload fun(self: troupe.logger, message: any, fields?: table<string, any>|troupe.Error)
---@return nil
---@return troupe.Error? err
function logger.info(message, fields) end

---@param message any
---@param fields? table<string, any>|troupe.Error
---@overload fun(self: troupe.logger, message: any, fields?: table<string, any>|troupe.Error)
---@return nil
---@return troupe.Error? err
function logger.warn(message, fields) end

---@param message any
---@param fields? table<string, any>|troupe.Error
---@overload fun(self: troupe.logger, message: any, fields?: table<string, any>|troupe.Error)
---@return nil
---@return troupe.Error? err
function logger.error(message, fields) end

---A logger that has these fields in every record.
---@param fields table<string, any>
---@overload fun(self: troupe.logger, fields: table<string, any>): troupe.Logger?, troupe.Error?
---@return troupe.Logger? logger
---@return troupe.Error? err
function logger.with(fields) end

---A logger with a name, which its records have in the field `logger`.
---@param name string
---@overload fun(self: troupe.logger, name: string): troupe.Logger?, troupe.Error?
---@return troupe.Logger? logger
---@return troupe.Error? err
function logger.named(name) end

---A logger of one's own. It never changes.
---@class troupe.Logger
local Logger = {}

---@param message any
---@param fields? table<string, any>|troupe.Error
---@return nil
---@return troupe.Error? err
function Logger:debug(message, fields) end

---@param message any
---@param fields? table<string, any>|troupe.Error
---@return nil
---@return troupe.Error? err
function Logger:info(message, fields) end

---@param message any
---@param fields? table<string, any>|troupe.Error
---@return nil
---@return troupe.Error? err
function Logger:warn(message, fields) end

---@param message any
---@param fields? table<string, any>|troupe.Error
---@return nil
---@return troupe.Error? err
function Logger:error(message, fields) end

---These fields beside its own.
---@param fields table<string, any>
---@return troupe.Logger? logger
---@return troupe.Error? err
function Logger:with(fields) end

---Its own name, if any, with a dot and this one.
---@param name string
---@return troupe.Logger? logger
---@return troupe.Error? err
function Logger:named(name) end

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

return logger
