-- `count` round trips of a small table with another Lua process
return function(count)
  local pong = process.spawn("bench:pong_lua", "bench:host")
  local inbox = process.inbox()
  local done = 0
  for i = 1, count do
    process.send(pong, "ping", {n = i, name = "hello"})
    if inbox:receive():payload():data().n == i then done = done + 1 end
  end
  process.terminate(pong)
  return done
end
