/** What bodies do: generators and async functions behave the same. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf, run, type WorldOptions } from './world.ts';

const test = suite('bodies');

/** Async functions are for hosts that are trusted. */
const HOSTS: { readonly [kind: string]: WorldOptions } = { generator: {}, promise: { host: 'trusted: true' } };

/** The same body twice: as a generator and as an async function. */
function bothWays(body: string): { generator: string; promise: string } {
  return {
    generator: `import { defineProcess, EventKind, TroupeError } from 'troupe/sdk';
export default defineProcess(function* (self, ...args: any[]) {${body}});`,
    promise: `import { defineProcess, EventKind, TroupeError } from 'troupe/sdk';
export default defineProcess(async (self, ...args: any[]) => {${body.replaceAll('yield*', 'await').replaceAll('function*', 'async function')}});`,
  };
}

function both(name: string, body: string, expected: (result: unknown) => void, args: any[] = [], more = {}): void {
  const bodies = bothWays(body);
  for (const [kind, text] of Object.entries(bodies)) {
    test(`${name} (${kind})`, async () => {
      expected(
        await run({ main: text, ...more }, 'main', args, { ...HOSTS[kind], imports: ['time', 'store', 'supervisor'] }),
      );
    });
  }
}

const ECHO = `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  for (;;) {
    const m = yield* self.receive();
    if (m.topic === 'stop') return 'stopped';
    self.send(m.from, m.topic, m.payload);
  }
});`;

both(
  'returns its value',
  'return { args, pid: typeof self.pid, id: self.id };',
  result => assert.equal(result, { args: [1, 'two', null], pid: 'string', id: 't:main' }),
  [1, 'two', null],
);

both(
  'messages go there and back in order',
  `const echo = self.spawn('echo', undefined);
   for (let i = 0; i < 1000; i++) self.send(echo, 'n', i);
   const got = [];
   for (let i = 0; i < 1000; i++) { const m = yield* self.receive(); got.push(m.payload); }
   return got.every((n, i) => n === i) && got.length;`,
  result => assert.is(result, 1000),
  [],
  { echo: ECHO },
);

both(
  'several payloads arrive as a list, none as an empty one',
  `self.send(self.pid, 'many', 1, 2); self.send(self.pid, 'none'); self.send(self.pid, 'one', [3]);
   const a = yield* self.receive(); const b = yield* self.receive(); const c = yield* self.receive();
   return [a.payload, a.count, b.payload, b.count, c.payload, c.count];`,
  result => assert.equal(result, [[1, 2], 2, [], 0, [3], 1]),
);

both(
  'a receive with a timeout gives undefined, then still gets later messages',
  `const nothing = yield* self.receive({ timeout: '2ms' });
   self.send(self.pid, 'late', 7);
   const late = yield* self.receive({ timeout: '10s' });
   return [nothing === undefined, late.payload];`,
  result => assert.equal(result, [true, 7]),
);

both(
  'topics that are listened on leave the inbox',
  `const orders = self.listen('order');
   self.send(self.pid, 'other', 'o'); self.send(self.pid, 'order', 1); self.send(self.pid, 'order', 2);
   const same = self.listen('order') === orders;
   const first = yield* orders.receive(); const inbox = yield* self.receive(); const second = yield* orders.receive();
   self.unlisten(orders);
   self.send(self.pid, 'order', 3);
   const closed = yield* orders.receive();
   const fallen = yield* self.receive();
   return [same, first, inbox.payload, second, closed === undefined, fallen.payload];`,
  result => assert.equal(result, [true, 1, 'o', 2, true, 3]),
);

both(
  'exec and call give the value, or throw the error with its kind',
  `const value = yield* self.exec('double', undefined, 21);
   const called = yield* self.call('double', 4);
   let kind, message;
   try { yield* self.call('broken'); } catch (error) { kind = error.kind; message = error.message; }
   return [value, called, kind, message];`,
  result => assert.equal(result, [42, 8, 'CONFLICT', 'no luck']),
  [],
  {
    double: `import { defineFunction } from 'troupe/sdk'; export default defineFunction((self, n: number) => 2 * n);`,
    broken: `import { defineFunction, TroupeError } from 'troupe/sdk';
export default defineFunction(() => { throw new TroupeError('no luck', { kind: 'CONFLICT' }); });`,
  },
);

both(
  'two commands run side by side',
  `const a = self.call('slow', 'a'); const b = self.call('slow', 'b');
   const first = yield* b; const second = yield* a;
   return [first, second, a.settled, b.settled];`,
  result => assert.equal(result, ['b', 'a', true, true]),
  [],
  {
    slow: `import { defineFunction } from 'troupe/sdk';
export default defineFunction(function* (self, name: string) { yield* self.after('1ms').receive(); return name; });`,
  },
);

both(
  'asynchronous operations of capabilities answer',
  `yield* self.store.set('key', { n: 1 });
   const value = yield* self.store.get('key');
   const missing = yield* self.store.get('nothing');
   yield* self.time.sleep('1ms');
   return [value, missing, typeof self.time.now(), typeof self.time.unix()];`,
  result => assert.equal(result, [{ n: 1 }, null, 'bigint', 'number']),
);

both(
  'select takes the case that is ready, in the order listed, and its timeout and default',
  `const a = self.listen('a'); const b = self.listen('b');
   const none = yield* self.select({ a, b }, { default: true });
   const late = yield* self.select({ a, b }, { timeout: '1ms' });
   self.send(self.pid, 'b', 'B'); self.send(self.pid, 'a', 'A');
   const first = yield* self.select({ a, b });
   const second = yield* self.select({ a, b });
   return [none.key, late.key, first, second];`,
  result =>
    assert.equal(result, [
      'default',
      'timeout',
      { key: 'a', value: 'A', ok: true },
      { key: 'b', value: 'B', ok: true },
    ]),
);

both(
  'forks run beside the body and meet it in channels',
  `const results = self.channel();
   for (let i = 0; i < 3; i++) self.fork(function* (n) { yield* self.after('1ms').receive(); yield* results.send(n * n); }, i);
   let sum = 0;
   for (let i = 0; i < 3; i++) sum += yield* results.receive();
   return sum;`,
  result => assert.is(result, 5),
);

both(
  'a monitored child tells how it ended',
  `const child = self.spawnMonitored('echo');
   self.send(child, 'stop');
   const event = yield* self.events().receive();
   const again = self.send(child, 'x');
   return [event.kind === EventKind.EXIT, event.from === child, event.result.value, again.kind];`,
  result => assert.equal(result, [true, true, 'stopped', 'NOT_FOUND']),
  [],
  { echo: ECHO },
);

both(
  'a cancel is an event',
  `const pid = self.pid;
   const child = self.withMessage('who', pid).spawn('canceler');
   const event = yield* self.events().receive();
   return [event.kind, event.reason, event.from === child];`,
  result => assert.equal(result, ['pid.cancel', 'enough', true]),
  [],
  {
    canceler: `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) { const m = yield* self.receive(); self.cancel(m.payload, 'enough'); });`,
  },
);

both(
  'a child that has asked for its events and does something else is asked to end',
  `const supervisor = self.capability('supervisor');
   const busy = yield* supervisor.start({ children: [{ process: 'busy', input: [self.pid] }] });
   yield* supervisor.stop(busy);
   return (yield* self.receive()).payload;`,
  result => assert.is(result, 'pid.cancel'),
  [],
  {
    busy: `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, pid: string) {
  const events = self.events();
  yield* self.time.sleep('10ms');
  self.send(pid, 'heard', (yield* events.receive()).kind);
});`,
  },
);

both(
  'the context is inherited through spawns and laid over by a spawner',
  `const mine = yield* self.withContext({ a: 1, b: 1 }).exec('context');
   return mine;`,
  result => assert.equal(result, { a: 1, b: 2, c: { d: [3] } }),
  [],
  {
    context: `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) { return yield* self.withContext({ b: 2, c: { d: [3] } }).exec('inner'); });`,
    inner: `import { defineFunction } from 'troupe/sdk'; export default defineFunction(self => ({ ...self.context }));`,
  },
);

both(
  'an upgrade goes on as the other entry with unread messages',
  `self.send(self.pid, 'n', 1); self.send(self.pid, 'n', 2);
   yield* self.receive();
   return yield* self.upgrade('other', self.pid);`,
  result => assert.equal(result, [true, 2]),
  [],
  {
    other: `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, pid: string) { const m = yield* self.receive(); return [self.pid === pid, m.payload]; });`,
  },
);

both(
  'names are registered, found and released',
  `self.registry.register('me');
   const found = self.registry.lookup('me') === self.pid;
   const sent = self.send('me', 'hello', 1);
   const m = yield* self.receive();
   const held = self.registry.unregister('me');
   return [found, sent, m.payload, held, self.registry.lookup('me') === undefined];`,
  result => assert.equal(result, [true, true, 1, true, true]),
);

for (const [kind, text] of Object.entries(
  bothWays('\n  yield* self.time.sleep("1ms");\n  throw new TypeError("oh");\n'),
)) {
  test(`an error names the line that threw it (${kind})`, async () => {
    const error = await errorOf(run({ main: text }, 'main', [], { ...HOSTS[kind], imports: ['time'] }));
    assert.is(error.message, 'oh');
    assert.is(error.details?.place, 'main.ts:4:9');
    assert.match(error.stack ?? '', /^TypeError: oh\n {4}at .*main\.ts:4:9/);
  });
}

for (const [kind, text] of Object.entries(
  bothWays('self.fork(function* () { throw new Error("in a fork"); }); yield* self.receive();'),
)) {
  test(`an error in a fork ends the process (${kind})`, async () => {
    assert.is((await errorOf(run({ main: text }, 'main', [], HOSTS[kind]))).message, 'in a fork');
  });
}

for (const [kind, text] of Object.entries(bothWays('return { fn() {} };'))) {
  test(`a result that cannot be sent is an error that names it (${kind})`, async () => {
    const error = await errorOf(run({ main: text }, 'main', [], HOSTS[kind]));
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, /result\.fn: function cannot be sent/);
  });
}

for (const [kind, text] of Object.entries(
  bothWays(
    'for (let i = 0; i < 5000; i++) self.send(self.pid, "n", i); let n = 0; while (self.tryReceive() !== undefined) n++; return n;',
  ),
)) {
  test(`tryReceive empties the inbox without waiting (${kind})`, async () => {
    assert.is(await run({ main: text }, 'main', [], HOSTS[kind]), 5000);
  });
}

test.run();
