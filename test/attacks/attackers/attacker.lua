-- Does the steps that it is given and answers how each went: see `../stage.ts`.
local time = require("time")

local function spawner(request)
  local made = process.with_context(request.context or {})
  if request.name then made = made:with_name(request.name) end
  for _, message in ipairs(request.messages or {}) do made = made:with_message(message[1], message[2]) end
  return made
end

local function wait(source, duration)
  local limit = time.after(duration)
  local got = channel.select({source:case_receive(), limit:case_receive()})
  if got.channel == limit then return nil end
  return got.value
end

local ops = {}
local attempt

function ops.pid() return process.pid() end
function ops.context() return require("ctx").all() end
ops.send = process.send

function ops.spawn(r)
  local how = "spawn" .. (r.link and "_linked" or "") .. (r.monitor and "_monitored" or "")
  local from = spawner(r)
  return from[how](from, r.id, r.host, table.unpack(r.args or {}))
end

function ops.exec(r) return spawner(r):exec(r.id, r.host, table.unpack(r.args or {})) end
function ops.call(...) return require("funcs").call(...) end
ops.monitor = process.monitor
ops.link = process.link
ops.cancel = process.cancel
ops.terminate = process.terminate
function ops.register(...) return process.registry.register(...) end
function ops.lookup(name) return process.registry.lookup(name) end
function ops.unregister(name) return process.registry.unregister(name) end

function ops.listen(topic)
  local listened, err = process.listen(topic)
  if not listened then return nil, err end
  return true
end

function ops.timer(milliseconds) time.after(milliseconds .. "ms") return true end
function ops.trap() return process.set_options({trap_links = true}) end
function ops.sleep(milliseconds) time.sleep(milliseconds .. "ms") return true end

function ops.receive(milliseconds)
  local message = wait(process.inbox(), milliseconds .. "ms")
  return message and {topic = message:topic(), from = message:from(), payload = message:payload():data()}
end

function ops.event(milliseconds)
  local event = wait(process.events(), milliseconds .. "ms")
  return event and {kind = event.kind, from = event.from}
end

function ops.operate(capability, operation, ...) return require(capability)[operation](...) end
function ops.upgrade(id, ...) return process.upgrade(id, ...) end

ops["repeat"] = function(count, step)
  for i = 0, count - 1 do
    local numbered = {}
    for n, part in ipairs(step) do
      numbered[n] = type(part) == "string" and string.gsub(part, "#", tostring(i)) or part
    end
    local outcome = attempt(numbered)
    if outcome.error then return {done = i, error = outcome.error} end
  end
  return {done = count}
end

local function described(err)
  if type(err) == "string" then return {kind = "UNKNOWN", message = err} end
  return {kind = err:kind(), message = err:message()}
end

function attempt(step)
  local raised, value, err = pcall(ops[step[1]], table.unpack(step, 2))
  if not raised then return {error = described(value)} end
  if err then return {error = described(err)} end
  return {ok = value}
end

-- "$0" stands for what the first step gave.
local function resolved(step, outcomes)
  local made = {}
  for n, part in ipairs(step) do
    local nth = type(part) == "string" and string.match(part, "^%$(%d+)$")
    made[n] = nth and outcomes[tonumber(nth) + 1].ok or part
  end
  return made
end

return function(steps)
  local outcomes = {}
  for n, step in ipairs(steps) do
    if step[1] == "fail" then error(step[2]) end
    outcomes[n] = attempt(resolved(step, outcomes))
  end
  return outcomes
end
