import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { decideRestart, type RestartPolicy, restartDelay } from '../../runtime/supervision/restart.ts';
import { deploy } from '../deploy.ts';
import { World } from './world.ts';

const test = suite('restart');

/** It runs for a while, and then ends as it is told to; CANCEL makes it fail as well, if it is told so. */
const WORK = `import { defineProcess } from 'troupe/sdk';

export default defineProcess<[number, string]>(function* (self, milliseconds, how) {
  const events = self.events();
  const got = yield* self.select({ cancel: events, after: self.after(\`\${milliseconds}ms\`) });
  if (got.key === 'cancel' && how !== 'fail') return how;
  if (how === 'return') return how;
  const details = how === 'final' ? { retryable: false } : {};
  throw Object.assign(new Error('boom'), { kind: 'UNAVAILABLE' }, details);
});
`;

const LUA = `local time = require("time")
return function(milliseconds)
  time.sleep(milliseconds .. "ms")
  return nil, errors.new({message = "boom", kind = "UNAVAILABLE"})
end
`;

interface Given {
  /** What the process does. */
  readonly runs?: number;
  readonly ends?: 'fail' | 'final' | 'return';
  /** Of `lifecycle`, as in YAML. */
  readonly lifecycle?: string;
  readonly restart?: string;
  readonly chances?: readonly number[];
  readonly host?: string;
}

async function start(given: Given): Promise<World> {
  const { runs = 10, ends = 'fail', lifecycle = '', restart = '', host = '' } = given;
  const yaml = `namespace: s
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true, host: {${host}}}
  - {name: work, kind: process.ts, source: file://work.ts}
  - {name: web, kind: process.service, process: work, host: host, input: [${runs}, ${ends}],
     lifecycle: {auto_start: true, ${lifecycle} restart: {${restart}}}}
`;
  return World.start({ 's.yaml': yaml, 'work.ts': WORK }, given.chances);
}

test('it is started again after a delay that grows up to max_delay', async () => {
  const world = await start({ restart: 'initial_delay: 100ms, max_delay: 500ms, backoff_factor: 2' });
  await world.clock.advance(1800);
  assert.equal(world.lines, [
    '10 warn service s:web failed: boom; restart 1 in 100ms',
    '120 warn service s:web failed: boom; restart 2 in 200ms',
    '330 warn service s:web failed: boom; restart 3 in 400ms',
    '740 warn service s:web failed: boom; restart 4 in 500ms',
    '1250 warn service s:web failed: boom; restart 5 in 500ms',
    '1760 warn service s:web failed: boom; restart 6 in 500ms',
  ]);
  await world.stop();
});

test('the defaults: 1 s, twice as much each time, a tenth more or less', async () => {
  const world = await start({ chances: [0, 0.25, 0.5, 1 - 2 ** -53] });
  await world.clock.advance(16_000);
  assert.equal(world.lines, [
    '10 warn service s:web failed: boom; restart 1 in 900ms',
    '920 warn service s:web failed: boom; restart 2 in 1.9s',
    '2830 warn service s:web failed: boom; restart 3 in 4s',
    '6840 warn service s:web failed: boom; restart 4 in 8.8s',
    '15650 warn service s:web failed: boom; restart 5 in 14.4s',
  ]);
  await world.stop();
});

test('delay means the same as initial_delay', async () => {
  const world = await start({ restart: 'delay: 7ms, backoff_factor: 1' });
  await world.clock.advance(30);
  assert.equal(world.lines.slice(0, 2), [
    '10 warn service s:web failed: boom; restart 1 in 7ms',
    '27 warn service s:web failed: boom; restart 2 in 7ms',
  ]);
  await world.stop();
});

test('the count starts again once it has run for stable_threshold, not a moment before', async () => {
  const sound = await start({ runs: 50, lifecycle: 'stable_threshold: 50ms,', restart: 'delay: 100ms' });
  await sound.clock.advance(500);
  assert.equal(sound.lines, [
    '50 warn service s:web failed: boom; restart 1 in 100ms',
    '200 warn service s:web failed: boom; restart 1 in 100ms',
    '350 warn service s:web failed: boom; restart 1 in 100ms',
    '500 warn service s:web failed: boom; restart 1 in 100ms',
  ]);
  await sound.stop();
  const shaky = await start({ runs: 49, lifecycle: 'stable_threshold: 50ms,', restart: 'delay: 100ms' });
  await shaky.clock.advance(500);
  assert.equal(
    shaky.lines.map(line => line.slice(line.lastIndexOf('restart'))),
    ['restart 1 in 100ms', 'restart 2 in 200ms', 'restart 3 in 400ms'],
  );
  await shaky.stop();
});

test('max_attempts counts restarts; when they are spent it is given up', async () => {
  const world = await start({ restart: 'delay: 10ms, backoff_factor: 1, max_attempts: 2' });
  await world.clock.advance(10_000);
  assert.equal(world.lines, [
    '10 warn service s:web failed: boom; restart 1 of 2 in 10ms',
    '30 warn service s:web failed: boom; restart 2 of 2 in 10ms',
    '50 error service s:web failed: boom; it is given up after 2 restarts (max_attempts)',
  ]);
  assert.is(world.status.state, 'exited');
  assert.is(world.status.error!.message, 'boom');
  assert.is(world.clock.armed, 0);
  await world.stop();
});

test('an error that cannot be retried is final, also with on: always', async () => {
  for (const on of ['failure', 'always']) {
    const world = await start({ ends: 'final', restart: `on: ${on}` });
    await world.clock.advance(100_000);
    assert.equal(world.lines, [
      '10 error service s:web failed: boom; it stays so, because the error says that trying again cannot help',
    ]);
    assert.is(world.status.state, 'failed');
    await world.stop();
  }
});

test('one that returns has ended, and comes back with on: always only', async () => {
  const once = await start({ ends: 'return' });
  assert.is(once.status.state, 'running');
  await once.clock.advance(100_000);
  assert.equal(once.lines, ['10 info service s:web has ended']);
  assert.equal(once.status, {
    id: 's:web',
    state: 'exited',
    since: 1.7e9 + 0.01,
    pid: undefined,
    restarts: 0,
    error: undefined,
    waitsFor: [],
  });
  await once.stop();
  const always = await start({ ends: 'return', restart: 'on: always, delay: 20ms' });
  await always.clock.advance(31);
  assert.equal(always.lines, ['10 info service s:web has ended; restart 1 in 20ms']);
  assert.is(always.status.state, 'running');
  await always.stop();
});

test('its name leads to the present PID, and to nobody in between', async () => {
  const world = await start({ lifecycle: 'name: web,', restart: 'delay: 100ms' });
  const { runtime, clock } = world;
  const first = runtime.lookup('web');
  assert.is(first, world.status.pid);
  await clock.advance(50);
  assert.is(runtime.lookup('web'), undefined);
  assert.is(world.status.state, 'failed');
  await clock.advance(60);
  const second = runtime.lookup('web');
  assert.type(second, 'string');
  assert.is(second, world.status.pid);
  assert.is.not(second, first);
  await world.stop();
});

test('where somebody has taken its name the start fails and is tried again', async () => {
  const world = await start({ lifecycle: 'name: web,', restart: 'delay: 100ms, backoff_factor: 1' });
  const { runtime, clock } = world;
  await clock.advance(50);
  const thief = runtime.spawn({ id: 's:work', host: 's:host', args: [150, 'return'], name: 'web' });
  await clock.advance(100);
  assert.is(runtime.lookup('web'), thief);
  assert.match(
    world.lines[1],
    /^110 warn service s:web failed: name "web" of service s:web is held by .*; restart 2 in 100ms$/,
  );
  assert.is(world.status.error!.kind, 'ALREADY_EXISTS');
  await clock.advance(65);
  assert.is(world.status.state, 'running');
  assert.is(runtime.lookup('web'), world.status.pid);
  await world.stop();
});

test('a restart for which its host has no room is tried again', async () => {
  const world = await start({ restart: 'delay: 100ms, backoff_factor: 1', host: 'max_processes: 1' });
  await world.clock.advance(50);
  world.runtime.spawn({ id: 's:work', host: 's:host', args: [100, 'return'] });
  await world.clock.advance(100);
  assert.match(world.lines[1], /^110 warn service s:web failed: host "s:host" is full.*; restart 2 in 100ms$/);
  await world.clock.advance(61);
  assert.is(world.status.state, 'running');
  await world.stop();
});

test('stopping while a restart is pending: it does not happen', async () => {
  const world = await start({ restart: 'delay: 60s' });
  await world.clock.advance(100);
  assert.is(world.status.state, 'failed');
  await world.runtime.stop();
  assert.is(world.status.state, 'stopped');
  assert.is(world.clock.armed, 0);
  await world.clock.advance(100_000);
  assert.is(world.lines.length, 1);
});

test('one that fails because it is stopped is not started again', async () => {
  const world = await start({ runs: 1000, restart: 'delay: 1ms' });
  await world.clock.advance(100);
  assert.is(world.status.state, 'running');
  await world.stop();
  assert.is(world.status.state, 'stopped');
  assert.equal(world.lines, []);
});

test('halting leaves no timer behind', async () => {
  const world = await start({ restart: 'delay: 60s' });
  await world.clock.advance(100);
  await world.runtime.halt();
  assert.is(world.clock.armed, 0);
  assert.is(world.status.state, 'stopped');
});

for (const workers of [0, 2]) {
  test(`two services in two languages come back again and again, ${workers} workers`, async () => {
    const names = ['lua', 'ts'];
    const services = names.map(
      name => `  - {name: ${name}.service, kind: process.service, process: ${name}, host: host, input: [2, fail],
     lifecycle: {auto_start: true, name: ${name}, restart: {delay: 2ms, backoff_factor: 1}}}`,
    );
    const yaml = `namespace: s
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: ts, kind: process.ts, source: file://work.ts}
  - {name: lua, kind: process.lua, source: file://work.lua, modules: [time]}
${services.join('\n')}
`;
    const world = new World();
    const files = { 's.yaml': yaml, 'work.ts': WORK, 'work.lua': LUA };
    const runtime = await deploy(files, { workers, services: createServices({ log: world }) });
    while (runtime.services.some(({ restarts }) => restarts < 20)) await runtime.wait(2);
    await runtime.stop();
    assert.equal(
      runtime.services.map(({ state }) => state),
      ['stopped', 'stopped'],
    );
    assert.is(runtime.lookup('ts'), undefined);
  });
}

const POLICY: RestartPolicy = {
  initial_delay: 1000,
  max_delay: 90_000,
  backoff_factor: 2,
  jitter: 0.1,
  max_attempts: 0,
  on: 'failure',
};

test('a delay stays within the jitter of what the policy says, however often it fails', () => {
  for (let restarts = 0; restarts < 5000; restarts = restarts * 2 + 1) {
    const exact = Math.min(1000 * 2 ** restarts, 90_000);
    assert.is(restartDelay(POLICY, restarts, 0.5), exact);
    assert.ok(Math.abs(restartDelay(POLICY, restarts, 0) - exact * 0.9) < 1e-6);
    assert.ok(restartDelay(POLICY, restarts, 1 - 2 ** -53) <= exact * 1.1);
  }
  assert.is(restartDelay({ ...POLICY, initial_delay: 0 }, 2000, 0.3), 0);
});

test('what is decided for each way to end', () => {
  const error = (retryable?: boolean): TroupeError => new TroupeError('x', { retryable });
  const decide = (policy: Partial<RestartPolicy>, thrown: TroupeError | undefined, restarts = 0): string => {
    const decision = decideRestart({ ...POLICY, ...policy }, thrown, restarts, 0.5);
    return decision.restart ? String(decision.after) : decision.because;
  };
  assert.is(decide({}, undefined), 'done');
  assert.is(decide({}, error()), '1000');
  assert.is(decide({}, error(true)), '1000');
  assert.is(decide({}, error(false)), 'final');
  assert.is(decide({ on: 'always' }, undefined), '1000');
  assert.is(decide({ on: 'always' }, error(false)), 'final');
  assert.is(decide({ max_attempts: 3 }, error(), 2), '4000');
  assert.is(decide({ max_attempts: 3 }, error(), 3), 'spent');
  assert.is(decide({ max_attempts: 3, on: 'always' }, undefined, 3), 'spent');
  assert.is(decide({ max_attempts: 3 }, undefined, 3), 'done');
});

test.run();
