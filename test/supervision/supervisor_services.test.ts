/** Supervisors that the deployment itself starts. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { World } from './world.ts';

const test = suite('supervisors as services');

const UNIT = `import { defineProcess } from 'troupe/sdk';

export default defineProcess<[string, number]>(function* (self, name, sound = 0) {
  self.logger.info('+' + name);
  if (self.time.unix() * 1000 - 1.7e12 < sound) throw new Error(name + ' is broken');
  const { reason } = (yield* self.events().receive()) as { reason: string };
  self.logger.info('-' + name);
});
`;

const child = (name: string, sound = 0): string =>
  `{process: unit, host: host, name: ${name}, input: [${name}, ${sound}]}`;
const service = (name: string, lifecycle: string): string =>
  `  - {name: ${name}, kind: process.service, process: unit, host: host, input: [${name}], lifecycle: {${lifecycle}}}\n`;

function start(...entries: string[]): Promise<World> {
  return World.start({
    's.yaml': `namespace: s
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: unit, kind: process.ts, source: file://unit.ts, imports: [logger, time]}
${entries.join('')}`,
    'unit.ts': UNIT,
  });
}

const told = ({ lines }: World): string[] =>
  lines.filter(line => /^\d+ info [+-]/.test(line)).map(line => line.replace(' info', ''));

test('it runs once its children run, after what they require, and stops before it', async () => {
  const world = await start(
    service('web', 'auto_start: true, requires: [tree]'),
    `  - {name: tree, kind: process.supervisor, children: [${child('a')}, part, ${child('b')}], lifecycle: {name: tree}}\n`,
    service('part', 'requires: [db]'),
    service('db', ''),
  );
  assert.equal(told(world), ['0 +db', '0 +a', '0 +part', '0 +b', '0 +web']);
  assert.equal(world.states, { web: 'running', tree: 'running', db: 'running' });
  assert.is(world.runtime.lookup('tree'), world.runtime.services[1].pid);
  const stopped = world.runtime.stop();
  await world.clock.settle();
  await stopped;
  assert.equal(told(world).slice(5), ['0 -web', '0 -b', '0 -part', '0 -a', '0 -db']);
  assert.is(world.runtime.live, 0);
});

test('where its children cannot start it fails, and is tried again as a whole', async () => {
  const world = await start(
    `  - {name: tree, kind: process.supervisor, children: [${child('a')}, ${child('b', 150)}],
     lifecycle: {auto_start: true, restart: {delay: 100ms, backoff_factor: 1, jitter: 0}}}\n`,
  );
  assert.is(world.states.tree, 'failed');
  assert.match(world.lines.join('\n'), /^0 warn service s:tree failed: .*b is broken.*; restart 1 in 100ms$/m);
  assert.is(world.runtime.live, 0);
  await world.clock.advance(200);
  assert.is(world.states.tree, 'running');
  assert.equal(told(world), ['0 +a', '0 +b', '0 -a', '100 +a', '100 +b', '100 -a', '200 +a', '200 +b']);
  await world.stop();
});

test('one that gives up is restarted with its whole tree', async () => {
  const world = await start(
    `  - {name: tree, kind: process.supervisor, children: [${child('a')}, ${child('b')}], intensity: {max: 0},
     lifecycle: {auto_start: true, restart: {delay: 100ms, backoff_factor: 1, jitter: 0}}}\n`,
  );
  const [{ pid }] = world.runtime.services;
  world.runtime.terminate(world.runtime.lookup('b')!);
  await world.clock.advance(99);
  assert.is(world.states.tree, 'failed');
  assert.is(world.runtime.live, 0);
  await world.clock.advance(1);
  assert.is(world.states.tree, 'running');
  assert.is.not(world.runtime.services[0].pid, pid);
  assert.equal(told(world).slice(2), ['0 -a', '100 +a', '100 +b']);
  await world.stop();
});

test.run();
