/** Upgrades of WebAssembly processes (semantics section 6): to themselves, to Lua and back, from either style. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { failure, run, start } from './start.ts';

const test = suite('wasm upgrades');

/** One source, three stages: `first` and `second` block, without a method it is the handlers. */
const STAGES = `
  import { Answer, Event, Message, registry, self, send, Sources, startTimer, trySelect, Value, listen } from "troupe";
  export { troupe_alloc } from "troupe";

  let leftBehind = 0;

  function witness(): Array<Value> {
    const seen = self.args.slice(0);
    seen.push(Value.of(self.id + (self.trapsLinks ? " traps" : "") + (registry.lookup("stage") == self.pid ? " named" : "")));
    return seen;
  }

  export function first(): void {
    leftBehind++;
    registry.register("stage");
    self.trapLinks(true);
    listen("t");
    send(self.pid, "t", 1);
    send(self.pid, "a", 2);
    send(self.pid, "t", 3);
    startTimer(1, 1);
    startTimer(2, 60000);
    self.upgrade("app:second", witness());
  }

  export function second(): void {
    const seen = witness();
    seen.push(Value.of(leftBehind));
    // Neither the timers of the old code nor what it listened to.
    seen.push(Value.of(trySelect(Sources.Answers | Sources.Topics) === null));
    seen.push(Value.of(startTimer(1, 60000)));
    self.upgrade("app:in_lua", seen);
  }

  const told: Array<Value> = [];

  export function on_message(at: usize, length: i32): void {
    const message = Message.view(at);
    if (message.topic == "back to blocking") self.upgrade("app:counting", [message.payload]);
    if (message.topic == "to nowhere") self.upgrade("app:nowhere");
    told.push(Value.of(message.topic + message.payload.toString()));
    if (told.length == 3) self.exit(Value.of(witness()).push(told));
  }

  export function nowhere(): void { self.upgrade("app:nowhere"); }
  export function refused(): void { self.upgrade("app:h"); }

  export function counting(): void {
    let sum = self.args[0].asInt();
    for (;;) {
      const next = trySelect(Sources.Inbox) as Message | null;
      if (next === null) self.exit(sum);
      else sum += next.read<i64>();
    }
  }
`;

const IN_LUA = `
  return function(...)
    local seen = {...}
    seen[#seen + 1] = process.id() .. (process.get_options().trap_links and " traps" or "")
    process.listen("t")
    process.upgrade("app:handlers", table.unpack(seen))
  end`;

const wasm = (name: string) => `{name: ${name}, kind: process.wasm, language: assemblyscript, source: file://stages.ts`;
const runtime = await start(
  [
    `${wasm('first')}, method: first}`,
    `${wasm('second')}, method: second}`,
    `${wasm('handlers')}, method: handlers}`,
    `${wasm('counting')}, method: counting}`,
    '{name: in_lua, kind: process.lua, source: file://in_lua.lua}',
  ],
  { 'stages.ts': STAGES, 'in_lua.lua': IN_LUA },
);
test.after(() => runtime.stop());

test('to another entry, to Lua and back to handlers: what is the process stays, what is the code goes', async () => {
  const seen = (await run(runtime, 'first', ['begun'])) as Payload[];
  assert.equal(seen.slice(0, -2), [
    'begun',
    'app:first traps named',
    'app:second traps named',
    0,
    true,
    true,
    'app:in_lua traps',
  ]);
  assert.is(seen.at(-2), 'app:handlers traps named');
  assert.equal(seen.at(-1), ['t1', 'a2', 't3'], 'every unread message, in order');
  assert.is(runtime.lookup('stage'), undefined);
});

test('from a handler, with messages still waiting', async () => {
  const messages = ['back to blocking', 'n', 'n'].map((topic, index) => ({ topic, payloads: [10 ** index] }));
  assert.is(await run(runtime, 'handlers', [], { messages }), 111);
});

test('to itself, reloaded: it begins anew with the arguments', async () => {
  const other = await start(['{name: again, kind: process.wasm, language: assemblyscript, source: file://again.ts}'], {
    'again.ts': `
      import { self, Value } from "troupe";
      let runs = 0;
      export function main(): void {
        runs++;
        const left = self.args[0].asInt();
        if (left > 0) self.upgrade("", [Value.of(left - 1)]);
        self.exit(runs);
      }`,
  });
  assert.is(await run(other, 'again', [5]), 1);
  assert.is(other.live, 0);
  await other.stop();
});

test('an upgrade that fails ends the process with "upgrade: ..."', async () => {
  const blocking = await failure(run(runtime, 'first', [], { method: 'nowhere' }));
  assert.match(blocking.message, /^upgrade: .*app:nowhere/);
  const handlers = await failure(run(runtime, 'handlers', [], { messages: [{ topic: 'to nowhere', payloads: [1] }] }));
  assert.match(handlers.message, /^upgrade: .*app:nowhere/);
  const refused = await failure(run(runtime, 'first', [], { method: 'refused' }));
  assert.match(refused.message, /^upgrade: .*app:h/, 'a host is no program');
  assert.is(runtime.live, 0);
});

test.run();
