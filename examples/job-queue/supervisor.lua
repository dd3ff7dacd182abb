-- Keeps so many workers alive: one that ends with an error is replaced. Where they die faster than they can be of use,
-- something is wrong that new ones do not put right; then the supervisor fails itself, and with it, linked, the workers.

local time = require("time")

local MOST_RESTARTS, WITHIN = 20, "1s"
local STOP_TIMEOUT = "2s"

local workers, alive = {}, 0

local function start(id)
  -- Linked: no worker outlives its supervisor. Monitored: EXIT says who has ended, and of what.
  workers[assert(process.spawn_linked_monitored(id))] = true
  alive = alive + 1
end

local function ended(event)
  if event.kind ~= process.event.EXIT or not workers[event.from] then return false end
  workers[event.from] = nil
  alive = alive - 1
  return true
end

-- Ask all, wait for all, and end those that do not listen.
local function stop(events, reason)
  for worker in pairs(workers) do process.cancel(worker, reason) end
  local timeout = time.after(STOP_TIMEOUT)
  while alive > 0 do
    local got = channel.select{events:case_receive(), timeout:case_receive()}
    if got.channel == timeout then break end
    ended(got.value)
  end
  for worker in pairs(workers) do process.terminate(worker) end
end

local function main(id, count)
  -- The end of a worker must not be that of the supervisor.
  process.set_options{trap_links = true}
  local events, calm = process.events(), time.ticker(WITHIN)
  local restarts = 0
  for _ = 1, count do start(id) end

  while true do
    local got = channel.select{events:case_receive(), calm:case_receive()}
    if got.channel == calm then
      restarts = 0
    elseif got.value.kind == process.event.CANCEL then
      return stop(events, got.value.reason)
    elseif ended(got.value) and got.value.result.error then
      restarts = restarts + 1
      if restarts > MOST_RESTARTS then
        return nil, errors.wrap(got.value.result.error, restarts .. " workers died within " .. WITHIN .. ", the last one of")
      end
      start(id)
    end
  end
end

return main
