---@meta supervisor

---Processes that start, restart and stop others: to make them, and to ask them
---@class troupe.supervisor
local supervisor = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Make a supervisor, which ends with the process that made it; answers its PID once all children have started
---
---Waits: this path stops, the others of the process go on.
---@param specification any
---@return any value
---@return troupe.Error? err
function supervisor.start(specification) end

---Add a child and start it: an id or {process, ...}; of simple_one_for_one a list of further arguments. Answers {key, pid}
---
---Waits: this path stops, the others of the process go on.
---@param supervisor any
---@param child? any
---@return any value
---@return troupe.Error? err
function supervisor.start_child(supervisor, child) end

---Stop a child, by its key or PID, as its shutdown says; it is kept unless it is temporary
---
---Waits: this path stops, the others of the process go on.
---@param supervisor any
---@param child any
---@return any value
---@return troupe.Error? err
function supervisor.terminate_child(supervisor, child) end

---Start a child that does not run again; answers its PID
---
---Waits: this path stops, the others of the process go on.
---@param supervisor any
---@param child any
---@return any value
---@return troupe.Error? err
function supervisor.restart_child(supervisor, child) end

---Forget a child that does not run
---
---Waits: this path stops, the others of the process go on.
---@param supervisor any
---@param child any
---@return any value
---@return troupe.Error? err
function supervisor.delete_child(supervisor, child) end

---The children in the order of their start: {key, pid, process, kind, state, restart, restarts, significant, error}
---
---Waits: this path stops, the others of the process go on.
---@param supervisor any
---@return any value
---@return troupe.Error? err
function supervisor.children(supervisor) end

---How many children there are: {children, active, supervisors, workers}
---
---Waits: this path stops, the others of the process go on.
---@param supervisor any
---@return any value
---@return troupe.Error? err
function supervisor.count(supervisor) end

---Stop a supervisor and its children, and wait until they have ended
---
---Waits: this path stops, the others of the process go on.
---@param supervisor any
---@param reason? any
---@return any value
---@return troupe.Error? err
function supervisor.stop(supervisor, reason) end

return supervisor
