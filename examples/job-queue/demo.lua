-- Five letters: two easy ones, one that needs a second attempt, one that nobody can write, and one that is withdrawn.

local client = require("client")
local io = require("io")
local template = require("template")

local orders = {
  {job = "slow", work = {to = "Eve", takes = "1m"}},
  {job = "easy", work = {to = "Ann", gifts = {"tea", "cake"}}},
  {job = "plain", work = {to = "Bob"}},
  {job = "second try", work = {to = "Cid", gifts = {"lamp"}, trouble = 1}},
  {job = "hopeless", work = {to = "Dan", trouble = math.huge}},
}

local report = template.compile([[
{{#letters}}
{{job}}: {{outcome}}, {{attempts}} {{noun}}
{{/letters}}
{{crashes}} workers died, {{written}} letters are written. The first one:

{{first}}]], {escape = tostring})

local function outcome(result)
  if result.text then return "written" end
  return result.error:kind() == errors.CANCELED and "withdrawn" or tostring(result.error)
end

local function main()
  for _, order in ipairs(orders) do assert(client.submit(order.job, order.work)) end

  local results, written = {}, 0
  for arrived = 1, #orders do
    -- All others are done: the slow one will not be waited for.
    if arrived == #orders then client.withdraw("slow") end
    local result, err = client.result("10s")
    if not result then return nil, err end
    results[result.job] = result
    if result.text then written = written + 1 end
  end

  local counts = process.listen("crashes")
  process.send("jobs", "crashes")
  local view = {letters = {}, written = written, crashes = counts:receive(), first = results.easy.text}
  for i, order in ipairs(orders) do
    local result = results[order.job]
    view.letters[i] = {
      job = order.job,
      outcome = outcome(result),
      attempts = result.attempts,
      noun = result.attempts == 1 and "attempt" or "attempts",
    }
  end
  io.write(report(view))
end

return main
