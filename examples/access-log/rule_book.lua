-- Applies rules to requests, in bounded memory.
--
-- An alert is raised for a rule and a client when `threshold` matching requests of that client lie within `within`
-- seconds. Its `first` is the oldest of them, its `count` grows with every later match. What is kept of a client that has
-- raised nothing is the times of its last matches.

local rule_book = {}

-- Clients without an alert that one rule keeps in mind, and alerts of one rule.
local MOST_CLIENTS = 10000
local MOST_ALERTS = 10000

local Book = {}
Book.__index = Book

-- `emit(kind, alert, at)` is called with "alert" when one is raised, and with "still" at most once a minute of the log for
-- one that goes on.
function rule_book.new(rules, emit)
  local tracked = {}
  for i, rule in ipairs(rules) do
    if type(rule.matches) ~= "function" or type(rule.name) ~= "string" then
      error("rules.lua: rule " .. i .. " needs a name and a function matches", 0)
    end
    tracked[i] = { rule = rule, clients = {}, count = 0, raised = {}, raised_count = 0 }
  end
  return setmetatable({ tracked = tracked, emit = emit, alerts = {} }, Book)
end

-- What the parsers must hand over: the union over all rules.
function rule_book.watching(rules)
  local status, text, seen = {}, {}, {}
  local function gather(list, into)
    for _, value in ipairs(list or {}) do
      if not seen[value] then
        seen[value] = true
        into[#into + 1] = value
      end
    end
  end
  for _, rule in ipairs(rules) do
    gather(rule.watch and rule.watch.status, status)
    gather(rule.watch and rule.watch.text, text)
  end
  return { status = status, text = text }
end

-- The clients whose last match is too long ago to count are forgotten; if that is not enough, all of them are.
local function make_room(tracked, now)
  local kept, count = {}, 0
  for client, times in pairs(tracked.clients) do
    if now - times[#times] <= tracked.rule.within then
      kept[client] = times
      count = count + 1
    end
  end
  if count >= MOST_CLIENTS then
    kept, count = {}, 0
  end
  tracked.clients, tracked.count = kept, count
end

function Book:raise(tracked, request, first, count)
  if tracked.raised_count >= MOST_ALERTS then return end
  local alert = {
    rule = tracked.rule.name,
    client = request.client,
    count = count,
    first = first,
  }
  self.alerts[#self.alerts + 1] = alert
  tracked.raised[request.client] = { alert = alert, minute = self.clock // 60 }
  tracked.raised_count = tracked.raised_count + 1
  self.emit("alert", tracked.rule.severity, self.clock)
end

function Book:match(tracked, request)
  local client = request.client
  local raised = tracked.raised[client]
  if raised then
    raised.alert.count = raised.alert.count + 1
    local minute = self.clock // 60
    if minute > raised.minute then
      raised.minute = minute
      self.emit("still", tracked.rule.severity, self.clock)
    end
    return
  end
  local times = tracked.clients[client]
  if not times then
    if tracked.count >= MOST_CLIENTS then make_room(tracked, self.clock) end
    times = {}
    tracked.clients[client] = times
    tracked.count = tracked.count + 1
  end
  local threshold = tracked.rule.threshold
  times[#times + 1] = request.at
  if #times > threshold then table.remove(times, 1) end
  if #times == threshold and request.at - times[1] <= tracked.rule.within then
    tracked.clients[client] = nil
    tracked.count = tracked.count - 1
    self:raise(tracked, request, times[1], threshold)
  end
end

-- `fields` is {client, at, method, target, status, agent}, in the order of the log.
function Book:request(fields)
  local request = {
    client = fields[1],
    at = fields[2],
    method = fields[3],
    target = fields[4],
    status = fields[5],
    agent = fields[6],
  }
  -- Lines of a log are not always in order; its clock never goes back.
  if not self.clock or request.at > self.clock then self.clock = request.at end
  for _, tracked in ipairs(self.tracked) do
    if tracked.rule.matches(request) then self:match(tracked, request) end
  end
end

return rule_book
