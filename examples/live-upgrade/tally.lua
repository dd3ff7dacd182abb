-- Keeps a tally for each client: how many numbers have come, and how many of them were not the next one.

return function(tallies)
  -- Only the first one begins with nothing.
  tallies = tallies or {}
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select{events:case_receive(), inbox:case_receive()}
    -- Its supervisor wants it to end.
    if got.channel == events then return end
    local message = got.value
    local topic, from, body = message:topic(), message:from(), message:payload():data()
    if topic == "count" then
      local tally = tallies[from] or {counted = 0, last = 0, odd = 0}
      tallies[from] = tally
      tally.counted = tally.counted + 1
      if body ~= tally.last + 1 then tally.odd = tally.odd + 1 end
      tally.last = body
    elseif topic == "how many" then
      process.send(from, "counted", tallies[from].counted)
    elseif topic == "report" then
      process.send(from, "tallies", {id = process.id(), pid = process.pid(), tallies = tallies})
    elseif topic == "become" then
      process.upgrade(body, tallies)
    end
  end
end
