local logger = require("logger")

local MOST_FAILING = 8

-- What worker.ts does, in Lua; it does not say when.
return function(scene, template, manner, extra)
  local key = extra and template .. "/" .. extra or template
  local function say(what)
    logger.info(scene .. " " .. what .. " " .. key)
  end
  for i = 1, MOST_FAILING do
    if process.registry.unregister(scene .. ".fails." .. key .. "." .. i) then
      say("refuses")
      error("refused")
    end
  end
  say("starts")
  local inbox = process.inbox()
  local events = manner ~= "deaf" and process.events()
  while true do
    local how
    local asked = false
    if events then
      local got = channel.select({events:case_receive(), inbox:case_receive()})
      if got.channel == events then
        asked = got.value.kind == process.event.CANCEL
      else
        how = got.value:payload():data()
      end
    else
      how = inbox:receive():payload():data()
    end
    if asked and manner == "ignores" then say("ignores") end
    if asked and manner == "listens" then
      say("stops")
      return
    end
    if how == "normal" then
      say("returns")
      return
    end
    if how == "error" then
      say("fails")
      error("told to fail")
    end
  end
end
