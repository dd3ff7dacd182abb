/** Commands whose answers come later, timers, options and refusals, in both styles (semantics sections 2 to 5). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { failure, run, start, wat } from './start.ts';

const test = suite('wasm commands');

const PROGRAM = `
  import {
    abandon, Answer, Event, lastError, listen, Message, receive, receiveOn, receiveTimeout, registry, select, self, send, Sources, Spawner,
    startTimer, trySelect, unlisten, Value,
  } from "troupe";
  export { troupe_alloc } from "troupe";

  function why(): string { return lastError().get("kind").asString(); }

  /** A child that says that it is there, and that it was cancelled. */
  export function child(): void {
    const parent = self.args[0].asString();
    send(parent, "there", self.pid);
    const event = select(Sources.Events) as Event;
    send(parent, "canceled", event.reason);
    self.exit("ended");
  }

  export function future(): void {
    const seen: Array<string> = [];
    new Spawner("add").arg(20).arg(22).start(1);
    new Spawner("program").method("child").arg(self.pid).start(2);
    new Spawner("program").method("child").arg(self.pid).timeout(5).start(3);
    new Spawner("nothing").start(4);
    for (let i = 0; i < 3; i++) {
      const answer = select(Sources.Answers) as Answer;
      seen.push(answer.tag.toString() + " " + (answer.failed ? answer.payload.get("kind").asString() : answer.payload.toString()));
    }
    seen.sort();
    // The second is not complete, and goes on until nobody wants its answer.
    seen.push(trySelect(Sources.Answers) === null ? "not complete" : "complete");
    abandon(2);
    let canceled = 0;
    while (canceled < 2) if (receive().topic == "canceled") canceled++;
    seen.push(select(Sources.Inbox | Sources.Answers, 20) === null ? "no answer" : "an answer");
    self.exit(seen);
  }

  /** Starts a child for somebody else, and ends when that one lives. */
  export function leaves(): void {
    new Spawner("program").method("child").arg(self.args[0]).start(1);
    while (registry.lookup("seen") === null) receiveTimeout(1);
  }

  export function survives_its_starter(): void {
    new Spawner("program").method("leaves").arg(self.pid).spawn();
    receive();
    registry.register("seen");
    const canceled = receive();
    self.exit([canceled.topic, canceled.payload.asString()]);
  }

  export function refused(): void {
    const seen: Array<string> = [];
    seen.push(startTimer(1, 0) ? "" : why());
    seen.push(startTimer(1, -1) ? "" : why());
    seen.push(startTimer(1, NaN) ? "" : why());
    seen.push(startTimer(1, 1) ? "free" : why());
    seen.push(listen("@t") ? "" : why());
    seen.push(receiveOn("t") === null ? why() : "");
    listen("t");
    send(self.pid, "t", 1);
    unlisten("t");
    seen.push(receiveOn("t") === null ? why() : "what was routed is still there");
    seen.push(receiveOn("t") === null ? why() : "");
    seen.push(new Spawner("program").message("@t", 1).spawn() === null ? why() : "");
    seen.push(new Spawner("program").context("@actor", "me").spawn() === null ? why() : "");
    seen.push(new Spawner("program").name("{no name}").spawn() === null ? why() : "");
    self.exit(seen);
  }

  export function options(): void {
    const seen: Array<bool> = [self.trapsLinks, self.isUpgradable];
    self.trapLinks(true);
    seen.push(self.trapsLinks);
    seen.push(self.isUpgradable);
    self.upgradable(true);
    self.trapLinks(false);
    seen.push(self.trapsLinks);
    seen.push(self.isUpgradable);
    self.exit(seen);
  }

  export function first_messages(): void {
    if (self.args.length == 0) {
      const spawner = new Spawner("program").method("first_messages").arg(1).context("n", [1, 2]).context("who", "me");
      self.exit(spawner.message("one", 1.5).messageList("none", []).messageList("two", [Value.of("a"), Value.of(true)]).exec()!);
    }
    const seen = Value.list();
    for (let i = 0; i < 3; i++) {
      const message = receive();
      seen.push(message.topic + message.count.toString() + message.payload.toString());
    }
    self.exit(seen.push(self.context));
  }

  // Handlers: a ticker, which is a timer that is started again.
  let ticks = 0;
  export function on_start(): void { startTimer(7, 1); send(self.pid, "self", 1); }
  export function on_message(at: usize, length: i32): void { ticks += 100; }
  export function on_answer(at: usize, length: i32): void {
    const answer = Answer.at(at, length);
    if (++ticks % 100 == 5) self.exit([ticks, answer.tag]);
    startTimer(answer.tag, 1);
  }
`;

const runtime = await start(
  [
    '{name: program, kind: process.wasm, language: assemblyscript, source: file://program.ts, method: handlers, imports: [time]}',
    `{name: add, kind: function.wat, method: add, source: '(module (func (export "add") (param i32 i32) (result i32)
      (i32.add (local.get 0) (local.get 1))))'}`,
    '{name: answers, kind: process.wasm, source: file://answers.wasm}',
  ],
  {
    'program.ts': PROGRAM,
    'answers.wasm': wat(`(module
      (import "troupe:process" "start_timer" (func $timer (param i32 f64) (result i32)))
      (memory (export "memory") 1)
      (func (export "troupe_alloc") (param i32) (result i32) (i32.const 1024))
      (func (export "on_start") (drop (call $timer (i32.const 1) (f64.const 1))))
      (func (export "on_answer") (param i32 i32)))`),
  },
);
test.after(() => runtime.stop());

const scenario = (method: string): Promise<Payload> => run(runtime, 'program', [], { method });

test('a future: complete, failed, out of time, not complete, cancelled', async () => {
  assert.equal(await scenario('future'), ['1 42', '3 TIMEOUT', '4 NOT_FOUND', 'not complete', 'no answer']);
  assert.ok(await runtime.drained(5000));
});

test('what a process has started is cancelled when it ends', async () => {
  assert.equal(await scenario('survives_its_starter'), ['canceled', 'the caller is gone']);
  assert.ok(await runtime.drained(5000));
});

test('what cannot be is refused at once, and nothing is left behind', async () => {
  assert.equal(await scenario('refused'), [
    'INVALID',
    'INVALID',
    'INVALID',
    'free',
    'INVALID',
    'INVALID',
    'what was routed is still there',
    'INVALID',
    'INVALID',
    'INVALID',
    'INVALID',
  ]);
  assert.is(runtime.live, 0);
});

test('options are read as they were set', async () => {
  assert.equal(await scenario('options'), [false, false, true, false, false, true]);
});

test('queued messages, arguments and context values of any type reach the child', async () => {
  const context = { n: [1, 2], who: 'me' };
  assert.equal(await scenario('first_messages'), ['one11.5', 'none0[]', 'two2["a",true]', context]);
});

test('handlers: a timer that is started again ticks, messages to itself come', async () => {
  assert.equal(await scenario('handlers'), [105, 7]);
});

test('a timer of years wakes nobody, and is gone with its process', async () => {
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.name);
  process.on('warning', note);
  // One of its own: no nearer timer of an earlier test may hide it.
  const other = await start(['{name: program, kind: process.wasm, source: file://far.wasm}'], {
    'far.wasm': wat(`(module
      (import "troupe:process" "start_timer" (func $timer (param i32 f64) (result i32)))
      (import "troupe:process" "receive_timeout" (func $receive (param f64 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "main")
        (drop (call $timer (i32.const 1) (f64.const 1e12)))
        (drop (call $timer (i32.const 2) (f64.const inf)))
        (drop (call $receive (f64.const 1e300) (i32.const 0) (i32.const 100)))))`),
  });
  const { exit } = other.watch({ id: 'app:program', host: 'app:h', name: 'far' });
  // Nothing of the runtime's clock may be armed meanwhile, so this looks at the event loop alone.
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve));
  assert.is(other.scheduler.wheel.armed, 3);
  other.terminate('far');
  assert.is((await exit).result?.error?.message, 'process terminated');
  process.off('warning', note);
  assert.equal(warnings, []);
  assert.is(other.scheduler.wheel.armed, 0);
  await other.stop();
});

test('on_answer alone, with nothing outstanding, is a deadlock', async () => {
  const error = await failure(run(runtime, 'answers'));
  assert.is(error.kind, 'INTERNAL');
  assert.match(error.message, /^deadlock: on_answer is the only handler/);
});

test.run();
