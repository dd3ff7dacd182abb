/**
 * What is thrown at the machine: texts that are no programs, programs that want everything, processes that end in every
 * way, and any value as a message. `TROUPE_SOAK` multiplies the number of runs.
 */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { luaMachine } from '../../machines/lua/lua_machine.ts';
import { isErrorKind, TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';
import { BareProcess } from '../bare_process.ts';
import { loadProgram } from './load_program.ts';
import { deployLua, scripts } from './deployed.ts';
import { ENDLESS, GREEDY, TRICKY } from './fuzz_hostile.ts';
import { arrived, message } from './fuzz_values.ts';
import { Chance } from './generated_chance.ts';
import { generateProgram } from './generated_program.ts';

const test = suite('lua fuzz');

const FACTOR = Number(process.env.TROUPE_SOAK ?? 1);
const isPreemptive = engineOfThread().vm.slots !== undefined;
/** Hostile programs end within these; the sum of the time is what makes this file long. */
const LIMITS = '{memory: 1MiB, cpu_slice: 1ms, cpu_total: 100ms}';

function skipStock(): boolean {
  if (isPreemptive) return false;
  console.log("skip: wasmoon's own binary is not preempted and has no limits");
  return true;
}

// --- sources ---------------------------------------------------------------------------------------------------------

const PIECES = [
  ...[
    'and',
    'break',
    'do',
    'else',
    'elseif',
    'end',
    'false',
    'for',
    'function',
    'goto',
    'if',
    'in',
    'local',
    'nil',
    'not',
  ],
  ...[
    'or',
    'repeat',
    'return',
    'then',
    'true',
    'until',
    'while',
    '::',
    '<close>',
    '<const>',
    '...',
    '..',
    '//',
    '<<',
    '~=',
  ],
  ...[
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    '[[',
    ']]',
    '[==[',
    '"',
    "'",
    '\\',
    '--',
    '--[[',
    '\n',
    ';',
    ':',
    ',',
    '=',
    '#',
    '0x',
    '1e',
  ],
  ...[
    'x',
    'self',
    '_ENV',
    'goto continue',
    '\\u{',
    '\\x',
    '\0',
    '\u{fffd}',
    '9999999999999999999',
    '0x1p',
    '1..2',
    'local function',
  ],
];

/** Some pieces of `text` left out, doubled, moved, or replaced. */
function mutated(text: string, chance: Chance): string {
  for (let changes = chance.between(1, 4); changes > 0; changes--) {
    const from = chance.integer(text.length);
    const to = Math.min(text.length, from + chance.between(0, 40));
    const piece = chance.pick([
      '',
      text.slice(from, to).repeat(2),
      ` ${chance.pick(PIECES)} `,
      text.slice(chance.integer(text.length)).slice(0, 30),
      String.fromCharCode(chance.integer(256)),
    ]);
    text = text.slice(0, from) + piece + text.slice(to);
  }
  return text;
}

/** INVALID with `file:line:column`; or it is a program, and ends. Answers which. */
function loadAndRun(source: string): 'refused' | 'failed' | 'ended' {
  let process: BareProcess;
  try {
    process = BareProcess.begin(loadProgram(source, { cpuTotal: 20, memory: 1 << 20 }));
  } catch (thrown) {
    assert.instance(thrown, TroupeError, String(thrown));
    const { kind, place, message } = thrown as TroupeError;
    assert.is(kind, 'INVALID', message);
    assert.match(String(place), /^main\.lua:\d+:\d+$/);
    assert.ok(message.length > 0);
    return 'refused';
  }
  const { error } = process.run();
  process.machine.close();
  if (error === undefined) return 'ended';
  assert.instance(error, TroupeError);
  return 'failed';
}

test('mutated programs are refused with their place, or run', () => {
  if (skipStock()) return;
  // Those that run catch most of their errors.
  const outcomes = { refused: 0, failed: 0, ended: 0 };
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), fc.nat(), (seeds, seed) => {
      outcomes[loadAndRun(mutated(generateProgram(seeds), new Chance(seed)))]++;
    }),
    { numRuns: 300 * FACTOR, includeErrorInReport: true },
  );
  assert.ok(outcomes.refused > 0 && outcomes.ended > 0, JSON.stringify(outcomes));
});

test('pieces of Lua in any order are refused with their place, or run', () => {
  if (skipStock()) return;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }), pieces => {
      loadAndRun(pieces.join(' '));
    }),
    { numRuns: 500 * FACTOR, includeErrorInReport: true },
  );
});

test('any bytes as a file are refused with their place, or accepted', async () => {
  const entry = '{name: main, kind: process.lua, source: "file://main.lua"}';
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.string({ unit: 'binary' })), async source => {
      const root = writeDeployment({
        'app.yaml': `namespace: app\nentries:\n  - {name: host, kind: process.host, allow_untrusted_ts: true}\n  - ${entry}\n`,
        'main.lua': source,
      });
      const { entries } = await readDeployment(root);
      try {
        await luaMachine.prepare(entries.get('app:main')!, { entry: id => entries.get(id), root, trusted: false });
      } catch (thrown) {
        assert.instance(thrown, TroupeError, String(thrown));
        assert.is((thrown as TroupeError).kind, 'INVALID');
        assert.match(String((thrown as TroupeError).place), /^main\.lua:\d+:\d+$/);
      }
    }),
    { numRuns: 40 * FACTOR, includeErrorInReport: true },
  );
});

// --- hostile programs ------------------------------------------------------------------------------------------------

/** Answers what it was asked, and a sum over what it keeps: both change if anybody writes into its memory. */
const WITNESS = `return function()
  local inbox, kept = process.inbox(), {}
  for i = 1, 500 do kept[i] = {n = i, text = ("w"):rep(i % 50) .. i} end
  while true do
    local question = inbox:receive()
    local sum = 0
    for i = 1, #kept do sum = sum + kept[i].n * #kept[i].text end
    process.send(question:from(), "answer", {question:payload():data(), sum})
  end
end`;
const ASK = `return function(witness, what)
  local answers = process.listen("answer")
  assert(process.send(witness, "ask", what))
  return answers:receive()
end`;

interface Ending {
  readonly name: string;
  readonly value?: Payload;
  readonly error?: TroupeError;
}

/** Runs each body as a process of its own, beside a witness who must notice nothing of any. */
async function runHostile(bodies: { readonly [name: string]: string }): Promise<Ending[]> {
  const names = Object.keys(bodies);
  const sources: { [name: string]: string } = { witness: WITNESS, ask: ASK };
  names.forEach((name, i) => {
    sources[`hostile${i}`] = `return function()\n${bodies[name]}\nend`;
  });
  const { runtime } = await deployLua(scripts(sources, [], LIMITS));
  const endings: Ending[] = [];
  try {
    const witness = runtime.spawn({ id: 'app:witness', host: 'app:host' });
    const ask = (what: string) => runtime.exec({ id: 'app:ask', host: 'app:host', args: [witness, what] });
    const [, sum] = (await ask('before')) as [string, number];
    for (const [i, name] of names.entries()) {
      try {
        endings.push({ name, value: await runtime.exec({ id: `app:hostile${i}`, host: 'app:host' }) });
      } catch (thrown) {
        assert.instance(thrown, TroupeError, `${name}: ${thrown}`);
        endings.push({ name, error: thrown as TroupeError });
      }
      assert.equal(await ask(name), [name, sum], `the witness after: ${name}`);
    }
    assert.is(runtime.live, 1, 'only the witness is left');
  } finally {
    await runtime.stop();
  }
  return endings;
}

function describe({ name, value, error }: Ending): string {
  return `${name}: ${error === undefined ? `value ${typeof value}` : `${error.kind} ${error.message.slice(0, 200)}`}`;
}

test('what wants more memory than it may have ends for that, and hurts nobody', async () => {
  if (skipStock()) return;
  for (const ending of await runHostile(GREEDY)) {
    // Lua has messages of its own for what no memory could hold, and answers them where it answers errors.
    const own = /string too large|too many|not enough memory|stack overflow|must be a whole number from/;
    const isForMemory = ending.error?.kind === 'UNAVAILABLE' || own.test(ending.error?.message ?? '');
    assert.ok(isForMemory, describe(ending));
  }
});

test('what never ends is ended, and hurts nobody', async () => {
  if (skipStock()) return;
  for (const ending of await runHostile(ENDLESS)) assert.is(ending.error?.kind, 'RATE_LIMITED', describe(ending));
});

test('what breaks its own ground ends with a value or an error, and hurts nobody', async () => {
  if (skipStock()) return;
  const deadlocks = new Set(['waiting for nothing', 'methods on wrong objects']);
  for (const ending of await runHostile(TRICKY)) {
    const kind = ending.error?.kind;
    assert.ok(kind === undefined || isErrorKind(kind), describe(ending));
    assert.is(kind === 'INTERNAL', deadlocks.has(ending.name), describe(ending));
  }
});

// --- thousands of ends -----------------------------------------------------------------------------------------------

/** One process of each fate. `linked` and `links` take each other along. */
const FATES: { readonly [name: string]: string } = {
  returns: 'return function(n) local t = {} for i = 1, n % 50 do t[i] = {i, "x" .. i} end return #t end',
  raises: 'return function(n) local t = {} for i = 1, n % 50 do t[i] = {i} end error({} or t) end',
  hoards: 'return function() local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end',
  waits: `return function(n)
    local inbox, guard <close> = process.inbox(), setmetatable({}, {__close = function() end})
    coroutine.wrap(function() pcall(function() inbox:receive() end) end)()
  end`,
  computes: 'return function() local n = 0 while true do n = n + 1 end end',
  paths:
    'return function() for i = 1, 5 do coroutine.spawn(function() process.listen("t" .. i):receive() end) end process.inbox():receive() end',
  links: `return function(n)
    local other = assert(process.spawn_linked("app:linked", "app:host"))
    if n % 2 == 0 then error("with all that is linked") end
    process.inbox():receive()
  end`,
  linked: 'return function() process.inbox():receive() end',
  cancelled: 'return function() local event = process.events():receive() return event.reason end',
};
const ENDS_BY_ITSELF = new Set(['returns', 'raises', 'hoards']);
const BATCH = 500;
const ROUNDS = 20;

async function spawnBatch(runtime: Runtime, pause = 2): Promise<void> {
  const names = Object.keys(FATES).filter(name => name !== 'linked');
  const others: [string, string][] = [];
  for (let i = 0; i < BATCH; i++) {
    const name = names[i % names.length];
    const pid = runtime.spawn({ id: `app:${name}`, host: 'app:host', args: [i] });
    if (!ENDS_BY_ITSELF.has(name)) others.push([name, pid]);
  }
  await runtime.wait(pause);
  for (const [name, pid] of others) {
    if (name === 'cancelled') runtime.cancel(pid, 'enough');
    else runtime.terminate(pid);
  }
  assert.ok(await runtime.drained(20_000), `${runtime.live} processes are left`);
}

/** Bytes of the heap when all garbage is gone, with what its finalizers let go: programs give back their pages so. */
async function heapUsed(runtime: Runtime): Promise<number> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await runtime.wait(5);
  }
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

test(`${BATCH * ROUNDS * FACTOR} processes of all fates leave nothing behind`, async () => {
  if (skipStock()) return;
  const { runtime } = await deployLua(scripts(FATES, [], '{memory: 256KiB, cpu_slice: 1ms}'));
  const slots = engineOfThread().vm.slots!;
  try {
    // Long enough for one of each program to have begun: each program keeps its template.
    await spawnBatch(runtime, 300);
    const before = await heapUsed(runtime);
    const pages = slots.livePages;
    for (let round = 1; round < ROUNDS * FACTOR; round++) {
      await spawnBatch(runtime);
      // Fewer when programs of runtimes before this one are collected only now.
      assert.ok(slots.livePages <= pages, `${slots.livePages} pages instead of ${pages} after round ${round}`);
    }
    assert.is(runtime.live, 0);
    const grown = (await heapUsed(runtime)) - before;
    assert.ok(grown < 4 << 20, `the heap has grown by ${grown} bytes`);
  } finally {
    await runtime.stop();
  }
});

// --- messages --------------------------------------------------------------------------------------------------------

test('any value comes back from a Lua process as it arrives there', async () => {
  const { runtime } = await deployLua(
    scripts({
      main: `return function(value)
        local inbox, me = process.inbox(), process.pid()
        process.send(me, "echo", value)
        local once = inbox:receive():payload():data()
        process.send(me, "echo", {held = once})
        return inbox:receive():payload():data().held
      end`,
    }),
  );
  try {
    await fc.assert(
      fc.asyncProperty(message, async value => {
        const echo = await runtime.exec({ id: 'app:main', host: 'app:host', args: [value] });
        assert.equal(echo, arrived(value));
      }),
      { numRuns: 300 * FACTOR, includeErrorInReport: true },
    );
  } finally {
    await runtime.stop();
  }
});

test.run();
