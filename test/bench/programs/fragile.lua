-- Says that it is there, and fails at the first message.
return function()
  process.send("restarts", "up", process.pid())
  process.inbox():receive()
  error("told to fail")
end
