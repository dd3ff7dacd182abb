/** Several paths in one process: channels, select, timers, deadlock, misuse. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { errorOf, run, start, type WorldOptions } from './world.ts';

const test = suite('paths');
const HEAD = `import { defineProcess, defineFunction, EventKind, SECOND, TroupeError } from 'troupe/sdk';\n`;

/** Where async functions run. */
const TRUSTED: WorldOptions = { host: 'trusted: true' };

function body(text: string, args: readonly Payload[] = [], options: WorldOptions = {}): Promise<Payload> {
  return run(
    { main: `${HEAD}export default defineProcess(function* (self, ...args: any[]) {${text}});` },
    'main',
    args,
    { imports: ['time'], ...options },
  );
}

test('a send without room waits for its receiver; with room it does not', async () => {
  const result = await body(`
    const order: string[] = [];
    const direct = self.channel(); const roomy = self.channel(1);
    self.fork(function* () { yield* direct.send(1); order.push('direct sent'); });
    self.fork(function* () { yield* roomy.send(1); order.push('roomy sent'); });
    yield* self.after('1ms').receive();
    order.push('body'); yield* direct.receive(); yield* self.after('1ms').receive();
    return order;`);
  assert.equal(result, ['roomy sent', 'body', 'direct sent']);
});

test('kept values survive close; then receivers see the end, and senders an error', async () => {
  const result = await body(`
    const c = self.channel<number>(2);
    yield* c.send(1); yield* c.send(2); c.close(); c.close();
    const got = [yield* c.receive(), yield* c.receive(), (yield* c.receive()) === undefined, c.tryReceive() === undefined, c.closed];
    const seen = yield* self.select({ c });
    let error; try { yield* c.send(3); } catch (thrown) { error = thrown.message; }
    return [got, seen.key, seen.ok, error];`);
  assert.equal(result, [[1, 2, true, true, true], 'c', false, 'send on closed channel']);
});

test('closing wakes those who wait', async () => {
  const result = await body(`
    const c = self.channel(); const full = self.channel(1); full.trySend(1); const out = self.channel(3);
    self.fork(function* () { out.trySend((yield* c.receive()) === undefined); });
    self.fork(function* () { try { yield* full.send(2); } catch (error) { out.trySend(error.message); } });
    yield* self.after('1ms').receive();
    c.close(); full.close();
    return [yield* out.receive(), yield* out.receive()];`);
  assert.equal(result, [true, 'send on closed channel']);
});

test('select sends too, and a case that lost took nothing', async () => {
  const result = await body(`
    const a = self.channel<number>(); const b = self.channel<number>(1);
    const first = yield* self.select({ got: a, sent: b.sending(5) });
    self.fork(function* () { yield* a.send(9); });
    const second = yield* self.select({ got: a, sent: b.sending(6) });
    const kept = yield* b.receive();
    const none = yield* self.select({ b }, { default: true });
    return [first.key, second, kept, none.key];`);
  assert.equal(result, ['sent', { key: 'got', value: 9, ok: true }, 5, 'default']);
});

test('a waiting select that sends is served when a receiver comes, and only once', async () => {
  const result = await body(`
    const a = self.channel<number>(); const b = self.channel<number>();
    const out = self.channel<string>(2);
    self.fork(function* () { out.trySend((yield* self.select({ a: a.sending(1), b: b.sending(2) })).key); });
    yield* self.after('1ms').receive();
    const value = yield* b.receive();
    const rest = yield* self.select({ a, b }, { timeout: '1ms' });
    return [value, yield* out.receive(), rest.key];`);
  assert.equal(result, [2, 'b', 'timeout']);
});

test('tickers tick, timers give one value, both can be stopped', async () => {
  const result = await body(`
    const ticker = self.time.ticker('1ms');
    const ticks = [yield* ticker.receive(), yield* ticker.receive(), yield* ticker.receive()];
    ticker.stop(); ticker.stop();
    const never = self.after(3600 * SECOND); never.stop();
    return [ticks, (yield* ticker.receive()) === undefined, (yield* never.receive()) === undefined, yield* self.after(1e6).receive()];`);
  assert.equal(result, [[1, 2, 3], true, true, true]);
});

test('a duration that is none is refused with its place', async () => {
  for (const duration of ['"soon"', '0', '"-1s"', 'NaN', '{}']) {
    const error = await errorOf(body(`\n  return yield* self.after(${duration} as any).receive();\n`));
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, /after: .* is not a duration above zero; write text such as "250ms"/);
    assert.match(String(error.details?.place), /^main\.ts:3:/);
  }
});

test('a deadlock is found', async () => {
  const error = await errorOf(
    body(`const c = self.channel(); self.fork(function* () { yield* c.receive(); }); yield* c.receive();`),
  );
  assert.match(error.message, /^deadlock: every path of the process waits/);
});

test('waiting for events, messages, timers or a command is no deadlock', async () => {
  const result = await body(`
    const c = self.channel<string>();
    self.fork(function* () { yield* self.events().receive(); });
    self.fork(function* () { yield* self.after('2ms').receive(); yield* c.send('timer'); });
    return yield* c.receive();`);
  assert.is(result, 'timer');
});

test('async paths run in a process whose body is a generator', async () => {
  const result = await body(
    `
    const c = self.channel<number>();
    self.fork(async () => { await self.after('1ms').receive(); await c.send(1); for await (const n of numbers) await c.send(n); });
    const numbers = self.channel<number>(2); numbers.trySend(2); numbers.trySend(3); numbers.close();
    return [yield* c.receive(), yield* c.receive(), yield* c.receive()];`,
    [],
    TRUSTED,
  );
  assert.equal(result, [1, 2, 3]);
});

test('an error in an async fork ends the process', async () => {
  const error = await errorOf(
    body(
      `self.fork(async () => { await self.after('1ms').receive(); throw new Error('async fork'); }); yield* self.receive();`,
      [],
      TRUSTED,
    ),
  );
  assert.is(error.message, 'async fork');
});

test('yield without a star is explained', async () => {
  assert.match((await errorOf(body('yield self.receive() as any;'))).message, /write `yield\*`, with the star/);
  assert.match((await errorOf(body('yield 5 as any;'))).message, /write `yield\*`, with the star/);
});

test('a command that is asked outside of its generator is explained', async () => {
  const error = await errorOf(body('const all = [...self.receive() as any]; return all;'));
  assert.match(error.message, /write `yield\* self\.receive\(\)` in a generator/);
});

test('what moves a program is out of its sight and out of its reach', async () => {
  const result = await body(`
    const seen: unknown[] = [];
    const inner: any = self.time.ticker('1ms').receive();
    const spy: any = { [Symbol.iterator]: () => ({ next(handed: unknown) { seen.push(handed); return inner.next(); } }) };
    const value = yield* spy;
    inner.arm = inner.poll = inner.finish = () => { throw new Error('asked'); };
    const again = yield* inner;
    const refused: string[] = [];
    for (const shared of [self, self.receive(), inner, self.channel(), self.events(), self.withName('x'), self.registry]) {
      try { (Object.getPrototypeOf(shared) as any).send = 1; refused.push('changed'); } catch (error) { refused.push(error.name); }
      refused.push(...Reflect.ownKeys(shared).map(String));
    }
    return [value, again, seen.every(handed => handed === undefined), [...new Set(refused)]];`);
  assert.equal(result, [1, 2, true, ['TypeError', 'finish', 'poll', 'arm']]);
});

test('helpers wait for their callers', async () => {
  const main = `${HEAD}import type { Self } from 'troupe/sdk';
function* ask(self: Self, n: number) { self.send(self.pid, 'n', n); const m = yield* self.receive(); return m.payload; }
export default defineProcess(function* (self) { let sum = 0; for (let i = 0; i < 5; i++) sum += yield* ask(self, i); return sum; });`;
  assert.is(await run({ main }, 'main'), 10);
});

test('a long inbox is worked off in slices, so that others have their turn meanwhile', async () => {
  const world = {
    main: `${HEAD}export default defineProcess(function* (self) {
      const busy = self.spawnMonitored('busy', undefined, 20000);
      for (let i = 0; i < 20000; i++) self.send(busy, 'n', i);
      self.spawn('quick', undefined, busy, self.pid);
      const first = yield* self.receive();
      const exit = yield* self.events().receive();
      return [first.topic, first.payload < 20000, exit.result.value];
    });`,
    busy: `${HEAD}let done = 0; export default defineProcess(function* (self, n: number) {
      const progress = self.listen('progress');
      self.fork(function* () { for (;;) self.send(yield* progress.receive(), 'progress', done); });
      while (done < n) { yield* self.receive(); done++; }
      return done;
    });`,
    quick: `${HEAD}export default defineProcess(function* (self, busy: string, to: string) { self.send(busy, 'progress', to); });`,
  };
  assert.equal(await run(world, 'main'), ['progress', true, 20000]);
});

test('a canceled command answers CANCELED, and its child is cancelled', async () => {
  const world = {
    main: `${HEAD}export default defineProcess(function* (self) {
      const asked = self.exec('patient', undefined, self.pid);
      yield* self.receive();
      asked.cancel();
      let kind; try { yield* asked; } catch (error) { kind = error.kind; }
      return [kind, (yield* self.receive()).payload];
    });`,
    patient: `${HEAD}export default defineProcess(function* (self, to: string) {
      self.send(to, 'up'); const event = yield* self.events().receive(); self.send(to, 'down', event.kind);
    });`,
  };
  assert.equal(await run(world, 'main'), ['CANCELED', 'pid.cancel']);
});

test('nothing that a process does after its end has an effect', async () => {
  // Only a trusted program can arrange to run after its end, and tell another.
  const world = {
    main: `${HEAD}export default defineProcess(function* (self) {
      self.spawnMonitored('zombie', undefined, self.pid);
      const exit = yield* self.events().receive();
      const seen = globalThis as any;
      while (seen.afterTheEnd === undefined) yield* self.after('1ms').receive();
      return [exit.result.value, seen.afterTheEnd, self.tryReceive() === undefined];
    });`,
    zombie: `${HEAD}export default defineProcess(async (self, to: string) => {
      setTimeout(() => {
        const sent = self.send(to, 'from the grave', 1);
        let spawned; try { spawned = self.spawn('main'); } catch (error) { spawned = error.kind; }
        (globalThis as any).afterTheEnd = [sent === true ? 'sent' : sent.kind, spawned];
      }, 5);
      return 'ended';
    });`,
  };
  assert.equal(await run(world, 'main', [], { host: 'trusted: true' }), ['ended', ['CANCELED', 'CANCELED'], true]);
});

test('a killed generator runs no code of its own any more', async () => {
  const world = {
    main: `${HEAD}export default defineProcess(function* (self) {
      const child = self.spawnMonitored('stubborn', undefined, self.pid);
      yield* self.receive();
      self.terminate(child);
      const exit = yield* self.events().receive();
      return [exit.result.error.message, (yield* self.receive({ timeout: '5ms' })) === undefined];
    });`,
    stubborn: `${HEAD}export default defineProcess(function* (self, to: string) {
      try { self.send(to, 'up'); yield* self.receive(); } finally { self.send(to, 'finally'); yield* self.receive(); }
    });`,
  };
  assert.equal(await run(world, 'main'), ['process terminated', true]);
});

/** What paths do with one channel, against what a queue would do. */
test('values come out of a channel in the order in which they went in, whoever sends and receives', async () => {
  const runtime = await start({
    main: `${HEAD}export default defineProcess(function* (self, size: number, senders: number[], receivers: number, pauses: boolean[]) {
      const c = self.channel<[number, number]>(size); const done = self.channel<null>(); const got: [number, number][] = [];
      let step = 0;
      const pause = function* () { if (pauses[step++ % pauses.length]) yield* self.after('1ms').receive(); };
      senders.forEach((count, who) => self.fork(function* () {
        for (let i = 0; i < count; i++) { yield* pause(); yield* c.send([who, i]); }
        yield* done.send(null);
      }));
      for (let i = 0; i < receivers; i++) self.fork(function* () {
        for (;;) { const value = yield* c.receive(); if (value === undefined) break; got.push(value); yield* pause(); }
        yield* done.send(null);
      });
      for (let i = 0; i < senders.length; i++) yield* done.receive();
      c.close();
      for (let i = 0; i < receivers; i++) yield* done.receive();
      return got;
    });`,
  });
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(3),
        fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        async (size, senders, receivers, pauses) => {
          const got = (await runtime.exec({
            id: 't:main',
            host: 't:host',
            args: [size, senders, receivers, pauses],
          })) as unknown as [number, number][];
          senders.forEach((count, who) => {
            const order = got.filter(value => value[0] === who).map(value => value[1]);
            // One receiver sees the order of each sender; several see each value exactly once.
            const expected = Array.from({ length: count }, (_, i) => i);
            assert.equal(receivers === 1 ? order : order.sort((a, b) => a - b), expected);
          });
        },
      ),
      { numRuns: 40 },
    );
  } finally {
    await runtime.stop();
  }
});

test.run();
