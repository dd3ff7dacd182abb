/**
 * Threads that die under load: whoever watched a process of theirs gets its EXIT, once; names are free; what lives
 * elsewhere goes on; and the next processes run on a new thread.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy } from '../deploy.ts';

const test = suite('workers: a thread is lost');

const FILES = {
  'app.yaml': `
namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true, limits: {memory: 16MiB}}
  - {name: watcher, kind: process.ts, source: file://watcher.ts}
  - {name: busy_ts, kind: process.ts, source: file://busy.ts}
  - {name: busy_lua, kind: process.lua, source: file://busy.lua, modules: [time]}
  - {name: caller, kind: process.ts, source: file://caller.ts}
  - {name: hungry, kind: process.ts, source: file://hungry.ts}
`,
  // Spawns, watches and links its children, and tells who asks what became of them.
  'watcher.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string, string[], string]>(function* (self, parent, entries, round) {
  self.setOptions({ trapLinks: true });
  const ends: [string, string, string][] = [];
  self.fork(function* () {
    const events = self.events();
    for (;;) {
      const event = yield* events.receive();
      if (event.kind === 'pid.exit' || event.kind === 'pid.link.down') {
        ends.push([event.kind, event.from, event.result?.error?.kind ?? 'none']);
        self.send(parent, 'end', self.pid, event.kind, event.from, event.result?.error?.kind ?? 'none');
      }
    }
  });
  const pids = entries.map((id, i) => {
    const linked = i % 2 === 0;
    const pid = linked ? self.spawnLinkedMonitored(id, 'app:host', self.pid) : self.spawnMonitored(id, 'app:host', self.pid);
    self.registry.register('n' + round + '.' + self.pid + '.' + i, pid);
    return pid;
  });
  self.send(parent, 'children', self.pid, pids);
  for (;;) yield* self.receive();
});
`,
  'busy.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string, string?]>(function* (self, owner, parent) {
  if (parent) self.send(parent, 'child', owner, self.pid);
  for (let n = 0; ; n++) {
    if (n % 8 === 0) self.send(owner, 'n', n);
    const message = yield* self.receive({ timeout: '1ms' });
    if (message?.topic === 'ping') self.send(message.from, 'pong', self.pid);
  }
});
`,
  'busy.lua': `
local time = require("time")
return function(owner)
  local inbox = process.inbox()
  local n = 0
  while true do
    n = n + 1
    if n % 8 == 0 then process.send(owner, "n", n) end
    local got = channel.select{inbox:case_receive(), time.after("1ms"):case_receive()}
    if got.channel == inbox and got.value:topic() == "ping" then process.send(got.value:from(), "pong", process.pid()) end
  end
end
`,
  'caller.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string]>(function* (self, parent) {
  try {
    yield* self.exec('app:busy_ts', 'app:host', self.pid, parent);
  } catch (error) {
    self.send(parent, 'answered', (error as { kind: string }).kind);
  }
});
`,
  'hungry.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* () {
  const kept: number[][] = [];
  for (;;) kept.push(new Array(1_000_000).fill(0).map((_, i) => i * 1.5));
});
`,
};

interface Seen {
  readonly children: Map<string, string[]>;
  /** What watchers were told: watcher, kind, pid. */
  readonly ends: string[];
  readonly errors: string[];
  readonly pongs: Set<string>;
  readonly answered: string[];
  /** Of callers: the one they wait for. */
  readonly calledBy: Map<string, string>;
}

function listen(runtime: Runtime): Seen {
  const seen: Seen = { children: new Map(), ends: [], errors: [], pongs: new Set(), answered: [], calledBy: new Map() };
  runtime.onMessage(message => {
    const payload = message.payload as Payload[];
    if (message.topic === 'children') seen.children.set(payload[0] as string, payload[1] as string[]);
    else if (message.topic === 'end') {
      seen.ends.push(payload.slice(0, 3).join(' '));
      seen.errors.push(payload[3] as string);
    } else if (message.topic === 'pong') seen.pongs.add(message.payload as string);
    else if (message.topic === 'child') seen.calledBy.set(payload[0] as string, payload[1] as string);
    else if (message.topic === 'answered') seen.answered.push(message.payload as string);
  });
  return seen;
}

async function until(runtime: Runtime, what: string, condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 10_000) throw new Error(`this never came: ${what}`);
    await runtime.wait(2);
  }
}

const WATCHERS = 3;
const CHILDREN = ['app:busy_ts', 'app:busy_lua', 'app:busy_ts', 'app:busy_lua', 'app:busy_lua', 'app:busy_ts'];

for (const restless of [false, true]) {
  test(`threads that die at random${restless ? ', while processes move' : ''}`, async () => {
    const runtime = await deploy(FILES, { workers: 3, restless, placement: 'round-robin' });
    const seen = listen(runtime);
    const rounds = 5 * (Number(process.env.TROUPE_SOAK) || 1);
    for (let round = 0; round < rounds; round++) {
      for (const set of [seen.children, seen.pongs]) set.clear();
      seen.ends.length = 0;
      seen.errors.length = 0;
      const watchers = Array.from({ length: WATCHERS }, () => {
        const { pid, exit } = runtime.watch({
          id: 'app:watcher',
          host: 'app:host',
          args: [runtime.pid, CHILDREN, String(round)],
        });
        return { pid, exit };
      });
      await until(runtime, 'children', () => seen.children.size === WATCHERS);
      await runtime.wait(3 + (round % 5));
      await runtime.loseWorker(1 + (round % 3));
      const gone: string[] = [];
      const alive: string[] = [];
      // Everybody who lived there is dead for everybody; give it time to be so.
      await until(runtime, 'ends', () => {
        gone.length = 0;
        alive.length = 0;
        let expected = 0;
        for (const { pid } of watchers) {
          const living = runtime.scheduler.outbound!.whereIs(pid) !== undefined;
          (living ? alive : gone).push(pid);
          for (const [i, child] of seen.children.get(pid)!.entries()) {
            if (runtime.scheduler.outbound!.whereIs(child) !== undefined) {
              alive.push(child);
              continue;
            }
            gone.push(child);
            if (living) expected += i % 2 === 0 ? 2 : 1;
          }
        }
        return gone.length > 0 && seen.ends.length >= expected;
      });
      for (const pid of alive) runtime.send(pid, 'ping', null);
      const children = alive.filter(pid => !watchers.some(watcher => watcher.pid === pid));
      // One that was linked to a lost one may end only now.
      await until(runtime, `${children.length} pongs`, () =>
        children.every(pid => seen.pongs.has(pid) || runtime.scheduler.outbound!.whereIs(pid) === undefined),
      );
      assert.is(new Set(seen.ends).size, seen.ends.length, 'every end is told once');
      for (const end of seen.ends) assert.ok(gone.includes(end.split(' ')[2]), `${end} lives`);
      for (const { pid, exit } of watchers) {
        if (alive.includes(pid)) continue;
        const event = await exit;
        assert.ok(
          ['UNAVAILABLE', 'UNKNOWN', 'INTERNAL'].includes(event.result!.error!.kind),
          event.result!.error!.message,
        );
        assert.match(event.result!.error!.message, /worker \d was lost|linked process/);
      }
      for (const { pid } of watchers) {
        for (const [i, child] of seen.children.get(pid)!.entries()) {
          const holder = runtime.lookup(`n${round}.${pid}.${i}`);
          if (gone.includes(child)) assert.is(holder, undefined, 'names of the dead are free');
          else if (seen.pongs.has(child)) assert.is(holder, child);
        }
      }
      for (const pid of alive) runtime.terminate(pid);
      assert.ok(await runtime.drained(20_000), `${runtime.live} processes are left`);
    }
    await runtime.stop();
  });
}

test('who waits for a child, or is waited for, on a thread that dies', async () => {
  const runtime = await deploy(FILES, { workers: 2, placement: 'round-robin' });
  const seen = listen(runtime);
  const callers = Array.from({ length: 6 }, () =>
    runtime.spawn({ id: 'app:caller', host: 'app:host', args: [runtime.pid] }),
  );
  await until(runtime, 'children of callers', () => seen.calledBy.size === callers.length);
  await runtime.loseWorker(1);
  // Callers on the other thread are answered; children there whose callers are gone are cancelled, then terminated. Where
  // one had been given to the thread of the other, both live.
  const lives = (pid: string) => runtime.scheduler.outbound!.whereIs(pid) !== undefined;
  await until(runtime, 'the end of the other half', () => {
    for (const [caller, child] of seen.calledBy) if (lives(caller) !== lives(child)) return false;
    return true;
  });
  const pairs = callers.filter(lives);
  assert.is(runtime.live, 2 * pairs.length);
  await until(runtime, 'an answer', () => seen.answered.length > 0);
  assert.equal(new Set(seen.answered), new Set(['UNAVAILABLE']));
  for (const caller of pairs) runtime.terminate(caller);
  assert.ok(await runtime.drained(20_000), `${runtime.live} processes are left`);
  await runtime.stop();
});

test('a thread that is out of memory', async () => {
  const runtime = await deploy(FILES, { workers: 2, placement: 'round-robin', workerHeap: 64 << 20 });
  const seen = listen(runtime);
  const { pid, exit } = runtime.watch({ id: 'app:hungry', host: 'app:host' });
  const event = await exit;
  assert.match(event.result!.error!.message, /worker \d was lost while it ran .*memory/);
  assert.is(event.result!.error!.kind, 'UNAVAILABLE');
  assert.is((event.result!.error!.details as { culprit?: string }).culprit, pid);
  const again = runtime.spawn({ id: 'app:watcher', host: 'app:host', args: [runtime.pid, CHILDREN, 'x'] });
  await until(runtime, 'children', () => seen.children.has(again));
  await runtime.stop();
});

test.run();
