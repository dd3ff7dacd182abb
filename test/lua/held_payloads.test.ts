/** Payloads with large Bytes that Lua programs get, look at, keep, and send on. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bytes } from '../../runtime/payload/bytes.ts';
import { BareProcess } from '../bare_process.ts';
import { deploy } from '../deploy.ts';
import { loadProgram } from './load_program.ts';

const test = suite('payloads held outside of Lua');

const INDEX = `version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true, limits: {memory: 1MiB}}
  - {name: feed, kind: process.ts, source: file://feed.ts}
  - {name: relay, kind: process.lua, source: file://relay.lua}
  - {name: keep, kind: process.lua, source: file://keep.lua}
`;

/** Sends `count` images to a partner, which sends all of them back, one by one; then says what came. */
const FEED = `
import { Bytes, defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, partner: string, count: number, length: number) {
  const relay = self.spawnLinked(partner, 'app:host');
  let right = 0;
  for (let i = 0; i < count; i++) {
    const bytes = Bytes.from(new Uint8Array(length).fill(i % 100 + 1));
    const sent = self.send(relay, 'image', { i, bytes });
    if (sent !== true) return sent.message;
    const { payload } = yield* self.receive();
    if (payload.i === i && payload.bytes.length === length) right++;
  }
  self.unlink(relay);
  self.terminate(relay);
  return right;
});`;

test('more than a process may hold, and many times what its memory takes, goes through it', async () => {
  const runtime = await deploy({
    'app.yaml': INDEX,
    'feed.ts': FEED,
    'relay.lua': `return function()
  while true do
    local message = process.inbox():receive()
    process.send(message:from(), 'back', message:payload())
  end
end`,
    'keep.lua': `return function()
  local kept = {}
  while true do
    local message = process.inbox():receive()
    kept[#kept + 1] = message
    if #kept > 300 then kept = {} end
    process.send(message:from(), 'back', message:payload())
  end
end`,
  });
  try {
    // A hundred megabytes each: whoever holds sixteen takes in what comes then, as strings that Lua knows the weight of.
    assert.is(await runtime.exec({ id: 'app:feed', host: 'app:host', args: ['app:relay', 1600, 65_536] }), 1600);
    const kept = runtime.exec({ id: 'app:feed', host: 'app:host', args: ['app:keep', 1600, 65_536] });
    await kept.then(
      right => assert.is(right, 1600),
      // One that keeps 300 of them takes more than its memory, and is told so.
      error => assert.match((error as Error).message, 'not enough memory'),
    );
  } finally {
    await runtime.stop();
  }
});

const LATE = `return function()
  local first = process.inbox():receive()
  local payload = first:payload()
  process.inbox():receive()
  local data = payload:data()
  collectgarbage()
  return { #data.bytes, data.bytes:byte(1), first:topic(), first:payload():data() == data }
end`;

test('what is held goes with the image of a process', () => {
  const process = BareProcess.begin(loadProgram(LATE)).run();
  process.send('image', { bytes: Bytes.from(new Uint8Array(100_000).fill(9)) }, 100_000);
  process.run();
  // wasmoon's own binary has no images: there it stays where it is.
  const image = process.machine.suspend!();
  if (image !== undefined) {
    process.machine.close();
    process.enter(image);
  }
  process.send('go', 1);
  process.run();
  assert.equal(process.error?.message ?? process.value, [100_000, 9, 'image', true]);
  process.machine.close();
});

test.run();
