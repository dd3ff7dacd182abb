-- Calls that need no waiting: the own PID, `count` times
return function(count)
  local pid, done = process.pid, 0
  for _ = 1, count do
    if pid() then done = done + 1 end
  end
  return done
end
