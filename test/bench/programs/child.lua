return function(parent)
  process.send(parent, "up", 1)
end
