/**
 * Programs that wait in every way there is, each in the middle of something. What they answer does not depend on which
 * of their paths goes on first.
 */
export const WAITING: { readonly [name: string]: string } = {
  'messages to itself': `
    local inbox, me, sum = process.inbox(), process.pid(), 0
    for i = 1, 20 do process.send(me, 'n', {i = i, list = {i, i * 2}}) end
    for i = 1, 20 do
      local message = inbox:receive()
      local data = message:payload():data()
      sum = sum + data.i * #data.list + data.list[2]
      if message:topic() ~= 'n' then return 'topic ' .. message:topic() end
    end
    return 'sum ' .. sum`,
  'topics apart from the inbox': `
    local me, seen = process.pid(), {}
    local a, b = process.listen('a'), process.listen('b')
    for i = 1, 6 do process.send(me, i % 3 == 0 and 'a' or i % 3 == 1 and 'b' or 'c', i) end
    for i = 1, 2 do seen[#seen + 1] = 'a' .. a:receive() end
    for i = 1, 2 do seen[#seen + 1] = 'b' .. b:receive() end
    for i = 1, 2 do seen[#seen + 1] = 'c' .. process.inbox():receive():payload():data() end
    process.unlisten(a)
    process.send(me, 'a', 7)
    seen[#seen + 1] = process.inbox():receive():topic()
    return table.concat(seen, ' ')`,
  'a channel without room between paths': `
    local ch, seen = channel.new(), {}
    coroutine.spawn(function() for i = 1, 12 do ch:send(i * i) end ch:close() end)
    while true do
      local value, open = ch:receive()
      if not open then break end
      seen[#seen + 1] = value
    end
    return table.concat(seen, ' ')`,
  'many producers, many consumers': `
    local work, results, count = channel.new(3), channel.new(2), 0
    for p = 1, 4 do coroutine.spawn(function() for i = 1, 10 do work:send(p * 100 + i) end results:send('over') end) end
    for c = 1, 3 do
      coroutine.spawn(function()
        while true do
          local value, open = work:receive()
          if not open then results:send('gone') return end
          results:send(value)
        end
      end)
    end
    local sum, over, gone = 0, 0, 0
    while gone < 3 do
      local got = results:receive()
      if got == 'over' then over = over + 1 if over == 4 then work:close() end
      elseif got == 'gone' then gone = gone + 1
      else sum = sum + got count = count + 1 end
    end
    return sum .. ' ' .. count`,
  'select of sends and receives': `
    local left, right, done, sent, received = channel.new(1), channel.new(), channel.new(), {l = 0, r = 0}, 0
    coroutine.spawn(function()
      for i = 1, 15 do
        local got = channel.select{left:case_send(i), right:case_send(-i)}
        if got.channel == left then sent.l = sent.l + i else sent.r = sent.r - i end
      end
      done:close()
    end)
    local open = true
    while open do
      local got = channel.select{left:case_receive(), right:case_receive(), done:case_receive()}
      if got.channel == done then open = false else received = received + got.value end
    end
    local rest = channel.select{left:case_receive(), default = true}
    if not rest.default then received = received + rest.value end
    return tostring(received == sent.l + sent.r) .. ' ' .. sent.l - sent.r`,
  'waiting inside of coroutines inside of protected calls': `
    local inbox, me, log = process.inbox(), process.pid(), {}
    local function ask(n) process.send(me, 'n', n) return inbox:receive():payload():data() end
    local co = coroutine.wrap(function(x)
      local guard <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = 'closed ' .. ask(99) .. ' ' .. tostring(e) end})
      while true do
        local ok, value = pcall(function()
          if x == 3 then error('three', 0) end
          return ask(x) * 2
        end)
        x = coroutine.yield(ok, value)
        if x == nil then return 'end' end
      end
    end)
    for i = 1, 5 do local ok, value = co(i) log[#log + 1] = tostring(ok) .. tostring(value) end
    log[#log + 1] = co()
    return table.concat(log, ' ')`,
  'waiting in metamethods and iterators': `
    local inbox, me = process.inbox(), process.pid()
    local function ask(n) process.send(me, 'n', n) return inbox:receive():payload():data() end
    local o = setmetatable({}, {__index = function(_, k) return ask(k) end, __add = function(_, n) return ask(n) + 1 end,
      __lt = function() return ask(true) end, __call = function(_, ...) return ask({...})[2] end, __concat = function(_, s) return ask(s) .. '!' end})
    local out = {o.name, o + 4, tostring(o < o), o(5, 6), o .. 'x'}
    for v in function(_, last) last = ask(last or 0) + 1 if last < 5 then return last end end do out[#out + 1] = v end
    return table.concat(out, ' ')`,
  'where it is not possible': `
    local inbox, out = process.inbox(), {}
    process.send(process.pid(), 'n', 1)
    for _, call in ipairs{
      function() table.sort({2, 1}, function() inbox:receive() end) end,
      function() string.gsub('a', 'a', function() inbox:receive() end) end,
      function() tostring(setmetatable({}, {__tostring = function() inbox:receive() return '' end})) end,
      function() coroutine.wrap(function() table.sort({2, 1}, function() inbox:receive() end) end)() end,
    } do
      local ok, err = pcall(call)
      out[#out + 1] = tostring(ok) .. (tostring(err):match('attempt to wait') or tostring(err))
    end
    out[#out + 1] = inbox:receive():payload():data()
    return table.concat(out, ' ')`,
  'paths that make room for each other': `
    local done, count = channel.new(), {0, 0, 0}
    for p = 1, 3 do
      coroutine.spawn(function()
        for i = 1, 10 * p do count[p] = count[p] + 1 coroutine.yield() end
        done:send(p)
      end)
    end
    local sum = 0
    for _ = 1, 3 do sum = sum + done:receive() end
    return sum .. ' ' .. table.concat(count, ' ')`,
};
