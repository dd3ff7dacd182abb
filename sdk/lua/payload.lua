---@meta payload

---@class troupe.payload
payload = {}

---A payload object; it is sent as its value.
---@param value any
---@return troupe.Payload payload
function payload.new(value) end

---@class troupe.Payload
local Payload = {}

---@return any value
function Payload:data() end

---What an inbox gives.
---@class troupe.Message
local Message = {}

---@return string topic
function Message:topic() end

---@return string pid that of the sender
function Message:from() end

---@return troupe.Payload payload
function Message:payload() end

return payload
