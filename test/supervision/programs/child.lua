-- Tells the watcher what happens to it, and does what it is told.
return function(name, watcher, mode)
  local function say(what)
    process.send(watcher, "log", what .. " " .. name)
  end

  if process.registry.lookup("blocks " .. name) then error("blocked " .. name) end
  say("start")
  if mode == "once" then return "done" end
  while mode == "hangs" do end
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select({events:case_receive(), inbox:case_receive()})
    if got.channel == inbox then
      if got.value:topic() == "crash" then error("crash " .. name) end
      if got.value:topic() == "return" then return name end
    elseif got.value.kind == process.event.CANCEL then
      say("stop")
      if mode ~= "deaf" then return end
    end
  end
end
