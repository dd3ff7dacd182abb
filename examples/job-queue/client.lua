-- What a client of the queue needs to know about it.

local time = require("time")

local client = {}
local results = process.listen("result")

-- `job` is a name for it that this process does not use for another one at the same time.
function client.submit(job, work)
  return process.send("jobs", "submit", {job = job, work = work})
end

-- The result of a job that is withdrawn is an error of kind CANCELED, unless it was done before.
function client.withdraw(job)
  return process.send("jobs", "withdraw", {job = job})
end

-- The next result of any job: {job, attempts, text or error}. If none comes in time: nil and an error.
function client.result(timeout)
  local timer = time.timer(timeout)
  local got = channel.select{results:case_receive(), timer:case_receive()}
  timer:stop()
  if got.channel == results then return got.value end
  return nil, errors.new{message = "no result within " .. timeout, kind = errors.TIMEOUT, retryable = true}
end

return client
