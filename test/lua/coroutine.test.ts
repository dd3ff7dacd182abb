import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deployLua, failure, run, scripts } from './deployed.ts';

const test = suite('lua coroutines');

const NEST = `
  local time = require("time")
  local function nested(depth, f)
    if depth == 0 then return f() end
    return coroutine.wrap(function() return nested(depth - 1, f) end)()
  end`;

test('waiting inside nested coroutines is transparent', async () => {
  assert.equal(
    await run(`${NEST}
      process.send(process.pid(), "m", 5)
      local inbox = process.inbox()
      local got = nested(3, function() return inbox:receive():payload():data() end)
      local slept = nested(4, function() time.sleep("1ms") return "slept" end)
      local value = nested(2, function() return process.exec("app:nobody", "app:host") == nil end)
      return {got, slept, value}`),
    [5, 'slept', true],
  );
});

test('values yielded by a coroutine that also waits reach its resumer, and only they', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local co = coroutine.create(function(a)
        time.sleep("1ms")
        local b = coroutine.yield(a + 1, "x")
        time.sleep("1ms")
        local c = coroutine.yield(b + 1)
        time.sleep("1ms")
        return c + 1
      end)
      local out = {}
      for i, v in ipairs{1, 10, 100} do
        local ok, first, second = coroutine.resume(co, v)
        out[i] = {ok, first, second}
      end
      out[4] = {coroutine.status(co), coroutine.resume(co)}
      return out`),
    [
      [true, 2, 'x'],
      [true, 11],
      [true, 101],
      ['dead', false, 'cannot resume dead coroutine'],
    ],
  );
});

test('a generator that waits works in a for loop and inside pcall', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local out = {}
      local ok, err = pcall(function()
        for i in coroutine.wrap(function() for i = 1, 3 do time.sleep("1ms") coroutine.yield(i) end end) do
          out[#out + 1] = i
        end
        time.sleep("1ms")
        error("after " .. #out, 0)
      end)
      return {out, ok, err}`),
    [[1, 2, 3], false, 'after 3'],
  );
});

test('an error after a wait inside a coroutine goes to its resumer', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local co = coroutine.create(function() time.sleep("1ms") error({code = 7}) end)
      local ok, err = coroutine.resume(co)
      local wrapped = coroutine.wrap(function() time.sleep("1ms") error("deep") end)
      local ok2, err2 = pcall(wrapped)
      return {ok, err.code, coroutine.status(co), ok2, err2}`),
    [false, 7, 'dead', false, 'main.lua:6: deep'],
  );
});

test('resume, wrap and close behave as in Lua where nothing waits', async () => {
  assert.equal(
    await run(`
      local co = coroutine.create(function(...) local a = coroutine.yield(select("#", ...), ...) return a, nil end)
      local out = {table.pack(coroutine.resume(co, 1, nil, 3)), coroutine.status(co)}
      out[3] = table.pack(coroutine.resume(co, "v"))
      local closed
      local c2 = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() closed = true end}) coroutine.yield() end)
      coroutine.resume(c2)
      out[4] = {coroutine.close(c2), closed, coroutine.status(c2)}
      local self = coroutine.wrap(function() return coroutine.resume(coroutine.running()) end)
      out[5] = {self()}
      out[6] = {coroutine.isyieldable(), coroutine.status(coroutine.running())}
      return out`),
    [
      { 1: true, 2: 3, 3: 1, 5: 3, n: 5 },
      'suspended',
      { 1: true, 2: 'v', n: 3 },
      [true, true, 'dead'],
      [false, 'cannot resume non-suspended coroutine'],
      [true, 'running'],
    ],
  );
});

test('nobody else can resume or close a coroutine that waits', async () => {
  assert.equal(
    await run(`
      local ch, out = channel.new(), {}
      local co = coroutine.create(function() return ch:receive() end)
      coroutine.spawn(function() out.result = {coroutine.resume(co)} end)
      coroutine.yield()
      out.status = coroutine.status(co)
      out.resume = {coroutine.resume(co, "forged")}
      out.close = {pcall(coroutine.close, co)}
      ch:send("real")
      coroutine.yield()
      return out`),
    {
      status: 'normal',
      resume: [false, 'cannot resume non-suspended coroutine'],
      close: [false, 'cannot close a normal coroutine'],
      result: [true, 'real', true],
    },
  );
});

test('paths are not coroutines of the program: they cannot be resumed or closed', async () => {
  assert.equal(
    await run(`
      local main, ch = coroutine.running(), channel.new(2)
      coroutine.spawn(function()
        ch:send({coroutine.resume(main)})
        ch:send({pcall(coroutine.close, main)})
      end)
      return {(ch:receive()), (ch:receive())}`),
    [
      [false, 'cannot resume non-suspended coroutine'],
      [false, 'cannot close a normal coroutine'],
    ],
  );
});

test('waiting where Lua cannot yield raises, and the process can go on', async () => {
  assert.equal(
    await run(`
      local inbox, time, out = process.inbox(), require("time"), {}
      local function try(f) local ok, err = pcall(f) out[#out + 1] = {ok, tostring(err):match("attempt to wait") ~= nil} end
      try(function() table.sort({3, 1, 2}, function(a, b) inbox:receive() return a < b end) end)
      try(function() string.gsub("abc", "b", function() time.sleep("1s") end) end)
      try(function() tostring(setmetatable({}, {__tostring = function() inbox:receive() return "" end})) end)
      try(function() table.sort({3, 1, 2}, function(a, b) return coroutine.wrap(function() inbox:receive() end)() end) end)
      try(function() table.sort({3, 1, 2}, function(a, b) process.exec("app:main", "app:host") end) end)
      process.send(process.pid(), "x", "fine")
      out[#out + 1] = inbox:receive():payload():data()
      return out`),
    [[false, true], [false, true], [false, true], [false, true], [false, true], 'fine'],
  );
});

test('waiting in metamethods that Lua can leave is possible', async () => {
  assert.is(
    await run(`
      local time = require("time")
      local t = setmetatable({}, {__index = function(_, k) time.sleep("1ms") return k .. "!" end})
      return t.field`),
    'field!',
  );
});

test('paths run until they wait, in the order they were started', async () => {
  assert.equal(
    await run(`
      local log, done = {}, channel.new(3)
      for i = 1, 3 do
        coroutine.spawn(function(name)
          for step = 1, 2 do log[#log + 1] = name .. step coroutine.yield() end
          done:send(true)
        end, "p" .. i)
      end
      log[#log + 1] = "main"
      for i = 1, 3 do done:receive() end
      return log`),
    ['main', 'p11', 'p21', 'p31', 'p12', 'p22', 'p32'],
  );
});

test('several paths wait for different commands at once', async () => {
  assert.equal(
    await run(`
      local time, out = require("time"), channel.new()
      coroutine.spawn(function() time.sleep("20ms") out:send("slow") end)
      coroutine.spawn(function() time.sleep("1ms") out:send("quick") end)
      coroutine.spawn(function() local _, err = process.exec("app:nobody", "app:host") out:send(err:kind()) end)
      coroutine.spawn(function() out:send(process.inbox():receive():topic()) end)
      process.send(process.pid(), "message")
      local seen = {}
      for i = 1, 4 do seen[(out:receive())] = i end
      return {seen.slow, seen.quick < seen.slow, seen.NOT_FOUND < seen.slow, seen.message < seen.slow}`),
    [4, true, true, true],
  );
});

test('an error in any path ends the process', async () => {
  const error = await failure(`
    coroutine.spawn(function() error("in a path") end)
    process.inbox():receive()`);
  assert.is(error.message, 'in a path');
  assert.is(error.place, 'main.lua:3');
});

test('when main returns the other paths are dropped', async () => {
  assert.is(
    await run('coroutine.spawn(function() process.inbox():receive() end) coroutine.yield() return "over"'),
    'over',
  );
});

test('thousands of paths, each with a timer of its own', async () => {
  assert.is(
    await run(`
      local time, done, n = require("time"), channel.new(), 2000
      for i = 1, n do coroutine.spawn(function() time.sleep(time.MILLISECOND * (1 + i % 5)) done:send(i) end) end
      local sum = 0
      for i = 1, n do sum = sum + done:receive() end
      return sum`),
    2001000,
  );
});

test('runaway nesting and recursion are errors, not crashes', async () => {
  assert.match((await failure('local function f() return coroutine.wrap(f)() end f()')).message, /C stack overflow/);
  // The stack of a million values that Lua allows is more than a process may use by default.
  const runaway = 'return function() local function f() return 1 + f() end f() end';
  assert.match(
    (await failure(runaway.slice('return function() '.length, -' end'.length))).message,
    /not enough memory/,
  );
  const { runtime } = await deployLua(scripts({ main: runaway }, [], '{memory: 128MiB}'));
  try {
    await runtime.exec({ id: 'app:main', host: 'app:host' }).then(
      () => assert.unreachable(),
      error => assert.match(error.message, /stack overflow/),
    );
  } finally {
    await runtime.stop();
  }
  assert.is(
    await run(`
      local inbox = process.inbox()
      local function nest(n) if n == 0 then return inbox:receive():topic() end return coroutine.wrap(nest)(n - 1) end
      process.send(process.pid(), "deep")
      return nest(150)`),
    'deep',
  );
});

test.run();
