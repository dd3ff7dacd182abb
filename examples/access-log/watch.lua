-- The process that applies the rules to the requests that the parsers hand over, in the order of the log, and tells the
-- level about alerts. Its result is the list of alerts.

local rules = require("rules")
local rule_book = require("rule_book")

local function main(job, level)
  local book = rule_book.new(rules, function(kind, severity, at)
    process.send(level, "time", { at = at })
    process.send(level, kind, { severity = severity })
  end)
  local inbox = process.inbox()
  process.send(job, "watching", rule_book.watching(rules))
  while true do
    local message = inbox:receive()
    local topic, payload = message:topic(), message:payload():data()
    if topic == "watched" then
      for _, fields in ipairs(payload) do book:request(fields) end
      process.send(job, "seen", { alerts = #book.alerts })
    elseif topic == "begin" then
      process.send(level, "begin", payload)
    elseif topic == "finish" then
      process.send(level, "time", { at = payload.at })
      process.send(level, "finish")
      return book.alerts
    end
  end
end

return main
