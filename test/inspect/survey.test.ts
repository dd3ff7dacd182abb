/** What is said of processes, on whatever thread they live. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TroupeError } from '../../runtime/errors.ts';
import type { ProcessDetails } from '../../runtime/inspect/process_report.ts';
import type { ProcessList } from '../../runtime/inspect/survey.ts';
import { InspectClient } from '../../runtime/inspect/client.ts';
import type { RequestWithoutId } from '../../runtime/inspect/request_schema.ts';
import { deploymentKey, listSockets } from '../../runtime/inspect/socket_folder.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest, scopeOf } from '../../runtime/security/identity.ts';
import { deploy } from '../deploy.ts';
import { useSessionFolder } from './session_folder.ts';

const folder = useSessionFolder();

const test = suite('inspected processes');

const SDK = "import { defineProcess } from 'troupe/sdk';\n";

const FILES = {
  '.troupe.yaml': '{}\n',
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: other, kind: process.host, allow_untrusted_ts: true, capabilities: {time: {}, fs: {root: "."}}, limits: {memory: 1MiB, cpu_slice: 5ms, mailbox: 50}}
  - {name: holds, kind: process.ts, source: "file://holds.ts"}
  - {name: waits, kind: process.ts, source: "file://waits.ts", imports: [time]}
  - {name: hangs, kind: process.ts, source: "file://hangs.ts"}
  - {name: quiet, kind: process.lua, source: "return function() process.inbox():receive() end"}
  - {name: all, kind: security.policy, policy: {actions: '*', resources: '*', effect: allow}}
  - {name: quiet.host, kind: process.host, allow_untrusted_ts: true, reachable_from: [host], capabilities: {process: {operations: [send]}}}
  - {name: read, kind: security.policy, policy: {actions: read, resources: "doc:*", effect: allow}}
  - {name: secret, kind: security.policy, policy: {actions: "*", resources: "doc:secret", effect: deny}}
  - {name: own, kind: security.policy, policy: {actions: write, resources: "*", effect: allow, conditions: [{field: meta.owner, operator: eq, value_from: actor.id}]}}
`,
  'holds.ts': `${SDK}export default defineProcess(function* (self) { for (;;) yield* self.receive(); });`,
  'waits.ts': `${SDK}export default defineProcess(function* (self, child: string) {
  self.registry.register('b.name');
  self.registry.register('a.name');
  self.setOptions({ trapLinks: true });
  self.spawnLinked('app:holds', 'app:host');
  self.spawnMonitored('app:holds', 'app:host');
  self.listen('work');
  self.fork(function* () { yield* self.time.sleep('1h'); });
  self.fork(function* () { yield* self.exec('app:holds', 'app:host'); });
  self.send(self.pid, 'work', 1);
  self.send(self.pid, 'work', 2);
  self.send(self.pid, 'elsewhere', 3);
  for (;;) yield* self.events().receive();
});`,
  'hangs.ts': `${SDK}export default defineProcess(function* () {
  for (let i = 0; ; i++) if (i < 0) break;
});`,
};

const started: Runtime[] = [];

test.after.each(async () => {
  for (const runtime of started.splice(0)) await runtime.halt();
});

interface Inspected {
  readonly runtime: Runtime;
  ask<T>(request: RequestWithoutId): Promise<T>;
}

async function inspected(workers: number, options: object = {}): Promise<Inspected> {
  const runtime = await deploy(FILES, { workers, inspect: true, ...options });
  started.push(runtime);
  const [{ path }] = listSockets(folder, deploymentKey(runtime.deployment.root));
  const client = await InspectClient.connect(path);
  return {
    runtime,
    ask: request => client.ask(request),
  };
}

async function refusal(call: Promise<unknown>): Promise<TroupeError> {
  try {
    await call;
  } catch (thrown) {
    return thrown as TroupeError;
  }
  throw new Error('nothing was refused');
}

/** Ask until it is so: processes run meanwhile. */
async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
  }
}

for (const workers of [0, 2]) {
  test(`processes of all threads are listed by number, ${workers} workers`, async () => {
    const { runtime, ask } = await inspected(workers, { placement: 'round-robin' });
    const pids: string[] = [];
    for (let i = 0; i < 30; i++) {
      const host = i % 3 === 0 ? 'app:other' : 'app:host';
      pids.push(runtime.spawn({ id: i % 2 === 0 ? 'app:holds' : 'app:quiet', host }));
    }
    const list = await until(
      () => ask<ProcessList>({ ask: 'ps' }),
      ({ processes }) => processes.length === 30 && processes.every(({ state }) => state === 'idle'),
    );
    assert.equal(list.processes.map(({ pid }) => pid).sort(), [...pids].sort());
    const numbers = list.processes.map(({ pid }) => Number(/0x[0-9a-f]+/.exec(pid)![0]));
    assert.equal(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
    assert.equal([...new Set(list.processes.map(({ thread }) => thread))].sort(), workers === 0 ? [0] : [1, 2]);
    assert.is(list.count, 30);
    assert.is(list.threads, workers + 1);
    assert.equal(list.silent, []);
    const [row] = list.processes.filter(({ pid }) => pid === pids[1]);
    const { thread, ...rest } = row;
    assert.is(typeof thread, 'number');
    assert.equal(rest, {
      pid: pids[1],
      entry: 'app:quiet',
      kind: 'process.lua',
      host: 'app:host',
      state: 'idle',
      mailbox: 0,
      links: 0,
      monitors: 0,
      names: [],
      name_count: 0,
    });
  });

  test(`a list is cut, and says how many there are; filters count what they let through, ${workers} workers`, async () => {
    const { runtime, ask } = await inspected(workers);
    for (let i = 0; i < 30; i++) {
      runtime.spawn({ id: i % 2 === 0 ? 'app:holds' : 'app:quiet', host: i % 3 === 0 ? 'app:other' : 'app:host' });
    }
    const sizes = async (request: object): Promise<[number, number]> => {
      const { processes, count } = await until(
        () => ask<ProcessList>({ ask: 'ps', ...request }),
        list => list.count >= 5,
      );
      return [processes.length, count];
    };
    await until(
      () => ask<ProcessList>({ ask: 'ps' }),
      ({ count }) => count === 30,
    );
    assert.equal(await sizes({ limit: 7 }), [7, 30]);
    assert.equal(await sizes({ host: 'app:other' }), [10, 10]);
    assert.equal(await sizes({ entry: 'app:quiet' }), [15, 15]);
    assert.equal(await sizes({ entry: 'app:quiet', host: 'app:other', limit: 2 }), [2, 5]);
    assert.is((await ask<ProcessList>({ ask: 'ps', host: 'app:nothing' })).count, 0);
    // The program that embeds the runtime is not one of its processes, but can be asked for.
    assert.is((await ask<ProcessList>({ ask: 'ps', host: 'system:runtime' })).processes[0].pid, runtime.pid);
  });

  test(`all that is known of a process, ${workers} workers`, async () => {
    const { runtime, ask } = await inspected(workers);
    const request: IdentifiedRequest = {
      id: 'app:waits',
      host: 'app:other',
      monitor: true,
      context: { tenant: 'acme', big: 'x'.repeat(1_000_000), __proto__: { not: 'seen' } as never },
      identity: {
        ...contextOfActor({ id: 'ann', meta: { team: 'a' } }),
        ...contextOfScope(scopeOf(['app:all', 'app:read'])),
      },
    };
    const pid = runtime.spawn(request);
    const details = await until(
      () => ask<ProcessDetails>({ ask: 'inspect', process: pid }),
      ({ mailbox, commands }) => mailbox === 3 && commands.count === 1,
    );
    assert.is(details.pid, pid);
    assert.is(details.entry, 'app:waits');
    assert.is(details.kind, 'process.ts');
    assert.is(details.host, 'app:other');
    assert.equal(details.names, { count: 2, first: ['a.name', 'b.name'] });
    assert.equal(details.topics, { count: 1, first: [{ topic: 'work', waiting: 2 }] });
    assert.is(details.links.count, 1);
    assert.is(details.monitors.count, 1);
    assert.is.not(details.links.first[0], details.monitors.first[0]);
    assert.equal(details.monitored_by, { count: 1, first: [runtime.pid] });
    assert.is(details.trap_links, true);
    assert.is(details.upgradable, false);
    assert.equal(details.actor, { id: 'ann', meta: { team: 'a' } });
    assert.equal(details.scope, ['app:all', 'app:read']);
    assert.equal(Object.keys(details.context as object), ['tenant', 'big']);
    assert.ok(JSON.stringify(details.context).length < 1_000);
    assert.is(details.strict, true);
    assert.equal(details.limits, { mailbox: 50, mailbox_bytes: 67_108_864, memory: 1_048_576, cpu_slice: 5 });
    assert.equal(details.imports, ['time']);
    const [{ exec, entry }] = details.commands.first;
    assert.is(entry, 'app:holds');
    assert.is(details.timers.count, 1);
    const left = details.timers.first[0].in;
    assert.ok(left > 3_500_000 && left <= 3_600_000, `${left} ms`);
    // By a name it is the same one, and the child that it waits for says who waits.
    assert.is((await ask<ProcessDetails>({ ask: 'inspect', process: 'a.name' })).pid, pid);
    const child = await ask<ProcessDetails>({ ask: 'inspect', process: exec! });
    assert.equal(child.awaited_by, { count: 1, first: [pid] });
    assert.equal(child.actor, { id: 'ann', meta: { team: 'a' } });
    runtime.terminate(pid);
    await until(
      () => ask<ProcessList>({ ask: 'ps', entry: 'app:waits' }),
      ({ count }) => count === 0,
    );
    assert.is((await refusal(ask({ ask: 'inspect', process: pid }))).kind, 'NOT_FOUND');
    assert.is((await refusal(ask({ ask: 'inspect', process: 'a.name' }))).kind, 'NOT_FOUND');
  });

  test(`why something is allowed or not, ${workers} workers`, async () => {
    const { runtime, ask } = await inspected(workers);
    const identity = {
      ...contextOfActor({ id: 'ann', meta: {} }),
      ...contextOfScope(scopeOf(['app:read', 'app:secret', 'app:own'])),
    };
    const request: IdentifiedRequest = { id: 'app:holds', host: 'app:host', identity };
    const scoped = runtime.spawn(request);
    const why = (process: string, action: string, resource: string, meta = {}): Promise<any> =>
      ask({ ask: 'why', process, action, resource, meta });
    const allowed = await why(scoped, 'read', 'doc:1');
    assert.is(allowed.allowed, true);
    assert.is(allowed.effect, 'allow');
    assert.is(allowed.policy, 'app:read');
    assert.is(allowed.host, 'app:host');
    assert.equal(allowed.actor, { id: 'ann', meta: {} });
    assert.equal(allowed.scope, ['app:own', 'app:read', 'app:secret']);
    assert.equal(
      allowed.considered.map(({ policy, effect }: { policy: string; effect: string }) => [policy, effect]),
      [
        ['app:own', 'undefined'],
        ['app:read', 'allow'],
        ['app:secret', 'undefined'],
      ],
    );
    for (const { said } of allowed.considered) assert.ok(said.length > 5);
    const denied = await why(scoped, 'read', 'doc:secret');
    assert.equal([denied.allowed, denied.effect, denied.policy], [false, 'deny', 'app:secret']);
    const silent = await why(scoped, 'paint', 'wall');
    assert.is(allowed.remedy, undefined);
    assert.match(denied.remedy, /change that policy/);
    assert.match(silent.remedy, /add a policy/);
    assert.equal([silent.allowed, silent.effect, silent.policy], [false, 'undefined', undefined]);
    assert.is((await why(scoped, 'write', 'x', { owner: 'ann' })).allowed, true);
    assert.is((await why(scoped, 'write', 'x', { owner: 'bob' })).allowed, false);
    const nobody = runtime.spawn({ id: 'app:holds', host: 'app:host' });
    assert.is((await why(nobody, 'read', 'doc:secret')).allowed, true);
    const strict = runtime.spawn({ id: 'app:holds', host: 'app:other' });
    // What hosts say comes before policies, and the hosts of both sides are found out.
    const spawns = await why(
      scoped,
      'process.send',
      runtime.spawn({ id: 'app:holds', host: 'app:quiet.host', name: 'hidden' }),
    );
    assert.equal(spawns.meta, { host: 'app:quiet.host', sender_host: 'app:host' });
    const outside = runtime.spawn({ ...request, host: 'app:other' } as IdentifiedRequest);
    for (const target of ['hidden', 'app:quiet.host']) {
      const action = target === 'hidden' ? 'process.send' : 'process.host';
      const out = await why(outside, action, target);
      assert.equal([out.allowed, out.rule], [false, 'reachable_from'], target);
    }
    const keeps = await why('hidden', 'process.spawn', 'app:holds');
    assert.equal([keeps.allowed, keeps.rule], [false, 'capabilities.process.operations']);
    const shown = await ask<ProcessDetails>({ ask: 'inspect', process: 'hidden' });
    assert.equal([shown.operations, shown.reachable_from], [['send'], ['app:host']]);
    const strictly = await why(strict, 'read', 'doc:1');
    assert.is(strictly.allowed, false);
    assert.match(strictly.why, /strict/);
  });
}

test('processes that move all the time are found where they are', async () => {
  const { runtime, ask } = await inspected(3, { restless: true });
  const pids = Array.from({ length: 20 }, () => runtime.spawn({ id: 'app:quiet', host: 'app:host' }));
  for (let round = 0; round < 10; round++) {
    for (const pid of pids) assert.is((await ask<ProcessDetails>({ ask: 'inspect', process: pid })).pid, pid);
  }
});

test('a thread that is held does not hold the answer: it is named, with the process that holds it', async () => {
  const { runtime, ask } = await inspected(2, { placement: 'round-robin', watchdog: 0 });
  for (let i = 0; i < 10; i++) runtime.spawn({ id: 'app:holds', host: 'app:host' });
  // Those that wait stay where they are.
  const before = await until(
    () => ask<ProcessList>({ ask: 'ps' }),
    ({ processes }) => processes.length === 10 && processes.every(({ state }) => state === 'idle'),
  );
  const pid = runtime.spawn({ id: 'app:hangs', host: 'app:host' });
  const list = await until(
    () => ask<ProcessList>({ ask: 'ps' }),
    ({ silent }) => silent.length === 1,
  );
  const held = list.silent[0].thread;
  assert.is(list.silent[0].running, pid);
  assert.match(list.silent[0].why, /did not answer within 2s/);
  const reachable = before.processes.filter(({ thread }) => thread !== held);
  assert.ok(reachable.length > 0);
  assert.equal(
    list.processes.map(row => row.pid),
    reachable.map(row => row.pid),
  );
  const error = await refusal(ask({ ask: 'inspect', process: pid }));
  assert.is(error.kind, 'TIMEOUT');
  assert.ok(error.message.includes(`a step of ${pid} holds it`), error.message);
  await runtime.loseWorker(held);
  await until(
    () => ask<ProcessList>({ ask: 'ps' }),
    ({ silent, count }) => silent.length === 0 && count === reachable.length,
  );
});

test('a thread that is lost while it is asked has nothing to say', async () => {
  const { runtime, ask } = await inspected(1, { watchdog: 0 });
  runtime.spawn({ id: 'app:hangs', host: 'app:host' });
  await runtime.wait(50);
  const asked = ask<ProcessList>({ ask: 'ps' });
  await runtime.wait(50);
  await runtime.loseWorker(1);
  const { count, silent } = await asked;
  assert.is(count, 0);
  assert.equal(silent, []);
});

test.run();
