/** A PID that is known on a thread before its process is there: what is sent to it meanwhile waits for it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy } from '../deploy.ts';

const test = suite('workers: early');

const FILES = {
  'app.yaml': `
namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: spawner, kind: process.ts, source: file://spawner.ts}
  - {name: relay, kind: process.ts, source: file://relay.ts}
  - {name: user, kind: process.ts, source: file://user.ts}
  - {name: child, kind: process.ts, source: file://child.ts}
`,
  // Hands over what it sends to the relay, which fills that ring, long before it hands over the children it has spawned.
  'spawner.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string]>(function* (self, relay) {
  yield* self.receive();
  const children = Array.from({ length: 6 }, () => self.spawn('app:child', 'app:host'));
  self.send(relay, 'children', children);
  for (let i = 0; i < 24; i++) self.send(relay, 'filling', 'x'.repeat(60_000));
  let turns = 0;
  for (let i = 0; i < 1_500_000_000; i++) turns ^= i;
  return turns;
});
`,
  'relay.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string]>(function* (self, user) {
  for (;;) {
    const { topic, payload } = yield* self.receive();
    if (topic === 'children') self.send(user, 'children', payload);
  }
});
`,
  'user.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string]>(function* (self, owner) {
  const { payload } = yield* self.receive();
  const children = payload as string[];
  for (const child of children) {
    self.monitor(child);
    self.send(child, 'first', owner);
    self.send(child, 'second', owner);
  }
  self.send(owner, 'sent', null);
  const events = self.events();
  for (let left = children.length; left > 0; left--) yield* events.receive();
  self.send(owner, 'ended', null);
});
`,
  'child.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  const first = yield* self.receive();
  const second = yield* self.receive();
  self.send(second.payload as string, 'got', first.topic + ' ' + second.topic);
});
`,
};

/** Spawn an entry until it is on that worker. */
function spawnOn(runtime: Runtime, worker: number, id: string, args: string[]): string {
  for (;;) {
    const pid = runtime.spawn({ id, host: 'app:host', args });
    if (runtime.scheduler.outbound!.whereIs(pid)!.worker === worker) return pid;
    runtime.terminate(pid);
  }
}

test('messages and monitors for a process whose spawn is still on its way', async () => {
  const seen: string[] = [];
  const onCrash = (_pid: string, id: string, { kind, message }: { kind: string; message: string }): void => {
    if (message !== 'terminated') seen.push(`${id} ${kind} ${message}`);
  };
  const runtime = await deploy(FILES, { workers: 3, placement: 'round-robin', onCrash });
  runtime.onMessage(({ topic, payload }) => seen.push(topic === 'got' ? String(payload) : topic));
  const user = spawnOn(runtime, 1, 'app:user', [runtime.pid]);
  const relay = spawnOn(runtime, 2, 'app:relay', [user]);
  const spawner = spawnOn(runtime, 3, 'app:spawner', [relay]);
  runtime.send(spawner, 'go', null);
  for (let turns = 0; !seen.includes('ended') && turns < 5_000; turns++) await runtime.wait(2);
  // Where this thread was slow the children may have come before it was told that something was sent to them.
  assert.equal(seen.sort(), ['ended', ...new Array(6).fill('first second'), 'sent']);
  await runtime.stop();
});

test.run();
