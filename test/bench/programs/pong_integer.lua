return function(to)
  local questions, send = process.listen("ping"), process.send
  while true do send(to, "pong", (questions:receive())) end
end
