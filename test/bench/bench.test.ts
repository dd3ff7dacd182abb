/** The benchmark measures what it says: both sides do the work, and its tables and lines of JSON say what came out. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../runtime/runtime.ts';
import { startBench } from './bench_runtime.ts';
import { compileErlang, ERLANG_WORKLOADS, erlangCommand, whyNoErlang } from './erlang/erlang.ts';
import { percentile99 } from './latency_measurements.ts';
import { measure } from './measure.ts';
import type { Measurement } from './measurement.ts';
import { MEASUREMENTS } from './measurements.ts';
import { PEER_WORKLOADS } from './peers.ts';
import { asMarkdown, asTable, besideReport, jsonLine, notesOf, ownReport } from './report.ts';
import { compare, type Result, spreadOf } from './result.ts';
import { Rival } from './rival.ts';

const test = suite('bench');

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const guide = readFileSync(new URL('../../../test/bench/README.md', import.meta.url), 'utf8');
/** Operations of the round of a test; skynet wants a power of ten, fan-in a multiple of a thousand. */
const FEW = 1000;
/** Round trips under hogs: each is a pause of some steps of a hog. */
const FEW_UNDER_HOGS = 3;

function few({ name, count }: Pick<Measurement, 'name' | 'count'>): number {
  return name.startsWith('hog-') ? FEW_UNDER_HOGS : Math.min(count, FEW);
}

function find(key: string): Measurement {
  const found = MEASUREMENTS.find(({ machine, name }) => `${machine} ${name}` === key);
  assert.ok(found, `nothing measures "${key}"`);
  return found;
}

/** A rival that is a program of Node.js. */
function stub(program: string): Rival {
  return new Rival({ name: 'stub', command: process.execPath, args: ['-e', program] });
}

/** One that answers everything with the same line. */
const answers = (line: string): string => `process.stdin.on('data', () => console.log('starting up\\n${line}'))`;

const quick: Result = {
  name: 'ring',
  machine: 'ts',
  what: 'one hop | in a ring',
  unit: 'ns',
  target: 120,
  atLeast: false,
  figures: spreadOf([110, 100, 130]),
  note: 'the cores were free',
  beside: [compare('erlang', [110, 100, 130], [330, 320, 260], 3)],
};

test('a spread is the median and how far the rounds are apart', () => {
  assert.equal(spreadOf([3, 1.26, 2]), { median: 2, least: 1.3, most: 3 });
  assert.equal(spreadOf([1.256], 2), { median: 1.26, least: 1.26, most: 1.26 });
  assert.is(percentile99(Array.from({ length: 200 }, (_, i) => 200 - i)), 198);
});

test('a ratio says how many times better ours is, by medians and by rounds', () => {
  const { figures, ratio, target } = quick.beside[0];
  assert.equal(figures, { median: 320, least: 260, most: 330 });
  assert.equal(ratio, { median: 2.91, least: 2, most: 3.2 });
  assert.is(target, 3);
});

test('lines of JSON have the figure, and with a rival its figure and the ratio', () => {
  assert.equal(JSON.parse(jsonLine({ ...quick, beside: [] })), { name: 'ring', machine: 'ts', value: 110, unit: 'ns' });
  assert.equal(JSON.parse(jsonLine(quick)), {
    name: 'ring',
    machine: 'ts',
    value: 110,
    unit: 'ns',
    erlang: 320,
    ratio: 2.91,
  });
  const nact = compare('nact', [100], [1000], undefined);
  const both = JSON.parse(jsonLine({ ...quick, beside: [...quick.beside, nact] }));
  assert.is(both.nact, 1000);
  assert.equal(both.ratios, { erlang: 2.91, nact: 10 });
});

test('tables say what was reached', () => {
  const [own] = ownReport([quick]).rows;
  assert.equal(own, ['ring', 'ts', 'one hop | in a ring', '110 ns', '100', '130', '<= 120', 'reached']);
  const missed = ownReport([{ ...quick, target: 1.85, atLeast: true, unit: 'x', figures: spreadOf([1.2]) }]).rows[0];
  assert.equal(missed.slice(3), ['1.2 x', '1.2', '1.2', '>= 1.85', 'not reached']);
  const doubtful = ownReport([{ ...quick, doubt: 'cores not free' }]).rows[0];
  assert.equal(doubtful.slice(6), ['<= 120', 'cores not free']);
  const [beside] = besideReport([quick]).rows;
  assert.equal(beside.slice(2, 5), ['110 (100 .. 130) ns', 'erlang', '320 (260 .. 330) ns']);
  assert.equal(beside.slice(5), ['2.91 (2 .. 3.2)', '>= 3', 'not reached']);
  const [once] = besideReport([{ ...quick, beside: [compare('nact', [100], [1000], undefined)] }]).rows;
  assert.equal(once.slice(3), ['nact', '1000 ns', '10', '', '']);
});

test('the same rows for terminals and for documents', () => {
  const report = ownReport([quick]);
  assert.match(asTable(report), /│ ring\s+│ ts\s+│ one hop \| in a ring │/);
  assert.equal(asMarkdown(report).split('\n'), [
    '| name | machine | what | median | least | most | target |  |',
    '|---|---|---|---|---|---|---|---|',
    '| ring | ts | one hop \\| in a ring | 110 ns | 100 | 130 | <= 120 | reached |',
  ]);
  assert.equal(notesOf([quick, { ...quick, note: undefined }]), ['ring ts: the cores were free']);
});

test('everything that has a rival is measured, and explained', () => {
  for (const key of [...Object.keys(ERLANG_WORKLOADS), ...Object.keys(PEER_WORKLOADS)]) {
    const { name } = find(key);
    assert.ok(guide.includes(`\`${name}\``), `test/bench/README.md says nothing of ${name}`);
  }
});

let runtime: Runtime;
test.before(async () => {
  runtime = await startBench({ workers: 0 });
});
test.after(() => runtime.halt());

test('the README has a line for everything that is to be some times faster than Erlang', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  for (const [key, { ratio }] of Object.entries(ERLANG_WORKLOADS)) {
    const { name } = find(key);
    if (ratio !== undefined) assert.match(readme, new RegExp(`^\\| ${name} \\|.*\\| >= ${ratio} \\|`, 'm'));
  }
});

for (const key of Object.keys(ERLANG_WORKLOADS)) {
  test(`our side does all of its work: ${key}`, async () => {
    const measurement = find(key);
    const measured = await measurement.run(runtime, few(measurement));
    assert.ok((typeof measured === 'number' ? measured : measured.value) > 0);
  });
}

test("rounds that count are compared with the rival's", async () => {
  const rival = stub(answers('ok 1e9 10'));
  const { figures, beside } = await measure({ ...find('ts ping-pong'), count: 10 }, 3, [
    { rival, workload: 'work', ratio: 2 },
  ]);
  rival.stop();
  assert.ok(figures.least > 0 && figures.least <= figures.most);
  assert.equal(beside[0].figures, { median: 1e9, least: 1e9, most: 1e9 });
  assert.ok(beside[0].ratio.median > 2);
});

test('work that is the same on one worker and on two is compared', async () => {
  const measurement = { ...find('ts steal-no-op'), count: 100, once: true };
  const { figures, note } = await measure(measurement, 1, []);
  assert.ok(figures.median > 0);
  assert.match(note!, /last round .* ms; control: two independent busy threads did .* times the work of one/);
});

const missing = whyNoErlang();
if (missing !== undefined) console.log(`skip: workloads of Erlang: ${missing}`);
else {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-erlang-'));
  let erlang: Rival;
  test.before(() => {
    compileErlang(folder);
    erlang = new Rival(erlangCommand(folder));
  });
  test.after(() => {
    erlang.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [key, { workload }] of Object.entries(ERLANG_WORKLOADS)) {
    test(`Erlang does all of its work: ${workload} (${key})`, async () => {
      assert.ok((await erlang.run(workload, few(find(key)))) > 0);
    });
  }

  test('what Erlang cannot do is an error that names it', async () => {
    try {
      await erlang.run('nothing_like_this', 1);
      assert.unreachable('it was measured');
    } catch (error) {
      assert.match((error as Error).message, /^erlang, nothing_like_this: error .*undef/);
    }
  });
}

test('without Erlang it says what to install, and nothing else', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--erlang'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: '/nowhere' },
  });
  assert.is(status, 1);
  assert.is(stdout, '');
  assert.match(stderr, /^erlc and erl not found: install Erlang\/OTP 25 or newer .*apt-get install erlang-base.*\n$/);
});

test('a name that nothing has is an error', () => {
  const { status, stderr } = spawnSync(process.execPath, [main, '--only', 'sping'], { encoding: 'utf8' });
  assert.is(status, 1);
  assert.is(stderr, 'nothing is called "sping"\n');
});

for (const [what, program, expected] of [
  ['did less than asked', answers('ok 100 9'), 'stub, work: did 9 of 10 operations'],
  ['measured nothing', answers('ok 0 10'), 'stub, work: measured 0'],
  ['failed', answers('error out of luck'), 'stub, work: error out of luck'],
  ['ended', 'process.exit(3)', 'stub, work: error ended with code 3'],
] as const) {
  test(`a rival that ${what} is not compared`, async () => {
    const rival = stub(program);
    try {
      await rival.run('work', 10);
      assert.unreachable('it was compared');
    } catch (error) {
      assert.is((error as Error).message, expected);
    } finally {
      rival.stop();
    }
  });
}

test('lines of a library are not taken for answers', async () => {
  const rival = stub(answers('ok 12.5 10'));
  assert.is(await rival.run('work', 10), 12.5);
  rival.stop();
});

test.run();
