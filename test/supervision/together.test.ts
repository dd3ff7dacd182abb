/** Services that require each other: who starts when, who waits for whom, who stops first. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { World } from './world.ts';

const test = suite('services together');

/** It fails until `sound` (milliseconds of the clock), runs for `runs`, and takes `ends` to stop. */
const UNIT = `import { defineProcess } from 'troupe/sdk';

interface Unit { name: string; sound?: number; runs?: number; ends?: number; returns?: boolean; final?: boolean }

export default defineProcess<[Unit]>(function* (self, unit) {
  const { name, sound = 0, runs = 1e9, ends = 0, returns = false, final = false } = unit;
  self.logger.info('+' + name);
  const fail = () => Object.assign(new Error(name + ' is broken'), final ? { retryable: false } : {});
  if (self.time.unix() * 1000 - 1.7e12 < sound) throw fail();
  if (returns) return;
  const got = yield* self.select({ cancel: self.events(), over: self.after(runs + 'ms') });
  if (got.key === 'over') throw fail();
  if (ends > 0) yield* self.time.sleep(ends + 'ms');
  self.logger.info('-' + name + ' ' + (got.value as { reason: string }).reason);
});
`;

interface Unit {
  readonly sound?: number;
  readonly runs?: number;
  readonly ends?: number;
  readonly returns?: boolean;
  readonly final?: boolean;
  readonly requires?: string;
  /** More of `lifecycle`. */
  readonly lifecycle?: string;
  /** `false`: only where it is required. */
  readonly auto?: boolean;
  readonly host?: string;
}

function deployment(
  units: { readonly [name: string]: Unit },
  more: readonly string[] = [],
): { [file: string]: string } {
  const services = Object.entries(units).map(([name, unit]) => {
    const { requires = '', lifecycle = '', auto = true, host = 'host', ...how } = unit;
    return `{name: ${name}, kind: process.service, process: unit, host: ${host}, input: [${JSON.stringify({ name, ...how })}],
     lifecycle: {auto_start: ${auto}, requires: [${requires}], restart: {delay: 100ms, backoff_factor: 1, jitter: 0}, ${lifecycle}}}`;
  });
  const entries = [
    '{name: host, kind: process.host, allow_untrusted_ts: true}',
    '{name: unit, kind: process.ts, source: file://unit.ts, imports: [logger, time]}',
    ...more,
    ...services,
  ];
  return { 's.yaml': `namespace: s\nentries:\n${entries.map(entry => `  - ${entry}\n`).join('')}`, 'unit.ts': UNIT };
}

const start = (units: { readonly [name: string]: Unit }, more?: readonly string[]): Promise<World> =>
  World.start(deployment(units, more));

/** What the programs themselves say. */
const told = ({ lines }: World): string[] =>
  lines.filter(line => /^\d+ info [+-]/.test(line)).map(line => line.replace(' info', ''));
const warnings = ({ lines }: World): string[] => lines.filter(line => !line.includes(' info '));

const DIAMOND = {
  top: { requires: 'left, right', ends: 10 },
  left: { requires: 'bottom', ends: 30 },
  right: { requires: 'bottom', ends: 20 },
  bottom: { auto: false, ends: 10 },
  alone: { ends: 5 },
  unused: { auto: false },
};

test('each begins when all that it requires runs; what is required starts although nobody says so', async () => {
  const world = await start(DIAMOND);
  const order = told(world).map(line => line.slice(3));
  assert.ok(order.indexOf('bottom') < Math.min(order.indexOf('left'), order.indexOf('right')), order.join());
  assert.is(order.at(-1), 'top');
  assert.is(order.length, 5);
  assert.equal(world.states, {
    top: 'running',
    left: 'running',
    right: 'running',
    bottom: 'running',
    alone: 'running',
    unused: 'unknown',
  });
  await world.stop();
});

test('they stop in the reverse order, and at the same time where neither requires the other', async () => {
  const world = await start(DIAMOND);
  const stopped = world.runtime.stop();
  await world.clock.advance(1);
  assert.is(world.states.bottom, 'running');
  await world.clock.advance(100);
  await stopped;
  assert.equal(told(world).slice(5), [
    '5 -alone service stopping',
    '10 -top service stopping',
    '30 -right service stopping',
    '40 -left service stopping',
    '50 -bottom service stopping',
  ]);
  assert.equal(warnings(world), []);
});

test('one that fails holds up those that require it, and they begin when it runs', async () => {
  const world = await start({ web: { requires: 'api' }, api: { requires: 'db' }, db: { sound: 150 }, other: {} });
  // The deployment has started: each one runs, or was tried, or waits for one that was.
  assert.equal(world.states, { web: 'starting', api: 'starting', db: 'failed', other: 'running' });
  assert.equal(warnings(world), [
    '0 warn service s:db failed: db is broken; restart 1 in 100ms',
    '0 warn service s:api waits for s:db, which failed: db is broken',
    '0 warn service s:web waits for s:api, which waits for s:db, which failed: db is broken',
  ]);
  const [web] = world.runtime.services;
  assert.equal(web.waitsFor, ['s:api']);
  assert.is(web.error!.kind, 'UNAVAILABLE');
  await world.clock.advance(199);
  assert.is(world.states.web, 'starting');
  await world.clock.advance(1);
  assert.equal(told(world).slice(-3), ['200 +db', '200 +api', '200 +web']);
  assert.equal(world.states, { web: 'running', api: 'running', db: 'running', other: 'running' });
  assert.equal(world.runtime.services[0].error, undefined);
  // Waiting is said once, not with each try.
  assert.is(warnings(world).length, 4);
  await world.stop();
});

test('where one that is required is given up, those that wait for it fail and say so', async () => {
  for (const [db, why] of [
    [
      { sound: 1e6, lifecycle: 'restart: {max_attempts: 1, delay: 10ms}' },
      'it is given up after 1 restarts (max_attempts)',
    ],
    [{ sound: 1e6, final: true }, 'it stays so, because the error says that trying again cannot help'],
  ] as const) {
    const { lifecycle = 'stop_timeout: 1s', ...how } = { lifecycle: undefined, ...db };
    const files = deployment({ web: { requires: 'api' }, api: { requires: 'db' }, db: how });
    files['s.yaml'] = files['s.yaml'].replace(/(name: db.*\n.*)restart: \{[^}]*\}, /, `$1${lifecycle}`);
    const world = await World.start(files);
    await world.clock.advance(50);
    assert.equal(warnings(world).slice(-3), [
      `${lifecycle.includes('max') ? 10 : 0} error service s:db failed: db is broken; ${why}`,
      `${lifecycle.includes('max') ? 10 : 0} error service s:api cannot start: it requires s:db, which is given up: db is broken`,
      `${lifecycle.includes('max') ? 10 : 0} error service s:web cannot start: it requires s:api, which cannot start: it requires s:db, which is given up: db is broken`,
    ]);
    assert.is(world.states.web, 'failed');
    assert.is(world.states.api, 'failed');
    assert.is(world.clock.armed, 0);
    // Somebody repairs it: those that wait begin by themselves.
    await world.clock.advance(2e6);
    await world.runtime.startService('s:db');
    await world.clock.settle();
    assert.equal(world.states, { web: 'running', api: 'running', db: 'running' });
    await world.stop();
  }
});

test('one that flaps leaves those that run alone; one that must be restarted waits for it', async () => {
  const world = await start({ web: { requires: 'db', runs: 260 }, db: { runs: 60 } });
  const [{ pid }] = world.runtime.services;
  await world.clock.advance(240);
  // It has ended twice meanwhile, at 60 and 220, each time for 100 ms.
  assert.equal(told(world), ['0 +db', '0 +web', '160 +db']);
  assert.is(world.runtime.services[0].pid, pid);
  // web ends at 260 and is due at 360; db is back at 320 and gone again from 380 to 480.
  await world.clock.advance(125);
  assert.equal(told(world).slice(3), ['320 +db', '360 +web']);
  // After its next end, at 620, web is due at 720, when db is away, from 700 to 800.
  await world.clock.advance(360);
  assert.equal(
    warnings(world).filter(line => line.includes('waits')),
    ['720 warn service s:web waits for s:db, which failed: db is broken'],
  );
  assert.equal([world.states.web, world.runtime.services[0].waitsFor], ['failed', ['s:db']]);
  await world.clock.advance(85);
  assert.equal(told(world).slice(-2), ['800 +db', '800 +web']);
  await world.stop();
});

test('one that has returned is done: those that require it begin', async () => {
  const world = await start({ web: { requires: 'migrate' }, migrate: { returns: true } });
  assert.equal(world.states, { web: 'running', migrate: 'exited' });
  assert.equal(told(world), ['0 +migrate', '0 +web']);
  await world.stop();
});

test('what a host requires runs before what runs on it', async () => {
  const world = await start({ web: { host: 'far' }, db: { auto: false } }, [
    '{name: far, kind: process.host, allow_untrusted_ts: true, lifecycle: {requires: [db]}}',
  ]);
  assert.equal(told(world), ['0 +db', '0 +web']);
  const stopped = world.runtime.stop();
  await world.clock.settle();
  await stopped;
  assert.equal(told(world).slice(2), ['0 -web service stopping', '0 -db service stopping']);
});

test('what waits, and what is due, is stopped at once', async () => {
  const world = await start({ web: { requires: 'db' }, db: { sound: 1e6 } });
  await world.runtime.stop();
  assert.equal(world.states, { web: 'stopped', db: 'stopped' });
  assert.is(world.clock.armed, 0);
  await world.clock.advance(1000);
  assert.equal(told(world), ['0 +db']);
});

test('one that is terminated by somebody else comes back', async () => {
  const world = await start({ web: {} });
  world.runtime.terminate(world.status.pid!);
  await world.clock.advance(100);
  assert.equal(warnings(world), ['0 warn service s:web failed: process terminated; restart 1 in 100ms']);
  assert.is(world.status.state, 'running');
  await world.stop();
});

test('the stop of the runtime has an end: what is left is named and ends at once', async () => {
  const stubborn = { ends: 1e6, lifecycle: 'stop_timeout: 1h' };
  const files = deployment({ web: { ...stubborn, requires: 'db' }, db: {}, quick: {} });
  const world = await World.start({ ...files, '.troupe.yaml': 'security: {strict_mode: false}\nstop_timeout: 30s\n' });
  const stopped = world.runtime.stop();
  await world.clock.advance(29_999);
  assert.equal(world.states, { web: 'stopping', db: 'running', quick: 'stopped' });
  await world.clock.advance(1);
  await stopped;
  assert.equal(warnings(world), [
    '30000 error the runtime did not stop within 30s (stop_timeout of .troupe.yaml); ended at once: s:web (stopping), s:db (running)',
  ]);
  assert.is(world.runtime.live, 0);
  assert.is(world.clock.armed, 0);
});

test('without an end the runtime waits for as long as its services may take', async () => {
  const files = deployment({ web: { ends: 200_000, lifecycle: 'stop_timeout: 1h' } });
  const world = await World.start({ ...files, '.troupe.yaml': 'security: {strict_mode: false}\nstop_timeout: 0s\n' });
  const stopped = world.runtime.stop();
  await world.clock.advance(200_000);
  await stopped;
  assert.equal(told(world), ['0 +web', '200000 -web service stopping']);
});

test('one that fails while those that require it stop is not started again', async () => {
  const world = await start({ web: { requires: 'db', ends: 500 }, db: { runs: 50 } });
  const stopped = world.runtime.stop();
  await world.clock.advance(500);
  await stopped;
  assert.equal(warnings(world), ['50 warn service s:db failed: db is broken']);
  assert.equal(
    told(world)
      .slice(2)
      .map(line => line.split(' ').slice(0, 2).join(' ')),
    ['500 -web'],
  );
  assert.equal(world.states, { web: 'stopped', db: 'failed' });
});

test('one that ignores CANCEL is terminated after stop_timeout, and the log says so', async () => {
  const world = await start({ web: { ends: 1e6, lifecycle: 'stop_timeout: 3s' } });
  const stopped = world.runtime.stop();
  await world.clock.advance(3000);
  await stopped;
  assert.equal(warnings(world), [
    '3000 warn service s:web did not end within 3s of being asked to (stop_timeout) and is terminated',
  ]);
  assert.is(world.states.web, 'stopped');
});

test('a long chain, and a wide level', async () => {
  const units: { [name: string]: Unit } = {};
  for (let i = 0; i < 300; i++) units[`c${i}`] = { requires: i === 0 ? '' : `c${i - 1}` };
  for (let i = 0; i < 300; i++) units[`w${i}`] = { requires: 'c299' };
  const world = await start(units);
  assert.ok(Object.values(world.states).every(state => state === 'running'));
  const order = told(world).map(line => line.slice(3));
  assert.equal(
    order.slice(0, 300),
    Array.from({ length: 300 }, (_, i) => `c${i}`),
  );
  const stopped = world.runtime.stop();
  await world.clock.settle();
  await stopped;
  const ends = told(world)
    .slice(600)
    .map(line => line.split(' ')[1].slice(1));
  assert.equal(
    ends.slice(300),
    Array.from({ length: 300 }, (_, i) => `c${299 - i}`),
  );
});

test.run();
