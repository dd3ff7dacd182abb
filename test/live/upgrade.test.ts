import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import type { UpgradeReport, UpgradeRequest } from '../../runtime/live/upgrade.ts';
import { silentLog } from '../../runtime/logger.ts';
import { DeploymentError } from '../../runtime/registry/problem.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy, type Files } from '../deploy.ts';

const test = suite('upgrades from outside');

const YAML = `namespace: a
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: worker, kind: process.lua, source: "file://worker.lua", modules: [time]}
  - {name: asks, kind: process.ts, source: "file://asks.ts"}
  - name: served
    kind: process.service
    process: worker
    host: host
    input: [served]
    lifecycle: {auto_start: true, stable_threshold: 300ms, restart: {delay: 20ms}}
  - name: tree
    kind: process.supervisor
    children: [{process: worker, host: host, input: [kid]}, {process: asks, host: host}]
    lifecycle: {auto_start: true, stable_threshold: 200ms}
`;

/** Says its version under a name of its own, and answers what it is asked. `more`: what else it does at its start. */
const worker = (version: number, more = ''): string => `local time = require("time")
return function(who)
  process.registry.register(tostring(who) .. " ${version}")
  ${more}
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select{inbox:case_receive(), events:case_receive()}
    if got.channel == events then return end
    process.send(got.value:from(), "version", ${version})
  end
end
`;

const asks = (version: number): string => `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  self.registry.register('asks ${version}');
  self.setOptions({ upgradable: true });
  for (;;) {
    const event = yield* self.events().receive();
    if (event?.kind === 'pid.outdated') yield* self.upgrade(null);
    if (event?.kind === 'pid.cancel') return;
  }
});
`;

const files = (version: number, more = ''): Files => ({
  'a.yaml': YAML,
  'worker.lua': worker(version, more),
  'asks.ts': asks(version),
});

function write({ deployment: { root } }: Runtime, changed: Files): void {
  for (const [path, content] of Object.entries(changed)) writeFileSync(join(root, path), content);
}

async function start(workers: number, more: Files = {}): Promise<Runtime> {
  return deploy({ ...files(1), ...more }, { workers, services: createServices({ log: silentLog }) });
}

const USUAL: UpgradeRequest = {
  target: undefined,
  policy: 'restart',
  stable: undefined,
  dryRun: false,
  by: { what: 'test' },
};

/** What became of whom, without PIDs. */
function outcomes(report: UpgradeReport): string[] {
  return report.processes
    .map(({ id, what, error }) => `${id} ${what}${error === null ? '' : `: ${error.message}`}`)
    .sort();
}

/** Until all these names are held, and none of the others. */
async function named(runtime: Runtime, held: readonly string[], free: readonly string[] = []): Promise<void> {
  while (held.some(name => runtime.lookup(name) === undefined)) await runtime.wait(2);
  while (free.some(name => runtime.lookup(name) !== undefined)) await runtime.wait(2);
}

async function refused(what: Promise<unknown>): Promise<TroupeError> {
  try {
    await what;
  } catch (thrown) {
    return thrown as TroupeError;
  }
  throw new Error('it was not refused');
}

for (const workers of [0, 2]) {
  test(`who asked for it is told, services and children are restarted, others run on: ${workers} workers`, async () => {
    const runtime = await start(workers);
    const other = runtime.spawn({ id: 'a:worker', host: 'a:host', args: ['other'] });
    await named(runtime, ['served 1', 'kid 1', 'asks 1', 'other 1']);
    const [asking] = ['asks 1'].map(name => runtime.lookup(name));
    write(runtime, files(2));
    const planned = await runtime.upgrade({ ...USUAL, dryRun: true });
    assert.equal(planned.changed, ['a:worker', 'a:asks']);
    const told = ['a:asks told', 'a:worker left', 'a:worker restarted', 'a:worker restarted'];
    assert.equal([planned.outcome, outcomes(planned), runtime.version], ['planned', told, 1]);
    const report = await runtime.upgrade(USUAL);
    assert.equal([report.outcome, outcomes(report), report.version, report.stable], ['upgraded', told, 2, 300]);
    await named(runtime, ['served 2', 'kid 2', 'asks 2', 'other 1'], ['served 1', 'kid 1']);
    assert.is(runtime.lookup('asks 2'), asking);
    assert.is(runtime.lookup('other 1'), other);
    assert.is((await runtime.upgrade({ ...USUAL, target: 'a:served' })).outcome, 'upgraded');
    await runtime.stop();
  });

  test(`replace: same PID and mailbox, the input of its service: ${workers} workers`, async () => {
    const runtime = await start(workers);
    await named(runtime, ['served 1', 'kid 1', 'asks 1']);
    const pid = runtime.lookup('served 1')!;
    write(runtime, files(2));
    const report = await runtime.upgrade({ ...USUAL, target: 'a:served', policy: 'replace', stable: 10 });
    assert.ok(
      report.processes.some(process => process.pid === pid && process.what === 'replaced' && process.now === pid),
    );
    await named(runtime, ['served 2']);
    assert.is(runtime.lookup('served 2'), pid);
    await runtime.stop();
  });

  test(`one process alone: ${workers} workers`, async () => {
    const runtime = await start(workers);
    await named(runtime, ['served 1', 'kid 1', 'asks 1']);
    write(runtime, files(2));
    const report = await runtime.upgrade({ ...USUAL, target: 'kid 1', stable: 10 });
    assert.equal(outcomes(report), ['a:worker restarted']);
    await named(runtime, ['kid 2', 'served 1', 'asks 1']);
    await runtime.stop();
  });

  test(`new code that fails at its start is taken back, and what was not dealt with is left alone: ${workers} workers`, async () => {
    const runtime = await start(workers);
    await named(runtime, ['served 1', 'kid 1', 'asks 1']);
    const before = runtime.services.map(({ pid }) => pid);
    write(runtime, files(2, 'error("broken from the beginning")'));
    const report = await runtime.upgrade(USUAL);
    assert.is(report.outcome, 'rolled back');
    assert.match(report.why!, 'broken from the beginning');
    await named(runtime, ['served 1', 'kid 1']);
    assert.equal([runtime.version, runtime.registry.history()[0].note], [3, 'the upgrade failed']);
    // The tree has not given up because of it.
    const tree = runtime.services.find(({ id }) => id === 'a:tree')!;
    assert.equal([tree.pid, tree.restarts], [before[runtime.services.indexOf(tree)] ?? tree.pid, 0]);
    assert.is(
      await runtime.exec({ id: 'a:worker', host: 'a:host', args: ['x'], timeout: 50 }).catch(error => error.kind),
      'TIMEOUT',
    );
    await runtime.stop();
  });

  test(`new code that fails before it has proved itself is taken back: ${workers} workers`, async () => {
    const runtime = await start(workers);
    await named(runtime, ['served 1', 'kid 1', 'asks 1']);
    write(runtime, files(2, 'coroutine.spawn(function() time.sleep("100ms") error("broken later") end)'));
    const report = await runtime.upgrade({ ...USUAL, stable: 60_000 });
    assert.is(report.outcome, 'rolled back');
    assert.match(report.why!, 'broken later');
    await named(runtime, ['served 1', 'kid 1', 'asks 1'], ['served 2', 'kid 2']);
    await runtime.stop();
  });
}

test('what cannot be upgraded changes nothing and says why', async () => {
  const runtime = await start(0);
  await named(runtime, ['served 1', 'kid 1', 'asks 1']);
  assert.is((await runtime.upgrade(USUAL)).outcome, 'unchanged');
  write(runtime, { 'worker.lua': 'return function(' });
  assert.instance(await refused(runtime.upgrade(USUAL)), DeploymentError);
  write(runtime, files(1));
  const missing = await refused(runtime.upgrade({ ...USUAL, target: 'a:servd' }));
  assert.equal([missing.kind, missing.message], ['NOT_FOUND', 'there is no entry a:servd; did you mean "a:served"?']);
  assert.is((await refused(runtime.upgrade({ ...USUAL, target: '{a:host|0x0ffff}' }))).kind, 'NOT_FOUND');
  write(runtime, files(2));
  const first = runtime.upgrade(USUAL);
  const second = await refused(runtime.upgrade(USUAL));
  assert.equal([second.kind, second.retryable], ['CONFLICT', true]);
  assert.is((await first).outcome, 'upgraded');
  await runtime.stop();
});

test('a plan names who runs old code already, and services whose own entries change; leave leaves them alone', async () => {
  const runtime = await start(0);
  await named(runtime, ['served 1', 'kid 1', 'asks 1']);
  write(runtime, files(2));
  const left = await runtime.upgrade({ ...USUAL, policy: 'leave', stable: 10 });
  assert.equal(outcomes(left), ['a:asks told', 'a:worker left', 'a:worker left']);
  write(runtime, { 'a.yaml': YAML.replace('[kid]', '[child]') });
  const planned = await runtime.upgrade({ ...USUAL, dryRun: true });
  assert.equal([planned.outcome, planned.changed], ['planned', ['a:tree']]);
  assert.equal(outcomes(planned), ['a:tree restarted', 'a:worker restarted', 'a:worker restarted']);
  const tree = runtime.services.find(({ id }) => id === 'a:tree')!.pid;
  await runtime.upgrade({ ...USUAL, policy: 'leave' });
  assert.is(runtime.services.find(({ id }) => id === 'a:tree')!.pid, tree);
  // It is not forgotten that the tree runs by what its entry said before.
  const done = await runtime.upgrade({ ...USUAL, stable: 10 });
  assert.ok(outcomes(done).includes('a:tree restarted'));
  await named(runtime, ['served 2', 'child 2'], ['kid 1', 'kid 2']);
  await runtime.stop();
});

/** Services that do what they are started for, or what `input` says. */
const MORE = `
  - {name: once, kind: process.lua, source: "file://once.lua"}
  - {name: work, kind: process.service, process: once, host: host, lifecycle: {auto_start: true}}
`;
const failing = (message: string): string => `return function() error("${message}") end`;

test('a child that fails at its start as new code goes back once, of whatever kind its error is', async () => {
  const runtime = await start(0);
  await named(runtime, ['served 1', 'kid 1', 'asks 1']);
  write(runtime, {
    'worker.lua': worker(2, 'if who == "kid" then error(errors.new({message = "not here", kind = "INVALID"})) end'),
  });
  await runtime.registry.reload({ by: { what: 'test' } });
  const rolled = await runtime.rollOut(['a:worker'], { policy: 'restart' });
  const failed = rolled.filter(({ error }) => error !== undefined);
  assert.equal([rolled.length, failed.length], [2, 1]);
  assert.match(failed[0].error!.message, 'not here');
  await named(runtime, ['served 2', 'kid 1']);
  await runtime.stop();
});

test('services that have failed are tried with new code at once, and may fail again', async () => {
  const yaml = YAML + MORE.replace('auto_start: true', 'auto_start: true, restart: {delay: 1h, max_delay: 1h}');
  const runtime = await start(0, { 'a.yaml': yaml, 'once.lua': failing('at first') });
  await named(runtime, ['served 1']);
  const work = () => runtime.services.find(({ id }) => id === 'a:work')!;
  assert.is(work().state, 'failed');
  write(runtime, { 'once.lua': failing('still') });
  const failed = await runtime.upgrade({ ...USUAL, stable: 10 });
  assert.is(failed.outcome, 'upgraded');
  assert.match(outcomes(failed).join(), /a:work restarted: .*still/);
  write(runtime, { 'once.lua': 'return function() process.events():receive() end' });
  const sound = await runtime.upgrade({ ...USUAL, stable: 10 });
  assert.equal([outcomes(sound), work().state], [['a:work restarted'], 'running']);
  await runtime.stop();
});

test('a service that is new and fails is taken back; the others are what they were, with their input', async () => {
  const once = 'return function() process.registry.register("once") end';
  const runtime = await start(0, { 'a.yaml': YAML + MORE, 'once.lua': once });
  await named(runtime, ['served 1', 'kid 1', 'asks 1']);
  const done = runtime.services.find(({ id }) => id === 'a:work')!;
  assert.is(done.state, 'exited');
  const broken = `${YAML.replace('[served]', '[otherwise]')}${MORE}
  - {name: bad, kind: process.lua, source: "${failing('no').replaceAll('"', "'")}"}
  - {name: new, kind: process.service, process: bad, host: host, lifecycle: {auto_start: true}}
`;
  write(runtime, { 'a.yaml': broken });
  const report = await runtime.upgrade({ ...USUAL, stable: 60_000 });
  assert.equal([report.outcome, report.why], ['rolled back', 'a:new, which is new, failed: no']);
  await named(runtime, ['served 1'], ['otherwise 1']);
  // What had done its work is not started again.
  assert.equal(
    runtime.services.find(({ id }) => id === 'a:work'),
    done,
  );
  await runtime.stop();
});

test('what is brought back is the program as it was, imported files included, and what was set meanwhile stays', async () => {
  const program = `import { defineProcess } from 'troupe/sdk';
import { version } from './lib.ts';
export default defineProcess(function* (self) {
  self.registry.register('asks ' + version);
  if (version === 2 && (yield* self.receive()).topic === 'fail') throw new Error('as asked');
  yield* self.events().receive();
});`;
  const lib = (version: number): Files => ({ 'lib.ts': `export const version = ${version};` });
  const runtime = await start(0, { 'asks.ts': program, ...lib(1) });
  await named(runtime, ['served 1', 'kid 1', 'asks 1']);
  write(runtime, lib(2));
  const upgrade = runtime.upgrade({ ...USUAL, stable: 60_000 });
  await named(runtime, ['asks 2']);
  const set = { id: 'a:meanwhile', kind: 'registry.entry' };
  await runtime.registry.change([{ set }], { by: { what: 'test' } });
  runtime.send('asks 2', 'fail');
  assert.is((await upgrade).outcome, 'rolled back');
  await named(runtime, ['asks 1'], ['asks 2']);
  assert.ok(runtime.deployment.entries.has('a:meanwhile'));
  // The folder still has it.
  assert.equal((await runtime.upgrade({ ...USUAL, dryRun: true })).changed, ['a:asks']);
  await runtime.stop();
});

test('what ends at once as new code runs again when the upgrade is taken back; the bound is that of the services', async () => {
  const runtime = await start(0);
  await named(runtime, ['served 1', 'kid 1', 'asks 1']);
  write(runtime, { 'asks.ts': asks(2), 'a.yaml': YAML.replace('200ms', '20ms') });
  assert.is((await runtime.upgrade(USUAL)).stable, 20);
  write(runtime, {
    'worker.lua': `return function(who)
      if who == "kid" then error(errors.new({message = "not here", kind = "NOT_FOUND"})) end
    end`,
  });
  const report = await runtime.upgrade({ ...USUAL, stable: 60_000 });
  assert.is(report.outcome, 'rolled back');
  assert.match(report.why!, 'not here');
  await named(runtime, ['served 1', 'kid 1']);
  await runtime.stop();
});

test('a plan says which capabilities are gained and lost', async () => {
  const runtime = await start(0);
  write(runtime, { 'a.yaml': YAML.replace('modules: [time]', 'modules: [logger]') });
  const { capabilities } = await runtime.upgrade({ ...USUAL, dryRun: true });
  assert.equal(capabilities, [{ entry: 'a:worker', host: 'a:host', gained: ['logger'], lost: ['time'] }]);
  await runtime.stop();
});

test('fallback: previous brings back the code before, until there is newer code', async () => {
  const yaml = YAML.replace('input: [kid]}', 'input: [kid], fallback: previous}');
  const runtime = await start(0, { 'a.yaml': yaml });
  await named(runtime, ['kid 1']);
  const kid = (): string => runtime.lookup('kid 1') ?? '';
  write(runtime, { 'worker.lua': worker(2, 'error("never starts")') });
  await runtime.registry.reload({ by: { what: 'test' } });
  const old = kid();
  // It dies, what is started in its place fails, and the code before takes over.
  runtime.terminate(old);
  while (kid() === '' || kid() === old) await runtime.wait(2);
  const back = kid();
  runtime.terminate(back);
  while (kid() === '' || kid() === back) await runtime.wait(2);
  write(runtime, { 'worker.lua': worker(3) });
  await runtime.registry.reload({ by: { what: 'test' } });
  runtime.terminate(kid());
  await named(runtime, ['kid 3'], ['kid 1']);
  await runtime.stop();
});

for (const policy of ['restart', 'replace'] as const) {
  test(`who fails with the new code and goes back is given it once: ${policy}`, async () => {
    const yaml = YAML.replace('input: [kid]}', 'input: [kid], fallback: previous}');
    const runtime = await start(0, { 'a.yaml': yaml });
    await named(runtime, ['kid 1', 'served 1']);
    const before = runtime.lookup('kid 1')!;
    write(runtime, { 'worker.lua': worker(2, 'if who == "kid" then error("never starts") end') });
    await runtime.registry.reload({ by: { what: 'test' } });
    const rolled = await runtime.rollOut(['a:worker'], { policy });
    assert.is(rolled.length, 2, JSON.stringify(rolled));
    assert.ok(rolled.some(({ pid }) => pid === before));
    while ([undefined, before].includes(runtime.lookup('kid 1'))) await runtime.wait(2);
    await runtime.stop();
  });
}

test('a service goes back as well, and after an upgrade of its own that failed', async () => {
  const yaml = YAML.replace('stable_threshold: 300ms', 'stable_threshold: 10s, fallback: previous');
  const runtime = await start(0, { 'a.yaml': yaml });
  await named(runtime, ['served 1']);
  write(runtime, { 'worker.lua': worker(2, 'error("never starts")') });
  await runtime.registry.reload({ by: { what: 'test' } });
  const old = runtime.lookup('served 1')!;
  runtime.terminate(old);
  while ([undefined, old].includes(runtime.lookup('served 1'))) await runtime.wait(2);
  write(runtime, { 'worker.lua': worker(3) });
  const report = await runtime.upgrade({ ...USUAL, stable: 10 });
  assert.is(report.outcome, 'upgraded');
  await named(runtime, ['served 3'], ['served 1']);
  // The next one fails where it is, and what runs instead is the code that it was.
  write(runtime, { 'worker.lua': worker(4, 'error("never starts")') });
  const pid = runtime.lookup('served 3')!;
  await runtime.registry.reload({ by: { what: 'test' } });
  const rolled = await runtime.rollOut(['a:worker'], { policy: 'replace' });
  assert.ok(rolled.some(({ pid: of, what }) => of === pid && what === 'replaced'));
  while ([undefined, pid].includes(runtime.lookup('served 3'))) await runtime.wait(2);
  await runtime.stop();
});

test.run();
