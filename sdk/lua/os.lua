---@meta os

---The harmless part of `os`. All times are UTC.
---@class troupe.os
os = {}

---@class troupe.Date
---@field year integer
---@field month integer
---@field day integer
---@field hour? integer
---@field min? integer
---@field sec? integer
---@field wday? integer 1 is Sunday
---@field yday? integer
---@field isdst? boolean

---@param date? troupe.Date the present time where it is left out
---@return integer seconds since 1970
function os.time(date) end

---@param format? string as in C's `strftime`; `*t` for a table
---@param seconds? integer since 1970; the present time where it is left out
---@return string|troupe.Date date
function os.date(format, seconds) end

---@return number seconds that never go back; the origin means nothing
function os.clock() end

---@param to number
---@param from number
---@return number seconds
function os.difftime(to, from) end

return os
