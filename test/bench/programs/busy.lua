-- `count` small tables to a process that begins to read when all are there, and reads without waiting
return function(count)
  local sink = process.spawn("bench:busy_sink_lua", "bench:host", process.pid(), count)
  local ready = process.listen("ready")
  for i = 1, count do process.send(sink, "item", {n = i, name = "hello"}) end
  process.send(sink, "go")
  return ready:receive()
end
