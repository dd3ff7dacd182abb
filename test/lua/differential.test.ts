/**
 * The machine against other builds of Lua 5.4: the same programs say the same, also when they are interrupted at every
 * opportunity, and moved. `TROUPE_SOAK` multiplies the number of programs.
 */
import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { BareLua } from '../../machines/lua/vm/transform/bare_lua.ts';
import { stock } from './bare_binaries.ts';
import { BareProcess } from '../bare_process.ts';
import { loadProgram } from './load_program.ts';
import { generateProgram } from './generated_program.ts';
import { WAITING } from './generated_waits.ts';

const test = suite('lua differential');

const PROGRAMS = 150 * Number(process.env.TROUPE_SOAK ?? 1);
/** Sections of a program, each from a seed. */
const SECTIONS = 4;
/** Milliseconds of one unit of fuel: the shortest slice there is. */
const UNIT = 0.000_02;
const SLICES = [1, 2, 3, 7, 100];
/** A program that is moved after each step is moved thousands of times at short slices: so only some are. */
const MOVED = [
  { slice: 100, every: 2 },
  { slice: 13, every: 8 },
  { slice: 1, every: 50 },
];

/**
 * Makes other Lua builds what the machine is to a program: it runs in a coroutine, and functions have no names by which
 * messages could call them. One line, before the program's own first line, which it leaves where it is.
 */
const BEFORE = 'for name in pairs(package.loaded) do package.loaded[name] = nil end local main = (function(...) ';
const AFTER = ' end)() return main()';

/**
 * Without what may differ: the line that is blamed for a division by zero, which in Lua itself depends on what was
 * interrupted before; and the word for a coroutine in messages of the functions that the machine replaces.
 */
function comparable(text: string): string {
  return text
    .replace(/main\.lua:\d+: (?=attempt to (divide by zero|perform 'n(\/\/|%)0'))/g, '')
    .replaceAll('coroutine expected, got', 'thread expected, got');
}

function runNative(program: string): string {
  const host = 'io.write(coroutine.wrap(assert(load(io.read("a"), "@main.lua")))())';
  const { status, stdout, stderr } = spawnSync('lua5.4', ['-e', host], {
    input: BEFORE + program + AFTER,
    encoding: 'utf8',
  });
  return status === 0 ? comparable(stdout) : `lua5.4 ended with ${status}: ${stderr}`;
}

function runStock(lua: BareLua, program: string): string {
  const L = lua.open();
  const thread = lua.load(L, BEFORE + program + AFTER, '@main.lua');
  assert.is(lua.resume(thread), 0, lua.text(thread, -1));
  const text = lua.text(thread, -1);
  lua.api.lua_close(L);
  return comparable(text);
}

/** With `slice` units of fuel a step, by default as many as always; `move` after each step. */
function runMachine(program: string, slice?: number, move = false): { text: string; steps: number } {
  const process = BareProcess.begin(loadProgram(program, slice === undefined ? {} : { cpuSlice: slice * UNIT }));
  process.run(moving => {
    if (move) moving.enter(moving.leave());
  });
  const { error, value, steps } = process;
  process.machine.close();
  if (error !== undefined) return { text: `${error.kind}: ${error.message} (${error.place})`, steps };
  return { text: comparable(String(value)), steps };
}

/** Equal texts, or an error that shows the first line in which they differ. */
function same(actual: string, expected: string, what: string): void {
  if (actual === expected) return;
  const [found, wanted] = [actual.split('\n'), expected.split('\n')];
  const at = wanted.findIndex((line, i) => line !== found[i]);
  const line = at < 0 ? wanted.length : at;
  throw new Error(`${what}, line ${line + 1}:\n  found:  ${found[line]}\n  wanted: ${wanted[line]}`);
}

const seeds = fc.array(fc.nat(), { minLength: SECTIONS, maxLength: SECTIONS, size: 'max' });
const hasNative = spawnSync('lua5.4', ['-v']).status === 0;
const hasImages = engineOfThread().vm.slots !== undefined;
const isPreemptive = hasImages;

test(`${PROGRAMS} generated programs: wasmoon's own binary, the machine, the machine at ${SLICES.length} slices and moved`, () => {
  const lua = new BareLua(stock);
  let runs = 0;
  let steps = 0;
  let moves = 0;
  if (!isPreemptive) console.log("skip: wasmoon's own binary is not preempted and has no images");
  fc.assert(
    fc.property(seeds, list => {
      const program = generateProgram(list);
      const expected = runStock(lua, program);
      same(runMachine(program).text, expected, 'the machine');
      runs++;
      // What is interrupted takes its C stack down, so it can nest deeper: fewer errors are the one difference.
      if (!isPreemptive || expected.includes('C stack overflow')) return;
      for (const slice of SLICES) {
        const run = runMachine(program, slice);
        same(run.text, expected, `in slices of ${slice} units of fuel`);
        steps += run.steps;
      }
      for (const { slice, every } of MOVED) {
        if (runs % every !== 0) continue;
        const run = runMachine(program, slice, true);
        same(run.text, expected, `moved after every ${slice} units of fuel`);
        moves += run.steps;
      }
    }),
    { numRuns: PROGRAMS, includeErrorInReport: true },
  );
  // Programs that fail at once would all say the same.
  if (!isPreemptive) return;
  assert.ok(steps > 2000 * PROGRAMS, `${steps} steps`);
  assert.ok(moves > 100 * PROGRAMS, `${moves} moves`);
});

test(`${PROGRAMS} generated programs in lua5.4 and in the machine`, () => {
  if (!hasNative) {
    console.log('skip: there is no command lua5.4 on this machine (Debian: apt install lua5.4)');
    return;
  }
  const lua = new BareLua(stock);
  let agreed = 0;
  let runs = 0;
  fc.assert(
    fc.property(seeds, list => {
      const program = generateProgram(list);
      const { text } = runMachine(program);
      const native = runNative(program);
      runs++;
      if (text === native) agreed++;
      // Early releases of Lua 5.4 have errors of their own (closing loops, concatenation while the stack grows), which
      // later ones do not have: then the later one decides.
      else if (text !== runStock(lua, program)) same(text, native, 'the machine');
    }),
    { numRuns: PROGRAMS, includeErrorInReport: true },
  );
  assert.ok(agreed >= 0.95 * runs, `only ${agreed} of ${runs} programs said the same in lua5.4`);
});

test('the same seeds make the same program', () => {
  fc.assert(
    fc.property(seeds, list => {
      assert.is(generateProgram(list), generateProgram([...list]));
    }),
    { numRuns: 20 },
  );
});

test('other seeds make other programs', () => {
  // A few short sections come up twice by chance: these seeds are always the same.
  const programs = new Set(Array.from({ length: 1000 }, (_, seed) => generateProgram([seed])));
  assert.ok(programs.size >= 990, `${programs.size} programs`);
});

/** What a program can read of the libraries without calling anything. */
const CONSTANTS = `return function()
  local lines = {}
  local function bytes(s) return (s:gsub('[^a-z ]', function(c) return '<' .. c:byte() .. '>' end)) end
  for _, library in ipairs{'math', 'utf8', 'string', 'table', 'coroutine'} do
    for name, value in pairs(({math = math, utf8 = utf8, string = string, table = table, coroutine = coroutine})[library]) do
      if type(value) ~= 'function' then lines[#lines + 1] = library .. '.' .. name .. ' ' .. bytes(tostring(value)) end
    end
  end
  table.sort(lines)
  return table.concat(lines, '\\n')
end`;

test('the constants of the libraries are those of Lua', () => {
  same(runMachine(CONSTANTS).text, runStock(new BareLua(stock), CONSTANTS), 'the machine');
});

for (const [name, body] of Object.entries(WAITING)) {
  test(`at any slice, and moved, a program that waits says the same: ${name}`, () => {
    const program = `return function()\n${body}\nend`;
    const expected = runMachine(program).text;
    assert.not.match(expected, /^[A-Z_]+: /);
    if (!isPreemptive) return;
    for (const slice of [...SLICES, 1000]) {
      same(runMachine(program, slice).text, expected, `in slices of ${slice} units of fuel`);
      same(runMachine(program, slice, true).text, expected, `moved after every ${slice} units of fuel`);
    }
    same(runMachine(program, undefined, true).text, expected, 'moved after every step');
  });
}

test.run();
