return function(to, count)
  local items, seen = process.listen("item"), 0
  process.listen("go"):receive()
  for i = 1, count do
    if items:receive().n == i then seen = seen + 1 end
  end
  process.send(to, "ready", seen)
end
