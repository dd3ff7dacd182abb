-- Serves: sends "ping" to a WebAssembly process and waits for its "pong", so many times.

local io = require("io")

local function main()
  local rounds = tonumber(io.args()[1]) or 5
  local pong, err = process.spawn_linked("rally:pong", "rally:court")
  if not pong then return nil, err end

  local answers = process.listen("pong")
  for round = 1, rounds do
    process.send(pong, "ping", { round = round })
    local answer = answers:receive()
    io.write(string.format("ping %d, pong %d\n", round, answer.round))
  end
  process.send(pong, "stop")
end

return main
