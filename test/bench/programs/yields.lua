-- `count` times to the machine and back
return function(count)
  local yield = coroutine.yield
  for _ = 1, count do yield() end
  return count
end
