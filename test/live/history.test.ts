/** How far the history goes back, and what it costs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MOST_BYTES, MOST_VERSIONS } from '../../runtime/live/history.ts';
import { type Registered, registered } from './fake_runtime.ts';

const test = suite('history of the registry');

const BY = { by: { what: 'command line' } };
const FILES = { 'app.yaml': 'namespace: app\nentries:\n  - {name: first, kind: registry.entry, data: 0}\n' };

function give({ registry }: Registered, data: unknown): Promise<unknown> {
  return registry.change([{ set: { id: 'app:first', kind: 'registry.entry', data: data as string } }], BY);
}

test('one undo after the other goes further back, a number goes anywhere', async () => {
  const world = await registered(FILES);
  const { registry, runtime } = world;
  const data = () => runtime.deployment.entries.get('app:first')!.data.data;
  for (const value of ['a', 'b', 'c']) await give(world, value);
  await registry.undo(undefined, BY);
  assert.is(data(), 'b');
  await registry.undo(undefined, BY);
  assert.is(data(), 'a');
  assert.is(registry.history()[0].undone_to, 2);
  // A change after an undo begins anew from there.
  await give(world, 'd');
  await registry.undo(undefined, BY);
  assert.is(data(), 'a');
  await registry.undo(undefined, BY);
  assert.is(data(), 0);
  try {
    await registry.undo(undefined, BY);
    assert.unreachable();
  } catch (thrown) {
    assert.match((thrown as Error).message, 'there is nothing to undo: nothing was set since the start');
  }
  await registry.undo(4, BY);
  assert.is(data(), 'c');
  assert.equal(registry.difference(1, 4), [{ id: 'app:first', what: 'changed', keys: ['data'] }]);
  assert.equal(registry.difference(4), []);
});

test('so many versions are kept, and no more', async () => {
  const world = await registered(FILES);
  const { registry, runtime } = world;
  for (let i = 1; i <= MOST_VERSIONS + 50; i++) await give(world, i);
  const rows = registry.history();
  assert.is(rows.length, MOST_VERSIONS);
  assert.is(rows[0].version, MOST_VERSIONS + 51);
  const oldest = rows[MOST_VERSIONS - 1].version;
  assert.is(oldest, 52);
  for (const call of [() => registry.undo(oldest - 1, BY), async () => registry.difference(1)]) {
    try {
      await call();
      assert.unreachable();
    } catch (thrown) {
      assert.match((thrown as Error).message, `versions 52 to ${MOST_VERSIONS + 51} are kept`);
    }
  }
  await registry.undo(oldest, BY);
  assert.is(runtime.deployment.entries.get('app:first')!.data.data, 51);
  // Back as far as it goes: what came before the oldest is unknown.
  try {
    for (;;) await registry.undo(undefined, BY);
  } catch (thrown) {
    assert.match((thrown as Error).message, /nothing to undo: nothing older than version \d+ is kept/);
  }
});

test('large definitions are kept for fewer versions', async () => {
  const world = await registered(FILES);
  const size = 4_000_000;
  for (let i = 0; i < 40; i++) await give(world, `${i}`.padEnd(size, 'x'));
  const { length } = world.registry.history();
  assert.ok(length > 2 && length <= MOST_BYTES / size + 1, `${length} versions`);
  assert.is(world.runtime.version, 41);
});

test('versions share what did not change', async () => {
  const world = await registered(FILES);
  const data = 'x'.repeat(4_000_000);
  await give(world, data);
  const { registry } = world;
  for (let i = 0; i < 40; i++) await registry.change([{ set: { id: `app:n${i}`, kind: 'registry.entry' } }], BY);
  // The large one was set once, so it counts once.
  assert.is(registry.history().length, 42);
});

test.run();
