---@meta channel

---Between the paths of one process.
---@class troupe.channel
channel = {}

---@param size? integer values that it keeps; without it a send waits for its receiver
---@return troupe.Channel channel
function channel.new(size) end

---The first case that can go on, in the order listed. With `default = true` among the cases it does not wait.
---
---Waits: this path stops, the others of the process go on.
---@param cases troupe.Case[]|{default?: boolean}
---@return troupe.Selected selected
function channel.select(cases) end

---@class troupe.Selected
---@field channel? troupe.Channel that of the case; `nil` where nothing could go on
---@field value any what was received
---@field ok boolean `false`: the channel is closed and empty
---@field default? boolean nothing could go on

---One of several things to wait for, for `channel.select`.
---@class troupe.Case
local Case = {}

---@class troupe.Channel
local Channel = {}

---Waits: this path stops, the others of the process go on.
---@return any value `nil` where the channel is closed and empty
---@return boolean ok `false` there
function Channel:receive() end

---Only for channels of `channel.new`. Raises "send on closed channel".
---
---Waits: this path stops, the others of the process go on.
---@param value any
---@return true
function Channel:send(value) end

---What is kept can still be received. Of a channel of `process.listen`: the same as `process.unlisten`.
function Channel:close() end

---@return troupe.Case case
function Channel:case_receive() end

---@param value any
---@return troupe.Case case
function Channel:case_send(value) end

---Of a timer.
---@return boolean running whether it was running
function Channel:stop() end

---Of a timer: starts it anew.
---@param duration troupe.DurationLike
---@return boolean? running whether it was running
---@return troupe.Error? err INVALID
function Channel:reset(duration) end

---Of a timer: itself.
---@return troupe.Channel channel
function Channel:channel() end

---Of a timer: itself.
---@return troupe.Channel channel
function Channel:response() end

return channel
