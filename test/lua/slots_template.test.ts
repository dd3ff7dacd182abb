/** Clones of templates behave like states made from the start, by themselves, and within their limits. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RegionClaims } from '../../machines/lua/vm/slots/region_claims.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';
import { makeTemplate, type TemplateResult } from '../../machines/lua/vm/slots/template.ts';
import { hasBinary, Machine } from './slots_machine.ts';

const test = suite('slots: templates, clones and limits');
const MiB = 1 << 20;

/** Each of these answers a text that tells much of what went on, the garbage collector's work included. */
const PROGRAMS = {
  tables: `
    local t = {} for i = 1, 3000 do t[i] = {i, k = 'v' .. i} end
    local s = 0 for i, v in ipairs(t) do s = s + v[1] + #v.k end
    for i = 1, 3000, 3 do t[i] = nil end
    return s .. ' ' .. collectgarbage('count')`,
  globals: `
    local names = {} for k in pairs(_G) do names[#names + 1] = k end
    for k in pairs(string) do names[#names + 1] = k end
    return table.concat(names, ',') .. collectgarbage('count')`,
  text: `
    local parts = {} for i = 1, 500 do parts[i] = ('%d:%s'):format(i, ('ab'):rep(i % 17)) end
    local all = table.concat(parts, ';')
    return #all .. all:gsub('%d+', function(d) return #d end):sub(1, 300) .. collectgarbage('count')`,
  coroutines: `
    local function numbers(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
    local s = 0 for i = 1, 60 do for v in numbers(i) do s = s + v end end
    return s .. ' ' .. tostring(pcall(error, {1}) == false) .. collectgarbage('count')`,
  closing: `
    local log = {}
    local function closing(name) return setmetatable({}, {__close = function() log[#log + 1] = name end}) end
    local ok, err = pcall(function() local a <close> = closing('a') local b <close> = closing('b') error('x', 0) end)
    return err .. table.concat(log) .. collectgarbage('count')`,
};

if (hasBinary(test)) {
  test('a clone gives what a state made from the start gives, in slices of any length', () => {
    const machine = new Machine();
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const slot = machine.fresh(program, 8 * MiB);
      const expected = machine.run(slot);
      assert.is(expected.status, 0, expected.text);
      machine.slots.drop(slot);
      const template = machine.template(program);
      for (const fuel of [0x7fff_ffff, 1000, 37]) {
        const clone = machine.slots.clone(template, 8 * MiB, fuel, 0);
        assert.equal(machine.run(clone, fuel), expected, `${name} in slices of ${fuel}`);
        machine.slots.drop(clone);
      }
      template.free(machine.slots);
    }
    assert.is(machine.slots.livePages, 0);
  });

  test('clones lie above 2 GiB and begin with few pages', () => {
    const machine = new Machine();
    const template = machine.template('local n = ... return (n or 0) + 1');
    const slot = machine.slots.clone(template, MiB, 1, 2);
    assert.ok(slot < 0);
    assert.is(machine.run(slot).text, '1');
    assert.ok(machine.slots.pagesOf(slot) <= 5, `${machine.slots.pagesOf(slot)} pages`);
  });

  test('clones do not see one another', () => {
    const machine = new Machine();
    const template = machine.template(`
      local n = 0
      while true do n = n + 1 seen = (seen or '') .. n string.mark = (string.mark or 0) + 1 coroutine.yield()
        if n == 3 then return seen .. string.mark end end`);
    const one = machine.slots.clone(template, MiB, 0, 0);
    const two = machine.slots.clone(template, MiB, 0, 0);
    for (let i = 0; i < 3; i++) assert.is(machine.slice(one), undefined);
    assert.is(machine.slice(two), undefined);
    assert.is(machine.slice(one)?.text, '1233');
    machine.slots.drop(one);
    assert.is(machine.run(two).text, '1233');
    const three = machine.slots.clone(template, MiB, 0, 0);
    assert.is(machine.run(three).text, '1233');
  });

  test('math.random depends on both halves of the seed and on nothing else', () => {
    const machine = new Machine();
    const template = machine.template("return math.random(1 << 40) .. ' ' .. math.random()");
    const draw = (low: number, high: number) => {
      const slot = machine.slots.clone(template, MiB, low, high);
      const { text } = machine.run(slot);
      machine.slots.drop(slot);
      return text;
    };
    assert.is(draw(1, 2), draw(1, 2));
    assert.is(new Set([draw(1, 2), draw(2, 2), draw(1, 3), draw(0, 0), draw(-1, -1)]).size, 5);
  });

  test('large programs make templates, too', () => {
    const machine = new Machine();
    const lines = Array.from(
      { length: 700 },
      (_, i) => `t['key ${i}'] = function(a) return a * ${i}.5 .. 'text ${i}' end`,
    );
    // In functions of more than a page of code and of constants each.
    const program = `local t = {};
      (function() ${lines.slice(0, 350).join('\n')} end)();
      (function() ${lines.slice(350).join('\n')} end)()
      collectgarbage()
      return t['key 1'](2) .. t['key 699'](2)`;
    const template = machine.template(program);
    assert.ok(template.bytes > 100_000);
    const slots = [1, 2, 3].map(i => machine.slots.clone(template, 8 * MiB, i, 0));
    for (const slot of slots) assert.is(machine.run(slot, 5000).text, '3.0text 11399.0text 699');
    for (const slot of slots) machine.slots.drop(slot);
    template.free(machine.slots);
    assert.is(machine.slots.livePages, 0);
  });

  /** A template of which the boot runs `prepare` in the state as well. */
  function prepared(machine: Machine, program: string, prepare: (round: number) => string): TemplateResult {
    const bytecode = machine.compile(program);
    return makeTemplate(machine.slots, (slot, round) => {
      const booted = machine.boot(slot, bytecode);
      machine.load(booted.state, prepare(round));
      machine.api.lua_callk(booted.state, 0, 0, 0, 0);
      machine.collect(booted.state);
      return booted;
    });
  }

  test('what a boot has used before leaves no trace', () => {
    const machine = new Machine();
    const result = prepared(
      machine,
      'return #list .. list[40]',
      () => `for i = 1, 300 do local t = {{}, i, {i}, tostring(i), function() return i end} end collectgarbage()
        list = {} for i = 1, 40 do list[i] = ('x'):rep(i) end`,
    );
    assert.ok('ok' in result, 'refused' in result ? result.refused : '');
    assert.is(machine.run(machine.slots.clone(result.ok, MiB, 0, 0)).text, `40${'x'.repeat(40)}`);
  });

  test('templates may hold long stretches without any address', () => {
    const machine = new Machine();
    const result = prepared(
      machine,
      `return tostring(one == ('a'):rep(900000) .. 'b') .. tostring(two == ('c'):rep(262140) .. 'd')`,
      () => `one = ('a'):rep(900000) .. 'b' two = ('c'):rep(262140) .. 'd'`,
    );
    assert.ok('ok' in result, 'refused' in result ? result.refused : '');
    assert.is(machine.run(machine.slots.clone(result.ok, 8 * MiB, 0, 0)).text, 'truetrue');
  });

  const refusals: Record<string, { prepare: string; reason: RegExp }> = {
    'keys that are objects': {
      prepare: 't = {} for i = 1, 40 do t[{}] = i end',
      reason: /tables or functions as keys/,
    },
    'an address as text': { prepare: 't = "at " .. tostring({})', reason: /the text ".*at table: 0x/ },
    'chance in a number': { prepare: 't = round * 1.5', reason: /byte \d+ of \d+ differs/ },
    'a number that looks like an address at first': {
      prepare: 't = ({0, 0x20000, 7})[round]',
      reason: /\(0x0, 0x20000, 0x7\)/,
    },
    'chance in a size': { prepare: 't = ("x"):rep(3000 + round * 1000)', reason: /differs in size/ },
    'more than 16 MiB': { prepare: 't = ("x"):rep(17 * 1024 * 1024)', reason: /larger than 16 MiB/ },
  };
  for (const [name, { prepare, reason }] of Object.entries(refusals)) {
    test(`${name}: refused, with a reason, and nothing is left behind`, () => {
      const machine = new Machine();
      const result = prepared(machine, 'return 1', round => `local round = ${round % 10} ${prepare}`);
      assert.ok('refused' in result);
      assert.match(result.refused, reason);
      assert.is(machine.slots.livePages, 0);
    });
  }

  test('an exception of the boot is passed on and leaves nothing behind', () => {
    for (const failing of [0, 1, 3]) {
      const machine = new Machine();
      const bytecode = machine.compile('return 1');
      assert.throws(
        () =>
          makeTemplate(machine.slots, (slot, round) => {
            if (round === failing) throw new Error('no luck');
            return machine.boot(slot, bytecode);
          }),
        'no luck',
      );
      assert.is(machine.slots.livePages, 0);
    }
  });

  const bombs = {
    tables: 'local t = {} for i = 1, 1e9 do t[i] = {i} end',
    doubling: "local s = 'x' while true do s = s .. s end",
    repetition: "return #string.rep('x', 1e9)",
    recursion: 'local function f() return 1 + f() end return f()',
    nesting: 'local t = {} while true do t = {t} end',
    closures: 'local t = {} while true do local x = #t t[x + 1] = function() return x end end',
    coroutines: 'local t = {} while true do t[#t + 1] = coroutine.create(print) end',
    keys: "local t, i = {}, 0 while true do i = i + 1 t['k' .. i] = i end",
    concat: "local t = {} for i = 1, 20000 do t[i] = ('y'):rep(100) end return table.concat(t)",
    gsub: "return #(('x'):rep(300000):gsub('x', 'yyyyyyyy'))",
    unpacking: "return select('#', table.unpack({}, 1, 1e7))",
  };
  for (const [name, bomb] of Object.entries(bombs)) {
    test(`the limit holds against ${name}, and the process can go on`, () => {
      const machine = new Machine();
      const { slots } = machine;
      const template = machine.template(bomb);
      const sibling = slots.clone(machine.template(PROGRAMS.tables), 8 * MiB, 0, 0);
      machine.slice(sibling, 1000);
      const slot = slots.clone(template, MiB, 0, 0);
      let outcome = machine.run(slot, 100_000);
      assert.not.equal(outcome.status, 0);
      assert.match(outcome.text, /not enough memory|stack overflow|too many results/);
      if (outcome.text === 'not enough memory') assert.is(outcome.status, 4);
      assert.ok(slots.pagesOf(slot) <= (MiB * 1.5) / 4096 + 8);
      assert.ok(slots.limit(slot) === MiB);

      // Lua gives up half of its unused call records in each collection.
      machine.next(slot, 'for i = 1, 10 do collectgarbage() end');
      const before = slots.pagesOf(slot);
      const given = slots.trim(slot);
      assert.is(slots.pagesOf(slot), before - given);
      assert.ok(before < 60 || given > 20, `${given} of ${before} pages came back after a collection`);

      const again = 'local t = {} for i = 1, 3000 do t[i] = {i, tostring(i)} end return #t .. t[3000][2]';
      assert.equal(machine.next(slot, again), { status: 0, text: '30003000' });
      const caught = `local ok, err = pcall(function() ${bomb} end) return tostring(ok) .. ' ' .. #tostring(err)`;
      outcome = machine.next(slot, caught);
      assert.is(outcome.status, 0, outcome.text);
      assert.match(outcome.text, /^false/);
      assert.is(machine.run(sibling).status, 0);
    });
  }

  test('where all regions are full a clone is refused, and a process that grows fails by itself', () => {
    const table = new RegionTable(RegionTable.create());
    for (let region = 1; region < 63; region++) table.mark(region, 99);
    const machine = new Machine(new RegionClaims(table, 1));
    const { slots } = machine;
    const template = machine.template('local t = {} for i = 1, 1e6 do t[i] = i end');
    const host: number[] = [];
    for (let pages = 4096; pages >= 64; pages >>= 1) {
      for (let run = slots.allocatePages(pages); run !== 0; run = slots.allocatePages(pages)) host.push(run);
    }
    const clones: number[] = [];
    for (let slot = slots.clone(template, MiB, 0, 0); slot !== 0; slot = slots.clone(template, MiB, 0, 0))
      clones.push(slot);
    assert.ok(clones.length > 0);
    assert.equal(machine.run(clones[0]), { status: 4, text: 'not enough memory' });
    slots.drop(clones[0]);
    assert.not.equal(slots.clone(template, MiB, 0, 0), 0, 'a killed process makes room');
  });

  test('processes that come and go in any order leave nothing', () => {
    const machine = new Machine();
    const { slots } = machine;
    const template = machine.template(
      `local t = {} for i = 1, 20 do t[i] = ('x'):rep(i * i * i) coroutine.yield() if i % 3 == 0 then t = {} end end`,
    );
    const step = fc.record({
      pick: fc.nat(),
      act: fc.constantFrom('spawn', 'spawn', 'run', 'run', 'run', 'trim', 'drop'),
    });
    const baseline = slots.livePages;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), steps => {
        const live: number[] = [];
        for (const { pick, act } of steps) {
          const at = pick % Math.max(1, live.length);
          if (act === 'spawn') live.push(slots.clone(template, MiB, pick, 0));
          else if (live.length === 0) continue;
          else if (act === 'trim') slots.trim(live[at]);
          else if (act === 'drop' || machine.slice(live[at], 500) !== undefined) slots.drop(live.splice(at, 1)[0]);
          const pages = live.reduce((sum, slot) => sum + slots.pagesOf(slot), 0);
          assert.is(slots.livePages - baseline, pages);
        }
        for (const slot of live) slots.drop(slot);
        assert.is(slots.livePages, baseline);
      }),
      { numRuns: 60 },
    );
    template.free(slots);
    slots.giveBackRegions();
    assert.is(slots.livePages, 0);
  });
}

test.run();
