-- Each test is a client of the queue and the workers that run as services.

local client = require("client")

local function result_of(job, work)
  assert(client.submit(job, work))
  local result = assert(client.result("5s"))
  assert(result.job == job)
  return result
end

local tests = {}

function tests.done()
  local result = result_of("note", {to = "Ann", gifts = {"tea"}})
  assert(result.text == "Dear Ann,\n\nthank you for the tea.\n", result.text)
  assert(result.attempts == 1)
end

function tests.retried()
  local result = result_of("note", {to = "Bob", trouble = 2})
  assert(result.text:find("Dear Bob", 1, true))
  assert(result.attempts == 3)
end

function tests.given_up()
  local result = result_of("note", {to = "Cid", trouble = 3})
  assert(result.text == nil and result.attempts == 3)
  assert(tostring(result.error) == "given up: out of ink, attempt 3")
end

function tests.withdrawn()
  -- More than there are workers, so that some are being written and the others wait.
  for i = 1, 5 do client.submit("note " .. i, {to = "Dan", takes = "1h"}) end
  for i = 1, 5 do client.withdraw("note " .. i) end
  for _ = 1, 5 do assert(errors.is(assert(client.result("5s")).error, errors.CANCELED)) end
  -- The workers that were ended have been replaced.
  assert(result_of("another", {to = "Dan"}).text)
end

function tests.doubled()
  client.submit("note", {to = "Eve", takes = "20ms"})
  client.submit("note", {to = "Eve"})
  assert(errors.is(assert(client.result("5s")).error, errors.ALREADY_EXISTS))
  assert(assert(client.result("5s")).text)
end

function tests.mistaken()
  process.send("jobs", "submit", "what?")
  process.send("jobs", "withdraw")
  assert(errors.is(assert(client.result("5s")).error, errors.INVALID))
  assert(result_of("note", {to = "Fay"}).text)
end

function tests.timeout()
  local result, err = client.result("5ms")
  assert(result == nil and errors.is(err, errors.TIMEOUT))
end

function tests.many()
  local count, seen = 200, 0
  for i = 1, count do client.submit("note " .. i, {to = "N" .. i, trouble = i % 50 == 0 and 1 or 0}) end
  for _ = 1, count do
    local result = assert(client.result("5s"))
    assert(result.text:find("Dear N" .. result.job:match("%d+") .. ",", 1, true))
    seen = seen + 1
  end
  return seen == count
end

return tests
