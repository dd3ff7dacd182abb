-- Commands are typed here, where all is allowed; what they start runs in the cage, where nothing is.

local io = require("io")
local json = require("json")
local line_editor = require("line_editor")
local registry = require("registry")
local security = require("security")
local time = require("time")

local CAGE = "shell:cage"
local PROMPT = "shell> "
local PATIENCE = "10s"
-- Exit code of a shell that was asked to end.
local CANCELLED = 130

-- The scripts that were started: all of them in order, and those that have not ended by PID.
local started, alive = {}, {}
local interactive, prompt_shown, editor
-- Keys that were hit while a command was waiting.
local typed = {}
local keys, answers, events = channel.new(), process.listen("answer", {message = true}), process.events()

-- --- the screen -----------------------------------------------------------------------------------------------------

local function hide_prompt()
  if not prompt_shown then return end
  prompt_shown = false
  io.write("\r")
  io.clear("right")
end

local function show_prompt()
  local text, cursor = editor:view(io.columns() - #PROMPT)
  io.write("\r", io.style(PROMPT, "bold", "cyan"), text)
  io.clear("right")
  io.move_to(#PROMPT + cursor + 1)
  prompt_shown = true
end

local function say(...)
  hide_prompt()
  io.print(...)
end

local function complain(text)
  say(io.style(text, "red"))
end

-- What a script says is foreign: it gets one line, in which nothing steers the terminal.
local function foreign(value)
  local text = type(value) == "string" and value or json.encode(value) or tostring(value)
  return io.escape(text)
end

local function name_of(child)
  return child.number .. " " .. child.script
end

-- --- what arrives ---------------------------------------------------------------------------------------------------

local function answered(message)
  local child = alive[message:from()]
  if not child then return end
  child.answers = child.answers + 1
  say(io.style(name_of(child) .. ":", "green") .. " " .. foreign(message:payload():data()))
  return child
end

local function ended(event)
  local child = alive[event.from]
  if not child then return end
  alive[event.from] = nil
  local err = event.result.error
  say(io.style(name_of(child) .. " ended" .. (err and ": " or ""), "yellow") .. (err and foreign(tostring(err)) or ""))
  return child
end

-- --- commands -------------------------------------------------------------------------------------------------------

local function scripts()
  local found = {}
  for _, entry in ipairs(registry.find{["~meta.script"] = "."}) do
    local name = entry.id:match(":(.*)$")
    found[#found + 1] = {name = name, id = entry.id, about = entry.meta.script}
  end
  return found
end

local function child_of(word)
  local child = started[math.tointeger(tonumber(word))]
  if child and alive[child.pid] then return child end
  complain((word == "" and "which one?" or "there is no " .. io.escape(word) .. ":") .. " ps lists them")
end

-- `7 {"a": 1}`: a child, and a value; what is no JSON is text.
local function child_and_value(rest)
  local word, text = rest:match("^(%S*)%s*(.-)%s*$")
  local child = child_of(word)
  if not child then return end
  local value = json.decode(text)
  if value == nil then value = text end
  return child, value
end

local function tell(child, value)
  local sent, err = process.send(child.pid, "say", value)
  if not sent then complain(tostring(err)) end
  return sent
end

-- Until this child has answered or ended, or somebody hits Ctrl-C.
local function wait_for(child)
  local over = time.after(PATIENCE)
  local cases = {events:case_receive(), answers:case_receive(), over:case_receive()}
  -- Lines of a file can wait.
  if interactive then table.insert(cases, 1, keys:case_receive()) end
  while true do
    local got = channel.select(cases)
    if got.channel == over then return complain("no answer within " .. PATIENCE) end
    if got.channel == keys then
      if not got.ok then return end
      if got.value.ctrl and got.value.key == "c" then return complain("not waited for any more") end
      typed[#typed + 1] = got.value
    elseif got.channel == events then
      if got.value.kind == process.event.CANCEL then return CANCELLED end
      if ended(got.value) == child then return end
    elseif answered(got.value) == child then return end
  end
end

local commands
commands = {
  {
    name = "scripts",
    about = "what can be started",
    run = function()
      for _, script in ipairs(scripts()) do say(("  %-8s %s"):format(script.name, script.about)) end
    end,
  },
  {
    name = "spawn",
    usage = "SCRIPT",
    about = "start one in the cage",
    run = function(wanted)
      for _, script in ipairs(scripts()) do
        if script.name == wanted then
          local scope = security.new_scope{(security.policy("shell:answer"))}
          local pid, err = process.with_context({}):with_scope(scope):spawn_monitored(script.id, CAGE)
          if not pid then return complain(tostring(err)) end
          local child = {number = #started + 1, script = script.name, pid = pid, answers = 0}
          started[child.number], alive[pid] = child, child
          return say("  " .. name_of(child) .. " is " .. pid)
        end
      end
      complain("there is no script " .. io.escape(wanted) .. ": scripts lists them")
    end,
  },
  {
    name = "ps",
    about = "what was started and has not ended",
    run = function()
      for number, child in ipairs(started) do
        if alive[child.pid] then
          say(("  %-3d %-8s %-20s answers: %d"):format(number, child.script, child.pid, child.answers))
        end
      end
    end,
  },
  {
    name = "send",
    usage = "NUMBER TEXT",
    about = "tell one something; TEXT may be JSON",
    run = function(rest)
      local child, value = child_and_value(rest)
      if child then tell(child, value) end
    end,
  },
  {
    name = "ask",
    usage = "NUMBER TEXT",
    about = "the same, and wait for the answer",
    run = function(rest)
      local child, value = child_and_value(rest)
      if child and tell(child, value) then return wait_for(child) end
    end,
  },
  {
    name = "kill",
    usage = "NUMBER",
    about = "end one, whatever it does",
    run = function(word)
      local child = child_of(word)
      if not child then return end
      local done, err = process.terminate(child.pid)
      if not done then return complain(tostring(err)) end
      return wait_for(child)
    end,
  },
  {
    name = "help",
    about = "this list",
    run = function()
      for _, command in ipairs(commands) do
        say(("  %-17s %s"):format(command.name .. " " .. (command.usage or ""), command.about))
      end
    end,
  },
  {
    name = "exit",
    usage = "[CODE]",
    about = "end the shell with this exit code, and all that it started",
    run = function(rest)
      local code = math.tointeger(tonumber(rest == "" and "0" or rest))
      if code and code >= 0 and code <= 255 then return code end
      complain("an exit code is a number from 0 to 255")
    end,
  },
}

-- An exit code ends the shell.
local function run(line)
  local word, rest = line:match("^%s*(%S*)%s*(.-)%s*$")
  if word == "" then return end
  for _, command in ipairs(commands) do
    if command.name == word then return command.run(rest) end
  end
  complain("there is no command " .. io.escape(word) .. ": help lists them")
end

local function candidates(_, first)
  local words = {}
  for _, each in ipairs(first and commands or scripts()) do words[#words + 1] = each.name end
  return words
end

-- --- the loop -------------------------------------------------------------------------------------------------------

-- A key was hit: an exit code ends the shell.
local function pressed(key)
  -- What is given up stays to be seen.
  if key.ctrl and key.key == "c" then
    editor:press{key = "end"}
    show_prompt()
  end
  local meant, value = editor:press(key)
  if meant == "line" then
    io.write("\n")
    prompt_shown = false
    return run(value)
  elseif meant == "end" then
    hide_prompt()
    return 0
  elseif meant == "interrupt" then
    io.print("^C")
    prompt_shown = false
  elseif meant == "candidates" then
    say(table.concat(value, "  "))
  elseif meant == "clear" then
    io.clear()
  end
  show_prompt()
end

local function loop()
  local resized = process.listen("resized")
  io.on_resize("resized")
  while true do
    if interactive and not prompt_shown then show_prompt() end
    while #typed > 0 do
      local code = pressed(table.remove(typed, 1))
      if code then return code end
      if not prompt_shown then show_prompt() end
    end
    -- What is typed comes first: nobody can answer so much that the shell does not hear.
    local got = channel.select{
      keys:case_receive(),
      events:case_receive(),
      resized:case_receive(),
      answers:case_receive(),
    }
    local code
    if got.channel == keys then
      if not got.ok then return 0 end
      if interactive then code = pressed(got.value) else code = run(got.value) end
    elseif got.channel == resized then
      if interactive then show_prompt() end
    elseif got.channel == answers then
      answered(got.value)
    elseif got.value.kind == process.event.CANCEL then
      hide_prompt()
      return CANCELLED
    else
      ended(got.value)
    end
    if code then return code end
  end
end

return function()
  interactive = io.is_tty("input") and io.is_tty()
  editor = line_editor.new{complete = candidates, width = io.width}
  if interactive then
    -- Ctrl-C is for the line, not for the shell.
    assert(io.raw_mode(true, {ctrl_c = "key"}))
    say("help lists the commands, Tab completes them, Ctrl-D ends")
  end
  coroutine.spawn(function()
    while true do
      local input
      if interactive then input = io.read_key() else input = io.read_line() end
      if not input then return keys:close() end
      keys:send(input)
    end
  end)
  local code = loop()
  for pid in pairs(alive) do process.terminate(pid) end
  return code
end
