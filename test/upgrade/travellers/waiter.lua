-- Waits under a name until it is told to go on, or that nobody waits for it any more.
return function(name)
  process.registry.register(name)
  local go, events = process.inbox(), process.events()
  local got = channel.select{go:case_receive(), events:case_receive()}
  return got.channel == go and "gone on" or "cancelled"
end
