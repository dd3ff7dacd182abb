/** Services that are started, stopped, restarted and edited one by one while their deployment runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TroupeError } from '../../runtime/errors.ts';
import type { ServiceStatus } from '../../runtime/supervision/service.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { World } from './world.ts';

const test = suite('control of services');

/** It fails before `sound` (milliseconds of the clock), and takes `ends` to stop. */
const UNIT = `import { defineProcess } from 'troupe/sdk';

export default defineProcess<[string, number, number]>(function* (self, name, sound = 0, ends = 0) {
  self.logger.info('+' + name);
  if (self.time.unix() * 1000 - 1.7e12 < sound) throw new Error(name + ' is broken');
  const { reason } = (yield* self.events().receive()) as { reason: string };
  if (ends > 0) yield* self.time.sleep(ends + 'ms');
  self.logger.info('-' + name + ' ' + reason);
});
`;

const HEAD = `namespace: s
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: unit, kind: process.ts, source: file://unit.ts, imports: [logger, time]}
  - {name: twin, kind: process.ts, source: file://unit.ts, imports: [logger, time]}
`;

const service = (name: string, lifecycle: string, input = '', process = 'unit'): string =>
  `  - {name: ${name}, kind: process.service, process: ${process}, host: host, input: [${name}${input}], lifecycle: {${lifecycle}}}\n`;

const files = (...services: string[]): { [file: string]: string } => ({
  's.yaml': HEAD + services.join(''),
  'unit.ts': UNIT,
});

const errorOf = (promise: Promise<unknown>): Promise<TroupeError> =>
  promise.then(
    () => assert.unreachable() as never,
    thrown => thrown,
  );

const told = ({ lines }: World): string[] =>
  lines.filter(line => /^\d+ info [+-]/.test(line)).map(line => line.replace(' info', ''));

const CHAIN = [
  service('web', 'requires: [api]'),
  service('api', 'requires: [db]'),
  service('db', ''),
  service('x', ''),
];

test('starting one starts what it requires, stopping one stops what requires it', async () => {
  const world = await World.start(files(...CHAIN));
  const { runtime } = world;
  assert.equal(world.states, { web: 'unknown', api: 'unknown', db: 'unknown', x: 'unknown' });
  const { pid, state } = await runtime.startService('s:web');
  assert.equal([pid, state], [runtime.services[0].pid, 'running']);
  assert.equal(told(world), ['0 +db', '0 +api', '0 +web']);
  assert.equal(await runtime.stopService('s:api'), ['s:web', 's:api']);
  assert.equal(world.states, { web: 'stopped', api: 'stopped', db: 'running', x: 'unknown' });
  assert.equal(await runtime.stopService('s:api'), []);
  await runtime.startService('s:web');
  assert.equal(told(world).slice(5), ['0 +api', '0 +web']);
  assert.equal(await runtime.stopService('s:db'), ['s:web', 's:api', 's:db']);
  await world.stop();
});

test('restarting one: another process, no failure, and those that require it stay', async () => {
  const world = await World.start(files(...CHAIN));
  const { runtime } = world;
  await runtime.startService('s:web');
  const before = runtime.services.map(({ pid }) => pid);
  const { pid, restarts } = await runtime.restartService('s:db');
  assert.is(restarts, 0);
  assert.is.not(pid, before[2]);
  assert.equal(
    runtime.services.slice(0, 2).map(one => one.pid),
    before.slice(0, 2),
  );
  assert.equal(told(world).slice(3), ['0 -db service stopping', '0 +db']);
  assert.is((await runtime.restartService('s:x')).state, 'running', 'one that does not run is started');
  await world.stop();
});

test('a start that fails says why, and goes on by the rules of the service', async () => {
  const world = await World.start(
    files(service('web', 'requires: [db]'), service('db', 'restart: {delay: 100ms, jitter: 0}', ', 150')),
  );
  const { runtime } = world;
  const direct = await errorOf(runtime.startService('s:db'));
  assert.is(direct.message, 'service s:db does not run: db is broken');
  const indirect = await errorOf(runtime.startService('s:web'));
  assert.is(indirect.message, 'service s:web does not run: waits for s:db, which failed: db is broken');
  assert.is(indirect.kind, 'UNAVAILABLE');
  await world.clock.advance(400);
  assert.equal(world.states, { web: 'running', db: 'running' });
  await world.stop();
});

test('an explicit start does not wait for the restart that is due', async () => {
  const world = await World.start(files(service('db', 'auto_start: true, restart: {delay: 60s}', ', 10')));
  await world.clock.advance(50);
  assert.is(world.status.state, 'failed');
  assert.is((await world.runtime.startService('s:db')).state, 'running');
  assert.equal(told(world), ['0 +db', '50 +db']);
  await world.clock.advance(100_000);
  assert.is(told(world).length, 2);
  await world.stop();
});

test('a start during a stop comes after it; of two orders the later one counts', async () => {
  const world = await World.start(files(service('slow', 'auto_start: true', ', 0, 500')));
  const { runtime, clock } = world;
  const stopped = runtime.stopService('s:slow');
  const started = runtime.startService('s:slow');
  await clock.advance(500);
  assert.equal(await stopped, ['s:slow']);
  assert.is((await started).state, 'running');
  assert.equal(told(world), ['0 +slow', '500 -slow service stopping', '500 +slow']);
  const overtaken = errorOf(runtime.restartService('s:slow'));
  await clock.advance(100);
  const last = runtime.stopService('s:slow');
  await clock.advance(400);
  await last;
  assert.is((await overtaken).kind, 'CONFLICT');
  assert.is(world.status.state, 'stopped');
  await world.stop();
});

test('a start during a stop of what it requires comes after it, or before the turn of that', async () => {
  const web = service('web', 'auto_start: true, requires: [db]', ', 0, 100');
  const world = await World.start(files(web, service('db', '', ', 0, 500')));
  const { runtime, clock } = world;
  let stopped = runtime.stopService('s:db');
  await clock.advance(300);
  assert.equal(world.states, { web: 'stopped', db: 'stopping' });
  let started = runtime.startService('s:web');
  await clock.advance(300);
  assert.equal([(await stopped).length, (await started).state], [2, 'running']);
  assert.equal(world.states, { web: 'running', db: 'running' });
  stopped = runtime.stopService('s:db');
  started = runtime.startService('s:web');
  await clock.advance(100);
  await stopped;
  assert.is((await started).state, 'running');
  assert.equal(told(world).slice(-2), ['700 -web service stopping', '700 +web']);
  await world.stop();
});

test('what is no service', async () => {
  const tree = '  - {name: tree, kind: process.supervisor, children: [part]}\n';
  const world = await World.start(files(service('part', ''), service('whole', ''), tree));
  const { runtime } = world;
  const unknown = await errorOf(runtime.startService('s:whale'));
  assert.equal([unknown.kind, unknown.message], ['NOT_FOUND', 'there is no service s:whale; did you mean "s:whole"?']);
  assert.match((await errorOf(runtime.startService('tree'))).message, /no service tree; did you mean "s:tree"\?$/);
  assert.match((await errorOf(runtime.startService('part'))).message, /no service part; did you mean "s:part"\?$/);
  const child = await errorOf(runtime.stopService('s:part'));
  assert.is(child.kind, 'INVALID');
  assert.match(child.message, /s:part is a child of supervisor s:tree/);
  assert.equal(Object.keys(world.states), ['whole', 'tree']);
  await world.stop();
  assert.is((await errorOf(runtime.startService('s:whole'))).kind, 'UNAVAILABLE');
});

// --- live edits ---------------------------------------------------------------------------------------------------

/** A deployment whose services are replaced by others. */
class Edited {
  readonly world: World;

  private constructor(world: World) {
    this.world = world;
  }

  static async start(...services: string[]): Promise<Edited> {
    return new Edited(await World.start(files(...services)));
  }

  get services(): readonly ServiceStatus[] {
    return this.world.runtime.services;
  }

  /** Answers what needs a restart. */
  async edit(...services: string[]): Promise<readonly string[]> {
    const { runtime } = this.world;
    writeFileSync(join(runtime.deployment.root, 's.yaml'), files(...services)['s.yaml']);
    const { needsRestart } = await runtime.apply(await readDeployment(runtime.deployment.root));
    await this.world.clock.settle();
    return needsRestart.map(({ id, why }) => `${id} ${why.join(' ')}`);
  }
}

const AUTO = 'auto_start: true';

test('what is new starts, what is gone stops in order', async () => {
  const edited = await Edited.start(service('web', `${AUTO}, requires: [db]`), service('db', ''));
  assert.equal(edited.world.states, { web: 'running', db: 'running' });
  assert.equal(await edited.edit(service('api', `${AUTO}, name: api`), service('quiet', '')), []);
  assert.equal(edited.world.states, { api: 'running', quiet: 'unknown' });
  assert.equal(told(edited.world).slice(2), ['0 -web service stopping', '0 -db service stopping', '0 +api']);
  // Its successor waits until the name is free.
  const gone = edited.services[0].pid;
  await edited.edit(service('next', `${AUTO}, name: api`));
  assert.is(edited.world.runtime.lookup('api'), edited.services[0].pid);
  assert.is.not(edited.services[0].pid, gone);
  await edited.world.stop();
});

test('lifecycle counts without a restart', async () => {
  const edited = await Edited.start(service('web', 'name: one'), service('db', ''));
  const { world } = edited;
  const { runtime, clock } = world;
  await edited.edit(service('web', `${AUTO}, name: one`), service('db', ''));
  assert.equal(edited.world.states, { web: 'running', db: 'unknown' });
  const [{ pid }] = edited.services;
  assert.equal(
    await edited.edit(service('web', `${AUTO}, name: two, requires: [db], stop_timeout: 3s`), service('db', '')),
    [],
  );
  assert.equal(edited.world.states, { web: 'running', db: 'running' }, 'what it requires now runs');
  assert.equal([runtime.lookup('one'), runtime.lookup('two')], [undefined, pid]);
  assert.equal(await edited.edit(service('web', 'security: {actor: {id: web}}'), service('db', '')), []);
  assert.is(world.lines.at(-1), '0 info service s:web acts under its new lifecycle.security from its next start on');
  assert.is(runtime.lookup('two'), undefined);
  assert.is(edited.services[0].pid, pid);
  // Back-off of a restart that comes later.
  await edited.edit(service('web', 'restart: {delay: 7ms, jitter: 0}'), service('db', ''));
  runtime.terminate(pid!);
  await clock.advance(7);
  assert.match(world.lines.join('\n'), /0 warn service s:web failed: process terminated; restart 1 in 7ms/);
  assert.is(edited.world.states.web, 'running');
  await edited.world.stop();
});

test('a policy that changes while a restart is due, or after all are used up, is decided by anew', async () => {
  const broken = (restart: string): string => service('db', `${AUTO}, restart: {jitter: 0, ${restart}}`, ', 100000');
  const edited = await Edited.start(broken('delay: 60s'));
  const { world } = edited;
  const count = (): number => told(world).length;
  await edited.edit(broken('delay: 10ms, max_attempts: 1'));
  await world.clock.advance(20);
  assert.equal([edited.world.states.db, count()], ['exited', 2]);
  await edited.edit(broken('delay: 10ms, max_attempts: 2'));
  assert.is(edited.world.states.db, 'failed');
  await world.clock.advance(50);
  assert.equal([edited.world.states.db, count()], ['exited', 3]);
  await edited.world.stop();
});

test('what only a restart can bring is answered, by key', async () => {
  const edited = await Edited.start(service('web', AUTO), service('db', AUTO), service('off', ''));
  const changed = [
    service('web', AUTO, ', 0, 5', 'twin'),
    service('db', `${AUTO}, stable_threshold: 1s`),
    service('off', '', ', 1', 'twin'),
  ];
  assert.equal(await edited.edit(...changed), ['s:web process input']);
  await edited.world.runtime.restartService('s:web');
  const [{ pid }] = edited.services;
  assert.match(pid!, /s:host/);
  assert.equal(await edited.edit(...changed), []);
  await edited.world.clock.advance(20);
  await edited.world.runtime.startService('s:off');
  const stopped = edited.world.runtime.stop();
  await edited.world.clock.advance(100);
  await stopped;
  assert.match(told(edited.world).join('\n'), /25 -web service stopping/, 'it ends as its new input says');
  await edited.world.stop();
});

test('a name that somebody else holds: the service keeps its own, and the log says why', async () => {
  const edited = await Edited.start(service('web', `${AUTO}, name: one`));
  const { world } = edited;
  const thief = world.runtime.spawn({ id: 's:unit', host: 's:host', args: ['thief'], name: 'two' });
  await edited.edit(service('web', `${AUTO}, name: two`));
  assert.match(
    world.lines.join('\n'),
    /error service s:web cannot be renamed while it runs: name "two" is already registered/,
  );
  const { pid } = edited.services[0];
  assert.equal([world.runtime.lookup('one'), world.runtime.lookup('two')], [pid, thief]);
  await edited.edit(service('web', `${AUTO}, name: three`));
  const holders = ['one', 'two', 'three'].map(name => world.runtime.lookup(name));
  assert.equal(holders, [undefined, thief, pid], 'it lets go of its own name, and of no other');
  await edited.world.stop();
});

test.run();
