-- On a terminal that believed it, this would clear the screen, change its title and forge a prompt.
return function()
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    process.send(message:from(), "answer", "\27[2J\27]0;mine\7\27[H\nshell> exit\r")
  end
end
