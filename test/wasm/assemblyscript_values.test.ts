/** The AssemblyScript SDK's values: static types as payloads, fields named once, messages read in place. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { run, start } from './start.ts';

const test = suite('wasm assemblyscript values');

const PROGRAM = `
  import { Encoder, Decoder, Fields, Message, pack, receive, self, send, unpack, Value, wrap } from "troupe";
  export { troupe_alloc } from "troupe";

  class Point {
    x: f64 = 0.5;
    y: f64 = 0;

    fields(fields: Fields): void {
      this.x = fields.field("x", this.x);
      this.y = fields.field("y", this.y);
    }
  }

  class Route {
    name: string = "unnamed";
    points: Array<Point> = [];
    next: Route | null = null;
    more: Value = Value.null();
    wide: u64 = 0;

    fields(fields: Fields): void {
      this.name = fields.field("name", this.name);
      this.points = fields.field("points", this.points);
      this.next = fields.field("next", this.next);
      this.more = fields.field("more", this.more);
      this.wide = fields.field("wide", this.wide);
    }
  }

  class Both {
    constructor(public n: i32 = 0) {}
    encode(encoder: Encoder): void { encoder.int(this.n); }
    decode(decoder: Decoder): void { this.n = <i32>decoder.int(); }
  }

  /** Answers each message with what it was read as. */
  export function routes(): void {
    for (;;) {
      const message = receive();
      const route = message.read<Route>();
      if (route.name == "end") self.exit(route);
      message.reply("read", route);
    }
  }

  export function made(): void {
    const route = new Route();
    const point = new Point();
    point.y = -2;
    route.points.push(point);
    route.next = new Route();
    route.wide = u64.MAX_VALUE;
    const again = unpack<Route>(pack(route));
    again.points[0].x++;
    again.more = Value.of(true);
    self.exit([route, again]);
  }

  export function values(): void {
    const nothing: string | null = null;
    const given: string | null = "given";
    const list = Value.list().push(<i8>-1).push(<u64>u64.MAX_VALUE).push(1.5).push(false).push("text").push(nothing).push(given);
    list.push(Uint8Array.wrap(String.UTF8.encode("ab"))).push([[1], [2, 3]]).push(new Both(7)).push(new Point()).push(Value.map());
    list.push([Value.of(1), Value.of("b")]);
    self.exit(list);
  }

  export function copies(): void {
    const inner = Value.list([Value.of(1)]);
    const first = Value.map().set("a", inner).set("b", 2);
    const second = first.copy().set("b", 3);
    const error = Value.error("inner", "CONFLICT", 1);
    const outer = wrap(error, "outer");
    self.exit(Value.list([first, second, error.get("message"), outer.get("message"), outer.get("kind"), outer.get("retryable")]));
  }

  const kept: Array<Message> = [];
  const topics: Array<string> = [];

  export function on_message(at: usize, length: i32): void {
    const message = Message.view(at);
    if (message.topic == "end") {
      const seen = Value.list();
      for (let i = 0; i < kept.length; i++) seen.push(topics[i] + "=" + kept[i].topic + kept[i].payload.toString() + kept[i].count.toString());
      self.exit(seen.push(message.from == kept[0].from).push(send("nobody", "x", 1)));
    }
    topics.push(message.topic);
    kept.push(i32(kept.length) % 2 == 0 ? message.keep() : Message.at(at, length));
    message.reply("seen", message.payload);
  }
`;

const runtime = await start(
  ['{name: program, kind: process.wasm, language: assemblyscript, source: file://program.ts, method: handlers}'],
  { 'program.ts': PROGRAM },
);
test.after(() => runtime.stop());

const answers: [string, Payload][] = [];
runtime.onMessage(({ topic, payload }) => answers.push([topic, payload]));

const scenario = (method: string, more = {}): Promise<Payload> => run(runtime, 'program', [], { method, ...more });

test('a class that names its fields is a map, whatever is in it', async () => {
  const point = { x: 0.5, y: -2 };
  const empty = { name: 'unnamed', points: [], next: null, more: null, wide: 0 };
  const route = { ...empty, points: [point], next: empty, wide: 2n ** 64n - 1n };
  assert.equal(await scenario('made'), [route, { ...route, points: [{ x: 1.5, y: -2 }], more: true }]);
});

test('keys in any order, unknown and missing ones, values of another type', async () => {
  const sent: Payload[] = [
    {
      points: [
        { y: 2, x: 1 },
        { z: 0, y: 3 },
      ],
      zebra: { a: [1] },
      name: 'any order',
      aardvark: 1,
    },
    { name: 'inner', next: { more: { a: 1 }, name: 'second', next: { name: 'third' } } },
    {},
    'no map at all',
    { name: 'half', points: 7, more: 5 },
    { name: 'end', wide: 3 },
  ];
  answers.length = 0;
  const messages = sent.map(payload => ({ topic: 'route', payloads: [payload] }));
  const last = await scenario('routes', { messages });
  const route = (name: string, more = {}) => ({ name, points: [], next: null, more: null, wide: 0, ...more });
  assert.equal(answers.map(([, payload]) => payload).slice(0, 4), [
    route('any order', {
      points: [
        { x: 1, y: 2 },
        { x: 0.5, y: 3 },
      ],
    }),
    route('inner', { next: route('second', { more: { a: 1 }, next: route('third') }) }),
    route('unnamed'),
    route('unnamed'),
  ]);
  assert.is((answers[4][1] as { readonly name: string }).name, 'half', 'what came before the mistake was read');
  assert.equal(last, route('end', { wide: 3 }));
});

test('values of static types', async () => {
  assert.equal(await scenario('values'), [
    -1,
    2n ** 64n - 1n,
    1.5,
    false,
    'text',
    null,
    'given',
    new Uint8Array([97, 98]),
    [[1], [2, 3]],
    7,
    { x: 0.5, y: 0 },
    {},
    [1, 'b'],
  ]);
});

test('a copy has its own keys, a wrapped error all but its message', async () => {
  assert.equal(await scenario('copies'), [
    { a: [1], b: 2 },
    { a: [1], b: 3 },
    'inner',
    'outer: inner',
    'CONFLICT',
    true,
  ]);
});

test('a message read in place, kept, and answered', async () => {
  answers.length = 0;
  const topics = ['aa', 'aa', 'ab', 'é', 'é', 'ü', 'b', 'aa', 'a long topic, longer than the others', 'aa'];
  const messages = [...topics, 'end'].map((topic, i) => ({ topic, payloads: i === 3 ? ['x'.repeat(5000), 1] : [i] }));
  const seen = (await scenario('handlers', { messages })) as Payload[];
  const shown = topics.map((topic, i) => `${topic}=${topic}${i === 3 ? `["${'x'.repeat(5000)}",1]2` : `${i}1`}`);
  assert.equal(seen.slice(0, -2), shown);
  assert.equal(seen.slice(-2), [true, false]);
  assert.equal(
    answers.map(([topic, payload]) => [topic, typeof payload]),
    topics.map((_, i) => ['seen', i === 3 ? 'object' : 'number']),
  );
});

test.run();
