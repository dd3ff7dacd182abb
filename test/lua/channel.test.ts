import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, run, runScripts } from './deployed.ts';

const test = suite('lua channels');

test('an unbuffered channel hands values over, in order', async () => {
  assert.equal(
    await run(`
      local ch, log = channel.new(), {}
      coroutine.spawn(function()
        for i = 1, 3 do log[#log + 1] = "send " .. i; ch:send(i) end
        ch:close()
      end)
      while true do
        local v, ok = ch:receive()
        if not ok then return log, nil end
        log[#log + 1] = "got " .. v
      end`),
    ['send 1', 'send 2', 'got 1', 'got 2', 'send 3', 'got 3'],
  );
});

test('a buffered channel holds values through close, then gives nil and false for ever', async () => {
  assert.equal(
    await run(`
      local ch = channel.new(2)
      local sent = {ch:send("a"), ch:send("b")}
      ch:close() ch:close()
      local out = {sent[1], sent[2]}
      for i = 1, 4 do
        local v, ok = ch:receive()
        out[#out + 1] = tostring(v) .. " " .. tostring(ok)
      end
      return out`),
    [true, true, 'a true', 'b true', 'nil false', 'nil false'],
  );
});

test('a full buffer makes the sender wait; the ring keeps the order over its end', async () => {
  assert.equal(
    await run(`
      local ch, out = channel.new(3), {}
      coroutine.spawn(function() for i = 1, 20 do ch:send(i) end ch:close() end)
      coroutine.yield()
      while true do
        local v, ok = ch:receive()
        if not ok then break end
        out[#out + 1] = v
        if v % 3 == 0 then coroutine.yield() end
      end
      return out`),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

test('a large buffer grows with what is in it', async () => {
  assert.equal(
    await run(`
      local ch, n = channel.new(300000), 300000
      for i = 1, n do ch:send(i) end
      local full = channel.select{ch:case_send(0), default = true}.default
      local sum = 0
      for i = 1, n do sum = sum + ch:receive() end
      return {full, sum, channel.select{ch:case_receive(), default = true}.default}`),
    [true, 45000150000, true],
  );
});

test('any value goes through a channel of the process: functions, nil, tables by reference', async () => {
  assert.equal(
    await run(`
      local ch, t = channel.new(3), {}
      ch:send(function() return 7 end) ch:send(nil) ch:send(t)
      local f = ch:receive()
      local n, ok = ch:receive()
      return {f(), n == nil and ok, rawequal(ch:receive(), t)}`),
    [7, true, true],
  );
});

test('send on a closed channel raises, also for one that already waits', async () => {
  const error = await failure('local ch = channel.new() ch:close() ch:send(1)');
  assert.is(error.message, 'send on closed channel');
  assert.is(error.place, 'main.lua:2');
  assert.match(
    (await run(`
      local ch, out = channel.new()
      coroutine.spawn(function() local ok, err = pcall(ch.send, ch, 1) out = {ok, err} end)
      coroutine.yield()
      ch:close()
      coroutine.yield()
      return tostring(out[1]) .. " " .. out[2]`)) as string,
    /^false .*send on closed channel$/,
  );
});

test('receivers are served first come first served', async () => {
  assert.equal(
    await run(`
      local ch, out, done = channel.new(), {}, channel.new(3)
      for i = 1, 3 do
        coroutine.spawn(function(n) local v = ch:receive() out[#out + 1] = {n, v} done:send(true) end, i)
      end
      coroutine.yield()
      for i = 10, 30, 10 do ch:send(i) end
      for i = 1, 3 do done:receive() end
      return out`),
    [
      [1, 10],
      [2, 20],
      [3, 30],
    ],
  );
});

test('select tries its cases in the order listed', async () => {
  assert.equal(
    await run(`
      local a, b, out = channel.new(2), channel.new(2), {}
      a:send("a1") b:send("b1") a:send("a2")
      for i = 1, 3 do
        local r = channel.select{b:case_receive(), a:case_receive()}
        out[i] = {r.value, r.ok, r.channel == a}
      end
      local none = channel.select{a:case_receive(), default = true}
      out[4] = {none.default, none.ok, none.value == nil}
      b:close()
      local closed = channel.select{a:case_receive(), b:case_receive()}
      out[5] = {closed.channel == b, closed.ok, closed.value == nil}
      return out`),
    [
      ['b1', true, false],
      ['a1', true, true],
      ['a2', true, true],
      [true, true, true],
      [true, false, true],
    ],
  );
});

test('select waits, sends and receives; a chosen case is the only one that happens', async () => {
  assert.equal(
    await run(`
      local a, b, out = channel.new(), channel.new(), {}
      coroutine.spawn(function() out.got = b:receive() end)
      coroutine.yield()
      local first = channel.select{a:case_receive(), b:case_send("x")}
      coroutine.spawn(function() a:send("y") end)
      local second = channel.select{a:case_receive(), b:case_send("z")}
      coroutine.spawn(function() out.waiting = channel.select{a:case_receive(), b:case_receive()}.value end)
      coroutine.yield()
      b:send("w")
      coroutine.yield()
      local left = channel.select{a:case_send("nobody"), default = true}
      return {first.channel == b, first.ok, second.value, out.got, out.waiting, left.default}`),
    [true, true, 'y', 'x', 'w', true],
  );
});

test('mistakes in select are explained', async () => {
  assert.match((await failure('channel.select{}')).message, /no case to select from/);
  assert.match(
    (await failure('channel.select{channel.new()}')).message,
    /item 1 is not a case; write ch:case_receive\(\)/,
  );
  assert.match((await failure('channel.select()')).message, /table of cases expected/);
  assert.match((await failure('channel.new(-1)')).message, /the size must be a whole number/);
});

test('messages go to the channel of their topic, the rest to the inbox', async () => {
  assert.equal(
    await run(`
      local me = process.pid()
      process.send(me, "b", 1)
      process.send(me, "other", 2)
      local b = process.listen("b")
      local whole = process.listen("w", {message = true})
      process.send(me, "b", 3, 4)
      process.send(me, "w", 5)
      local inbox = process.inbox()
      local msg = whole:receive()
      return {b:receive(), b:receive(), inbox:receive():topic(), msg:topic(), msg:payload():data(),
        process.listen("b") == b, process.inbox() == inbox, process.events() == process.events()}`),
    [1, [3, 4], 'other', 'w', 5, true, true, true],
  );
});

test('unlisten closes the channel; what came before is still there, later messages fall to the inbox', async () => {
  assert.equal(
    await run(`
      local me = process.pid()
      local ch = process.listen("t")
      process.send(me, "t", 1)
      local ok = process.unlisten(ch)
      process.send(me, "t", 2)
      local out = {ok}
      local v, more = ch:receive()
      out[2] = {v, more}
      v, more = ch:receive()
      out[3] = {v == nil, more}
      out[4] = process.inbox():receive():payload():data()
      local again = process.listen("t")
      process.send(me, "t", 3)
      out[5] = {again ~= ch, again:receive()}
      return out`),
    [true, [1, true], [true, false], 2, [true, 3, true]],
  );
});

test('unlisten wakes who waits on the channel', async () => {
  assert.equal(
    await run(`
      local ch, out = process.listen("t"), channel.new(1)
      coroutine.spawn(function() local v, ok = ch:receive() out:send({v == nil, ok}) end)
      coroutine.yield()
      ch:close()
      return (out:receive())`),
    [true, false],
  );
});

test('process channels cannot be sent to', async () => {
  assert.match((await failure('process.inbox():send(1)')).message, /only channels made by channel.new can be sent to/);
  assert.match((await failure('process.inbox():close()')).message, /only channels made by channel.new can be sent to/);
  assert.match((await failure('process.unlisten(process.inbox())')).message, /not a channel of process.listen/);
});

test('listening on a reserved topic is refused', async () => {
  assert.is((await failure('return process.listen("@pid")')).kind, 'INVALID');
});

test('select over inbox, events, a timer and an own channel', async () => {
  const value = await runScripts({
    main: `
        local time = require("time")
        return function()
          local inbox, events, own = process.inbox(), process.events(), channel.new()
          local child = process.spawn_monitored("app:child", "app:host", process.pid())
          local names = {[inbox] = "inbox", [events] = "events", [own] = "own"}
          local seen = {}
          coroutine.spawn(function()
            while not (seen.inbox and seen.events) do coroutine.yield() end
            own:send(true)
          end)
          for i = 1, 3 do
            local timeout = time.after("1m")
            local r = channel.select{inbox:case_receive(), events:case_receive(), own:case_receive(), timeout:case_receive()}
            seen[names[r.channel] or "timeout"] = true
          end
          return {seen.inbox, seen.events, seen.own, seen.timeout == nil}
        end`,
    child: 'return function(parent) process.send(parent, "hello") end',
  });
  assert.equal(value, [true, true, true, true]);
});

test('a process whose paths wait for what can never come ends with a deadlock', async () => {
  const error = await failure('local ch = channel.new() coroutine.spawn(function() ch:receive() end) ch:receive()');
  assert.match(error.message, /^deadlock: every path of the process waits/);
  assert.is(error.place, 'main.lua:2');
  assert.match((await failure('channel.new():send(1)')).message, /^deadlock/);
  assert.match((await failure('local t = require("time").timer("1h") t:stop() t:receive()')).message, /^deadlock/);
});

test('a path that waits from outside keeps the others from being a deadlock', async () => {
  assert.is(
    await run(`
      local ch = channel.new()
      coroutine.spawn(function() process.inbox():receive() ch:send("woken") end)
      process.send(process.pid(), "x")
      return (ch:receive())`),
    'woken',
  );
});

test.run();
