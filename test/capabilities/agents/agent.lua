local capabilities = {http_client = require("http_client"), events = require("events"), supervisor = require("supervisor")}

-- Does what it is told by messages on `do`; what comes on other topics is kept for `mail`.
return function()
  local mail = {}
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    local payload = message:payload():data()
    if message:topic() ~= "do" then
      mail[#mail + 1] = {message:topic(), message:from(), payload}
    else
      local value, err
      if payload.capability == "agent" then
        if payload.operation == "mail" then value = {mail = mail} end
        if payload.operation == "become" then process.upgrade(payload.args[1]) end
        if payload.operation == "burst" then
          for i = 1, payload.args[2] do
            value, err = capabilities.events.send(payload.args[1], "burst", nil, i)
            if err then break end
          end
        end
      else
        value, err = capabilities[payload.capability][payload.operation](table.unpack(payload.args, 1, payload.count))
      end
      local answer = {n = payload.n, value = value}
      if err then answer.error = {kind = err:kind(), message = err:message()} end
      process.send(message:from(), "did", answer)
    end
  end
end
