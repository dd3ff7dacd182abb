return function()
  process.inbox():receive()
  while true do end
end
