---@meta process

---Who one is, whom one talks to, what one watches.
---@class troupe.process
process = {}

---The own PID.
---@return string pid
function process.pid() end

---Id of the entry that runs, `namespace:name`.
---@return string id
function process.id() end

---Send to a PID or a registered name. One value arrives as it is, several or none as a list.
---@param dest string
---@param topic string
---@param ... any
---@return true? sent
---@return troupe.Error? err NOT_FOUND, INVALID or RATE_LIMITED
function process.send(dest, topic, ...) end

---All messages whose topic nothing listens on.
---@return troupe.Inbox channel
function process.inbox() end

---The values sent on this topic, waiting ones included. The same topic gives the same channel.
---@param topic string
---@param options? {message?: boolean} `message`: message objects instead of values
---@return troupe.Channel? channel
---@return troupe.Error? err INVALID for a reserved topic, RATE_LIMITED for more than 10 000 topics
function process.listen(topic, options) end

---Later messages go to the inbox; those that were there can still be received.
---@param channel troupe.Channel
---@return true
function process.unlisten(channel) end

---EXIT, LINK_DOWN, CANCEL and OUTDATED. They wait until this is called.
---@return troupe.Events channel
function process.events() end

---Start an entry as a process. It need not end before this one does.
---@param id string
---@param host? string `nil`: `meta.default_host` of the entry, else the only host
---@param ... any arguments of its method
---@return string? pid
---@return troupe.Error? err
function process.spawn(id, host, ...) end

---As `spawn`, and this process gets EXIT when the child ends.
---@param id string
---@param host? string
---@param ... any
---@return string? pid
---@return troupe.Error? err
function process.spawn_monitored(id, host, ...) end

---As `spawn`, and both end with an error if one does.
---@param id string
---@param host? string
---@param ... any
---@return string? pid
---@return troupe.Error? err
function process.spawn_linked(id, host, ...) end

---As `spawn`, monitored and linked.
---@param id string
---@param host? string
---@param ... any
---@return string? pid
---@return troupe.Error? err
function process.spawn_linked_monitored(id, host, ...) end

---Spawn and wait for the end. If this process ends first, the child is cancelled.
---
---Waits: this path stops, the others of the process go on.
---@param id string
---@param host? string
---@param ... any
---@return any value
---@return troupe.Error? err
function process.exec(id, host, ...) end

---A spawner whose children have these values in their context, over those that they inherit.
---@param values table<string, any>
---@return troupe.Spawner spawner
function process.with_context(values) end

---@param options troupe.SpawnerOptions
---@return troupe.Spawner spawner
function process.with_options(options) end

---Get EXIT when that process ends.
---@param pid string
---@return true? done
---@return troupe.Error? err NOT_FOUND, ALREADY_EXISTS, INVALID for oneself
function process.monitor(pid) end

---@param pid string
---@return true
function process.unmonitor(pid) end

---From now on both end with an error if one does.
---@param pid string
---@return true? done
---@return troupe.Error? err NOT_FOUND, INVALID for oneself
function process.link(pid) end

---@param pid string
---@return true
function process.unlink(pid) end

---Ask a process to end: it gets a CANCEL event.
---@param dest string
---@param reason? string
---@return true? done
---@return troupe.Error? err
function process.cancel(dest, reason) end

---End a process: at once where it waits, else at the end of its step.
---@param dest string
---@return true? done
---@return troupe.Error? err
function process.terminate(dest) end

---@param options troupe.ProcessOptions those that are absent stay as they are
---@return true
function process.set_options(options) end

---@return troupe.ProcessOptions options
function process.get_options() end

---Go on as another entry (`nil`: this one) with the same PID, names, monitors, links, options, context and unread
---messages. Does not return.
---@param id? string
---@param ... any
function process.upgrade(id, ...) end

---Where a name is known; with one node all are alike.
---@alias troupe.NameScope "local"|"eventual"|"consistent"|"strong"

---Names of processes.
---@class troupe.process.registry
process.registry = {}

process.registry.LOCAL = "local"
process.registry.EVENTUAL = "eventual"
process.registry.CONSISTENT = "consistent"
process.registry.STRONG = "strong"

---@param name string
---@param pid? string this process where it is left out
---@param scope? troupe.NameScope
---@return true? done
---@return troupe.Error? err ALREADY_EXISTS, INVALID
function process.registry.register(name, pid, scope) end

---@param name string
---@return string? pid
---@return troupe.Error? err NOT_FOUND
function process.registry.lookup(name) end

---@param name string
---@param scope? troupe.NameScope
---@return boolean? held whether the name was held
---@return troupe.Error? err INVALID
function process.registry.unregister(name, scope) end

---Kinds of events.
---@class troupe.process.event
process.event = {}

process.event.CANCEL = "pid.cancel"
process.event.EXIT = "pid.exit"
process.event.LINK_DOWN = "pid.link.down"
process.event.OUTDATED = "pid.outdated"

---@class troupe.ProcessOptions
---@field trap_links? boolean LINK_DOWN events instead of ending with a linked process
---@field upgradable? boolean OUTDATED events

---@class troupe.Event
---@field kind "pid.exit"|"pid.link.down"|"pid.cancel"|"pid.outdated"
---@field from string PID of the process that ended or asked
---@field at number unix seconds
---@field result? {value?: any, error?: troupe.Error} of EXIT and LINK_DOWN
---@field reason? string of CANCEL
---@field sources? string[] of OUTDATED: ids of entries

---@class troupe.Inbox: troupe.Channel
---@field receive fun(self: troupe.Inbox): troupe.Message

---@class troupe.Events: troupe.Channel
---@field receive fun(self: troupe.Events): troupe.Event

---@class troupe.SpawnerOptions
---@field timeout? number|string|troupe.Duration of `exec` and `call`: milliseconds, text such as "5s", or a duration; then TIMEOUT
---@field method? string

---An immutable builder of spawns: each `with_` answers a new one.
---@class troupe.Spawner
local Spawner = {}

---@param values table<string, any> laid over the context that the child inherits
---@return troupe.Spawner spawner
function Spawner:with_context(values) end

---@param options troupe.SpawnerOptions
---@return troupe.Spawner spawner
function Spawner:with_options(options) end

---Whom the child acts for; inherited from there on.
---@param actor troupe.Actor
---@return troupe.Spawner spawner
function Spawner:with_actor(actor) end

---Under which policies; inherited from there on.
---@param scope troupe.Scope
---@return troupe.Spawner spawner
function Spawner:with_scope(scope) end

---Spawn or signal: where the name is taken nothing is spawned, the queued messages go to its holder, whose PID is answered.
---@param name string
---@return troupe.Spawner spawner
function Spawner:with_name(name) end

---The child finds this message before any other.
---@param topic string
---@param ... any
---@return troupe.Spawner spawner
function Spawner:with_message(topic, ...) end

---@param id string
---@param host? string
---@param ... any
---@return string? pid
---@return troupe.Error? err
function Spawner:spawn(id, host, ...) end

---@param id string
---@param host? string
---@param ... any
---@return string? pid
---@return troupe.Error? err
function Spawner:spawn_monitored(id, host, ...) end

---@param id string
---@param host? string
---@param ... any
---@return string? pid
---@return troupe.Error? err
function Spawner:spawn_linked(id, host, ...) end

---@param id string
---@param host? string
---@param ... any
---@return string? pid
---@return troupe.Error? err
function Spawner:spawn_linked_monitored(id, host, ...) end

---Waits: this path stops, the others of the process go on.
---@param id string
---@param host? string
---@param ... any
---@return any value
---@return troupe.Error? err
function Spawner:exec(id, host, ...) end

---As `funcs.call`.
---
---Waits: this path stops, the others of the process go on.
---@param id string
---@param ... any
---@return any value
---@return troupe.Error? err
function Spawner:call(id, ...) end

---As `funcs.async`.
---@param id string
---@param ... any
---@return troupe.Future? future
---@return troupe.Error? err
function Spawner:async(id, ...) end

return process
