import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deployLua, failure, run, runScripts, scripts } from './deployed.ts';

const test = suite('lua time and capabilities');

test('constants and durations are nanoseconds', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      return {time.NANOSECOND, time.MICROSECOND, time.MILLISECOND, time.SECOND, time.MINUTE, time.HOUR,
        time.parse_duration("1m30s"), time.unix() > 1e9, time.now() // time.SECOND - time.unix() // 1 <= 1}`),
    [1, 1e3, 1e6, 1e9, 60e9, 3600e9, 90e9, true, true],
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
    /duration: number of nanoseconds, text such as "5ms" or duration object expected/,
  );
});

test('after gives the time once; a select with it is a timeout', async () => {
  assert.equal(
    await run(`
      local time, inbox = require("time"), process.inbox()
      local timeout = time.after("2ms")
      local r = channel.select{inbox:case_receive(), timeout:case_receive()}
      local again = channel.select{timeout:case_receive(), default = true}
      return {r.channel == timeout, r.value <= time.now(), r.ok, again.default}`),
    [true, true, true, true],
  );
});

test('a timer can be stopped and started anew', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local t = time.timer("1h")
      local out = {t:stop(), t:stop(), t:channel() == t}
      out[4] = t:reset("1ms")
      out[5] = t:response():receive() <= time.now()
      out[6] = t:reset("1h")
      out[7] = t:reset("1ms")
      out[8] = select(2, t:receive())
      return out`),
    [true, false, true, false, true, false, true, true],
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

test('a time knows its parts and its text', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local t = time.date(2024, time.DECEMBER, 29, 15, 4, 5, 123456789, time.utc)
      local y, m, d = t:date()
      local h, mi, s = t:clock()
      return {
        y, m, d, h, mi, s, t:year(), t:month(), t:day(), t:hour(), t:minute(), t:second(), t:nanosecond(),
        t:weekday() == time.SUNDAY, t:year_day(), t:unix(), t:unix_nano(), t:format(time.DATE_TIME),
        t:format("Mon Jan 2, 2006 3:04PM"), t:format_rfc3339(), tostring(t), "at " .. t, t:is_zero(),
        time.date(1, 1, 1):is_zero(), time.date(2024, 1, 15).hour ~= nil, time.date(2024, 1, 32):format(time.DATE_ONLY),
      }`),
    [
      ...[2024, 12, 29, 15, 4, 5, 2024, 12, 29, 15, 4, 5, 123456789, true, 364, 1735484645],
      ...[1735484645123456789n, '2024-12-29 15:04:05', 'Sun Dec 29, 2024 3:04PM', '2024-12-29T15:04:05Z'],
      ...['2024-12-29T15:04:05.123456789Z', 'at 2024-12-29T15:04:05.123456789Z', false, true, true, '2024-02-01'],
    ],
  );
});

test('times are moved, compared and rounded', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local t = time.date(2024, 1, 31, 10, 40, 0, 0, time.utc)
      local hour = time.parse_duration("1h")
      local u = t:add("90m")
      return {
        u:format(time.TIME_ONLY), t:add(5 * time.MINUTE):minute(), t:add(hour):hour(), u:sub(t):minutes(),
        t:add_date(0, 1, 0):format(time.DATE_ONLY), t:add_date(-1, 0, 1):format(time.DATE_ONLY),
        u:after(t), u:before(t), t:equal(u:add("-90m")), t:round(hour):hour(), t:truncate(hour):hour(),
        t:truncate(time.parse_duration("15m")):minute(), u > t, u >= t, u < t, u <= t, u == t, t == t:add(0),
      }`),
    [
      ...['12:10:00', 45, 11, 90, '2024-03-02', '2023-02-01', true, false, true, 11, 10, 30],
      ...[true, true, false, false, false, true],
    ],
  );
});

test('operators: what is added and subtracted stays a time or a duration, all else is a number', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local t = time.unix(1000, 5)
      local d = time.parse_duration("1500ms")
      return {
        tostring(t + d), tostring(d + t), tostring(t - d), tostring(t - t), tostring((t + "1h") - t), t - t == d - d,
        tostring(d + d), tostring(d - "500ms"), tostring(-d), d * 2, d / 2, d // time.SECOND, d % time.SECOND,
        t // time.SECOND, d < 2 * time.SECOND, d > "1s", d <= 1500 * time.MILLISECOND, t > 5, "took " .. d,
        (t - 500).unix ~= nil, tostring(1000000000505 - t),
      }`),
    [
      ...[
        '1970-01-01T00:16:41.500000005Z',
        '1970-01-01T00:16:41.500000005Z',
        '1970-01-01T00:16:38.500000005Z',
        '0s',
        '1h',
      ],
      ...[true, '3s', '1s', '-1.5s', 3e9, 750e6, 1, 5e8, 1000, true, true, true, true, 'took 1.5s', true, '500ns'],
    ],
  );
  assert.match((await failure('local t = require("time").now() return t + t')).message, /only a duration can be added/);
  assert.match(
    (await failure('local t = require("time").now() return t + {}')).message,
    /neither a time nor a duration/,
  );
  assert.match(
    (await failure('local time = require("time") return time.now() < time.parse_duration("1s")')).message,
    /compare a time with a duration/,
  );
  assert.match((await failure('return require("time").now() * {}')).message, /arithmetic on a table/);
});

test('durations in all units, and wherever one is taken', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local d = time.parse_duration("1h30m45s500ms")
      local short = time.parse_duration(2 * time.MILLISECOND)
      local begun = time.now()
      time.sleep(short)
      time.after(short):receive()
      local timer = time.timer("1h")
      timer:reset(short)
      timer:receive()
      return {
        d:hours() > 1.51, d:minutes() > 90.7, d:seconds(), d:milliseconds(), d:microseconds(), d:nanoseconds(), tostring(d),
        time.now() - begun >= 5 * time.MILLISECOND,
      }`),
    [true, true, 5445.5, 5445500, 5445500000, 5445500000000, '1h30m45.5s', true],
  );
});

test('texts are read in a layout, with a location where they name none', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local ny = time.load_location("America/New_York")
      local a = time.parse(time.RFC3339, "2024-12-29T15:04:05+01:00")
      local b = time.parse("2006-01-02 15:04", "2024-12-29 14:30", ny)
      local c = time.parse("2024-12-29t15:04:05.25z")
      local d = time.parse(time.KITCHEN, "3:04PM")
      local none, err = time.parse(time.DATE_ONLY, "tomorrow")
      local nowhere, why = time.load_location("Mars/Olympus")
      return {
        tostring(a), a:unix(), b:utc():format(time.DATE_TIME), tostring(b:location()), b:format("15:04 MST -0700"),
        tostring(c), d:hour(), d:year(), none == nil, err:kind(), nowhere == nil, why:kind(),
        time.format(c), time.format(0), time.format(0, time.DATE_ONLY), time.format(a, nil, ny),
      }`),
    [
      ...['2024-12-29T15:04:05+01:00', 1735481045, '2024-12-29 19:30:00', 'America/New_York', '14:30 EST -0500'],
      ...['2024-12-29T15:04:05.25Z', 15, 0, true, 'INVALID', true, 'NOT_FOUND', '2024-12-29T15:04:05.25Z'],
      ...['1970-01-01T00:00:00Z', '1970-01-01', '2024-12-29T09:04:05-05:00'],
    ],
  );
});

test('locations: the same moment on another wall; there is no local time', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local berlin, ist = time.load_location("Europe/Berlin"), time.fixed_zone("IST", 5 * 3600 + 1800)
      local t = time.date(2024, 7, 1, 12, 0, 0, 0, time.utc)
      local there = t:in_location(berlin)
      return {
        there:hour(), there == t, there:location():string(), there:add("24h"):hour(), there:add_date(0, 6, 0):hour(),
        t:in_location(ist):format(time.RFC822), there:in_local():hour(), time.localtz:string(), time.utc:string(),
        time.date(2024, 7, 1, 12, 0, 0, 0, berlin):unix() - t:unix(), time.now():location():string(),
      }`),
    [14, true, 'Europe/Berlin', 14, 14, '01 Jul 24 17:30 IST', 12, 'Local', 'UTC', -7200, 'UTC'],
  );
});

test('times and durations travel as their nanoseconds', async () => {
  assert.equal(
    await run(`
      local time, json = require("time"), require("json")
      local t = time.unix(1735484645, 5)
      process.send(process.pid(), "at", t)
      local arrived = process.inbox():receive():payload():data()
      return {arrived == t:unix_nano(), t:equal(arrived), t - time.unix(0) == time.unix(1735484645, 5) - time.unix(0),
        json.encode({d = time.parse_duration("1us")}), time.parse_duration("2s"), time.now() - arrived > 0}`),
    [true, true, true, '{"d":1000}', 2e9, true],
  );
  assert.match((await failure('return require("time").utc')).message, /location cannot be sent/);
});

test('every timer channel gives a time, also through select', async () => {
  assert.equal(
    await run(`
      local time = require("time")
      local begun, out = time.now(), {}
      local ticks = time.ticker("1ms")
      for i = 1, 2 do out[i] = ticks:receive() > begun end
      local got = channel.select{process.inbox():case_receive(), ticks:case_receive()}
      out[3] = got.value:sub(begun):milliseconds() > 0
      coroutine.spawn(function() out[4] = time.after("1ms"):receive():format(time.RFC3339) ~= "" end)
      time.sleep("20ms")
      return out`),
    [true, true, true, true],
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
