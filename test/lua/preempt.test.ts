/** Programs that never wait: they are interrupted, and notice nothing of it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { deployLua, failure, run, scripts } from './deployed.ts';

const test = suite('lua preemption');

/** What keeps a processor busy for ever. */
const HOGS: { readonly [name: string]: string } = {
  'an empty loop': 'while true do end',
  'a counting loop': 'local n = 0 for i = 1, math.huge do n = n + i end',
  recursion: 'local function f(n) if n > 0 then return f(n - 1) end return f(10) end f(10)',
  'a loop in a coroutine': 'coroutine.wrap(function() while true do end end)()',
  'a loop in coroutines within coroutines': `
    local function nest(depth)
      if depth == 0 then while true do end end
      local co = coroutine.create(nest)
      coroutine.resume(co, depth - 1)
    end
    nest(20)`,
  'a loop under pcall': 'while true do pcall(function() while true do end end) end',
  'errors caught again and again': 'while true do pcall(error, "x") end',
  'a loop in a metamethod': 'local t = setmetatable({}, {__index = function() while true do end end}) return t.x',
  'a loop in an iterator': 'for x in function() while true do end end do end',
  'a loop in a path': 'coroutine.spawn(function() while true do end end) process.inbox():receive()',
  'coroutines made and dropped': 'while true do coroutine.wrap(function() coroutine.yield() end)() end',
  'tables made and dropped': 'while true do local t = {} for i = 1, 100 do t[i] = {i} end end',
  'texts made and dropped': 'local s = "" while true do s = (s .. "x"):rep(2):sub(-1000) end',
  sorting: 'while true do local t = {} for i = 1, 1000 do t[i] = i * 7919 % 1000 end table.sort(t) end',
  'inserting at the front': 'local t = {} while true do table.insert(t, 1, 0) if #t > 20000 then t = {} end end',
  'searching texts': 'local s = ("a"):rep(10000) while true do s:find("b") end',
  'sending to itself': `
    local inbox, me = process.inbox(), process.pid()
    while true do process.send(me, "x", 1) inbox:receive() end`,
  'giving way': 'while true do coroutine.yield() end',
};

for (const [name, body] of Object.entries(HOGS)) {
  test(`others go on beside ${name}`, async () => {
    const { runtime } = await deployLua(
      scripts({
        hog: `return function()\n${body}\nend`,
        echo: `return function()
          local inbox = process.inbox()
          while true do
            local message = inbox:receive()
            process.send(message:from(), "answer", message:payload():data())
          end
        end`,
        main: `return function()
          local hogs = {}
          for i = 1, 3 do hogs[i] = assert(process.spawn_monitored("app:hog", "app:host")) end
          local echo = assert(process.spawn("app:echo", "app:host"))
          local answers = process.listen("answer")
          local sum = 0
          for i = 1, 10 do
            process.send(echo, "ask", i)
            sum = sum + answers:receive()
          end
          local ended = {}
          for i = 1, 3 do assert(process.terminate(hogs[i])) end
          for i = 1, 3 do ended[i] = process.events():receive().result.error:message() end
          return {sum = sum, ended = ended}
        end`,
      }),
    );
    try {
      assert.equal(await runtime.exec({ id: 'app:main', host: 'app:host' }), {
        sum: 55,
        ended: ['process terminated', 'process terminated', 'process terminated'],
      });
    } finally {
      await runtime.stop();
    }
  });
}

/** What never ends where it cannot be interrupted: it ends with an error, and the program can go on. */
const STUCK: { readonly [name: string]: readonly [body: string, message: string] } = {
  'a comparison of table.sort': [
    'table.sort({3, 2, 1}, function() while true do end end)',
    'runs too long where it cannot be interrupted',
  ],
  'a comparison that catches its errors': [
    'table.sort({3, 2, 1}, function() while true do pcall(function() while true do end end) end end)',
    'runs too long where it cannot be interrupted',
  ],
  'a replacement of string.gsub': [
    'string.gsub("abc", "%w", function() while true do end end)',
    'runs too long where it cannot be interrupted',
  ],
  __tostring: [
    'tostring(setmetatable({}, {__tostring = function() while true do end end}))',
    'runs too long where it cannot be interrupted',
  ],
  'a coroutine in a comparison': [
    'table.sort({3, 2, 1}, function() return coroutine.wrap(function() while true do end end)() end)',
    'runs too long where it cannot be interrupted',
  ],
};

for (const [name, [body, message]] of Object.entries(STUCK)) {
  if (name === 'a comparison that catches its errors' && !engineOfThread().vm.transformed) {
    console.log(`skip: ${name}: with wasmoon's own binary it ends its process`);
    continue;
  }
  test(`an endless loop in ${name} is an error that can be caught`, async () => {
    const caught = (await run(`
      local ok, err = pcall(function() ${body} end)
      local after = 0
      for i = 1, 1000 do after = after + i end
      return {ok = ok, err = tostring(err), after = after}`)) as { ok: boolean; err: string; after: number };
    assert.is(caught.ok, false);
    assert.match(caught.err, message);
    assert.is(caught.after, 500500);
  });
}

test('a comparison that takes long, but ends, is let alone', async () => {
  assert.is(
    await run(`
      local t = {}
      for i = 1, 5000 do t[i] = i * 7919 % 5003 end
      table.sort(t, function(a, b) local x = 0 for i = 1, 10 do x = x + i end return a < b end)
      for i = 2, #t do assert(t[i - 1] <= t[i]) end
      return #t`),
    5000,
  );
});

/** Programs whose result must not depend on where they are interrupted. */
const SAME: { readonly [name: string]: string } = {
  arithmetic:
    'local a, b = 0, 1 for i = 1, 60 do a, b = b, a + b end return {a, b, 7 // 2, 7.5 % 2, 1 << 20, "10" + 5}',
  closures: `
    local fs = {}
    for i = 1, 5 do local n = i fs[i] = function(d) n = n + d return n end end
    local out = {}
    for round = 1, 3 do for i, f in ipairs(fs) do out[#out + 1] = f(round * i) end end
    return out`,
  coroutines: `
    local function tree(n)
      return coroutine.wrap(function()
        if n > 0 then for v in tree(n - 1) do coroutine.yield(v) end for v in tree(n - 2) do coroutine.yield(v) end end
        coroutine.yield(n)
      end)
    end
    local out = {}
    for v in tree(6) do out[#out + 1] = v end
    local co = coroutine.create(function(...) local n = select("#", ...) while true do n = n + coroutine.yield(n) end end)
    for i = 1, 4 do out[#out + 1] = select(2, coroutine.resume(co, i, i)) end
    out[#out + 1] = coroutine.status(co)
    return out`,
  errors: `
    local out = {}
    for i = 1, 4 do
      local ok, err = pcall(function() if i % 2 == 0 then error({code = i}) end return i .. "" end)
      out[#out + 1] = ok and err or err.code
    end
    out[#out + 1] = select(2, xpcall(function() local x = nil; return x.y end, function(m) return m:match("attempt.*") end))
    return out`,
  'to-be-closed variables': `
    local out = {}
    local function scope(n)
      local guard <close> = setmetatable({}, {__close = function(_, err) out[#out + 1] = n .. (err and "!" or "") end})
      if n == 3 then error("x") end
      if n < 4 then return scope(n + 1) end
    end
    pcall(scope, 1)
    for i in (function() return function(_, v) v = (v or 0) + 1 return v < 4 and v or nil end end)() do out[#out + 1] = i end
    return out`,
  metamethods: `
    local V = {}
    V.__index = V
    V.__add = function(a, b) return setmetatable({x = a.x + b.x}, V) end
    V.__eq = function(a, b) return a.x == b.x end
    V.__lt = function(a, b) return a.x < b.x end
    V.__concat = function(a, b) return (type(a) == "table" and a.x or a) .. "," .. (type(b) == "table" and b.x or b) end
    V.__call = function(self, y) return self.x * y end
    V.__len = function(self) return self.x end
    V.__unm = function(self) return setmetatable({x = -self.x}, V) end
    local function v(x) return setmetatable({x = x}, V) end
    local a, b = v(2), v(3)
    return {(a + b).x, a == v(2), a < b, a .. b, a(10), #b, (-a).x, a ~= b}`,
  'varargs and returns': `
    local function f(...) if select("#", ...) == 0 then return 0 end return select("#", ...) + f(select(2, ...)) end
    local function g(...) return ... end
    return {f(1, 2, 3, 4), (g(1, 2)), g(5, 6, nil, 8)}`,
  texts: `
    local out = {}
    for w, n in ("a=1, b=22, cc=3"):gmatch("(%w+)=(%d+)") do out[#out + 1] = w .. n end
    out[#out + 1] = ("hello world"):gsub("o", function(c) return c:upper() end)
    out[#out + 1] = string.format("%5.2f|%-5s|%05d|%q", 3.14159, "ab", 42, "x\\ny")
    local t = {5, 2, 8, 1, 9, 3}
    table.sort(t, function(a, b) return a > b end)
    out[#out + 1] = table.concat(t, ",")
    return out`,
  'messages, timers and channels': `
    local time, ch, out = require("time"), channel.new(2), {}
    coroutine.spawn(function() for i = 1, 5 do ch:send(i) end ch:close() end)
    while true do local v, ok = ch:receive() if not ok then break end out[#out + 1] = v end
    local inbox = process.inbox()
    local co = coroutine.wrap(function() while true do coroutine.yield(inbox:receive():payload():data()) end end)
    for i = 1, 3 do process.send(process.pid(), "x", {n = i}) out[#out + 1] = co().n end
    time.sleep("1ms")
    return out`,
  goto: `
    local out, i = {}, 0
    ::again::
    i = i + 1
    for j = 1, 10 do if j == i then goto continue end if j > 3 then break end out[#out + 1] = i * 10 + j ::continue:: end
    if i < 3 then goto again end
    return out`,
};

async function runWithSlice(body: string, slice: string): Promise<Payload> {
  const { runtime } = await deployLua(
    scripts({ main: `return function()\n${body}\nend` }, [], `{cpu_slice: ${slice}}`),
  );
  try {
    return await runtime.exec({ id: 'app:main', host: 'app:host' });
  } finally {
    await runtime.stop();
  }
}

for (const [name, body] of Object.entries(SAME)) {
  test(`interrupted at every opportunity, the result is the same: ${name}`, async () => {
    const expected = await runWithSlice(body, '1s');
    // One, two, three and seven units of fuel.
    for (const slice of ['20ns', '40ns', '60ns', '140ns']) assert.equal(await runWithSlice(body, slice), expected);
  });
}

test('limits.cpu_total ends a process that computes too long, and says where it was', async () => {
  const { runtime } = await deployLua(
    scripts({ main: 'return function()\n  local n = 0\n  while true do n = n + 1 end\nend' }, [], '{cpu_total: 5ms}'),
  );
  try {
    await runtime.exec({ id: 'app:main', host: 'app:host' });
    assert.unreachable();
  } catch (thrown) {
    assert.instance(thrown, TroupeError);
    const error = thrown as TroupeError;
    assert.is(error.kind, 'RATE_LIMITED');
    assert.match(error.message, 'limits.cpu_total');
    assert.match(String(error.place), 'main.lua:3');
  } finally {
    await runtime.stop();
  }
});

test('a process that waits most of the time is not ended by limits.cpu_total', async () => {
  const { runtime } = await deployLua(
    scripts(
      {
        main: 'local time = require("time") return function() for i = 1, 20 do time.sleep("1ms") end return "done" end',
      },
      [],
      '{cpu_total: 5ms}',
    ),
  );
  try {
    assert.is(await runtime.exec({ id: 'app:main', host: 'app:host' }), 'done');
  } finally {
    await runtime.stop();
  }
});

test('an endless loop without anybody to end it stops with its runtime', async () => {
  const { runtime } = await deployLua(scripts({ main: 'return function() while true do end end' }));
  runtime.spawn({ id: 'app:main', host: 'app:host' });
  await runtime.wait(5);
  assert.is(runtime.live, 1);
  await runtime.stop();
  assert.is(runtime.live, 0);
});

test('the error of what ran too long names the place', async () => {
  const error = await failure('table.sort({2, 1}, function()\n while true do end\n end)');
  assert.match(error.message, 'runs too long where it cannot be interrupted');
  assert.match(String(error.place), 'main.lua:3');
});

test.run();
