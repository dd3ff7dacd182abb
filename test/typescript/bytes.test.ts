/** Bytes and frozen values between processes of all languages, on one thread and across threads. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../runtime/runtime.ts';
import { Bytes } from '../../sdk/embed/index.ts';
import { deploy, type Files } from '../deploy.ts';

const test = suite('Bytes in programs');

const INDEX = `version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true, limits: {mailbox_bytes: 1MiB}, capabilities: {store: {}, hash: {}}}
  - {name: send, kind: process.ts, source: file://send.ts}
  - {name: sort, kind: process.ts, source: file://sort.ts}
  - {name: flood, kind: process.ts, source: file://flood.ts}
  - {name: table, kind: process.ts, source: file://table.ts}
  - {name: kept, kind: process.ts, source: file://kept.ts, imports: [store, hash]}
  - {name: change, kind: process.ts, source: file://change.ts}
  - {name: echo_ts, kind: process.ts, source: file://echo.ts}
  - {name: echo_lua, kind: process.lua, source: file://echo.lua}
  - {name: read_lua, kind: process.lua, source: file://read.lua}
  - {name: echo_wasm, kind: process.wasm, language: assemblyscript, source: file://echo.as.ts}
`;

const FILES: Files = {
  'app.yaml': INDEX,
  // What comes back of a value that is sent to a process which sends everything back.
  'send.ts': `
import { Bytes, defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, partner: string, length: number) {
  const pong = self.spawn(partner, 'app:host');
  const bytes = Bytes.from(new Uint8Array(length).fill(7));
  const sent = self.send(pong, 'it', { bytes, part: bytes.slice(1, 3) });
  if (sent !== true) return sent.message;
  const { payload } = yield* self.receive();
  self.terminate(pong);
  const sort = (value: any) => value instanceof Bytes ? 'Bytes' : value instanceof Uint8Array ? 'Uint8Array' : typeof value;
  return [sort(payload.bytes), sort(payload.part), payload.bytes.length, typeof payload.bytes === 'string' ? payload.bytes.charCodeAt(length - 1) : payload.bytes.at(-1), payload.part.length];
});`,
  'echo.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  for (;;) {
    const { from, payload } = yield* self.receive();
    self.send(from, 'back', payload);
  }
});`,
  'echo.lua': `return function()
  while true do
    local message = process.inbox():receive()
    process.send(message:from(), 'back', message:payload())
  end
end`,
  'read.lua': `return function()
  while true do
    local message = process.inbox():receive()
    local payload = message:payload()
    local data = payload:data()
    assert(data == message:payload():data())
    assert(#data.bytes >= 4 and data.part == '\\7\\7')
    process.send(message:from(), 'back', payload)
  end
end`,
  'echo.as.ts': `
import { receive } from "troupe";
export function main(): void {
  while (true) {
    const message = receive();
    message.reply("back", message.payload);
  }
}`,
  // What a TypeScript process gets as an argument, in its context, as a result and as an answer.
  'sort.ts': `
import { Bytes, defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, given: unknown, depth: number) {
  if (!(given instanceof Bytes)) return 'not Bytes';
  if (depth === 0) return given.slice(1);
  const inner = yield* self.withContext({ given }).exec('app:sort', 'app:host', given, depth - 1);
  return inner;
});`,
  // Its own table, from a process of the same module.
  'table.ts': `
import { Bytes, defineProcess, frozen } from 'troupe/sdk';
const TABLE = frozen({ sizes: [640, 1280] });
const HEAD = Bytes.from('IMG1');
export default defineProcess(function* (self, given?: { table: unknown; head: unknown }) {
  if (given !== undefined) return [given.table === TABLE, given.head === HEAD];
  return yield* self.exec('app:table', 'app:host', { table: TABLE, head: HEAD });
});`,
  'kept.ts': `
import { Bytes, defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, length: number) {
  const bytes = Bytes.from(new Uint8Array(length).fill(65));
  yield* self.store.set('it', { bytes });
  const back: any = yield* self.store.get('it');
  return [back.bytes instanceof Bytes, back.bytes.equals(bytes), self.capability('hash').sha256(bytes) === self.capability('hash').sha256('A'.repeat(length))];
});`,
  // A process that never looks at its mailbox, and what each sender is told.
  'flood.ts': `
import { Bytes, defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, sort: string) {
  const value = sort === 'bytes' ? Bytes.from(new Uint8Array(100_000)) : sort === 'array' ? new Uint8Array(100_000) : sort === 'text' ? 'x'.repeat(100_000) : ['x'.repeat(100_000)];
  let taken = 0;
  for (;;) {
    const sent = self.send(self.pid, 'heavy', value);
    if (sent !== true) return [taken, sent.kind];
    taken++;
  }
});`,
  'change.ts': `
import { defineProcess, frozen } from 'troupe/sdk';
export default defineProcess(function* (self, partner: string) {
  const value = frozen({ list: [1, { n: 2 }] });
  const pong = self.spawn(partner, 'app:host');
  self.send(pong, 'it', { value });
  const { payload } = yield* self.receive();
  self.terminate(pong);
  let changed = 'changed';
  try { payload.value.list[1].n = 3; } catch { changed = 'frozen'; }
  payload.more = 1;
  return [payload.value.list[1].n, changed, payload.value === value];
});`,
};

/** One for each number of workers, for all tests. */
const runtimes = new Map<number, Runtime>();

test.after(async () => {
  for (const runtime of runtimes.values()) await runtime.stop();
});

async function within(workers: number, act: (runtime: Runtime) => Promise<void>): Promise<void> {
  let runtime = runtimes.get(workers);
  if (runtime === undefined) {
    runtime = await deploy(FILES, { workers, placement: 'round-robin' });
    runtimes.set(workers, runtime);
  }
  await act(runtime);
}

const exec = (runtime: Runtime, name: string, ...args: any[]): Promise<any> =>
  runtime.exec({ id: `app:${name}`, host: 'app:host', args });

test('a module that has nothing but such constants at its top is evaluated once for all', () =>
  within(0, async runtime => {
    assert.equal(await exec(runtime, 'table'), [true, true]);
  }));

for (const workers of [0, 2]) {
  const where = workers === 0 ? 'on one thread' : 'across threads';

  test(`TypeScript gets Bytes as Bytes, large and small, ${where}`, () =>
    within(workers, async runtime => {
      for (const length of [4, 8192, 100_000]) {
        assert.equal(await exec(runtime, 'send', 'app:echo_ts', length), ['Bytes', 'Bytes', length, 7, 2]);
      }
    }));

  test(`Lua and WebAssembly get them as binary, ${where}`, () =>
    within(workers, async runtime => {
      for (const length of [4, 8192, 100_000]) {
        // Lua forwards a payload that it has not looked at: what is large in it was never copied.
        const sort = length < 8192 ? 'string' : 'Bytes';
        assert.equal(await exec(runtime, 'send', 'app:echo_lua', length), [sort, sort, length, 7, 2]);
        assert.equal(await exec(runtime, 'send', 'app:read_lua', length), ['string', 'string', length, 7, 2]);
        assert.equal(await exec(runtime, 'send', 'app:echo_wasm', length), ['Uint8Array', 'Uint8Array', length, 7, 2]);
      }
    }));

  test(`they are arguments, context, and results, ${where}`, () =>
    within(workers, async runtime => {
      for (const length of [10, 50_000]) {
        const back = (await exec(runtime, 'sort', Bytes.from('y'.repeat(length)), 3)) as Bytes;
        assert.instance(back, Bytes);
        assert.is(back.text(), 'y'.repeat(length - 1));
      }
    }));

  test(`capabilities take them as bytes, and the store gives them back, ${where}`, () =>
    within(workers, async runtime => {
      for (const length of [10, 50_000]) assert.equal(await exec(runtime, 'kept', length), [true, true, true]);
    }));

  test(`frozen values arrive frozen, ${where}`, () =>
    within(workers, async runtime => {
      assert.equal(await exec(runtime, 'change', 'app:echo_ts'), [2, 'frozen', workers === 0]);
    }));

  test(`a mailbox weighs bytes and long texts of TypeScript senders, ${where}`, () =>
    within(workers, async runtime => {
      for (const sort of ['bytes', 'array', 'text', 'list']) {
        const [taken, kind] = await exec(runtime, 'flood', sort);
        assert.is(kind, 'RATE_LIMITED', sort);
        assert.is(taken, 10, sort);
      }
    }));
}

test.run();
