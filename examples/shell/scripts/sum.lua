return function()
  local inbox, sum = process.inbox(), 0
  while true do
    local message = inbox:receive()
    -- What is no number ends it with an error, which the shell is told.
    sum = sum + message:payload():data()
    process.send(message:from(), "answer", sum)
  end
end
