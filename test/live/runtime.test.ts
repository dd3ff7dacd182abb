/** The registry of a deployment that runs: on one thread and on several. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TroupeError } from '../../runtime/errors.ts';
import type { Change } from '../../runtime/live/change.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { DeploymentError } from '../../runtime/registry/problem.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy, type DeployOptions, type Files } from '../deploy.ts';

const test = suite('registry of a runtime');

const BY = { by: { what: 'command line' } };
const FILES: Files = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: spare, kind: process.host}
  - {name: starter, kind: process.lua, source: "file://starter.lua"}
  - {name: ts, kind: process.ts, source: "file://ts.ts"}
`,
  // Runs an entry from its own thread, wherever that is.
  'starter.lua': 'return function(id) return process.exec(id, "app:host") end',
  'ts.ts': `import { defineProcess } from 'troupe/sdk';
import { word } from './word';
export default defineProcess(function* () { return word; });`,
  'word.ts': "export const word = 'first';",
};
const says = (value: number | string): string => `return function() return ${JSON.stringify(value)} end`;
const lua = (id: string, source: string): Change => ({ set: { id, kind: 'process.lua', source } });

/** One for each language. */
const answering = (value: number): Change[] => [
  lua('app:new.lua', says(value)),
  {
    set: {
      id: 'app:new.ts',
      kind: 'process.ts',
      source: `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess(function* () { return ${value}; });`,
    },
  },
  {
    set: {
      id: 'app:new.wat',
      kind: 'function.wat',
      wit: 'main: func() -> s32',
      source: `(module (func (export "main") (result i32) (i32.const ${value})))`,
    },
  },
];
const WAITS = 'return function() return process.inbox():receive():topic() end';
const NEW = ['app:new.lua', 'app:new.ts', 'app:new.wat'];

/** What each of many processes on all threads gets when it runs the entry. */
async function everywhere(runtime: Runtime, id: string): Promise<Set<Payload>> {
  const runs = Array.from({ length: 12 }, () => runtime.exec({ id: 'app:starter', host: 'app:host', args: [id] }));
  return new Set(await Promise.all(runs));
}

async function refused(step: Promise<unknown>): Promise<TroupeError | DeploymentError> {
  try {
    await step;
  } catch (thrown) {
    return thrown as TroupeError;
  }
  throw new Error('it was not refused');
}

for (const options of [{ workers: 0 }, { workers: 2, placement: 'round-robin' }] satisfies DeployOptions[]) {
  const where = options.workers === 0 ? 'one thread' : 'three threads';

  test(`new entries run everywhere as soon as a change is answered; ${where}`, async () => {
    const runtime = await deploy(FILES, options);
    await runtime.registry.change(answering(1), BY);
    for (const id of NEW) assert.equal(await everywhere(runtime, id), new Set([1]), id);
    await runtime.registry.change(answering(2), BY);
    for (const id of NEW) assert.equal(await everywhere(runtime, id), new Set([2]), id);
    await runtime.registry.undo(undefined, BY);
    for (const id of NEW) assert.equal(await everywhere(runtime, id), new Set([1]), id);
    await runtime.registry.undo(undefined, BY);
    for (const id of NEW) {
      const error = (await refused(everywhere(runtime, id))) as TroupeError;
      assert.is(error.kind, 'NOT_FOUND', id);
    }
    await runtime.stop();
  });

  test(`processes of an entry that is removed go on; ${where}`, async () => {
    const runtime = await deploy(FILES, options);
    await runtime.registry.change([lua('app:waits', WAITS)], BY);
    const watched = Array.from({ length: 6 }, () => runtime.watch({ id: 'app:waits', host: 'app:host' }));
    await runtime.registry.change([{ remove: 'app:waits' }], BY);
    assert.is(((await refused(everywhere(runtime, 'app:waits'))) as TroupeError).kind, 'NOT_FOUND');
    for (const { pid } of watched) assert.is(runtime.send(pid, 'over'), undefined);
    for (const { exit } of watched) assert.equal((await exit).result, { value: 'over' });
    await runtime.stop();
  });

  test(`a program that does not compile among many changes nothing; ${where}`, async () => {
    const runtime = await deploy(FILES, options);
    const { deployment, version } = runtime;
    const error = await refused(runtime.registry.change([...answering(1), lua('app:broken', 'return function(')], BY));
    assert.instance(error, DeploymentError);
    assert.match(error.message, /^\(set at run time\) app:broken:1:1: app:broken, line 1.*inline source/);
    assert.is(runtime.deployment, deployment);
    assert.is(runtime.version, version);
    for (const id of NEW) assert.is(((await refused(everywhere(runtime, id))) as TroupeError).kind, 'NOT_FOUND');
    const dry = await runtime.registry.change(answering(1), { ...BY, dryRun: true });
    assert.equal(dry.added, NEW);
    assert.is(runtime.version, version);
    const broken = runtime.registry.change([lua('app:broken', 'return function(')], { ...BY, dryRun: true });
    assert.match((await refused(broken)).message, 'app:broken');
    await runtime.stop();
  });
}

test('what runs on a host that is removed goes on, and nothing new comes there', async () => {
  const runtime = await deploy(FILES);
  await runtime.registry.change([lua('app:waits', WAITS)], BY);
  const { pid, exit } = runtime.watch({ id: 'app:waits', host: 'app:spare' });
  await runtime.registry.change([{ remove: 'app:spare' }], BY);
  const error = (await refused(runtime.exec({ id: 'app:waits', host: 'app:spare' }))) as TroupeError;
  assert.is(error.kind, 'NOT_FOUND');
  assert.is(runtime.send(pid, 'over'), undefined);
  assert.equal((await exit).result, { value: 'over' });
  await runtime.registry.undo(undefined, BY);
  const again = runtime.watch({ id: 'app:waits', host: 'app:spare' });
  runtime.send(again.pid, 'again');
  assert.equal((await again.exit).result, { value: 'again' });
  await runtime.stop();
});

test("files that were edited are not part of somebody else's change", async () => {
  const runtime = await deploy(FILES);
  const { root } = runtime.deployment;
  const word = () => runtime.exec({ id: 'app:ts', host: 'app:host' });
  writeFileSync(join(root, 'word.ts'), "export const word = 'second';");
  writeFileSync(join(root, 'ts.ts'), 'half sav');
  writeFileSync(join(root, 'app.yaml'), 'namespace: [half sav');
  await runtime.registry.change([lua('app:other', says(1))], BY);
  assert.is(await word(), 'first');
  writeFileSync(join(root, 'app.yaml'), FILES['app.yaml']);
  writeFileSync(join(root, 'ts.ts'), FILES['ts.ts']);
  const changed = await runtime.registry.reload({ by: { what: 'dev' } });
  assert.equal(changed.added, []);
  assert.is(await word(), 'second');
  assert.is(await runtime.exec({ id: 'app:other', host: 'app:host' }), 1);
  await runtime.stop();
});

test('changes from all sides at once are all made', async () => {
  const runtime = await deploy(FILES, { workers: 2, placement: 'round-robin' });
  const steps = Array.from({ length: 30 }, (_, i) => runtime.registry.change([lua(`app:n${i}`, says(i))], BY));
  const versions = (await Promise.all(steps)).map(({ version }) => version);
  assert.equal(
    versions,
    Array.from({ length: 30 }, (_, i) => i + 2),
  );
  for (let i = 0; i < 30; i += 7) assert.equal(await everywhere(runtime, `app:n${i}`), new Set([i]));
  await runtime.stop();
});

test('a runtime that has stopped changes nothing', async () => {
  const runtime = await deploy(FILES);
  await runtime.stop();
  assert.is(((await refused(runtime.registry.change([lua('app:n', says(1))], BY))) as TroupeError).kind, 'UNAVAILABLE');
});

test.run();
