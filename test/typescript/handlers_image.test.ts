/** Processes of handlers as images: what is in them, who makes none, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StepStatus } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { loadPrepared, loadSource, prepareSource } from './load_program.ts';

const test = suite('images of handlers');

const SDK = `import { defineProcess } from 'troupe/sdk';\n`;
const COUNTER = `${SDK}export default defineProcess({
  init: (self, start: number) => ({ count: start, seen: [] as unknown[] }),
  on: {
    add(self, state, { payload }) { state.count += payload; },
    arm(self, state) { self.timer('tick', '1s', { of: state.seen }); self.timer('tock', '1h'); self.stopTimer('tock'); },
    keep(self, state, { payload }) { (state as any).kept = payload === 'map' ? new Map() : undefined; },
    end: (self, state) => self.done(state),
  },
  timers: {
    tick(self, state, note) { state.seen.push('tick', note.of === state.seen); },
    tock(self, state) { state.seen.push('tock'); },
  },
});`;

test('a process goes on in another program of the same artifact', async () => {
  const prepared = await prepareSource('process.ts', COUNTER);
  const process = BareProcess.begin(loadPrepared(prepared), 40);
  process.timersRun = false;
  process.send('add', 2);
  process.send('arm', null);
  assert.is(process.step(), StepStatus.Idle);
  const image = process.leave();
  process.machine = loadPrepared(prepared).resume!(image);
  process.timersRun = true;
  process.step();
  process.enter(process.leave());
  process.send('end', null);
  process.step();
  assert.equal(process.value, { count: 42, seen: ['tick', true] });
});

test('an image is small', async () => {
  const process = BareProcess.begin(await loadSource('process.ts', COUNTER), 1);
  process.step();
  const { bytes } = process.leave();
  assert.ok(bytes.length < 200, `${bytes.length} bytes`);
});

test('a state that is no data stays, until it is data again', async () => {
  const process = BareProcess.begin(await loadSource('process.ts', COUNTER), 1);
  process.send('keep', 'map');
  process.step();
  assert.is(process.machine.suspend!(), undefined);
  process.send('keep', 'nothing');
  process.step();
  process.enter(process.leave());
  process.send('end', null);
  process.step();
  assert.equal(process.value, { count: 1, seen: [] });
});

test('a process that has not begun makes no image', async () => {
  const program = await loadSource('process.ts', COUNTER);
  const machine = program.create();
  machine.init('main', [1]);
  assert.is(machine.suspend!(), undefined);
});

for (const [what, text] of [
  ['a generator', 'defineProcess(function* (self) { yield* self.receive(); })'],
  ['a module with state', 'defineProcess({ init() { state.n++; } }); const state = { n: 1 }'],
] as const) {
  test(`the machine of ${what} has no suspend`, async () => {
    const program = await loadSource('process.ts', `${SDK}export default ${text};`);
    assert.is(program.create().suspend, undefined);
  });
}

test('what a trusted host runs has no suspend', async () => {
  const program = await loadSource('process.ts', COUNTER, { trusted: true });
  assert.is(program.create().suspend, undefined);
});

test('an image of another program, and a damaged one', async () => {
  const program = await loadSource('process.ts', COUNTER);
  const other = await loadSource('process.ts', COUNTER.replace('1s', '2s'));
  const process = BareProcess.begin(program, 1);
  process.step();
  const image = process.leave();
  assert.throws(() => other.resume!(image), /made by another version of app:main/);
  for (const length of [0, 3, 20, image.bytes.length - 1]) {
    const cut = { program: image.program, bytes: image.bytes.slice(0, length) };
    assert.throws(
      () => program.resume!(cut),
      (error: { kind?: string }) => error.kind === 'INVALID',
      String(length),
    );
  }
});

test.run();
