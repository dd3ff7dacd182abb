import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, run } from './deployed.ts';

const test = suite('lua table.sort');

/** Below and above the size at which the host's own takes over. */
for (const size of [9_000, 30_000]) {
  const filled = (value: string) => `local t = {} for i = 1, ${size} do t[i] = ${value} end`;
  const expectSorted = 'for i = 2, #t do assert(not less(t[i], t[i - 1]), i) end return #t';

  test(`${size} values of every order`, async () => {
    const orders = ['i', `${size} - i`, `i * 7919 % ${size}`, 'i % 3', '1', 'i % 2 == 0 and i or -i', `(i * i) % 1009`];
    for (const value of orders) {
      assert.is(
        await run(`local less = function(a, b) return a < b end ${filled(value)} table.sort(t) ${expectSorted}`),
        size,
        value,
      );
    }
  });

  test(`${size} values with a comparison, texts, and metamethods`, async () => {
    assert.is(
      await run(
        `local less = function(a, b) return a > b end ${filled('i % 1000')} table.sort(t, less) ${expectSorted}`,
      ),
      size,
    );
    assert.is(
      await run(`local less = function(a, b) return a < b end ${filled('tostring(i)')} table.sort(t) ${expectSorted}`),
      size,
    );
    assert.is(
      await run(`local mt = {__lt = function(a, b) return a.v < b.v end}
        local less = mt.__lt
        ${filled(`setmetatable({v = i * 31 % ${size}}, mt)`)} table.sort(t) ${expectSorted}`),
      size,
    );
  });

  test(`${size} values that cannot be compared, and comparisons that are none`, async () => {
    assert.match(
      (await failure(`${filled('i == 5000 and "x" or i')} table.sort(t)`)).message,
      /attempt to compare (number with string|string with number)/,
    );
    assert.match(
      (await failure(`${filled('i % 7')} table.sort(t, function() return true end)`)).message,
      /invalid order function for sorting|attempt to compare/,
    );
    assert.match((await failure(`${filled('i')} table.sort(t, function() error("own", 0) end)`)).message, /^own$/);
    assert.match((await failure(`${filled('i')} table.sort(t, 5)`)).message, /bad argument #2 to 'sort'/);
  });
}

test('a large table is sorted although the comparison waits', async () => {
  assert.is(
    await run(`
      local time, waits, t = require("time"), 0, {}
      for i = 1, 20000 do t[i] = i * 7919 % 20011 end
      table.sort(t, function(a, b)
        if a == 17 and waits < 3 then waits = waits + 1 time.sleep("1ms") end
        return a < b
      end)
      for i = 2, #t do assert(t[i - 1] < t[i]) end
      return waits`),
    3,
  );
});

test('misuse is told as by Lua itself', async () => {
  assert.match((await failure('table.sort(5)')).message, "bad argument #1 to 'sort' (table expected, got number)");
  assert.match((await failure('table.sort()')).message, "bad argument #1 to 'sort' (table expected, got no value)");
});

test.run();
