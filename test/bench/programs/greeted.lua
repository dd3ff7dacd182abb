-- Answers one message
return function()
  process.send(process.inbox():receive():payload():data(), "up", 1)
end
