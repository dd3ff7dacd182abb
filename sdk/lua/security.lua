---@meta security

---What policies say; `"undefined"`: nothing.
---@alias troupe.Effect "allow"|"deny"|"undefined"

---@class troupe.Decision
---@field allowed boolean
---@field effect troupe.Effect
---@field policy? string id of the policy that decided
---@field rule? string the part of it: `expression`, `conditions[1]`, `actions[0]/resources[2]`
---@field why string

---Actors, scopes and what policies say
---@class troupe.security
local security = {}

---On whose behalf this process runs.
---@return troupe.Actor? actor `nil` where nobody was named
function security.actor() end

---The policies that this process runs under.
---@return troupe.Scope? scope `nil` where there is none
function security.scope() end

---@param id string
---@param meta? table<string, any> what conditions see as `actor.meta.`
---@return troupe.Actor? actor
---@return troupe.Error? err
function security.new_actor(id, meta) end

---@param policies? troupe.Policy[] empty where it is left out
---@return troupe.Scope scope
function security.new_scope(policies) end

---@param id string of an entry of kind `security.policy`
---@return troupe.Policy? policy
---@return troupe.Error? err NOT_FOUND
function security.policy(id) end

---All policies of a group.
---@param group string
---@return troupe.Scope? scope
---@return troupe.Error? err NOT_FOUND
function security.named_scope(group) end

---Somebody on whose behalf processes run. It never changes.
---@class troupe.Actor
local Actor = {}

---@return string id
function Actor:id() end

---@return table<string, any> meta
function Actor:meta() end

---A set of policies. It never changes: what adds or removes one answers another scope.
---@class troupe.Scope
local Scope = {}

---@param policy troupe.Policy
---@return troupe.Scope scope
function Scope:with(policy) end

---@param policy troupe.Policy|string
---@return troupe.Scope scope
function Scope:without(policy) end

---@param policy troupe.Policy|string
---@return boolean contains
function Scope:contains(policy) end

---@return troupe.Policy[] policies
function Scope:policies() end

---@param actor troupe.Actor?
---@param action string
---@param resource string
---@param meta? table<string, any>
---@return troupe.Effect? effect
---@return troupe.Error? err
function Scope:evaluate(actor, action, resource, meta) end

---@class troupe.Policy
local Policy = {}

---@return string id
function Policy:id() end

---@param actor troupe.Actor?
---@param action string
---@param resource string
---@param meta? table<string, any>
---@return troupe.Effect? effect
---@return troupe.Error? err
function Policy:evaluate(actor, action, resource, meta) end

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Whether the process may do an action to a resource
---@param action string
---@param resource string
---@param meta? table<string, any> what conditions see as `meta.`
---@return boolean? allowed
---@return troupe.Error? err
function security.can(action, resource, meta) end

---The same with the reason: {allowed, effect, policy, rule, why}
---@param action string
---@param resource string
---@param meta? table<string, any>
---@return troupe.Decision? decision
---@return troupe.Error? err
function security.explain(action, resource, meta) end

---What policies (a list of ids) say of an actor ({id, meta}): allow, deny or undefined
---@param policies string[]
---@param actor? {id: string, meta?: table<string, any>}|nil
---@param action string
---@param resource string
---@param meta? table<string, any>
---@return troupe.Effect? effect
---@return troupe.Error? err
function security.evaluate(policies, actor, action, resource, meta) end

return security
