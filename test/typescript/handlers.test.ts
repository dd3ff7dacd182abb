/** Processes that are handlers: what each kind of handler is given, what it may answer, and what is refused. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { errorOf, refusal, run, type World, type WorldOptions } from './world.ts';

const test = suite('handlers');

const SDK = `import { defineFunction, defineProcess, EventKind, TroupeError } from 'troupe/sdk';\n`;
const DOUBLE = `export default defineFunction(function* (self, n: number) {
  if (n < 0) throw new TroupeError('negative', { kind: 'INVALID' });
  yield* self.time.sleep('1ms');
  return 2 * n;
});`;

function go(world: World, args: readonly Payload[] = [], options: WorldOptions = {}): Promise<Payload> {
  const texts = Object.fromEntries(Object.entries(world).map(([name, text]) => [name, SDK + text]));
  return run(texts, 'main', args, { imports: ['time', 'store', 'logger'], ...options });
}

/** One process of handlers that tells itself things. */
function alone(handlers: string, args: readonly Payload[] = [], more: World = {}, options: WorldOptions = {}) {
  return go({ main: `export default defineProcess({ ${handlers} });`, ...more }, args, options);
}

test('init gets the arguments, handlers the state and the message', async () => {
  const main = `export default defineProcess({
    init(self, start: number, by: number) { self.send(self.pid, 'add', by); self.send(self.pid, 'add', by, 1); self.send(self.pid, 'end'); return { sum: start, seen: [] as unknown[] }; },
    on: {
      add(self, state, mail) { state.seen.push([mail.topic, mail.payload, mail.count, mail.from === self.pid]); },
      end: (self, state) => self.done(state),
    },
  });`;
  assert.equal(await go({ main }, [1, 2]), {
    sum: 1,
    seen: [
      ['add', 2, 1, true],
      ['add', [2, 1], 2, true],
    ],
  });
});

test('a handler answers the next state, or nothing where it stays the same object', async () => {
  const handlers = `
    init(self) { for (let i = 1; i <= 1000; i++) self.send(self.pid, i % 2 ? 'odd' : 'even', i); self.send(self.pid, 'end'); return { odd: 0, even: 0 }; },
    on: {
      odd: (self, state, { payload }) => ({ ...state, odd: state.odd + payload }),
      even(self, state, { payload }) { state.even += payload; },
      end: (self, state) => self.done(state),
    },`;
  assert.equal(await alone(handlers), { odd: 250_000, even: 250_500 });
});

test('a state can be a primitive, and null', async () => {
  const handlers = `
    init(self) { for (const topic of ['up', 'up', 'none', 'end']) self.send(self.pid, topic); return 0 as number | null; },
    on: { up: (self, state) => (state ?? 0) + 1, none: (self, state) => (state === 2 ? null : -1), end: (self, state) => self.done([state]) },`;
  assert.equal(await alone(handlers), [null]);
});

test('init may end the process', async () => {
  assert.is(await alone(`init: (self, n: number) => self.done(n + 1),`, [4]), 5);
  assert.is(await alone(`init: self => self.done(),`), undefined);
});

test('message handles the topics that are not named; without it they are dropped', async () => {
  const tail = `end: (self, state) => self.done(state) },`;
  const init = `init(self) { for (const topic of ['a', 'b', 'toString', 'end']) self.send(self.pid, topic, 1); return [] as string[]; }, on: { a(self, state) { state.push('on a'); }, `;
  const catching = `${init}${tail} message(self, state, { topic }) { state.push(topic); },`;
  assert.equal(await alone(catching), ['on a', 'b', 'toString']);
  assert.equal(await alone(init + tail), ['on a']);
});

test('process events', async () => {
  const main = `export default defineProcess({
    init(self) { self.setOptions({ trapLinks: true }); const child = self.spawnLinkedMonitored('child', undefined); self.cancel(self.pid, 'enough'); return { child, seen: [] as unknown[] }; },
    event(self, state, event) {
      state.seen.push(event.kind === EventKind.CANCEL ? event.reason : [event.kind, event.from === state.child, event.result.error?.message]);
      if (state.seen.length === 3) return self.done(state.seen);
    },
  });`;
  const child = `export default defineProcess(() => { throw new TroupeError('broke'); });`;
  assert.equal(await go({ main, child }), ['enough', ['pid.exit', true, 'broke'], ['pid.link.down', true, 'broke']]);
});

test('without a handler for events a cancel changes nothing', async () => {
  const main = `export default defineProcess(function* (self) {
    const deaf = self.spawnMonitored('deaf', undefined);
    self.cancel(deaf); self.send(deaf, 'end');
    return (yield* self.events().receive()).result.value;
  });`;
  const deaf = `export default defineProcess({ init: () => 7, on: { end: (self, state) => self.done(state) } });`;
  assert.is(await go({ main, deaf }), 7);
});

test('timers: one of a name, set anew, stopped, with their note', async () => {
  const handlers = `
    init(self) { self.timer('tick', '1h', 'never'); self.timer('tick', '1ms', 'first'); self.timer('other', '1ms'); return { seen: [] as unknown[], stopped: [self.stopTimer('other'), self.stopTimer('other')] }; },
    timers: {
      tick(self, state, note) {
        state.seen.push(note);
        if (state.seen.length === 3) return self.done(state);
        self.timer('tick', 2e6, state.seen.length);
      },
      other(self, state) { state.seen.push('other'); },
    },`;
  assert.equal(await alone(handlers), { seen: ['first', 1, 2], stopped: [true, false] });
});

test('a timer that has ended but was not handled yet can still be stopped and set anew', async () => {
  const handlers = `
    init(self) { self.timer('a', '1ms', 1); self.timer('b', '1ms', 1); return [] as unknown[]; },
    timers: {
      a(self, state, note) { state.push(['a', note, self.stopTimer('b')]); self.timer('b', '1ms', 2); },
      b(self, state, note) { state.push(['b', note]); return self.done(state); },
    },`;
  assert.equal(await alone(handlers), [
    ['a', 1, true],
    ['b', 2],
  ]);
});

test('answers of entries and of capabilities, with their notes; errors are values', async () => {
  const handlers = `
    init(self) {
      self.expect('any', self.call('double', 4), { for: 4 });
      self.expect('any', self.call('double', -1), { for: -1 });
      self.expect('any', self.call('nobody'), { for: 0 });
      self.expect('any', self.time.sleep('5ms'));
      return [] as unknown[];
    },
    answers: {
      any(self, state, { value, error, note }) {
        state.push([note?.for ?? 'slept', value ?? null, error?.kind ?? null]);
        if (state.length === 4) return self.done(state);
      },
    },`;
  const seen = await alone(handlers, [], { double: DOUBLE }, { kinds: { double: 'function.ts' } });
  assert.equal((seen as unknown[]).map(String).sort(), ['-1,,INVALID', '0,,NOT_FOUND', '4,8,', 'slept,,']);
});

test('answers come after the handler that asked, never inside of it', async () => {
  const handlers = `
    init(self) { self.expect('answer', self.exec('nobody')); return ['init']; },
    answers: { answer: (self, state, { error }) => self.done([...state, error.kind]) },`;
  assert.equal(await alone(handlers), ['init', 'NOT_FOUND']);
});

test('what is forgotten is not handled, and its child is cancelled', async () => {
  const main = `export default defineProcess({
    init(self) { self.expect('late', self.exec('patient', undefined, self.pid)); return []; },
    on: {
      up(self) { self.forget('late'); },
      down: (self, state, { payload }) => self.done(payload),
    },
    answers: { late: self => self.done('handled') },
  });`;
  const patient = `export default defineProcess(function* (self, to: string) {
    self.send(to, 'up');
    const event = yield* self.events().receive();
    self.send(to, 'down', event.kind);
  });`;
  assert.is(await go({ main, patient }), 'pid.cancel');
});

test('operations of capabilities: what takes time is expected, the rest answers at once', async () => {
  const handlers = `
    init(self) { self.expect('set', self.store.set('k', [1])); return { begun: self.time.unix() > 0 }; },
    answers: {
      set(self) { self.expect('got', self.store.get('k')); },
      got: (self, state, { value }) => self.done([state.begun, value]),
    },`;
  assert.equal(await alone(handlers), [true, [1]]);
});

test('upgrade: the next program gets the state and the messages that were not handled', async () => {
  const main = `export default defineProcess({
    init(self) { for (const n of [1, 2, 3]) self.send(self.pid, 'n', n); return { seen: [] as number[], pid: self.pid }; },
    on: { n(self, state, { payload }) { state.seen.push(payload); if (payload === 2) self.upgrade('next', state); } },
  });`;
  const next = `export default defineProcess({
    init: (self, state: { seen: number[]; pid: string }) => state,
    on: { n: (self, state, { payload }) => self.done([...state.seen, payload, state.pid === self.pid]) },
  });`;
  assert.equal(await go({ main, next }), [1, 2, 3, true]);
});

test('a module with state of its own can have handlers too', async () => {
  const main = `const seen = new Map();
  export default defineProcess({
    init(self) { self.send(self.pid, 'a', 1); self.send(self.pid, 'end'); },
    on: { a(self, state, { payload }) { seen.set('a', payload); }, end: self => self.done([...seen]) },
  });`;
  assert.equal(await go({ main }), [['a', 1]]);
});

test('each process of such a module has its own', async () => {
  const main = `export default defineProcess(function* (self) {
    const counts = [];
    for (let i = 0; i < 3; i++) counts.push(yield* self.exec('counter', undefined));
    return counts;
  });`;
  const counter = `let count = 0;
  export default defineProcess({ init: self => self.done(++count) });`;
  assert.equal(await go({ main, counter }), [1, 1, 1]);
});

test('what a handler throws is the error of the process, with its place', async () => {
  const main = `export default defineProcess({
    init(self) { self.send(self.pid, 'boom'); return 0; },
    on: {
      boom() { throw new TroupeError('no', { kind: 'CONFLICT' }); },
    },
  });`;
  const error = await errorOf(go({ main }));
  assert.is(error.kind, 'CONFLICT');
  assert.is(error.place, 'main.ts:5:22');
});

test('a flood does not keep others from their turn', async () => {
  const main = `export default defineProcess(function* (self) {
    const hog = self.spawn('hog', undefined);
    self.send(hog, 'more');
    for (let i = 0; i < 100; i++) yield* self.time.sleep('1ms');
    self.terminate(hog);
    return 'had its turns';
  });`;
  const hog = `export default defineProcess({ init: () => ({ n: 0 }), on: { more(self, state) { state.n++; self.send(self.pid, 'more'); } } });`;
  assert.is(await go({ main, hog }), 'had its turns');
});

for (const [name, handlers, said] of [
  ['what waits is not there', `init(self: any) { self.receive(); },`, /self\.receive is not for handlers/],
  ['nor are paths', `init(self: any) { self.fork(() => {}); },`, /self\.fork is not for handlers/],
  [
    'a command in the place of a state',
    `init(self): any { return self.time.sleep('1ms'); },`,
    /answered a command or promise where the next state belongs/,
  ],
  [
    'an answer that nothing handles',
    `init(self) { self.expect('x', self.time.sleep('1ms')); },`,
    /no function named "x"/,
  ],
  ['a timer that nothing handles', `init(self) { self.timer('x', '1ms'); },`, /no function named "x"/],
  [
    'what is no command',
    `init(self) { self.expect('x', 4 as any); }, answers: { x() {} },`,
    /expect takes what self\.call/,
  ],
  ['a duration that is none', `init(self) { self.timer('x', 'soon'); }, timers: { x() {} },`, /not a duration/],
] as const) {
  test(`refused in a handler: ${name}`, async () => {
    const error = await errorOf(alone(handlers));
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, said);
    assert.match(error.place ?? '', /^main\.ts/);
  });
}

for (const [name, handlers, said] of [
  ['no init', `on: {},`, /`init` is missing/],
  ['an unknown key', `init() {}, onn: {},`, /"onn" is not one of init, message, event, on, timers, answers/],
  ['a handler that is none', `init() {}, on: { a: 1 },`, /on\.a must be a function, not number/],
  ['a generator', `init() {}, on: { *a() {} },`, /on\.a is a generator or async function/],
  ['a list', `init() {}, timers: 5,`, /`timers` must be an object of functions/],
] as const) {
  test(`refused in a definition: ${name}`, async () => {
    const error = await errorOf(alone(handlers));
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, said);
  });
}

for (const [name, handlers, said] of [
  ['a promise in the place of a state', `init(): any { return Promise.resolve(1); },`, /answered a command or promise/],
  ['an async function', `async init() {},`, /init is a generator or async function/],
] as const) {
  test(`refused where promises run: ${name}`, async () => {
    const error = await errorOf(alone(handlers, [], {}, { host: 'trusted: true' }));
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, said);
  });
}

test('a bare object is not handlers', async () => {
  assert.match(
    await refusal({ main: 'export default { init() {} };' }),
    /a plain object; it must be made by defineProcess/,
  );
});

test.run();
