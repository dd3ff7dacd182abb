/**
 * Guests that call anything with anything, in both styles, interrupted and moved wherever they stand. Each call answers with a
 * code that there is, nothing is written where it was not asked for, and when the process is gone all is as before.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { soaked } from '../soaked.ts';
import { machineTypes } from '../../machines/index.ts';
import { wasmMachine } from '../../machines/wasm/wasm_machine.ts';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { Payload } from '../../runtime/machine.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';
import { HastyClock } from './hasty_clock.ts';
import { type Moves, movingMachine } from './moving_machine.ts';
import { PROBED } from './probe.ts';
import {
  LAST,
  LEAST_OPERATIONS,
  MOST_OPERATIONS,
  type Operation,
  OWN_PID,
  POOL,
  scriptGuest,
  scriptOf,
  WINDOW,
} from './script_guest.ts';
import { wat } from './start.ts';

const test = suite('wasm hostile guests');

const latin = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const NAMES = ['peer', 'one', 'two', 'é'.repeat(3)];

/** Bytes in hex: what texts are made of. */
const TEXTS = [
  ...[
    'child',
    'slow',
    'app:child',
    'app:h',
    'app:short',
    't',
    'u',
    '@x',
    '@actor',
    ' ',
    '{app:h|0x00001}',
    '{app:h|0x',
  ].map(latin),
  ...NAMES.map(name => Buffer.from(name, 'utf8').toString('hex')),
  latin('a'.repeat(300)),
  'c3', // Half a character.
  'eda080', // A surrogate.
  'f8808080', // No UTF-8 at all.
];

const map = (...pairs: string[]): string => (0x80 + pairs.length / 2).toString(16) + pairs.join('');
const str = (text: string): string => (0xa0 + text.length).toString(16) + latin(text);
const CHILD = [str('id'), str('child')];
const SLOW = [str('id'), str('slow')];

/** MessagePack and what looks like it. */
const PAYLOADS = [
  'c0',
  'c3',
  '07',
  'ff',
  'cd1234',
  'd3ffffffffffffff85',
  'cfffffffffffffffff',
  'cb7ff8000000000000',
  '90',
  '9101',
  '92a17401',
  'c403010203',
  '80',
  '81a16101',
  '8101a161', // A key that is a number.
  '82a16101a16102', // The same key twice.
  '81a95f5f70726f746f5f5f01', // __proto__
  'a2c3', // Cut off.
  'a1c3', // Not UTF-8.
  'c1',
  'ddffffffff', // 4 billion items.
  'dfffffffff',
  'c6ffffffff',
  `${'91'.repeat(190)}c0`,
  `${'91'.repeat(260)}c0`,
  `c70c01${map(str('message'), str('no'))}`,
  `c70301${map(str('a'), '01').slice(0, 4)}`, // An error whose body is no map.
  'd40500', // Another extension.
  map(...CHILD),
  map(...CHILD, str('monitor'), 'c3', str('link'), 'c3'),
  map(...SLOW, str('name'), str('one'), str('messages'), `9192${str('t')}01`),
  map(...SLOW, str('link'), 'c3', str('host'), str('app:short')),
  map(...SLOW, str('timeout'), '05'),
  map(...CHILD, str('context'), map(str('k'), '01')),
  map(...CHILD, str('context'), map(str('@scope'), '90')),
  map(...CHILD, str('actor'), map(str('id'), str('ann'))),
  map(...CHILD, str('method'), str('absent')),
  map(...CHILD, str('nothing'), 'c0'),
  map(str('id'), '05'),
];

/** Where each of them is in the guest's memory, and how long it is. */
function placed(): { readonly data: string; readonly texts: number[][]; readonly payloads: number[][] } {
  let hex = '';
  const place = (bytes: string) => {
    const at = [POOL.at + hex.length / 2, bytes.length / 2];
    hex += bytes;
    return at;
  };
  const texts = TEXTS.map(place);
  const payloads = PAYLOADS.map(place);
  if (hex.length / 2 > POOL.length) throw new Error('the pool is too small');
  return { data: hex.replace(/../g, '\\$&'), texts: [...texts, [OWN_PID.at, OWN_PID.length]], payloads };
}
const pool = placed();

// --- scripts ------------------------------------------------------------------------------------------------------

/** Areas that are not inside, or not with all of their length. */
const OUTSIDE = [
  [65_536, 1],
  [65_530, 100],
  [-1, 1],
  [-8, 16],
  [0x7fffffff, 0x7fffffff],
  [WINDOW.at, -1],
];
const NOWHERE = [[65_536, 0], [0, -1], ...OUTSIDE];
const text = fc.constantFrom(...pool.texts, [0, 0]);
const payload = fc.constantFrom(...pool.payloads, [0, 0]);
/** Inside the window, its end included, and at the very end of the memory. */
const area: fc.Arbitrary<number[]> = fc.oneof(
  fc.nat(600).map((length): number[] => [WINDOW.at + WINDOW.length - length, length]),
  fc.nat(2000).chain(at => fc.nat(2000).map((length): number[] => [WINDOW.at + at, length])),
  fc.nat(LAST.length).map((length): number[] => [65_536 - length, length]),
  fc.constant<number[]>([WINDOW.at, WINDOW.length]),
);
/** A pointer from one and a length from another one; an area must not be made so. */
const mixed = fc.tuple(fc.oneof(text, payload), fc.oneof(text, payload)).map(([[at], [, length]]) => [at, length]);

/** Pairs of a parameter, by its name in the README. */
const PAIRS: { readonly [name: string]: fc.Arbitrary<number[]> } = {
  ...Object.fromEntries(
    ['dest', 'topic', 'id', 'host', 'pid', 'name', 'reason', 'message', 'text'].map(name => [name, text]),
  ),
  ...Object.fromEntries(
    ['payload', 'payloads', 'args', 'request', 'value', 'error', 'details', 'fields'].map(name => [name, payload]),
  ),
};
const small = fc.oneof(fc.integer({ min: -2, max: 16 }), fc.constantFrom(2 ** 29 - 1, 2 ** 29, -(2 ** 31)));
const limit = fc.constantFrom(0, 0.2, 1, 3, 50, 1e12, -1, Number.NaN, Number.POSITIVE_INFINITY);

/** Parameters of all functions, as the README has them. */
function parameters(): ReadonlyMap<string, readonly string[]> {
  const readme = readFileSync(new URL('../../../machines/wasm/README.md', import.meta.url), 'utf8');
  const found = new Map<string, readonly string[]>();
  for (const [, name, list] of readme.matchAll(/`(?:`troupe:\w+` )?([a-z_]+)\(([^)]*)\)(?: -> \w+)?`/g)) {
    found.set(name, list === '' ? [] : list.split(',').map(one => one.trim().split(':')[0]));
  }
  for (const level of ['info', 'warn', 'error']) found.set(level, found.get('debug')!);
  found.set('encode', ['args', 'args_len', 'out', 'cap']);
  found.set('start_encode', ['tag', 'args', 'args_len']);
  return found;
}
const PARAMETERS = parameters();

function argumentsOf(call: number): fc.Arbitrary<number[]> {
  const { name, signature } = PROBED[call];
  const names = PARAMETERS.get(name)!;
  const parts: fc.Arbitrary<number[]>[] = [];
  for (let i = 0; i < names.length; i++) {
    const pair = names[i] === 'out' ? area : names[i + 1]?.endsWith('_len') ? PAIRS[names[i]] : undefined;
    if (pair === undefined) {
      parts.push((signature.params[i] === 'f64' ? limit : small).map(value => [value]));
      continue;
    }
    const wrong = names[i] === 'out' ? fc.constantFrom(...OUTSIDE) : fc.oneof(fc.constantFrom(...NOWHERE), mixed);
    parts.push(fc.oneof({ weight: 8, arbitrary: pair }, { weight: 1, arbitrary: wrong }));
    i++;
  }
  return fc.tuple(...parts).map(found => found.flat() as number[]);
}

const ENDS = new Set(['exit', 'fail', 'fail_with', 'upgrade']);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  ...PROBED.map((probed, call) => ({
    weight: ENDS.has(probed.name) ? 1 : 12,
    arbitrary: argumentsOf(call).map(args => ({ call, args })),
  })),
);

// --- the stage ----------------------------------------------------------------------------------------------------

const GUEST = 'kind: process.wasm, source: file://guest.wasm, imports: [time, logger, json]';
const YAML = `version: "1.0"
namespace: app
entries:
  - {name: h, kind: process.host, limits: {mailbox: 50}}
  - {name: some, kind: process.host, limits: {mailbox: 50, cpu_slice: 2us}}
  - {name: short, kind: process.host, limits: {mailbox: 50, cpu_slice: 20ns}}
  - {name: guest, ${GUEST}, method: main}
  - {name: child, kind: process.wasm, source: file://child.wasm, meta: {default_host: "app:h"}}
  - {name: slow, kind: process.wasm, source: file://slow.wasm, meta: {default_host: "app:h"}}
`;
const FILES = {
  'app.yaml': YAML,
  'guest.wasm': wat(scriptGuest(pool.data)),
  'child.wasm': wat('(module (func (export "main")))'),
  'slow.wasm': wat(`(module
    (memory (export "memory") 1)
    (func (export "troupe_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "on_message") (param i32 i32)))`),
};

async function stage(every: number, moves: Moves): Promise<Runtime> {
  const clock = new HastyClock();
  const machines = machineTypes.map(type => (type === wasmMachine ? movingMachine(type, every, moves) : type));
  return Runtime.start({
    deployment: await readDeployment(writeDeployment(FILES)),
    machines,
    clock,
    services: createServices({ terminal: new MemoryTerminal(), log: silentLog, environment: {} }, clock),
  });
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** What may end a guest besides what it says itself. */
const OWN_END = /^(deadlock: |troupe_alloc\(|process terminated$|linked process failed|upgrade: )/;

function checkEnd(error: TroupeError): void {
  const told = `${error.kind}: ${error.message}\n${error.stack}`;
  assert.not.match(error.stack ?? '', /^trap: /, told);
  // Only what a script can say by `fail` and `fail_with` is left.
  const said = error.stack?.startsWith('fail: ') === true || error.kind === 'UNKNOWN' || error.kind === 'INVALID';
  assert.ok(said || OWN_END.test(error.message), told);
}

interface Run {
  readonly operations: readonly Operation[];
  readonly method: string;
  readonly host: string;
}

/** Turns that one script may take: it can upgrade to itself again and again. */
const MOST_TURNS = 3000;

/** Ends by itself, or is terminated when nothing happens any more, or too much. */
async function play(runtime: Runtime, { operations, method, host }: Run): Promise<void> {
  const { scheduler } = runtime;
  runtime.spawn({ id: 'app:slow', host: 'app:h', name: 'peer' });
  const messages = Array.from({ length: 12 }, (_, i) => ({ topic: i % 3 === 0 ? 't' : 'go', payloads: [i] }));
  const { pid, exit } = runtime.watch({ id: 'app:guest', host, method, args: [scriptOf(operations)], messages });
  runtime.cancel(pid, 'enough');
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  for (let quiet = 0, turns = 0; !ended && quiet < 20 && turns < MOST_TURNS; quiet++, turns++) {
    const { steps } = scheduler;
    await turn();
    if (scheduler.steps !== steps) quiet = 0;
    else if (quiet % 5 === 4) runtime.send(pid, 'go', 1);
  }
  for (const process of [...scheduler.table.all()]) if (process.pid !== runtime.pid) runtime.terminate(process.pid);
  const { error } = (await exit).result!;
  if (error !== undefined) checkEnd(error);
  await back(runtime);
}

/** Everything is as it was before. */
async function back(runtime: Runtime): Promise<void> {
  const { wheel } = runtime.scheduler;
  for (let i = 0; i < 1000 && (runtime.live > 0 || wheel.armed > 0); i++) await turn();
  assert.is(runtime.live, 0, 'processes are left');
  assert.is(wheel.armed, 0, 'timers are left');
  for (const name of NAMES) assert.is(runtime.lookup(name), undefined, `the name ${name} is left`);
}

const runs: fc.Arbitrary<Run> = fc.record({
  operations: fc.array(operation, {
    minLength: LEAST_OPERATIONS,
    maxLength: Math.min(40, MOST_OPERATIONS),
    size: 'max',
  }),
  method: fc.constantFrom('main', 'handlers'),
  host: fc.constantFrom('app:h', 'app:some', 'app:short'),
});

for (const [name, every, numRuns] of [
  ['interrupted', Number.MAX_SAFE_INTEGER, 1500],
  ['interrupted and moved', 23, 500],
] as const) {
  test(`whatever guests do, ${name}, nothing of it is left`, async () => {
    const moves: Moves = { count: 0 };
    const runtime = await stage(every, moves);
    await fc.assert(
      fc.asyncProperty(runs, run => play(runtime, run)),
      soaked({ seed: 20_240_501, numRuns }),
    );
    if (every < 100) assert.ok(moves.count > 1000, `${moves.count} moves`);
    await runtime.stop();
  });
}

test('a script that does nothing forbidden comes to its end, in both styles', async () => {
  const runtime = await stage(5, { count: 0 });
  const nothing: Operation = { call: PROBED.findIndex(probed => probed.name === 'get_options'), args: [] };
  for (const method of ['main', 'handlers']) {
    const args: Payload[] = [scriptOf(new Array(20).fill(nothing))];
    const messages = Array.from({ length: 10 }, () => ({ topic: 'go', payloads: [1] }));
    assert.is(await runtime.exec({ id: 'app:guest', host: 'app:h', method, args, messages }), 1);
  }
  await runtime.stop();
});

test.run();
