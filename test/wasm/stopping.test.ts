/** CANCEL and terminate, wherever a process stands, in both styles (semantics section 3). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { failure, run, start } from './start.ts';

const test = suite('wasm stopping');

const PROGRAM = `
  import { Event, link, listen, Message, receive, receiveOn, select, self, send, sleep, Sources, Spawner, trySelect } from "troupe";
  export { troupe_alloc } from "troupe";

  /** Tells the test that it stands where it is to be stopped. */
  function ready(): void { send(self.args[0].asString(), "ready", 1); }

  let spins: i64 = 0;
  function spin(): void { for (;;) spins++; }

  export function receives(): void { ready(); receive(); }
  export function listens(): void { ready(); listen("t"); receiveOn("t"); }
  export function selects(): void { ready(); select(Sources.Answers | Sources.Topics | Sources.Inbox); }
  export function sleeps(): void { ready(); sleep(60000); }
  export function execs(): void { new Spawner("program").method("named").arg(self.args[0]).name("inner").exec(); }
  export function calls(): void { self.exit(new Spawner("waiting").arg(self.args[0]).name("inner").exec()!); }
  export function runs(): void { ready(); spin(); }
  export function breaks(): void { link("outer"); throw new Error("it broke"); }
  export function named(): void { ready(); const event = select(Sources.Events) as Event; self.exit(event.reason); }

  /** Looks at events only after it waited for something else. */
  export function looks_later(): void {
    ready();
    receive();
    const event = trySelect(Sources.Events) as Event;
    self.exit([event.type, event.reason]);
  }

  export function on_message(at: usize, length: i32): void {
    const topic = Message.view(at).topic;
    ready();
    if (topic == "sleep") sleep(60000);
    if (topic == "receive") receive();
    if (topic == "exec") execs();
    if (topic == "run") spin();
    if (topic == "start") new Spawner("program").method("named").arg(self.args[0]).name("inner").start(1);
  }

  export function on_event(at: usize, length: i32): void {
    const event = Event.at(at, length);
    self.exit([event.type, event.reason]);
  }
`;

const runtime = await start(
  [
    '{name: program, kind: process.wasm, language: assemblyscript, source: file://program.ts, method: handlers, imports: [time]}',
    '{name: waiting, kind: function.wasm, language: assemblyscript, source: file://program.ts, method: named, imports: [time]}',
  ],
  { 'program.ts': PROGRAM },
);
test.after(() => runtime.stop());

let whenReady = (): void => undefined;
runtime.onMessage(() => whenReady());

/** Run it until it, and the child that it starts, have said that they stand where they are to be stopped: `times` times. */
async function standing(method: string, topic?: string, times = 1): Promise<{ readonly outcome: Promise<Payload> }> {
  let left = times;
  const ready = new Promise<void>(resolve => {
    whenReady = () => {
      if (--left === 0) resolve();
    };
  });
  const messages = topic === undefined ? [] : [{ topic, payloads: [null] }];
  const outcome = run(runtime, 'program', [runtime.pid], { method, name: 'outer', messages });
  await ready;
  return { outcome };
}

for (const method of ['receives', 'listens', 'selects', 'sleeps', 'execs', 'calls', 'runs']) {
  test(`terminate ends one that ${method}, and the child that it waits for`, async () => {
    const { outcome } = await standing(method);
    const ended = failure(outcome);
    runtime.terminate('outer');
    assert.is((await ended).message, 'process terminated');
    assert.ok(await runtime.drained(5000));
    assert.is(runtime.lookup('inner'), undefined);
  });
}

for (const [topic, times] of [
  ['sleep', 1],
  ['receive', 1],
  ['exec', 2],
  ['start', 2],
  ['run', 1],
  ['nothing', 1],
] as const) {
  test(`terminate ends one with handlers, in or after: ${topic}`, async () => {
    const { outcome } = await standing('handlers', topic, times);
    const ended = failure(outcome);
    runtime.terminate('outer');
    assert.is((await ended).message, 'process terminated');
    assert.ok(await runtime.drained(5000));
    assert.is(runtime.lookup('inner'), undefined);
  });
}

test('CANCEL waits until a blocking program asks for events', async () => {
  const { outcome } = await standing('looks_later');
  runtime.cancel('outer', 'closing time');
  runtime.send('outer', 'go', 1);
  assert.equal(await outcome, ['pid.cancel', 'closing time']);
});

test('CANCEL of one that waits for a child goes to the child, whose answer it gets', async () => {
  const { outcome } = await standing('calls');
  runtime.cancel('outer', 'enough');
  assert.is(await outcome, 'enough');
  assert.is(runtime.live, 0);
});

test('CANCEL comes to handlers at once, also with commands outstanding', async () => {
  for (const [topic, times] of [
    ['nothing', 1],
    ['start', 2],
  ] as const) {
    const { outcome } = await standing('handlers', topic, times);
    runtime.cancel('outer', 'closing time');
    assert.equal(await outcome, ['pid.cancel', 'closing time']);
    assert.ok(await runtime.drained(5000), 'the child was cancelled, too');
  }
});

test('a link ends one that runs or waits, without any code of its own', async () => {
  for (const [method, topic] of [['runs'], ['sleeps'], ['handlers', 'run'], ['handlers', 'nothing']] as const) {
    const { outcome } = await standing(method, topic);
    const ended = failure(outcome);
    assert.is((await failure(run(runtime, 'program', [], { method: 'breaks' }))).message, 'it broke');
    assert.match((await ended).message, /^linked process failed/);
    assert.is(runtime.live, 0);
  }
});

test.run();
