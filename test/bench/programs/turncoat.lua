-- Answers pings with what it carries along; told an entry, it goes on as that.
return function(state)
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    if message:topic() == "ping" then process.send(message:from(), "pong", state.number)
    else
      state.number = message:payload():data().number
      process.upgrade(message:payload():data().id, state)
    end
  end
end
