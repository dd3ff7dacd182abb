/** Processes that are state machines. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { errorOf, refusal, run, type World, type WorldOptions } from '../typescript/world.ts';

const test = suite('xstate');

const HEAD = `import { assign, createMachine, fromCallback, fromPromise, log, raise, sendTo, setup, spawnChild, stopChild } from 'xstate';
import { fromEntry, reply, selfOf, sendMessage } from 'troupe/sdk/xstate';
import { EventKind } from 'troupe/sdk';
`;
const SDK = `import { defineFunction, defineProcess, EventKind, TroupeError } from 'troupe/sdk';\n`;

/** Run a deployment whose entry `machine` is a machine and whose others are TypeScript; answers what `id` returns. */
function machine(
  text: string,
  others: World = {},
  id = 'machine',
  args: readonly Payload[] = [],
  options: WorldOptions = {},
) {
  const world: { [name: string]: string } = { machine: HEAD + text };
  for (const [name, body] of Object.entries(others)) world[name] = SDK + body;
  return run(world, id, args, { ...options, kinds: { machine: 'process.xstate', ...options.kinds } });
}

const COUNTER = `export default setup({}).createMachine({
  context: ({ input }: any) => ({ n: input?.start ?? 0 }),
  initial: 'counting',
  states: {
    counting: {
      on: {
        add: { actions: assign({ n: ({ context, event }) => context.n + event.by }) },
        get: { actions: reply('is', ({ context }) => context.n) },
        stop: 'done',
      },
    },
    done: { type: 'final' },
  },
  output: ({ context }) => ({ total: context.n }),
});`;

test('messages are events, replies are messages, a final state is the end with its output', async () => {
  const client = `export default defineProcess(function* (self) {
    const counter = self.spawnMonitored('machine', undefined, { start: 10 });
    self.send(counter, 'add', { by: 5 });
    self.send(counter, 'get');
    const is = yield* self.receive();
    self.send(counter, 'stop');
    const exit = yield* self.events().receive();
    return [is.topic, is.payload, exit.result.value];
  });`;
  assert.equal(await machine(COUNTER, { client }, 'client'), ['is', 15, { total: 15 }]);
});

test('an event has the topic, the payload, the sender and the fields of a plain payload', async () => {
  const text = `export default createMachine({ context: {}, on: {
    '*': { actions: ({ event, system }) => selfOf({ system }).send(event.from, 'saw', { ...event, from: undefined }) },
  } });`;
  const client = `export default defineProcess(function* (self) {
    const m = self.spawn('machine');
    const seen = [];
    for (const send of [() => self.send(m, 'a', { x: 1, type: 'no', payload: 'no' }), () => self.send(m, 'b', [1]), () => self.send(m, 'c', 1, 2), () => self.send(m, 'xstate.stop'), () => self.send(m, 'pid.exit', {})]) {
      send(); seen.push((yield* self.receive()).payload);
    }
    return seen;
  });`;
  assert.equal(await machine(text, { client }, 'client'), [
    { x: 1, type: 'a', payload: { x: 1, type: 'no', payload: 'no' } },
    { type: 'b', payload: [1] },
    { type: 'c', payload: [1, 2] },
    { type: '@xstate.stop', payload: [] },
    { type: '@pid.exit', payload: {} },
  ]);
});

test('an invoked entry is a child process; its value is the done event', async () => {
  const text = `export default setup({ actors: { double: fromEntry<number, number>('double') } }).createMachine({
    context: { got: 0 }, initial: 'asking',
    states: {
      asking: { invoke: { src: 'double', input: 21, onDone: { target: 'done', actions: assign({ got: ({ event }) => event.output }) } } },
      done: { type: 'final' },
    },
    output: ({ context }) => context.got,
  });`;
  const double = `export default defineFunction(function* (self, n: number) { yield* self.after('1ms').receive(); return 2 * n; });`;
  assert.is(await machine(text, { double }, 'machine', [], { kinds: { double: 'function.ts' } }), 42);
});

test('the error of an invoked entry is the error event, with its kind', async () => {
  const text = `export default createMachine({
    context: { kind: '' }, initial: 'asking',
    states: {
      asking: { invoke: { src: fromEntry('broken'), onError: { target: 'done', actions: assign({ kind: ({ event }: any) => event.error.kind + ': ' + event.error.message }) } } },
      done: { type: 'final' },
    },
    output: ({ context }) => context.kind,
  });`;
  const broken = `export default defineFunction(() => { throw new TroupeError('no', { kind: 'CONFLICT' }); });`;
  assert.is(await machine(text, { broken }), 'CONFLICT: no');
});

test('an unhandled error of an invoked entry is the error of the machine', async () => {
  const text = `export default createMachine({ initial: 'a', states: { a: { invoke: { src: fromEntry('broken') } } } });`;
  const broken = `export default defineFunction(() => { throw new TroupeError('no', { kind: 'CONFLICT' }); });`;
  const error = await errorOf(machine(text, { broken }));
  assert.is(error.kind, 'CONFLICT');
  assert.is(error.message, 'no');
});

test('leaving the state that invokes an entry cancels the child', async () => {
  const text = `export default createMachine({ initial: 'a', context: {}, states: {
    a: { invoke: { src: fromEntry('patient'), input: ({ self, event }: any) => event.input }, on: { go: 'b' } },
    b: {},
  } });`;
  const patient = `export default defineProcess(function* (self, to: string) {
    self.send(to, 'up', self.pid);
    const event = yield* self.events().receive();
    self.send(to, 'down', event.kind);
  });`;
  const client = `export default defineProcess(function* (self) {
    const m = self.spawn('machine', undefined, self.pid);
    yield* self.receive();
    self.send(m, 'go');
    const down = yield* self.receive();
    return [down.topic, down.payload];
  });`;
  assert.equal(await machine(text, { patient, client }, 'client'), ['down', 'pid.cancel']);
});

test('after runs on the clock of the scheduler, and is cancelled by leaving the state', async () => {
  const text = `export default createMachine({
    context: { beats: 0 }, initial: 'a',
    states: {
      a: { after: { 1: { target: 'b' }, 60000: { target: 'late' } } },
      b: { after: { 0: { target: 'c' } } },
      c: { after: { soon: 'done' } },
      late: { type: 'final' },
      done: { type: 'final' },
    },
    output: ({ event }: any) => 'done',
  }, { delays: { soon: 2 } });`;
  assert.is(await machine(text), 'done');
});

test('a cancel and the end of a monitored process are events', async () => {
  const text = `export default createMachine({
    context: { seen: [] as string[] },
    entry: ({ system, context }) => { const child = selfOf({ system }).spawnMonitored('brief'); },
    on: {
      [EventKind.EXIT]: { actions: assign({ seen: ({ context, event }: any) => [...context.seen, event.type + '=' + event.result.value] }) },
    },
    initial: 'a',
    states: { a: { on: { [EventKind.CANCEL]: 'done' } }, done: { type: 'final' } },
    output: ({ context, event }) => context.seen,
  });`;
  const brief = `export default defineFunction(() => 7);`;
  const client = `export default defineProcess(function* (self) {
    const m = self.spawnMonitored('machine');
    yield* self.after('5ms').receive();
    self.cancel(m, 'please');
    return (yield* self.events().receive()).result.value;
  });`;
  assert.equal(await machine(text, { brief, client }, 'client'), ['pid.exit=7']);
});

test('an error in an action ends the process with its message and place', async () => {
  const text = `export default createMachine({ on: {
  go: { actions: () => { throw new RangeError('bad action'); } },
} });`;
  const client = `export default defineProcess(function* (self) {
    const m = self.spawnMonitored('machine');
    self.send(m, 'go');
    throw (yield* self.events().receive()).result.error;
  });`;
  const error = await errorOf(machine(text, { client }, 'client'));
  assert.is(error.message, 'bad action');
  assert.is(error.details?.place, 'machine.ts:5:32');
});

for (const [what, ask, options] of [
  [
    'promises',
    'async ({ input, system }: any) => (await selfOf({ system }).call("double", input)) + 1',
    { host: 'trusted: true' },
  ],
  ['commands', '({ input, system }: any) => selfOf({ system }).call("double", input)', {}],
  ['results', '({ input }: any) => 2 * input', {}],
] as const) {
  test(`${what} of fromPromise, callbacks and child machines run as actors of the process`, async () => {
    const text = `const child = createMachine({ initial: 'a', states: { a: { after: { 1: 'b' } }, b: { type: 'final' } }, output: 'child' });
  export default setup({ actors: {
    ask: fromPromise(${ask}),
    tick: fromCallback(({ sendBack }) => { sendBack({ type: 'ticked' }); }),
    child,
  } }).createMachine({
    context: { got: [] as unknown[] }, initial: 'one',
    states: {
      one: { invoke: { src: 'ask', input: 4, onDone: { target: 'two', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) } } },
      two: { invoke: { src: 'tick' }, on: { ticked: { target: 'three', actions: assign({ got: ({ context }) => [...context.got, 'tick'] }) } } },
      three: { invoke: { src: 'child', onDone: { target: 'done', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) } } },
      done: { type: 'final' },
    },
    output: ({ context }) => context.got,
  });`;
    const double = `export default defineFunction((self, n: number) => 2 * n);`;
    assert.equal(await machine(text, { double }, 'machine', [], options), [
      what === 'promises' ? 9 : 8,
      'tick',
      'child',
    ]);
  });
}

test('each process has its context to itself, also where the description holds it', async () => {
  const text = `export default createMachine({ context: { list: [] as number[] }, on: {
    push: { actions: [({ context }) => { context.list.push(1); }, reply('length', ({ context }) => context.list.length)] },
  } });`;
  const client = `export default defineProcess(function* (self) {
    const got = [];
    for (let i = 0; i < 2; i++) { self.send(self.spawn('machine'), 'push'); got.push((yield* self.receive()).payload); }
    return got;
  });`;
  assert.equal(await machine(text, { client }, 'client'), [1, 1]);
});

test('guards, always, raise, parallel states and stopChild are XState as it is known', async () => {
  const text = `export default setup({ guards: { full: ({ context }: any) => context.n >= 3 } }).createMachine({
    context: { n: 0 }, type: 'parallel',
    states: {
      counter: { initial: 'on', states: { on: { always: { guard: 'full', target: 'off' }, on: { inc: { actions: [assign({ n: ({ context }) => context.n + 1 }), raise({ type: 'incremented' })] } } }, off: { type: 'final' } } },
      watcher: { initial: 'zero', states: { zero: { on: { incremented: 'some' } }, some: { type: 'final' } } },
    },
    output: ({ context }) => context.n,
  });`;
  const client = `export default defineProcess(function* (self) {
    const m = self.spawnMonitored('machine');
    for (let i = 0; i < 10; i++) self.send(m, 'inc');
    return (yield* self.events().receive()).result.value;
  });`;
  assert.is(await machine(text, { client }, 'client'), 3);
});

test('sending what cannot be sent is an error, sending to who is gone is not', async () => {
  const gone = `export default createMachine({ entry: sendMessage('nobody', 'x', 1), initial: 'a', states: { a: { type: 'final' } }, output: 1 });`;
  assert.is(await machine(gone), 1);
  const bad = `export default createMachine({ entry: sendMessage('nobody', 'x', () => () => {}), initial: 'a', states: { a: { type: 'final' } } });`;
  assert.is((await errorOf(machine(bad))).kind, 'INVALID');
});

test('what would run beside the scheduler is denied', async () => {
  const text = `import { createActor } from 'xstate';
export default createMachine({ entry: () => { createActor(createMachine({})).start(); } });`;
  const error = await errorOf(machine(text));
  assert.is(error.kind, 'PERMISSION_DENIED');
  assert.match(error.message, /createActor is not available/);
});

test('a machine that is none is refused with its place', async () => {
  assert.match(
    await refusal({ machine: 'export default { initial: "a" };\n' }, { kinds: { machine: 'process.xstate' } }),
    /machine\.ts:1:\d+: the default export is a plain object; it must be a machine/,
  );
  for (const config of [
    "initial: 'nowhere', states: { a: {} }",
    "initial: 'a', states: { a: { initial: 'nowhere', states: { b: {} } } }",
  ]) {
    const text = `${HEAD}export default createMachine({ ${config} });`;
    assert.match(
      await refusal({ machine: text }, { kinds: { machine: 'process.xstate' } }),
      /machine\.ts.*"nowhere" not found/,
    );
  }
});

test.run();
