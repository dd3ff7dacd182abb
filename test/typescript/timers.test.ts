/** What a program sees of `self.after`: before and after it fires, received, awaited, selected, stopped, dropped. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { errorOf, run, start, type WorldOptions } from './world.ts';

const test = suite('timers');
const HEAD = `import { defineProcess, defineFunction } from 'troupe/sdk';\n`;

function body(text: string, kind = 'function*', options: WorldOptions = {}): Promise<Payload> {
  return run({ main: `${HEAD}export default defineProcess(${kind} (self) {${text}});` }, 'main', [], {
    imports: ['time'],
    ...options,
  });
}

test('a timer gives true once, whoever asks: at once where it has fired, never before', async () => {
  const result = await body(`
    const asked = self.after('2ms'); const received = self.after('2ms'); const selected = self.after('2ms');
    const early = [asked.tryReceive(), received.tryReceive()];
    yield* self.after('10ms').receive();
    const seen = [asked.tryReceive(), asked.tryReceive(), yield* received.receive(), received.tryReceive()];
    const { key, value, ok } = yield* self.select({ selected, received });
    return { early, seen, selected: [key, value, ok], again: (yield* self.select({ asked, received, selected }, { default: true })).key };`);
  assert.equal(result, {
    early: [null, null],
    seen: [true, null, true, null],
    selected: ['selected', true, true],
    again: 'default',
  });
});

test('stopped before it fires: closed and empty; stopped after: its value can still be received, then it is closed', async () => {
  const result = await body(`
    const early = self.after('2ms'); const late = self.after('2ms'); const taken = self.after('2ms'); const waited = self.after('1h');
    early.stop(); early.stop();
    let freed;
    self.fork(function* () { freed = [yield* waited.receive()]; });
    yield* self.after('10ms').receive();
    waited.stop();
    yield* self.after('1ms').receive();
    late.stop(); late.stop();
    taken.tryReceive(); taken.stop();
    const seen = [early.tryReceive(), yield* early.receive(), yield* late.receive(), yield* late.receive(), yield* taken.receive()];
    const { key, ok } = yield* self.select({ early });
    return { seen, freed, selected: [key, ok] };`);
  assert.equal(result, {
    seen: [null, null, true, null, null],
    freed: [null],
    selected: ['early', false],
  });
});

test('two paths wait for one timer: one gets the value, and the one that is left goes on when it is stopped', async () => {
  const result = await body(`
    const timer = self.after('2ms'); const got: unknown[] = [];
    for (let i = 0; i < 2; i++) self.fork(function* () { got.push((yield* timer.receive()) ?? 'closed'); });
    yield* self.after('10ms').receive();
    const before = got.length;
    timer.stop();
    yield* self.after('1ms').receive();
    return [before, got];`);
  assert.equal(result, [1, [true, 'closed']]);
});

test('async functions see the same', async () => {
  const result = await body(
    `
    const asked = self.after('2ms'); const awaited = self.after('2ms'); const stopped = self.after('1h'); const late = self.after('2ms');
    const early = [asked.tryReceive(), stopped.tryReceive()];
    stopped.stop();
    await self.after('10ms').receive();
    late.stop();
    return [early, asked.tryReceive(), await awaited.receive(), await stopped.receive(), await late.receive(), await late.receive({ timeout: '1ms' })];`,
    'async function',
    { host: 'trusted: true' },
  );
  assert.equal(result, [[null, null], true, true, null, true, null]);
});

test('a wait for something else is no deadlock as long as a timer runs, and one when it has fired', async () => {
  const waiter = `${HEAD}export default defineProcess(function* (self, timers: number) {
    for (let i = 0; i < timers; i++) self.after('30ms');
    yield* self.channel().receive();
  });`;
  const runtime = await start({ waiter }, {});
  try {
    const ended: string[] = [];
    const endOf = async (name: string, timers: number): Promise<void> => {
      const error = await errorOf(runtime.exec({ id: 't:waiter', host: 't:host', args: [timers] }));
      assert.match(error.message, /^deadlock/);
      ended.push(name);
    };
    await Promise.all([endOf('with timers', 3), endOf('without', 0)]);
    assert.equal(ended, ['without', 'with timers']);
  } finally {
    await runtime.stop();
  }
});

test('timers of different processes with the same tags are different timers', async () => {
  const child = `${HEAD}export default defineProcess(function* (self, milliseconds: number) {
    const timers = Array.from({ length: 50 }, () => self.after(milliseconds * 1e6));
    for (const timer of timers.slice(10)) timer.stop();
    let fired = 0;
    for (const timer of timers.slice(0, 10)) if (yield* timer.receive()) fired++;
    return fired;
  });`;
  const runtime = await start({ child }, {});
  try {
    const counts = await Promise.all(
      Array.from({ length: 20 }, (_, i) => runtime.exec({ id: 't:child', host: 't:host', args: [i + 1] })),
    );
    assert.equal(counts, new Array(20).fill(10));
    assert.is(runtime.scheduler.wheel.armed, 0);
  } finally {
    await runtime.stop();
  }
});

test('the end of a process and its upgrade drop its timers', async () => {
  const ends = `${HEAD}export default defineProcess(function* (self) { for (let i = 0; i < 1000; i++) self.after('1h'); return 'ended'; });`;
  const goesOn = `${HEAD}export default defineProcess(function* (self) { for (let i = 0; i < 1000; i++) self.after('1ms'); yield* self.upgrade('t:next'); });`;
  const next = `${HEAD}export default defineProcess(function* (self) {
    const timer = self.after('10ms'); let early = timer.tryReceive() === undefined;
    return [early, yield* timer.receive()];
  });`;
  const runtime = await start({ ends, goesOn, next }, {});
  try {
    assert.is(await runtime.exec({ id: 't:ends', host: 't:host' }), 'ended');
    assert.is(runtime.scheduler.wheel.armed, 0);
    assert.equal(await runtime.exec({ id: 't:goesOn', host: 't:host' }), [true, true]);
    assert.is(runtime.scheduler.wheel.armed, 0);
  } finally {
    await runtime.stop();
  }
});

test.run();
