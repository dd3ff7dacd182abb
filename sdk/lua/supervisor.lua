---@meta supervisor

---Processes that start, restart and stop others: to make them, and to ask them
---@class troupe.supervisor
local supervisor = {}

---@class troupe.ChildSpecification
---@field process string id of a program, a service or a supervisor
---@field name? string registered for it, and its key
---@field host? string
---@field input? any[] arguments of the method
---@field restart? "permanent" | "transient" | "temporary" default: permanent
---@field shutdown? string | number a duration, or "infinity"; default: 10s
---@field start_timeout? string | number the same
---@field significant? boolean
---@field fallback? "none" | "previous" whether broken new code is replaced by the code before

---@class troupe.SupervisorSpecification
---@field children? (string | troupe.ChildSpecification)[] in the order of their start
---@field strategy? "one_for_one" | "one_for_all" | "rest_for_one" | "simple_one_for_one" default: one_for_one
---@field intensity? {max?: integer, within?: string | number} default: 3 within 5s
---@field auto_shutdown? "never" | "any_significant" | "all_significant"

---@class troupe.SupervisedChild
---@field key string
---@field pid? string
---@field process string
---@field kind "worker" | "supervisor"
---@field state "starting" | "running" | "ended" | "stopping" | "restarting" | "stopped"
---@field restart "permanent" | "transient" | "temporary"
---@field restarts integer
---@field significant boolean
---@field error? string with which it ended last

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Make a supervisor, which ends with the process that made it; answers its PID once all children have started
---
---Waits: this path stops, the others of the process go on.
---@param specification troupe.SupervisorSpecification
---@return string? pid
---@return troupe.Error? err
function supervisor.start(specification) end

---Add a child and start it: an id or {process, ...}; of simple_one_for_one a list of further arguments. Answers {key, pid}
---
---Waits: this path stops, the others of the process go on.
---@param supervisor string PID or name
---@param child? string | troupe.ChildSpecification | any[]
---@return {key: string, pid?: string}? child
---@return troupe.Error? err
function supervisor.start_child(supervisor, child) end

---Stop a child, by its key or PID, as its shutdown says; it is kept unless it is temporary
---
---Waits: this path stops, the others of the process go on.
---@param supervisor string PID or name
---@param child string key or PID
---@return nil
---@return troupe.Error? err
function supervisor.terminate_child(supervisor, child) end

---Start a child that does not run again; answers its PID
---
---Waits: this path stops, the others of the process go on.
---@param supervisor string PID or name
---@param child string key or PID
---@return string? pid
---@return troupe.Error? err
function supervisor.restart_child(supervisor, child) end

---Forget a child that does not run
---
---Waits: this path stops, the others of the process go on.
---@param supervisor string PID or name
---@param child string key or PID
---@return nil
---@return troupe.Error? err
function supervisor.delete_child(supervisor, child) end

---The children in the order of their start: {key, pid, process, kind, state, restart, restarts, significant, error}
---
---Waits: this path stops, the others of the process go on.
---@param supervisor string PID or name
---@return troupe.SupervisedChild[]? children
---@return troupe.Error? err
function supervisor.children(supervisor) end

---How many children there are: {children, active, supervisors, workers}
---
---Waits: this path stops, the others of the process go on.
---@param supervisor string PID or name
---@return {children: integer, active: integer, supervisors: integer, workers: integer}? count
---@return troupe.Error? err
function supervisor.count(supervisor) end

---Stop a supervisor and its children, and wait until they have ended
---
---Waits: this path stops, the others of the process go on.
---@param supervisor string PID or name
---@param reason? string
---@return nil
---@return troupe.Error? err
function supervisor.stop(supervisor, reason) end

return supervisor
