-- Does what it is told, and takes its state along when it is told to become another program.
local time = require("time")

local function told(state)
  return {
    pid = process.pid(),
    id = process.id(),
    trap_links = process.get_options().trap_links,
    upgradable = process.get_options().upgradable,
    carried = state.carried,
    seen = state.seen,
  }
end

return function(state)
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select{events:case_receive(), inbox:case_receive()}
    if got.channel == events then
      process.send(state.owner, "event", {kind = got.value.kind, from = got.value.from})
    else
      local topic, body = got.value:topic(), got.value:payload():data()
      if topic == "add" then
        state.seen[#state.seen + 1] = body
      elseif topic == "become" then
        process.upgrade(body, state)
      elseif topic == "tell" then
        process.send(state.owner, "told", told(state))
      elseif topic == "options" then
        process.set_options({trap_links = true, upgradable = true})
      elseif topic == "register" then
        process.registry.register(body)
      elseif topic == "monitor" then
        process.monitor(body)
      elseif topic == "link" then
        process.link(body)
      elseif topic == "begin" then
        coroutine.spawn(function() process.send(state.owner, "late", (process.exec("u:waiter", nil, body.name))) end)
        coroutine.spawn(function()
          time.sleep(body.milliseconds .. "ms")
          process.send(state.owner, "late", "slept")
        end)
      elseif topic == "end" then
        return state.carried
      end
    end
  end
end
