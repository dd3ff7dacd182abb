---@meta events

---Events among all processes of a runtime, published and heard by system and kind
---@class troupe.events
local events = {}

---The value of a message that a subscriber gets.
---@class troupe.PublishedEvent
---@field system string
---@field kind string
---@field path? string
---@field data? any
---@field from string PID of the publisher

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Publish an event; answers to how many subscriptions it was given
---
---Waits: this path stops, the others of the process go on.
---@param system string
---@param kind string
---@param path? string
---@param data? any
---@return integer? count
---@return troupe.Error? err
function events.send(system, kind, path, data) end

---Get the events of a system as messages on topic ("events"); kind is a glob (default: all); answers an id
---
---Waits: this path stops, the others of the process go on.
---@param system string
---@param kind? string a glob: "order.*"
---@param topic? string of the messages; "events" where it is left out
---@return integer? id
---@return troupe.Error? err
function events.subscribe(system, kind, topic) end

---End a subscription of the process; whether there was one
---
---Waits: this path stops, the others of the process go on.
---@param id integer
---@return boolean? existed
---@return troupe.Error? err
function events.unsubscribe(id) end

return events
