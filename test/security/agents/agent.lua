-- Does the one job that it is given and answers how it went, so that answering needs no permission: `../permission_cases.ts`.
local function spawner_of(job)
  local spawner = process.with_options({})
  if job.context then spawner = spawner:with_context(job.context) end
  if job.actor or job.scope then
    local security = require("security")
    if job.actor then spawner = spawner:with_actor(security.new_actor(job.actor.id, job.actor.meta)) end
    if job.scope then
      local policies = {}
      for i, id in ipairs(job.scope) do
        local policy, err = security.policy(id)
        if err then return nil, err end
        policies[i] = policy
      end
      spawner = spawner:with_scope(security.new_scope(policies))
    end
  end
  if job.name then spawner = spawner:with_name(job.name) end
  if job.timeout then spawner = spawner:with_options({timeout = job.timeout}) end
  for _, message in ipairs(job.messages or {}) do spawner = spawner:with_message(message[1], message[2]) end
  return spawner
end

local ops = {}

-- Without a builder where none is needed: both ways are tried.
function ops.start(job)
  local args = job.args or {}
  if job.built then
    local spawner, err = spawner_of(job)
    if err then return nil, err end
    if job.how == "call" then return spawner:call(job.id, table.unpack(args)) end
    return spawner[job.how](spawner, job.id, job.host, table.unpack(args))
  end
  if job.how == "call" then return require("funcs").call(job.id, table.unpack(args)) end
  return process[job.how](job.id, job.host, table.unpack(args))
end

function ops.send(job) return process.send(job.to, job.topic, job.payload) end
function ops.monitor(job) return process.monitor(job.to) end
function ops.unmonitor(job) return process.unmonitor(job.to) end
function ops.link(job) return process.link(job.to) end
function ops.unlink(job) return process.unlink(job.to) end
function ops.cancel(job) return process.cancel(job.to, job.reason) end
function ops.terminate(job) return process.terminate(job.to) end
function ops.register(job) return process.registry.register(job.name, job.to) end
function ops.unregister(job) return process.registry.unregister(job.name) end

function ops.lookup(job)
  local pid, err = process.registry.lookup(job.name)
  if err and err:kind() == errors.NOT_FOUND then return nil end
  return pid, err
end

function ops.upgrade(job) return process.upgrade(job.id, table.unpack(job.args)) end
function ops.store_get(job) return require("store").get(job.key) end
function ops.store_set(job) return require("store").set(job.key, job.value) end
function ops.store_delete(job) return require("store").delete(job.key) end
function ops.store_list(job) return require("store").list(job.key) end

function ops.registry_get(job)
  local entry, err = require("registry").get(job.id)
  return entry and entry.id, err
end

function ops.policy(job)
  local policy, err = require("security").policy(job.id)
  return policy and policy:id(), err
end

local function ids(scope)
  local list = {}
  for i, policy in ipairs(scope:policies()) do list[i] = policy:id() end
  return list
end

function ops.group(job)
  local scope, err = require("security").named_scope(job.group)
  return scope and ids(scope), err
end

function ops.can(job) return require("security").can(job.action, job.resource, job.meta) end
function ops.explain(job) return require("security").explain(job.action, job.resource, job.meta) end

function ops.who()
  local security = require("security")
  local actor, scope = security.actor(), security.scope()
  return {actor = actor and {id = actor:id(), meta = actor:meta()}, scope = scope and ids(scope)}
end

function ops.read(job) return require("fs").read_file(job.path) end
function ops.write(job) return require("fs").write_file(job.path, job.text) end
function ops.env(job) return require("env").get(job.name) end

return function(job)
  process.set_options({trap_links = true})
  local answer = {}
  for _, before in ipairs(job.before or {}) do
    local _, err = ops[before.op](before)
    if err then return nil, err end
  end
  local value, err = ops[job.op](job)
  if err then
    answer.error = {kind = err:kind(), message = err:message(), details = err:details()}
  else
    answer.ok = value
  end
  if job.says then
    require("logger").info(job.says)
    answer.events = {}
    for i = 1, job.events do answer.events[i] = process.events():receive().kind end
  end
  return answer
end
