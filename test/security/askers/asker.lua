local security = require("security")

local function ids(scope)
  local list = {}
  for i, policy in ipairs(scope:policies()) do list[i] = policy:id() end
  return list
end

-- What one job comes to; the table of jobs is in `languages.test.ts`. An error goes through `error`.
local function must(value, err)
  if err then error(err) end
  return value
end

local function policies(list)
  local made = {}
  for i, id in ipairs(list) do made[i] = must(security.policy(id)) end
  return made
end

local function actor_of(given)
  return given and must(security.new_actor(given.id, given.meta))
end

local ops = {}

function ops.who()
  local actor, scope = security.actor(), security.scope()
  return { actor = actor and { id = actor:id(), meta = actor:meta() }, scope = scope and ids(scope) }
end

function ops.can(job) return must(security.can(job.action, job.resource, job.meta)) end

function ops.explain(job) return must(security.explain(job.action, job.resource, job.meta)) end

function ops.policy(job) return must(security.policy(job.id)):id() end

function ops.group(job) return ids(must(security.named_scope(job.group))) end

function ops.scope(job)
  local scope = security.new_scope(policies(job.policies))
  return must(scope:evaluate(actor_of(job.actor), job.action, job.resource, job.meta))
end

function ops.one(job)
  return must(must(security.policy(job.id)):evaluate(actor_of(job.actor), job.action, job.resource, job.meta))
end

function ops.edit(job)
  local scope = security.new_scope(policies(job.policies))
  local more = scope:with(must(security.policy(job.add)))
  local removed = must(security.policy(job.remove))
  local less = more:without(removed)
  return {
    before = ids(scope), more = ids(more), less = ids(less),
    contains = { more:contains(removed), less:contains(removed) },
  }
end

local function spawner_of(job)
  local spawner = process.with_context({ tenant = "t" })
  if job.actor then spawner = spawner:with_actor(actor_of(job.actor)) end
  if job.policies then spawner = spawner:with_scope(security.new_scope(policies(job.policies))) end
  return spawner
end

function ops.exec(job) return must(spawner_of(job):exec(job.id, "app:host", job.job)) end

function ops.call(job) return must(spawner_of(job):call(job.id, job.job)) end

return function(job)
  local done, value = pcall(ops[job.op], job)
  if done then return { value = value } end
  if type(value) == "string" then return nil, value end
  return { error = { kind = value:kind(), message = value:message() } }
end
