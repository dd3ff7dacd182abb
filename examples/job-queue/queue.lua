-- The queue, registered as "jobs". It hands each job to one idle worker, in the order in which they came.
--
--   from clients   submit {job, work}, withdraw {job}       `job` is a name that the client gives it
--   to clients     result {job, attempts, text or error}    exactly one for each job
--   from workers   idle, done {text}
--   to workers     job {work, attempt}
--
-- A worker that dies over a job is not the job's end: another one gets it, up to three times. So that a job which kills
-- everybody does not hold up the rest, it goes to the end of the queue each time.

local MOST_ATTEMPTS = 3

local jobs = {}               -- by client and name: all that have no result yet
local waiting, idle = {}, {}  -- jobs without a worker, workers without a job: the oldest first
local held = {}               -- by worker: its job
local crashes = 0

local function key(client, name)
  return client .. " " .. name
end

local function finish(job, result)
  jobs[key(job.client, job.name)] = nil
  result.job, result.attempts = job.name, job.attempts
  -- A client that has gone in the meantime does not miss its result.
  process.send(job.client, "result", result)
end

local function hand_out()
  while #waiting > 0 and #idle > 0 do
    local job, worker = table.remove(waiting, 1), table.remove(idle, 1)
    -- It may have died idle; then its job is still ours.
    if process.send(worker, "job", {work = job.work, attempt = job.attempts + 1}) then
      job.attempts = job.attempts + 1
      held[worker] = job
    else
      table.insert(waiting, 1, job)
    end
  end
end

local handle = {}

local function refuse(client, name, kind, message)
  process.send(client, "result", {job = name, attempts = 0, error = errors.new{message = message, kind = kind}})
end

function handle.submit(client, order)
  -- What a client gets wrong must not end the queue of all others.
  if type(order) ~= "table" or type(order.job) ~= "string" then
    return refuse(client, nil, errors.INVALID, "a job needs a name, a text")
  end
  local job = {client = client, name = order.job, work = order.work, attempts = 0}
  if jobs[key(client, job.name)] then
    return refuse(client, job.name, errors.ALREADY_EXISTS, "job " .. job.name .. " is there already")
  end
  jobs[key(client, job.name)] = job
  table.insert(waiting, job)
end

function handle.withdraw(client, order)
  local job = type(order) == "table" and jobs[key(client, tostring(order.job))]
  if not job then return end
  for i, other in ipairs(waiting) do
    if other == job then
      table.remove(waiting, i)
      break
    end
  end
  for worker, other in pairs(held) do
    if other == job then
      held[worker] = nil
      process.terminate(worker)
    end
  end
  finish(job, {error = errors.new{message = "withdrawn", kind = errors.CANCELED, retryable = false}})
end

function handle.idle(worker)
  -- From now on its end is told here, too.
  process.monitor(worker)
  table.insert(idle, worker)
end

function handle.done(worker, answer)
  local job = held[worker]
  -- Withdrawn at the last moment: the worker is gone as well.
  if not job then return end
  held[worker] = nil
  table.insert(idle, worker)
  finish(job, {text = answer.text})
end

function handle.crashes(client)
  process.send(client, "crashes", crashes)
end

local function worker_ended(worker, err)
  local job = held[worker]
  held[worker] = nil
  if not job then return end
  crashes = crashes + 1
  if job.attempts < MOST_ATTEMPTS then
    table.insert(waiting, job)
  else
    finish(job, {error = errors.wrap(err, "given up")})
  end
end

local function main()
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select{events:case_receive(), inbox:case_receive()}
    if got.channel == inbox then
      local message = got.value
      local act = handle[message:topic()]
      if act then act(message:from(), message:payload():data()) end
    elseif got.value.kind == process.event.EXIT then
      worker_ended(got.value.from, got.value.result.error)
    elseif got.value.kind == process.event.CANCEL then
      for _, job in pairs(jobs) do
        finish(job, {error = errors.new{message = "the queue stops", kind = errors.CANCELED, retryable = true}})
      end
      return
    end
    hand_out()
  end
end

return main
