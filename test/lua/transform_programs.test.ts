/** The transformed binary runs programs as wasmoon's own and native Lua do, wherever it preempts them. */
import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BareLua, type Outcome, UNLIMITED } from '../../machines/lua/vm/transform/bare_lua.ts';
import { stock, transformed, withoutAddresses } from './bare_binaries.ts';
import { SAMPLES } from './transform_samples.ts';

const test = suite('lua transform programs');

const FUELS = [1, 2, 3, 7, 100, 1000, UNLIMITED];

const seen = ({ status, text, yields }: Outcome) => ({ status, text: withoutAddresses(text), yields });

for (const [name, source] of SAMPLES) {
  test(`${name}: the same as in the stock binary, at any fuel`, () => {
    const expected = new BareLua(stock).run(source);
    assert.is(expected.status, 0, expected.text);
    for (const fuel of FUELS) {
      const outcome = new BareLua(transformed).run(source, { fuel });
      assert.equal(seen(outcome), seen(expected), `fuel ${fuel}`);
      if (fuel === 1) assert.ok(outcome.preemptions > 0);
      if (fuel === UNLIMITED) assert.is(outcome.preemptions, 0);
    }
  });
}

/** Runs `source` as a coroutine of native Lua; undefined where there is none, or not 5.4. */
function runNative(source: string): string | undefined {
  const host = `
    local co = coroutine.create(assert(load([=====[\n${source}]=====], "=x")))
    local ok, v
    repeat ok, v = coroutine.resume(co) until coroutine.status(co) == "dead"
    io.write(_VERSION, "\\n", tostring(v))`;
  const { stdout, status } = spawnSync('lua5.4', ['-'], { input: host });
  const output = stdout?.toString('latin1') ?? '';
  return status === 0 && output.startsWith('Lua 5.4\n') ? output.slice('Lua 5.4\n'.length) : undefined;
}

test('all of them: the same as in native Lua 5.4', () => {
  if (runNative('return 1') === undefined) {
    console.log('skipped: there is no lua5.4 to compare with');
    return;
  }
  for (const [name, source] of SAMPLES) {
    const { text } = new BareLua(transformed).run(source, { fuel: 37 });
    assert.is(withoutAddresses(text), withoutAddresses(runNative(source) ?? ''), name);
  }
});

test('yields return, without exceptions: plain ones, in pcall, in iterators, in tail calls, in nested coroutines', () => {
  const { thrown, yields, status } = new BareLua(transformed).run(`
    local yield = coroutine.yield
    for i = 1, 10 do yield(i) end
    pcall(function() for i = 1, 10 do yield(i) end end)
    xpcall(function() pcall(yield) yield() end, print)
    for _ in (function() if yield() == nil then return nil end end) do end
    local function tail() return yield() end
    tail()
    local inner = coroutine.wrap(function() for i = 1, 10 do yield(i) end end)
    for i = 1, 10 do inner() yield(i) end`);
  assert.equal({ thrown, status, yields }, { thrown: 0, status: 0, yields: 34 });
});

test('preemption throws nothing either', () => {
  const { thrown, preemptions } = new BareLua(transformed).run(
    `local function work(n) local s = 0 for i = 1, n do s = s + math.abs(-i) end return s end
     coroutine.wrap(function() pcall(work, 300) for i in coroutine.wrap(function() coroutine.yield(work(300)) end) do end end)()`,
    { fuel: 10 },
  );
  assert.is(thrown, 0);
  assert.ok(preemptions > 50);
});

test('a yield from a metamethod is thrown, and arrives', () => {
  const outcome = new BareLua(transformed).run(
    'local t = setmetatable({}, {__index = function(_, k) return coroutine.yield() == nil and k end}) return t.a .. t.b',
  );
  assert.is(outcome.text, 'ab');
  assert.is(outcome.yields, 2);
  assert.is(outcome.thrown, 2);
});

test('recursion without end is a stack overflow, preempted or not', () => {
  for (const fuel of [1000, UNLIMITED]) {
    const { text } = new BareLua(transformed).run(
      'local function f() return 1 + f() end return tostring((select(2, pcall(f)))):match("stack overflow")',
      { fuel },
    );
    assert.is(text, 'stack overflow');
  }
});

test('a state hashes by the seed that the host gives', () => {
  const order = (seed: number): string => {
    const lua = new BareLua(transformed);
    lua.setSeed(seed);
    return lua.run(
      'local t = {} for i = 1, 64 do t["key" .. i] = i end local s = "" for k in pairs(t) do s = s .. k end return s',
    ).text;
  };
  assert.is(order(1), order(1));
  assert.is.not(order(1), order(2));
});

test.run();
