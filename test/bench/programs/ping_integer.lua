-- `count` round trips of an integer with another Lua process
return function(count)
  local pong = process.spawn("bench:pong_integer_lua", "bench:host", process.pid())
  local answers, send, done = process.listen("pong"), process.send, 0
  for i = 1, count do
    send(pong, "ping", i)
    if answers:receive() == i then done = done + 1 end
  end
  process.terminate(pong)
  return done
end
