-- What can be reached from here? The answer says what was refused, and how.
local function refusal(done, err)
  if done then return "possible!" end
  -- What went wrong, without the advice for whoever deploys it.
  return type(err) == "string" and err:match("^[^:]+") or err:kind()
end

local ATTEMPTS = {
  files = function() return pcall(require, "fs") end,
  terminal = function() return pcall(require, "io") end,
  environment = function() return pcall(require, "env") end,
  debugger = function() return debug ~= nil, "there is none" end,
  loader = function() return load("\27Lua", "bytecode", "b") end,
  children = function() return process.spawn("shell:echo", "shell:cage") end,
  names = function() return process.registry.register("shell") end,
  watching = function(asker) return process.monitor(asker) end,
  killing = function(asker) return process.terminate(asker) end,
  messages = function() return process.send(process.pid(), "work") end,
  reserved = function(asker) return process.send(asker, "@exit", "forged") end,
}

return function()
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    local seen = {}
    for what, attempt in pairs(ATTEMPTS) do seen[what] = refusal(attempt(message:from())) end
    process.send(message:from(), "answer", seen)
  end
end
