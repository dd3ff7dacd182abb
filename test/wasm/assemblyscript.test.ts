/** The AssemblyScript SDK: every call, in both styles. */
import { readFileSync } from 'node:fs';
import { contextOfActor } from '../../runtime/security/identity.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { prepareWasm, wasmEntry } from './load_program.ts';
import { failure, run, start } from './start.ts';

const test = suite('wasm assemblyscript');

/** Each method is one scenario; it exits with what it saw. */
const SCENARIOS = `
  import {
    abandon, Answer, call, cancel, ErrorKind, Event, EventType, exec, lastError, link, listen, log, Message, monitor, operate,
    receive, receiveOn, receiveTimeout, registry, select, self, send, sendList, sleep, Sources, spawn, spawnLinked,
    spawnLinkedMonitored, spawnMonitored, Spawner, startOperation, startTimer, terminate, time, tryReceive, trySelect, unlink, unlisten,
    unmonitor, Value,
  } from "troupe";

  @external("troupe:json", "encode")
  declare function jsonEncode(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
  @external("troupe:json", "start_encode")
  declare function startJsonEncode(tag: i32, args: usize, argsLength: i32): i32;

  function list(values: Array<string>): Value {
    const made = Value.list();
    for (let i = 0; i < values.length; i++) made.push(Value.string(values[i]));
    return made;
  }

  /** The error of the latest call, shortly. */
  function why(): string { return lastError().get("kind").asString(); }

  export function identity(): void {
    self.exit(Value.map().set("pid", Value.string(self.pid)).set("id", Value.string(self.id)).set("context", self.context));
  }

  export function messages(): void {
    const seen: Array<string> = [];
    send(self.pid, "int", -5);
    send(self.pid, "list", [1, 2]);
    sendList(self.pid, "two", [Value.int(1), Value.string("b")]);
    for (let i = 0; i < 3; i++) {
      const message = receive();
      seen.push(message.topic + " " + message.count.toString() + " " + message.payload.toString());
      assert(message.from == self.pid);
    }
    seen.push(tryReceive() === null ? "none" : "some");
    seen.push(receiveTimeout(1) === null ? why() : "some");
    send(self.pid, "late", true);
    const late = receiveTimeout(1000);
    seen.push(late === null ? "none" : late.topic);
    seen.push(send("nobody", "x", 1) ? "sent" : why());
    seen.push(send(self.pid, "@reserved", 1) ? "sent" : why());
    self.exit(list(seen));
  }

  export function topics(): void {
    const seen: Array<string> = [];
    send(self.pid, "a", 1);
    send(self.pid, "b", 2);
    listen("b");
    seen.push(receiveOn("b")!.payload.toString());
    seen.push(receiveOn("b", 1) === null ? why() : "some");
    send(self.pid, "b", 3);
    seen.push((trySelect(Sources.Topics) as Message).topic);
    seen.push(trySelect(Sources.Topics) === null ? "none" : "some");
    unlisten("b");
    send(self.pid, "b", 4);
    seen.push(receive().topic);
    seen.push(receive().payload.toString());
    self.exit(list(seen));
  }

  export function children(): void {
    const seen: Array<string> = [];
    const child = spawnMonitored("child", [Value.int(20)], "app:h")!;
    send(child, "add", 22);
    send(child, "stop", 0);
    const exit = select(Sources.Events) as Event;
    seen.push(exit.type + " " + exit.result.toString() + " " + (exit.from == child ? "child" : exit.from));
    seen.push(send(child, "add", 1) ? "sent" : why());
    seen.push(monitor(child) ? "monitored" : why());

    self.trapLinks(true);
    const other = spawnLinkedMonitored("child", [Value.int(0)], "app:h")!;
    terminate(other);
    const first = select(Sources.Events) as Event;
    const second = select(Sources.Events) as Event;
    seen.push(first.type + " " + second.type + " " + second.error.get("message").asString());

    const third = spawnLinked("child", [Value.int(0)], "app:h")!;
    unlink(third);
    terminate(third);
    const fourth = spawn("child", [Value.int(1)])!;
    link(fourth);
    monitor(fourth);
    unmonitor(fourth);
    cancel(fourth, "enough");
    const done = select(Sources.Events, 20) as Event | null;
    seen.push(done === null ? "quiet" : done.type);
    seen.push(spawn("nothing") === null ? why() : "spawned");
    self.exit(list(seen));
  }

  export function named(): void {
    const seen: Array<string> = [];
    const one = new Spawner("child").host("app:h").arg(Value.int(1)).name("adder").message("add", Value.int(2)).spawn()!;
    const two = new Spawner("child").host("app:h").arg(Value.int(1)).name("adder").message("add", Value.int(4)).spawn()!;
    seen.push(one == two ? "same" : "two");
    seen.push(registry.lookup("adder")! == one ? "found" : "other");
    monitor(one);
    send("adder", "stop", 0);
    seen.push((select(Sources.Events) as Event).result.toString());
    seen.push(registry.lookup("adder") === null ? why() : "found");
    seen.push(registry.register("me") ? "registered" : why());
    seen.push(registry.register("me", self.pid) ? "again" : why());
    seen.push(registry.unregister("me") ? "free" : "not held");
    seen.push(registry.unregister("me") ? "free" : "not held");
    self.exit(list(seen));
  }

  export function calls(): void {
    const seen: Array<string> = [];
    seen.push(call("add", [Value.int(1), Value.int(2)])!.toString());
    seen.push(exec("child", [], "app:h") === null ? lastError().toString() : "done");
    const context = new Spawner("scenarios").host("app:h").method("identity").context("who", Value.string("me")).exec()!;
    seen.push(context.get("context").toString());
    seen.push(new Spawner("child").host("app:h").arg(Value.int(0)).timeout(5).exec() === null ? why() : "done");
    self.exit(list(seen));
  }

  export function commands(): void {
    const seen: Array<string> = [];
    startTimer(1, 5);
    startTimer(2, 1);
    startTimer(3, 60000);
    new Spawner("add").args([Value.int(3), Value.int(4)]).start(4);
    new Spawner("child").host("app:h").start(5);
    startOperation(startJsonEncode, 6, [Value.list()]);
    seen.push(startTimer(3, 1) ? "twice" : why());
    abandon(3);
    for (let i = 0; i < 5; i++) {
      const answer = select(Sources.Answers) as Answer;
      seen.push(answer.tag.toString() + (answer.failed ? " failed " : " ") + answer.payload.get("message").asString() +
        (answer.failed ? "" : answer.payload.toString()));
    }
    seen.sort();
    self.exit(list(seen));
  }

  export function clock(): void {
    const before = time.now();
    const slept = sleep(5);
    const refused = sleep(0);
    self.exit(Value.list([
      Value.bool(slept && !refused), Value.string(why()), Value.bool(time.now() - before >= 4000000), Value.bool(time.unix() > 1.6e9),
    ]));
  }

  export function operation(): void {
    log.info("one", Value.map().set("n", Value.int(1)));
    log.debug("two");
    const text = operate(jsonEncode, [Value.map().set("a", Value.list([Value.int(1)]))]);
    const refused = operate(jsonEncode, [Value.bytes(new Uint8Array(1)), Value.int(1), Value.int(1)]);
    self.exit(Value.list([text!, refused === null ? Value.string(why()) : refused]));
  }

  export function failing(): void { self.fail("no luck", ErrorKind.CONFLICT, 1, Value.map().set("n", Value.int(7))); }
  export function throwing(): void { throw new Error("thrown"); }
  export function upgraded(): void { self.upgrade("app:child", [Value.int(5)]); }
  export function large(): void {
    const text = "x".repeat(100000);
    send(self.pid, text.substr(0, 5000), text);
    const message = receive();
    self.exit(Value.list([Value.int(message.topic.length), Value.int(message.read<string>().length), Value.string("é".repeat(50000))]));
  }
  export function collected(): void {
    let sum = 0;
    for (let i = 0; i < 2000; i++) {
      send(self.pid, "n", "text number " + i.toString());
      sum += receive().payload.asString().length;
    }
    self.exit(sum);
  }
`;

const CHILD = `
  import { Answer, Event, EventType, Message, self, send, startTimer } from "troupe";
  export { troupe_alloc } from "troupe";

  let total: i64 = 0;

  export function on_start(): void {
    if (self.args.length == 0) self.fail("a number is wanted");
    total = self.args[0].asInt();
  }

  export function on_message(at: usize, length: i32): void {
    const message = Message.at(at, length);
    if (message.topic == "add") total += message.read<i64>();
    else if (message.topic == "later") startTimer(message.read<i32>(), 1);
    else if (message.topic == "stop") self.exit(total);
  }

  export function on_event(at: usize, length: i32): void {
    const event = Event.at(at, length);
    if (event.type == EventType.CANCEL) self.exit(event.reason);
  }

  export function on_answer(at: usize, length: i32): void {
    const answer = Answer.at(at, length);
    self.exit(answer.tag);
  }
`;

const runtime = await start(
  [
    '{name: scenarios, kind: process.wasm, language: assemblyscript, source: file://scenarios.ts, method: identity, imports: [time, logger, json]}',
    '{name: child, kind: process.wasm, language: assemblyscript, source: file://child.ts}',
    `{name: add, kind: function.wat, method: add, source: '(module (func (export "add") (param i32 i32) (result i32)
      (i32.add (local.get 0) (local.get 1))))'}`,
  ],
  { 'scenarios.ts': SCENARIOS, 'child.ts': CHILD },
);
test.after(() => runtime.stop());

const scenario = (method: string, more = {}) => run(runtime, 'scenarios', [], { method, ...more });

test('self', async () => {
  // For whom it acts is not among the values that it sees.
  const identity = contextOfActor({ id: 'ann', meta: {} });
  const seen = (await scenario('identity', { context: { tenant: 'x' }, identity })) as { [key: string]: Payload };
  assert.match(seen.pid as string, /^\{app:h\|0x[0-9a-f]+\}$/);
  assert.is(seen.id, 'app:scenarios');
  assert.equal(seen.context, { tenant: 'x' });
});

test('messages', async () => {
  assert.equal(await scenario('messages'), [
    'int 1 -5',
    'list 1 [1,2]',
    'two 2 [1,"b"]',
    'none',
    'TIMEOUT',
    'late',
    'NOT_FOUND',
    'INVALID',
  ]);
});

test('listened topics', async () => {
  assert.equal(await scenario('topics'), ['2', 'TIMEOUT', 'b', 'none', 'a', '4']);
});

test('children, monitors and links', async () => {
  assert.equal(await scenario('children'), [
    'pid.exit 42 child',
    'NOT_FOUND',
    'NOT_FOUND',
    'pid.exit pid.link.down process terminated',
    'quiet',
    'NOT_FOUND',
  ]);
});

test('names', async () => {
  const seen = (await scenario('named')) as string[];
  assert.equal(seen, ['same', 'found', '7', 'NOT_FOUND', 'registered', 'again', 'free', 'not held']);
});

test('exec and call', async () => {
  const seen = (await scenario('calls')) as string[];
  assert.is(seen[0], '3');
  assert.match(seen[1], 'a number is wanted');
  assert.equal(seen.slice(2), ['{"who":"me"}', 'TIMEOUT']);
});

test('several commands at once, each answered by its tag', async () => {
  assert.equal(await scenario('commands'), [
    '1 null',
    '2 null',
    '4 7',
    '5 failed a number is wanted',
    '6 "[]"',
    'ALREADY_EXISTS',
  ]);
});

test('time', async () => {
  assert.equal(await scenario('clock'), [true, 'INVALID', true, true]);
});

test('log and other capabilities', async () => {
  const [text, refused] = (await scenario('operation')) as string[];
  assert.is(text, '{"a":[1]}');
  assert.is(refused, 'INVALID');
});

test('fail, throw and upgrade', async () => {
  const failed = await failure(scenario('failing'));
  assert.equal(
    [failed.message, failed.kind, failed.retryable, failed.details],
    ['no luck', 'CONFLICT', true, { n: 7 }],
  );
  const thrown = await failure(scenario('throwing'));
  assert.is(thrown.message, 'thrown');
  assert.is(thrown.kind, 'INTERNAL');
  assert.match(thrown.place!, /^scenarios\.ts:\d+:\d+$/);
  assert.match(thrown.stack!, 'at scenarios/throwing');
  assert.is(await scenario('upgraded', { messages: [{ topic: 'stop', payloads: [0] }] }), 5);
});

test('texts and payloads larger than any buffer', async () => {
  assert.equal(await scenario('large'), [5000, 100_000, 'é'.repeat(50_000)]);
});

test('the collector runs between waits without losing anything', async () => {
  const lengths = Array.from({ length: 2000 }, (_, index) => `text number ${index}`.length);
  assert.is(
    await scenario('collected'),
    lengths.reduce((sum, length) => sum + length),
  );
});

test('handlers', async () => {
  const child = (...messages: [string, Payload][]) =>
    run(runtime, 'child', [1], { messages: messages.map(([topic, payload]) => ({ topic, payloads: [payload] })) });
  assert.is(await child(['add', 2], ['add', 2n ** 40n], ['stop', 0]), 2 ** 40 + 3);
  assert.is(await child(['later', 9]), 9);
  assert.match((await failure(run(runtime, 'child'))).message, 'a number is wanted');
  const outcome = run(runtime, 'child', [1], { name: 'child' });
  await scenario('identity');
  runtime.cancel('child', 'go home');
  assert.is(await outcome, 'go home');
});

const README = readFileSync(new URL('../../../sdk/assemblyscript/README.md', import.meta.url), 'utf8');
const EXAMPLES = [...README.matchAll(/```ts\n([\s\S]*?)```/g)].map(match => match[1]);

test('the programs of the README do what they say', async () => {
  const [blocking, handlers, commands] = EXAMPLES.filter(text => text.includes('from "troupe"'));
  const sum =
    'import { self } from "troupe"; export function main(): void { let n: i64 = 0; const all = self.args[0]; ' +
    'for (let i = 0; i < all.length; i++) n += all.at(i).asInt(); self.exit(n); }';
  const deployed = await start(
    [
      '{name: blocking, kind: process.wasm, language: assemblyscript, source: file://blocking.ts, imports: [logger]}',
      '{name: handlers, kind: process.wasm, language: assemblyscript, source: file://handlers.ts}',
      '{name: commands, kind: process.wasm, language: assemblyscript, source: file://commands.ts}',
      '{name: sum, kind: function.wasm, language: assemblyscript, source: file://sum.ts}',
    ],
    {
      'blocking.ts': blocking,
      'handlers.ts': handlers,
      'commands.ts': commands.replace('shop:', 'app:'),
      'sum.ts': sum,
    },
  );
  for (const name of ['blocking', 'handlers']) {
    const messages = [150, 250].map(cents => ({ topic: 'add', payloads: [cents] }));
    const outcome = run(deployed, name, [], { messages, name });
    await failure(run(deployed, 'absent'));
    deployed.send(name, 'total', null);
    deployed.cancel(name, 'closing time');
    assert.is(await outcome, 400);
  }
  const outcome = run(deployed, 'commands', [], { name: 'commands' });
  await deployed.wait(20);
  deployed.send('commands', 'add', [1, 2, 39]);
  const { sum: added, ticks } = (await outcome) as { readonly [key: string]: number };
  assert.is(added, 42);
  assert.ok(ticks >= 1, `${ticks} ticks`);
  await deployed.stop();
});

test('everything else in the README compiles', async () => {
  const index = readFileSync(new URL('../../../sdk/assemblyscript/index.ts', import.meta.url), 'utf8');
  const names = [...index.matchAll(/export \{([^}]*)\}/g)].flatMap(match => match[1].split(','));
  const known = names.map(name => name.trim()).filter(name => name !== '' && name !== 'troupe_alloc');
  const snippets = EXAMPLES.filter(text => !text.includes('from "troupe"'));
  assert.ok(snippets.length > 5);
  const place = { file: 'app.yaml', line: 1, column: 1 };
  const wants = ['logger', 'fs'].map(name => ({ name, place }));
  for (const text of snippets) {
    const source = `import { ${known.join(', ')} } from "troupe";\n${text}\nexport function main(): void {}`;
    await prepareWasm(wasmEntry(source, { wants }));
  }
});

test.run();
