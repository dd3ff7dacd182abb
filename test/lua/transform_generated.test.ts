/** Generated programs run in the transformed binary as in the stock one, at any fuel. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BareLua, UNLIMITED } from '../../machines/lua/vm/transform/bare_lua.ts';
import { stock, transformed, withoutAddresses } from './bare_binaries.ts';

const test = suite('lua transform generated programs');

const FUELS = [1, 2, 3, 7, 100, 1000, UNLIMITED];
const PROGRAMS = 400;

/**
 * `say` ends programs that would go on for too long: nested loops multiply. A message handler does not ask `tick` for more
 * than it gives: an error in a handler calls the handler again, up to "C stack overflow", and how deep that is differs
 * where a program was interrupted (README of the transform).
 */
const PROLOGUE = `
  local lines, n, said, yield = {}, 0, 0, coroutine.yield
  local function say(...)
    said = said + 1
    if said > 1500 then error("enough", 0) end
    local t = table.pack(...)
    for i = 1, t.n do t[i] = type(t[i]) == "table" and "T" or tostring(t[i]) end
    lines[#lines + 1] = table.concat(t, " ")
  end
  local function tick() n = n + 1 if n > 4000 then error("over", 0) end return n end
  local function main()`;
const EPILOGUE = `
  end
  say(pcall(main))
  return table.concat(lines, "\\n")`;

/** Statements of Lua that nest coroutines, protected calls, closing variables, metamethods, callbacks and loops. */
const { block } = fc.letrec<{ statement: string; block: string }>(tie => {
  const body = tie('block');
  const few = fc.integer({ min: 1, max: 3 });
  const digit = fc.integer({ min: 0, max: 9 });
  const made = (...parts: (string | fc.Arbitrary<string | number>)[]): fc.Arbitrary<string> =>
    fc.tuple(...parts.map(part => (typeof part === 'string' ? fc.constant(part) : part))).map(list => list.join(''));
  const leaves = [
    made('say(yield(', digit, '))'),
    made('n = n + ', digit, ' say(n)'),
    made('if tick() % ', fc.integer({ min: 2, max: 5 }), ' == 0 then error("e" .. n, 0) end'),
    made('say((function(...) return yield(...) end)(', digit, ', ', digit, '))'),
    made('say(#("x"):rep(tick() % 7), ("a1b2"):gsub("%d", ', '"<%0>"))'),
    made('say(select("#", table.unpack({1, 2, 3}, 1, ', few, ')))'),
  ];
  const nested = [
    made('for _ = 1, ', few, ' do ', body, ' end'),
    made('while tick() % ', fc.integer({ min: 2, max: 4 }), ' ~= 0 do ', body, ' end'),
    made('say(pcall(function() ', body, ' end))'),
    made(
      'say(xpcall(function(...) ',
      body,
      ' return ... end, function(m) if n < 4000 then tick() end return "H" .. tostring(m) end, ',
      digit,
      '))',
    ),
    made(
      'do local co = coroutine.wrap(function(...) ',
      body,
      ' return ',
      digit,
      ' end) for i = 1, ',
      few,
      ' do say(pcall(co, i)) end end',
    ),
    made(
      'do local co = coroutine.create(function(...) ',
      body,
      ' end) for i = 1, ',
      few,
      ' do say(coroutine.resume(co, i)) end say(coroutine.status(co), coroutine.close(co)) end',
    ),
    made(
      'do local x <close> = setmetatable({}, {__close = function(_, e) say("close", e) ',
      body,
      ' end}) ',
      body,
      ' end',
    ),
    made(
      'do local o = setmetatable({}, {__index = function(_, k) ',
      body,
      ' return k end, __add = function() return tick() end, __lt = function() ',
      body,
      ' return true end}) say(o.field, o + 1, o < o) end',
    ),
    made('for v in (function() if tick() % 3 ~= 0 then ', body, ' return n end end) do say("turn", v) end'),
    made('say(pcall(table.sort, {3, 1, 2}, function(a, b) ', body, ' return a < b end))'),
    made('say(pcall(string.gsub, "abc", "%w", function(c) ', body, ' return c:upper() end))'),
    made('say((function(...) ', body, ' return select("#", ...) end)(table.unpack({1, 2, 3}, 1, ', few, ')))'),
    made('do goto skip end do ', body, ' end ::skip:: say("skipped")'),
  ];
  return {
    statement: fc.oneof({ depthSize: 'small', withCrossShrink: true }, ...leaves, ...nested),
    block: fc
      .array(tie('statement'), { minLength: 1, maxLength: 3, depthIdentifier: 'block', size: 'small' })
      .map(list =>
        // A label must be the last of its block, and so must what nests.
        list.map(statement => `do ${statement} end`).join(' '),
      ),
  };
});

const program = fc.array(block, { minLength: 4, maxLength: 7 }).map(list => PROLOGUE + list.join('\n') + EPILOGUE);

test(`${PROGRAMS} programs at seven fuels`, () => {
  const one = new BareLua(stock);
  const other = new BareLua(transformed);
  let preemptions = 0;
  let yields = 0;
  let thrownBefore = 0;
  let thrownAfter = 0;
  fc.assert(
    fc.property(program, source => {
      const expected = one.run(source);
      yields += expected.yields;
      thrownBefore += expected.thrown;
      for (const fuel of FUELS) {
        const outcome = other.run(source, { fuel });
        preemptions += outcome.preemptions;
        if (fuel === UNLIMITED) thrownAfter += outcome.thrown;
        assert.is(outcome.status, expected.status);
        assert.is(withoutAddresses(outcome.text), withoutAddresses(expected.text), `fuel ${fuel}`);
        assert.is(outcome.yields, expected.yields, `fuel ${fuel}`);
      }
    }),
    { numRuns: PROGRAMS },
  );
  // The property is worth something only where the programs do what it is about.
  assert.ok(yields > PROGRAMS, `${yields} yields`);
  assert.ok(preemptions > 100 * PROGRAMS, `${preemptions} preemptions`);
  assert.ok(thrownAfter < thrownBefore, `${thrownAfter} exceptions instead of ${thrownBefore}`);
});

test.run();
