import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deployLua, failure, run, runScripts, scripts } from './deployed.ts';

const test = suite('lua sandbox');

test('the globals are these and no others', async () => {
  const names = (await run('local t = {} for k in pairs(_G) do t[#t + 1] = k end table.sort(t) return t')) as string[];
  assert.equal(names, [
    ...['_G', '_VERSION', 'assert', 'channel', 'collectgarbage', 'coroutine', 'error', 'errors', 'getmetatable'],
    ...['ipairs', 'load', 'math', 'next', 'os', 'pairs', 'payload', 'pcall', 'print', 'process', 'rawequal', 'rawget'],
    ...['rawlen', 'rawset', 'require', 'select', 'setmetatable', 'string', 'table', 'tonumber', 'tostring', 'type'],
    ...['utf8', 'warn', 'xpcall'],
  ]);
});

test('the libraries have their members, made when asked for or listed', async () => {
  const members = async (name: string) =>
    (await run(
      `local t = {} for k, v in pairs(${name}) do assert(v ~= nil) t[#t + 1] = k end table.sort(t) return t`,
    )) as string[];
  assert.equal(await members('os'), ['clock', 'date', 'difftime', 'time']);
  assert.equal(await members('coroutine'), [
    'close',
    'create',
    'isyieldable',
    'resume',
    'running',
    'spawn',
    'status',
    'wrap',
    'yield',
  ]);
  assert.equal(await members('table'), ['concat', 'insert', 'move', 'pack', 'remove', 'sort', 'unpack']);
  assert.equal(await members('utf8'), ['char', 'charpattern', 'codepoint', 'codes', 'len', 'offset']);
  const string = await members('string');
  assert.not.ok(string.includes('dump'));
  assert.is(string.length, 16);
});

test('Lua works as it should on the lazily made libraries', async () => {
  assert.equal(
    await run(`
      return {("x"):rep(3), #"abc", ("%d"):format(7), math.floor(2.5), math.maxinteger // 1, math.pi > 3, "10" + 1, "3" * "4",
        utf8.char(228), select("#", string.byte("abc", 1, -1)), table.concat({1, 2}, ","), string.pack("<i2", 513):byte(1, -1)}`),
    ['xxx', 3, '7', 2, 2n ** 63n - 1n, true, 11, 12, 'ä', 3, '1,2', 1, 2],
  );
});

test('bytecode cannot be loaded, text can', async () => {
  assert.equal(
    await run(`
      local env = {x = 5}
      local f, err = load("\\27Lua", "c", "b")
      local g, err2 = load("\\27LuaT", "c")
      local pieces, i = {"return ", "x", nil}, 0
      local out = {f == nil, err, g == nil, err2, load("return x", "chunk", "t", env)(), load(function() i = i + 1 return pieces[i] end, "p", "bt", env)()}
      local h, err3 = load("return +", "=bad")
      out[7] = err3
      return out`),
    [
      true,
      'attempt to load a binary chunk: only text can be loaded',
      true,
      "attempt to load a binary chunk (mode is 't')",
      5,
      5,
      "bad:1: unexpected symbol near '+'",
    ],
  );
});

test('finalizers are refused, also behind metatables that answer for everything', async () => {
  assert.match(
    (await failure('setmetatable({}, {__gc = function() end})')).message,
    /finalizers \(__gc\) are not available; use __close/,
  );
  assert.is(
    await run('local mt = setmetatable({}, {__index = function() return 1 end}) return setmetatable({1}, mt)[1]'),
    1,
  );
  assert.equal(
    await run(
      'local t = setmetatable({}, {__metatable = "locked"}) return {getmetatable(t), pcall(setmetatable, t, {})}',
    ),
    ['locked', false, 'cannot change a protected metatable'],
  );
});

test('host tables and objects show no metatable', async () => {
  assert.equal(
    await run(
      'return {getmetatable(process), getmetatable(string), getmetatable(channel.new()), getmetatable(process.inbox())}',
    ),
    [false, false, false, false],
  );
});

test('collectgarbage counts and collects, nothing else', async () => {
  assert.is(
    await run('collectgarbage() local before = collectgarbage("count") return before > 0 and before < 64'),
    true,
  );
  assert.match(
    (await failure('collectgarbage("stop")')).message,
    /option 'stop' is not available; there are 'count' and 'collect'/,
  );
});

test('processes share no globals, libraries or string methods', async () => {
  const value = await runScripts({
    main: `return function()
      leaked = 1
      string.leaked = function() return "leak" end
      math.floor = nil
      process.exec("app:other", "app:host")
      return process.exec("app:other", "app:host")
    end`,
    other: `return function()
      local seen = {leaked == nil, string.leaked == nil, math.floor(1.5), ("x").leaked == nil, other == nil}
      other = true
      return seen
    end`,
  });
  assert.equal(value, [true, true, 1, true, true]);
});

test('print and warn go to the log', async () => {
  const { runtime, log } = await deployLua(
    scripts({
      main: 'return function() print("a", 1, nil, setmetatable({}, {__tostring = function() return "T" end})) print() warn("w", "!") end',
    }),
  );
  await runtime.exec({ id: 'app:main', host: 'app:host' });
  await runtime.stop();
  assert.equal(
    log.lines.map(line => [line.level, line.message]),
    [
      ['info', 'a\t1\tnil\tT'],
      ['info', ''],
      ['warn', 'w!'],
    ],
  );
});

test('each process draws its own random numbers, and can seed them', async () => {
  const value = await runScripts({
    main: `return function()
      local seen, list = {}, {}
      for i = 1, 20 do list[i] = process.exec("app:draw", "app:host") end
      for _, n in ipairs(list) do seen[n] = true end
      local count = 0
      for _ in pairs(seen) do count = count + 1 end
      math.randomseed(7)
      local a = {math.random(1000), math.random(1000)}
      math.randomseed(7)
      return {count, a[1] == math.random(1000), a[2] == math.random(1000), math.random() < 1}
    end`,
    draw: 'return function() return math.random(1 << 50) end',
  });
  assert.equal(value, [20, true, true, true]);
});

test('os.time, os.date and os.difftime are UTC', async () => {
  assert.equal(
    await run(`
      return {os.time{year = 2024, month = 2, day = 29, hour = 12}, os.time{year = 2024, month = 14, day = -1, hour = 0},
        os.date("!%Y-%m-%d %H:%M:%S %a %b %j %p %%", 86400), os.date("*t", 0).yday, os.difftime(5, 3),
        math.type(os.time()), os.clock() >= 0}`),
    [1709208000, 1738195200, '1970-01-02 00:00:00 Fri Jan 002 AM %', 1, 2, 'integer', true],
  );
  assert.match((await failure('os.time{month = 1, day = 1}')).message, /field 'year' missing in date table/);
  assert.match((await failure('os.date("%Q")')).message, /invalid conversion specifier '%Q'/);
});

test('attacks end in errors of the process', async () => {
  assert.match(
    (await failure('local s = ("("):rep(300) load("return " .. s)() ')).message,
    /attempt to call a nil value/,
  );
  assert.match((await failure('string.rep("x", 1 << 40)')).message, /resulting string too large|not enough memory/);
  assert.match(
    (await failure('local t = {} t.__index = t setmetatable(t, t) return t.x')).message,
    /'__index' chain too long/,
  );
  assert.match((await failure('table.unpack({}, 1, 1e8)')).message, /too many results to unpack/);
  assert.match(
    (await failure('setmetatable(_G, {__index = function(t, k) return t[k] end}) return nothing')).message,
    // Where it is interrupted in between, its C stack is taken down, and memory is what ends it.
    /stack overflow|not enough memory/,
  );
});

test('positions beyond any string are its end, not somewhere else in memory', async () => {
  assert.equal(
    await run(`
      local s, out = "abc", {}
      for i, n in ipairs{1 << 32, (1 << 32) + 2, 1 << 53, math.maxinteger, 2.0^53, 2.0^32 + 1} do
        out[i] = table.concat({s:sub(n, 6), s:sub(-n, 2), s:sub(2, n), s:sub(1, -n), tostring((s:byte(n))), tostring((s:find("b", n))),
          tostring((s:match("b", n))), tostring((s:gmatch("b", n)())), tostring((s:find("b", -n)))}, "|")
      end
      return out`),
    new Array(6).fill('|ab|bc||nil|nil|nil|nil|2'),
  );
  assert.equal(await run('return {(("12345"):find(9007199254740993)), ("x9007199254740993"):find(9007199254740993)}'), [
    null,
    2,
    17,
  ]);
  assert.match((await failure('("abc"):sub(1e300)')).message, /number has no integer representation/);
  assert.match((await failure('string.unpack("b", "abc", (1 << 32) + 1)')).message, /initial position out of string/);
});

test.run();
