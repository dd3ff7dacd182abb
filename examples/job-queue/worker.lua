-- Writes letters, one at a time. What goes wrong is not caught: the worker dies of it, the supervisor puts a new one in its
-- place, and the queue decides what becomes of the job.

local template = require("template")
local time = require("time")

local letter = template.compile([[
Dear {{to}},

{{#gifts}}
thank you for the {{.}}.
{{/gifts}}
{{^gifts}}
it was good to see you.
{{/gifts}}
]], {escape = tostring})

local function write(work, attempt)
  if work.takes then time.sleep(work.takes) end
  -- The first so many attempts fail, as a full disk or a lost connection would make them.
  if attempt <= (work.trouble or 0) then error("out of ink, attempt " .. attempt) end
  return letter(work)
end

local function main()
  local jobs, events = process.listen("job"), process.events()
  process.send("jobs", "idle")
  while true do
    -- Only between two letters does it look whether it shall stop, so that none is left half-written.
    local got = channel.select{events:case_receive(), jobs:case_receive()}
    if got.channel == events then return end
    process.send("jobs", "done", {text = write(got.value.work, got.value.attempt)})
  end
end

return main
