local io, security, time = require("io"), require("security"), require("time")

local plugins = security.named_scope("plugins")
local ann = security.new_actor("ann", {role = "writer"})
local guest = security.new_actor("guest", {role = "guest"})

local function run(actor, plugin, ...)
  local spawner = process.with_options({}):with_actor(actor):with_scope(plugins)
  local value, err = spawner:exec("mixed:" .. plugin, "mixed:plugins", ...)
  if err then error(plugin .. ": " .. tostring(err)) end
  return value
end

local function row(...)
  local cells = {...}
  for i = 1, #cells - 1 do cells[i] = cells[i] .. (" "):rep(34 - #cells[i]) end
  io.print(table.concat(cells))
end

return function()
  assert(process.registry.register("clerk"))
  io.print("plug-ins at work, for ann, who writes:")
  for _, plugin in ipairs{"count", "shout", "turn"} do
    local answer = run(ann, plugin, "let it crash")
    row("  " .. plugin, tostring(answer.result) .. (answer.noted and ", noted" or ", not noted"))
  end
  io.print("the same for a guest, who may not:")
  row("  count", run(guest, "count", "let it crash").noted and "noted" or "not noted")

  for _, plugin in ipairs{"nosy_lua", "nosy_ts", "nosy_wasm"} do
    io.print(plugin .. " tries to:")
    for _, attempt in ipairs(run(ann, plugin, process.pid())) do row("  " .. attempt[1], attempt[2]) end
  end

  local counts = process.listen("count")
  process.send("notebook", "count")
  local got = channel.select{counts:case_receive(), time.after("5s"):case_receive()}
  io.print("the notebook has " .. tostring(got.value) .. " notes")
  local letter = channel.select{process.inbox():case_receive(), default = true}
  io.print(letter.default and "nothing came to the terminal from the plug-ins" or "a plug-in got through: " .. letter.value:topic())
  return letter.default and 0 or 1
end
