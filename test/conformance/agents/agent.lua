local time = require("time")

local function failure()
  return errors.new({message = "no luck", kind = errors.CONFLICT or "CONFLICT", retryable = true, details = {why = "test"}})
end

local function describe(event)
  local result = event.result or {}
  local seen = {kind = event.kind, from = event.from, reason = event.reason, value = result.value}
  local err = result.error
  if err then
    seen.error = {kind = err:kind(), message = err:message(), retryable = err:retryable(), details = err:details()}
  end
  return seen
end

-- Questions about what came that was no order answer all of it, each time.
local mail, events, heard, channels = {}, {}, {}, {}
local arguments

local orders = {}

function orders.nothing() return true end
function orders.pid() return process.pid() end
function orders.id() return process.id() end
function orders.args() return arguments end
function orders.mail() return mail end
function orders.context(o) return require("ctx").get(o.key) end

function orders.spawn(o)
  return process[o.how](o.id, o.host, table.unpack(o.args))
end

function orders.spawn_named(o)
  local spawner = process.with_options({}):with_name(o.name)
  for _, message in ipairs(o.messages) do
    spawner = spawner:with_message(message[1], message[2])
  end
  return spawner:spawn(o.id, o.host)
end

function orders.send(o) return process.send(o.to, o.topic, table.unpack(o.payloads)) end

function orders.flood(o)
  for i = 1, o.count do
    local ok, err = process.send(o.to, "flood", i)
    if not ok then return nil, err end
  end
  return true
end

function orders.monitor(o) return process.monitor(o.pid) end
function orders.unmonitor(o) return process.unmonitor(o.pid) end
function orders.link(o) return process.link(o.pid) end
function orders.unlink(o) return process.unlink(o.pid) end
function orders.cancel(o) return process.cancel(o.to, o.reason) end
function orders.terminate(o) return process.terminate(o.to) end
function orders.register(o) return process.registry.register(o.name, o.pid) end
function orders.lookup(o) return process.registry.lookup(o.name) end
function orders.unregister(o) return process.registry.unregister(o.name) end
function orders.set_options(o) return process.set_options({trap_links = o.trap_links}) end
function orders.sleep(o) time.sleep(o.ms .. "ms") return true end
function orders.exec(o) return process.exec(o.id, o.host, table.unpack(o.args)) end

local function drain(ch, into, shape)
  while true do
    local got = channel.select({ch:case_receive(), default = true})
    if got.default or not got.ok then return into end
    into[#into + 1] = shape and shape(got.value) or got.value
  end
end

function orders.events() return drain(process.events(), events, describe) end

function orders.listen(o)
  channels[o.topic] = process.listen(o.topic)
  heard[o.topic] = heard[o.topic] or {}
  return true
end

function orders.heard(o) return drain(channels[o.topic], heard[o.topic]) end

function orders.unlisten(o)
  process.unlisten(channels[o.topic])
  return true
end

return function(...)
  arguments = {...}
  local first, second = ...
  if first == "return" then return second end
  if first == "raise" then error(second) end
  if first == "return_error" then return nil, failure() end
  if first == "wait_cancel" then return process.events():receive().reason end
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    local payload = message:payload():data()
    if message:topic() ~= "do" then
      mail[#mail + 1] = {message:topic(), payload, message:from()}
    else
      local op = payload.op
      if op == "return" then return payload.value end
      if op == "return_nothing" then return end
      if op == "return_error" then return nil, failure() end
      if op == "raise" then error(payload.message) end
      local ok, err = orders[op](payload)
      if payload.n > 0 then
        local answer = {n = payload.n}
        if err then
          answer.error = {kind = err:kind(), message = err:message()}
        else
          answer.ok = ok
        end
        process.send(message:from(), "did", answer)
      end
    end
  end
end
