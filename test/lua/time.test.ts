import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deployLua, failure, run, runScripts, scripts } from './deployed.ts';

const test = suite('lua time and capabilities');

test('constants and durations are nanoseconds', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      return {time.NANOSECOND, time.MICROSECOND, time.MILLISECOND, time.SECOND, time.MINUTE, time.HOUR,
        time.parse_duration("1m30s"), math.type(time.now()), time.unix() > 1e9, time.now() // time.SECOND - time.unix() // 1 <= 1}`),
    [1, 1e3, 1e6, 1e9, 60e9, 3600e9, 90e9, 'integer', true, true],
  );
});

test('sleep takes at least its time, by number or text', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local begun = time.now()
      local r = time.sleep("5ms")
      local middle = time.now()
      time.sleep(5 * time.MILLISECOND)
      return {r == nil, middle - begun >= 4 * time.MILLISECOND, time.now() - middle >= 4 * time.MILLISECOND}`),
    [true, true, true],
  );
});

test('bad durations are INVALID', async () => {
  assert.equal(
    await run(`
      local time, out = require("time"), {}
      for i, call in ipairs{function() return time.sleep(0) end, function() return time.sleep("soon") end,
          function() return time.after("-1s") end, function() return time.ticker(0) end, function() return time.timer("x") end,
          function() return time.parse_duration("5") end} do
        local v, err = call()
        out[i] = {v == nil, err:kind()}
      end
      return out`),
    Array.from({ length: 6 }, () => [true, 'INVALID']),
  );
  assert.match(
    (await failure('require("time").after({})')).message,
    /duration: number of nanoseconds or text such as "5ms" expected/,
  );
});

test('after gives the time once; a select with it is a timeout', async () => {
  assert.equal(
    await run(`
      local time, inbox = require("time"), process.inbox()
      local timeout = time.after("2ms")
      local r = channel.select{inbox:case_receive(), timeout:case_receive()}
      local again = channel.select{timeout:case_receive(), default = true}
      return {r.channel == timeout, math.type(r.value), r.ok, again.default}`),
    [true, 'integer', true, true],
  );
});

test('a timer can be stopped and started anew', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local t = time.timer("1h")
      local out = {t:stop(), t:stop(), t:channel() == t}
      out[4] = t:reset("1ms")
      out[5] = math.type((t:receive()))
      out[6] = t:reset("1h")
      out[7] = t:reset("1ms")
      out[8] = select(2, t:receive())
      return out`),
    [true, false, true, false, 'integer', false, true, true],
  );
});

test('a ticker ticks until it is stopped', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local t, n = time.ticker("1ms"), 0
      for i = 1, 3 do t:receive() n = n + 1 end
      local stopped = t:stop()
      local r = channel.select{t:case_receive(), time.after("10ms"):case_receive()}
      return {n, stopped, r.channel ~= t}`),
    [3, true, true],
  );
});

test('operations of capabilities are functions: json, logger with fields', async () => {
  const { runtime, log } = await deployLua(
    scripts({
      main: `
        local json, logger = require("json"), require("logger")
        return function()
          logger.info("started", {port = 80})
          logger.error("failed", {error = errors.new("why")})
          local bad, err = json.decode("{")
          return {json.encode({a = {1, 2}}), json.decode('{"x": [1, {"y": null}]}'), bad == nil, err:kind()}
        end`,
    }),
  );
  const value = await runtime.exec({ id: 'app:main', host: 'app:host' });
  await runtime.stop();
  assert.equal(value, ['{"a":[1,2]}', { x: [1, {}] }, true, 'INVALID']);
  assert.equal(
    log.lines.map(line => [line.level, line.message]),
    [
      ['info', 'started'],
      ['error', 'failed'],
    ],
  );
  assert.equal((log.lines[0].fields as { port: number }).port, 80);
});

test('an asynchronous operation lets the other paths go on', async () => {
  const { runtime } = await deployLua({
    'data.txt': 'content',
    'app.yaml':
      'namespace: app\nentries:\n  - {name: host, kind: process.host, capabilities: {fs: {root: .}}}\n' +
      '  - {name: main, kind: process.lua, source: "file://main.lua", modules: [fs]}\n',
    'main.lua': `
      local fs = require("fs")
      return function()
        local log, done = {}, channel.new()
        coroutine.spawn(function() local text = fs.read_file("data.txt") log[#log + 1] = text done:send(true) end)
        coroutine.spawn(function() log[#log + 1] = "meanwhile" end)
        done:receive()
        local none, err = fs.read_file("missing.txt")
        log[#log + 1] = err:kind()
        return log
      end`,
  });
  try {
    const value = (await runtime.exec({ id: 'app:main', host: 'app:host' })) as unknown[];
    assert.is(value[0], 'meanwhile');
    assert.is(typeof value[1] === 'string' ? value[1] : Buffer.from(value[1] as Uint8Array).toString(), 'content');
    assert.is(value[2], 'NOT_FOUND');
  } finally {
    await runtime.stop();
  }
});

test('funcs: call, async, cancel', async () => {
  const value = await runScripts(
    {
      main: `
        local funcs = require("funcs")
        return function()
          local sum = funcs.call("app:add", 2, 3)
          local none, err = funcs.call("app:fail")
          local a, b = funcs.async("app:add", 1, 1), funcs.async("app:fail")
          local out = {sum, none == nil, err:message(), a:is_complete()}
          local v, ok = a:response():receive()
          out[#out + 1] = {v, ok, a:is_complete(), (a:result()), a:error() == nil}
          b:response():receive()
          out[#out + 1] = {b:is_complete(), (b:result()) == nil, b:error():message()}
          local c = funcs.async("app:wait")
          out[#out + 1] = {c:cancel(), c:is_canceled(), c:error():kind(), c:cancel(), select(2, c:response():receive())}
          local timed, late = funcs.new():with_options({timeout = 5}):call("app:wait")
          out[#out + 1] = late:kind()
          out[#out + 1] = (funcs.new():with_context({user = "ada"}):call("app:user"))
          return out
        end`,
    },
    [
      '{name: add, kind: function.lua, source: "return function(a, b) return a + b end"}',
      '{name: fail, kind: function.lua, source: "return function() error(\'failed\', 0) end"}',
      '{name: wait, kind: function.lua, source: "return function() process.events():receive() return 1 end"}',
      "{name: user, kind: function.lua, modules: [ctx], source: \"return function() return require('ctx').get('user') end\"}",
    ],
  );
  assert.equal(value, [
    5,
    true,
    'failed',
    false,
    [2, true, true, 2, true],
    [true, true, 'failed'],
    [true, true, 'CANCELED', false, false],
    'TIMEOUT',
    'ada',
  ]);
});

test.run();
