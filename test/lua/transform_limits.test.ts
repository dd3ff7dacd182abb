/** What never ends: preempted where that is possible, an error where it is not. And waits of host functions. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BareLua, type Limits } from '../../machines/lua/vm/transform/bare_lua.ts';
import { FUEL, HOW, How, MIN_FUEL } from '../../machines/lua/vm/words.ts';
import { hostFunction, transformed } from './bare_binaries.ts';

const test = suite('lua transform limits');

const LUA_YIELD = 1;
const LIMITS: Limits = { fuel: 1000, overdraft: 500_000 };
const TOO_LONG = 'runs too long where it cannot be interrupted';

/** What is caught of `body`'s error. */
function caught(body: string, limits = LIMITS): string {
  const { status, text } = new BareLua(transformed).run(
    `local ok, e = pcall(function() ${body} end) return tostring(ok) .. " " .. tostring(e)`,
    limits,
  );
  assert.is(status, 0, text);
  return text;
}

const PREEMPTED: { readonly [what: string]: string } = {
  'a loop': 'while true do end',
  'a numeric for': 'for _ = 1, math.huge do end',
  'a generic for': 'for _ in function() return 1 end do end',
  'a goto': '::here:: goto here',
  'tail calls': 'local function f() return f() end f()',
  'calls of C functions': 'local abs = math.abs repeat abs(1) until false',
  'a loop in pcall': 'while true do pcall(function() while true do end end) end',
  'errors that are caught': 'while true do pcall(error) end',
  'nested coroutines': 'coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)()',
  'coroutines of coroutine.resume': 'coroutine.resume(coroutine.create(function() while true do end end))',
  'a coroutine for each turn': 'while true do coroutine.wrap(function() end)() end',
  'an iterator that is a coroutine':
    'for _ in coroutine.wrap(function() while true do coroutine.yield(1) end end) do end',
  'a metamethod': 'local t = setmetatable({}, {__index = function() while true do end end}) return t.x',
  'a closing variable': 'local x <close> = setmetatable({}, {__close = function() while true do end end})',
};

for (const [what, source] of Object.entries(PREEMPTED)) {
  test(`${what} without end: preempted again and again`, () => {
    const lua = new BareLua(transformed);
    const L = lua.open();
    const thread = lua.load(L, source);
    const stack = lua.api.stackSave();
    for (let i = 0; i < 50; i++) {
      assert.is(lua.resume(thread, LIMITS), LUA_YIELD, lua.text(thread, -1));
      assert.ok(lua.wasPreempted);
      assert.is(lua.api.stackSave(), stack);
      lua.expectBalance();
    }
    lua.api.lua_close(L);
  });
}

test('patterns that take too long fail', () => {
  for (const body of [
    '("a"):rep(28):find(("a?"):rep(28) .. ("a"):rep(28))',
    '("a"):rep(20000):match("(.-)*b")',
    '("("):rep(300000):find("%b()")',
    '("a"):rep(1e6):find(("a"):rep(5e5) .. "b", 1, true)',
    '("a"):rep(30000):gsub("a*b", "")',
    'for _ in ("a"):rep(30000):gmatch("a*b") do end',
  ]) {
    assert.match(caught(body), /^false .*pattern too complex$/, body);
  }
});

test('patterns that are only large do not', () => {
  assert.is(
    caught('local s, n = ("hello world "):rep(20000):gsub("%w+", string.upper) return n', {
      fuel: 1000,
      overdraft: 20_000_000,
    }),
    'true 40000',
  );
});

const ENDLESS: { readonly [what: string]: string } = {
  'a comparator': 'table.sort({3, 2, 1}, function() while true do end end)',
  'a callback of gsub': '("abc"):gsub(".", function() while true do end end)',
  'a reader of load': 'assert(load(function() while true do end end))',
  __tostring: 'tostring(setmetatable({}, {__tostring = function() while true do end end}))',
  'a coroutine in a comparator': 'table.sort({3, 2, 1}, coroutine.wrap(function() while true do end end))',
  'coroutines in a comparator':
    'table.sort({3, 2, 1}, function() coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)() end)',
  'recursion in a callback': '("x"):rep(10):gsub(".", function() local function f() f() f() end f() end)',
  'table.move': 'table.move({}, 1, 1e15, 2)',
  'table.insert with a lying length': 'table.insert(setmetatable({}, {__len = function() return 1 << 50 end}), 1, 1)',
  'table.remove with a lying length': 'table.remove(setmetatable({}, {__len = function() return 1 << 50 end}), 1)',
  'string.rep of nothing': '(""):rep(1 << 50)',
  'a C function as reader': 'assert(load(collectgarbage))',
  'a sort that nothing compares': 'table.sort(setmetatable({}, {__len = function() return 1 << 30 end}), tonumber)',
};

for (const [what, body] of Object.entries(ENDLESS)) {
  test(`${what} without end: an error that can be caught`, () => {
    assert.match(caught(body), new RegExp(`^false .*(${TOO_LONG}|stack overflow)$`));
  });
}

test('the error names the line', () => {
  assert.is(
    caught('table.sort({2, 1},\nfunction()\nlocal n = 0\nwhile true do\nn = n + 1 end end)'),
    `false x:5: ${TOO_LONG}`,
  );
});

test('after the error its handlers run, where it was raised', () => {
  assert.is(
    caught(`
      local said
      table.sort({2, 1}, function()
        local ok, e = pcall(function() while true do end end)
        local n = 0
        for i = 1, 1000 do n = n + i end
        said = tostring(ok) .. n .. e
        return false
      end)
      error(said, 0)`),
    `false false500500x:4: ${TOO_LONG}`,
  );
  const { text } = new BareLua(transformed).run(
    `local function handler(m) local n = 0 for i = 1, 1000 do n = n + 1 end return n .. m end
     local result
     table.sort({2, 1}, function() result = select(2, xpcall(function() while true do end end, handler)) return false end)
     return result`,
    LIMITS,
  );
  assert.is(text, `1000x:3: ${TOO_LONG}`);
});

test('variables to be closed survive it', () => {
  assert.match(
    caught(`
      local closed = {}
      local function closer(name) return setmetatable({}, {__close = function() closed[#closed + 1] = name end}) end
      local ok, e = pcall(table.sort, {2, 1}, function()
        local a <close>, b = closer("a"), {1, 2, 3}
        local c <close> = closer("c")
        while true do local d = #b end
      end)
      error(table.concat(closed) .. e, 0)`),
    /^false cax:7: /,
  );
});

test('catching it in a loop does not help', () => {
  for (const body of [
    'table.sort({2, 1}, function() while true do pcall(function() while true do end end) end end)',
    'table.sort({2, 1}, function() while true do pcall(coroutine.wrap(function() while true do end end)) end end)',
    `table.sort({2, 1}, function()
       local function f(n) pcall(function() if n > 0 then f(n - 1) end while true do end end) end
       while true do f(20) end
     end)`,
    `local f = function() while true do end end
     table.sort({2, 1}, function() while true do xpcall(f, f) end end)`,
    'table.sort({2, 1}, function() while true do pcall(table.move, {}, 1, 1e15, 2) end end)',
  ]) {
    assert.match(caught(body), new RegExp(`^false .*${TOO_LONG}$`), body);
  }
});

test('what is only long in such places goes on', () => {
  assert.is(
    caught(
      'local t = {} for i = 1, 20000 do t[i] = i * 7919 % 20011 end table.sort(t, function(a, b) return a < b end) return t[1]',
      {
        fuel: 1000,
        overdraft: 20_000_000,
      },
    ),
    'true 1',
  );
});

test('results that are only large do not fail, even where the budget is small', () => {
  for (const body of ['return #("x"):rep(12e6)', 'return #("x"):rep(12e6):upper()']) {
    assert.match(caught(body, { fuel: 1000, overdraft: 1000 }), /^true 1[0-9]{7}$/, body);
  }
  // As many values as fit into 16 MiB, with the budget that goes with those.
  assert.is(
    caught('local t = {} for i = 1, 5e5 do t[i] = i end return #table.concat(t)', { fuel: 1000, overdraft: 8_000_000 }),
    'true 2888895',
  );
});

test('without a limit of the host nothing fails', () => {
  assert.is(
    caught('local n = 0 table.sort({2, 1}, function(a, b) for i = 1, 1e6 do n = n + 1 end return a < b end) return n', {
      fuel: 1000,
    }),
    'true 1000000',
  );
});

test('a budget is there again in the next slice', () => {
  assert.is(
    caught(`
      local errors = 0
      for i = 1, 5 do
        local ok, e = pcall(table.sort, {2, 1}, function() while true do end end)
        if not ok then errors = errors + 1 end
      end
      return errors`),
    'true 5',
  );
});

test('work of C functions brings the next preemption nearer', () => {
  const slices = (source: string) => new BareLua(transformed).run(source, LIMITS).preemptions;
  const plain = slices('for i = 1, 20 do math.abs(i) end');
  assert.is(plain, 0);
  for (const work of [
    'local t = {} for i = 1, 5000 do t[i] = i end for i = 1, 20 do table.concat(t) end',
    'local t = {} for i = 1, 5000 do t[i] = i end for i = 1, 20 do table.unpack(t) end',
    'local s = ("x"):rep(1e6) for i = 1, 20 do local u = s .. i end',
    'local s = ("x"):rep(1e5) for i = 1, 20 do utf8.len(s) end',
    'local s, u = ("x"):rep(1e5) .. 1, ("x"):rep(1e5) .. 2 for i = 1, 20 do local b = s < u end',
    'local t = {} for i = 1, 5000 do t[i] = {} end for i = 1, 20 do collectgarbage() end',
    'for i = 1, 20 do tonumber(("1"):rep(1e5)) end',
    'local s = ("a = 1 "):rep(2000) for i = 1, 20 do load(s) end',
  ]) {
    assert.ok(slices(work) >= 20, `${work}: ${slices(work)} slices`);
  }
});

/** A program whose `wait()` stops until the host goes on; then it answers `answer()`. */
function withWaits(
  source: string,
  answer: () => string,
): { lua: BareLua; thread: number; go(limits?: Limits): number } {
  const lua = new BareLua(transformed);
  const { api } = lua;
  const L = lua.open();
  const goOn = hostFunction(lua, 3, T => {
    if (lua.word(HOW) === How.CannotWait) {
      lua.setWord(HOW, How.Yielded);
      const message = lua.string('cannot wait here');
      api.lua_pushstring(T, message);
      api.free(message);
      return api.lua_error(T);
    }
    const text = lua.string(answer());
    api.lua_pushstring(T, text);
    api.free(text);
    return 1;
  });
  const wait = hostFunction(lua, 1, T => {
    if (api.lua_isyieldable(T) === 0) return 0;
    lua.setWord(HOW, How.Waits);
    return api.lua_yieldk(T, 0, 0, goOn);
  });
  const name = lua.string('wait');
  api.lua_pushcclosure(L, wait, 0);
  (api as unknown as { lua_setglobal(L: number, name: number): void }).lua_setglobal(L, name);
  api.free(name);
  const thread = lua.load(L, source);
  return { lua, thread, go: limits => lua.resume(thread, limits) };
}

test('a wait inside nested coroutines stops all of them, and goes on inside', () => {
  let answers = 0;
  const { lua, thread, go } = withWaits(
    `local function nested(depth, f) if depth == 0 then return f() end return coroutine.wrap(function() return nested(depth - 1, f) end)() end
     local a = nested(3, wait)
     local co = coroutine.create(function(x) local y = coroutine.yield(x .. wait()) return y .. wait() end)
     local _, b = coroutine.resume(co, "x")
     local _, c = coroutine.resume(co, "y")
     local d = select(2, pcall(nested, 2, function() return wait() end))
     local e for v in coroutine.wrap(function() coroutine.yield(wait()) end) do e = v end
     return table.concat({a, b, c, d, e}, " ")`,
    () => String(++answers),
  );
  for (let i = 1; i <= 5; i++) {
    assert.is(go(), LUA_YIELD);
    assert.is(lua.word(HOW), How.Waits);
    assert.is(answers, i - 1);
    lua.expectBalance();
  }
  assert.is(go(), 0);
  assert.is(lua.text(thread, -1), '1 x2 y3 4 5');
  assert.is(lua.thrown, 0);
});

test('a wait where a coroutine further out cannot yield: the host function is resumed to raise an error', () => {
  const { lua, thread, go } = withWaits(
    'return tostring(select(2, pcall(table.sort, {2, 1}, coroutine.wrap(function() wait() end))))',
    () => 'never',
  );
  assert.is(go(), 0, lua.text(thread, -1));
  assert.is(lua.text(thread, -1), 'cannot wait here');
  assert.is(lua.word(HOW), How.Yielded);
});

test('while a coroutine inside waits or is preempted, nobody else can resume or close it', () => {
  const source = (stop: string) => `
    local inner = coroutine.create(function() ${stop} return "done" end)
    local outer = coroutine.wrap(function() return coroutine.resume(inner) end)
    other = function() return coroutine.status(inner) .. "|" .. tostring(select(2, coroutine.resume(inner)))
      .. "|" .. tostring(select(2, pcall(coroutine.close, inner))) end
    local ok, result = outer()
    return tostring(ok) .. result .. coroutine.status(inner)`;
  for (const stop of ['wait()', 'for i = 1, 1000 do end']) {
    const { lua, thread, go } = withWaits(source(stop), () => '');
    assert.is(go({ fuel: 100 }), LUA_YIELD);
    assert.ok(lua.word(HOW) !== How.Yielded);
    // Another path of the same process asks in the meantime.
    const asking = lua.load(thread, 'return other()');
    lua.setWord(FUEL, 10_000);
    assert.is(lua.api.lua_pcallk(asking, 0, 1, 0, 0, 0), 0, lua.text(asking, -1));
    assert.is(lua.text(asking, -1), 'normal|cannot resume non-suspended coroutine|cannot close a normal coroutine');
    lua.api.lua_settop(thread, -2);
    let status = go();
    while (status === LUA_YIELD) status = go();
    assert.is(status, 0, lua.text(thread, -1));
    assert.is(lua.text(thread, -1), 'truedonedead');
  }
});

test('errors of a coroutine that stopped in between reach its resumer as always', () => {
  const { lua, thread, go } = withWaits(
    `local function fails() wait() error("late") end
     local a = tostring(select(2, coroutine.resume(coroutine.create(fails))))
     local b = tostring(select(2, pcall(coroutine.wrap(fails))))
     local c = tostring(select(2, pcall(coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() error("closing", 0) end}) fails() end))))
     return a .. "|" .. b .. "|" .. c`,
    () => '',
  );
  let status = go();
  while (status === LUA_YIELD) status = go();
  assert.is(lua.text(thread, -1), 'x:1: late|x:1: late|closing');
});

test('after an exception of the host the other coroutines go on', () => {
  const lua = new BareLua(transformed);
  const { api } = lua;
  const L = lua.open();
  const boom = hostFunction(lua, 1, () => {
    throw new RangeError('of the host');
  });
  const name = lua.string('boom');
  api.lua_pushcclosure(L, boom, 0);
  (api as unknown as { lua_setglobal(L: number, name: number): void }).lua_setglobal(L, name);
  const sibling = lua.load(L, 'local n = 0 while true do n = n + 1 coroutine.yield() last = n end');
  assert.is(lua.resume(sibling), LUA_YIELD);
  const failing = lua.load(L, 'coroutine.wrap(function() pcall(boom) end)()');
  const stack = api.stackSave();
  assert.throws(() => lua.resume(failing), /of the host/);
  lua.recover(stack);
  assert.is(lua.resume(sibling), LUA_YIELD);
  lua.expectBalance();
  assert.is(lua.word(MIN_FUEL), -0x8000_0000);
});

test.run();
