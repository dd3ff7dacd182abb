/** Settings of hosts really restrict, and say so in the same way in every language. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capabilityScope } from '../../runtime/capabilities/index.ts';
import { storeCapability } from '../../runtime/capabilities/store.ts';
import { loadDeployment } from '../../runtime/registry/load.ts';
import type { DeploymentError } from '../../runtime/registry/problem.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { MemoryStore } from '../../runtime/store.ts';
import { writeDeployment } from '../deploy.ts';
import { Caller, refusal, stillClock } from './call.ts';
import { LANGUAGES, Speakers } from './languages.ts';

const test = suite('settings of capabilities');

const DIRECTORIES = [
  '{name: docs, kind: fs.directory, directory: docs, read_only: true}',
  '{name: logs, kind: fs.directory, directory: made/logs, auto_init: true}',
];
const MOUNTS = `{fs: {mounts: {
    work: {path: work, read_only: false}, shelf: {path: work}, docs: {directory: "app:docs", read_only: false}, logs: {directory: logs, read_only: false}}}}`;

for (const workers of [0, 2]) {
  test(`several folders: the first part of a path says which; each is as it was granted, ${workers} workers`, async () => {
    const files = { 'work/a.txt': 'work', 'docs/a.txt': 'docs', 'other/a.txt': 'other', 'a.txt': 'top' };
    const speakers = await Speakers.start(['fs'], MOUNTS, { more: DIRECTORIES, files, workers });
    const { root } = speakers.runtime.deployment;
    try {
      for (const language of LANGUAGES) {
        const fs = (operation: string, ...args: Payload[]) => speakers.call(language, 'fs', operation, ...args);
        const read = async (path: string) => {
          const { value, kind } = await fs('read_file', path);
          return value ?? kind;
        };
        assert.is(await read('work/a.txt'), 'work');
        assert.is(await read('/work/a.txt'), 'work');
        assert.is(await read('shelf/./../docs//a.txt'), 'docs');
        assert.is(await read('a.txt'), 'NOT_FOUND');
        assert.is(await read('other/a.txt'), 'NOT_FOUND');
        assert.is(await read('../a.txt'), 'PERMISSION_DENIED');
        assert.is(await read('work/../../a.txt'), 'PERMISSION_DENIED');
        assert.is(await read('work/../other/a.txt'), 'NOT_FOUND');
        assert.is(await read(join(root, 'work/a.txt')), 'NOT_FOUND', 'a path of the disk means nothing');
        assert.is(await read('work'), 'INVALID');
        assert.is(await read('.'), 'INVALID');
        assert.equal(
          (await fs('list')).value,
          ['docs', 'logs', 'shelf', 'work'].map(name => ({ name, type: 'directory' })),
        );
        assert.equal(((await fs('stat', '/')).value as { type: string }).type, 'directory');

        assert.is((await fs('write_file', 'work/new.txt', language)).value, true);
        assert.is(readFileSync(join(root, 'work/new.txt'), 'utf8'), language);
        assert.is((await fs('write_file', 'logs/new.txt', language)).value, true);
        assert.is(readFileSync(join(root, 'made/logs/new.txt'), 'utf8'), language);
        for (const path of ['shelf/new.txt', 'docs/new.txt']) {
          for (const [operation, ...args] of [
            ['write_file', path, 'x'],
            ['remove', path],
            ['rename', path, 'work/moved'],
            ['rename', 'work/new.txt', path],
            ['make_directory', path],
            ['remove_directory', path],
            ['set_times', path, {}],
            ['open', path, { create: true }],
            ['open', path, { write: true }],
          ] as [string, ...Payload[]][]) {
            const denied = await fs(operation, ...args);
            assert.is(denied.kind, 'PERMISSION_DENIED', `${operation} ${path}`);
            assert.match(denied.message!, 'grants reading only; say "read_only: false" for the mount');
            assert.equal(denied.details, { code: 'EROFS' });
          }
        }
        for (const path of ['work', '.', '/']) {
          assert.match((await fs('remove_directory', path)).message!, 'can be neither moved nor removed');
        }
        assert.is((await fs('rename', 'work/new.txt', 'logs/moved.txt')).value, true);
        assert.not(existsSync(join(root, 'work/new.txt')));
      }
    } finally {
      await speakers.stop();
    }
  });
}

test('env: names, beginnings of names, and variables by id', async () => {
  const environment = { APP_ONE: '1', APP_TWO: '2', HOME: '/home', SECRET: 'x', TOKEN: 'abc' };
  const speakers = await Speakers.start(['env'], '{env: {names: [HOME, "APP_*"], variables: [token, "app:region"]}}', {
    more: [
      '{name: token, kind: env.variable, variable: TOKEN}',
      '{name: region, kind: env.variable, variable: REGION, default: here}',
      '{name: other, kind: env.variable, variable: SECRET}',
    ],
    services: { environment },
  });
  try {
    for (const language of LANGUAGES) {
      const get = async (name: string) => {
        const { value, kind } = await speakers.call(language, 'env', 'get', name);
        return value ?? kind ?? null;
      };
      assert.is(await get('HOME'), '/home');
      assert.is(await get('APP_TWO'), '2');
      assert.is(await get('APP_'), null);
      assert.is(await get('app:token'), 'abc');
      assert.is(await get('app:region'), 'here');
      for (const name of ['SECRET', 'TOKEN', 'APP', 'app:other', 'app:host', '*']) {
        assert.is(await get(name), 'PERMISSION_DENIED', name);
      }
      assert.equal((await speakers.call(language, 'env', 'get_all')).value, {
        APP_ONE: '1',
        APP_TWO: '2',
        HOME: '/home',
      });
    }
  } finally {
    await speakers.stop();
  }
});

test('a store by id has its own keys and its own number of them', async () => {
  const speakers = await Speakers.start(['store'], '{store: {store: cache}}', {
    more: ['{name: cache, kind: store.memory, max_size: 3}'],
  });
  try {
    for (const language of LANGUAGES) {
      assert.is((await speakers.call(language, 'store', 'set', language, 1)).value, true);
    }
    const full = await speakers.call('lua', 'store', 'set', 'fourth', 1);
    assert.equal(
      [full.kind, full.message],
      [
        'RATE_LIMITED',
        'the store "app:cache" is full (3 keys): delete some, or raise max_keys (max_size of a store.memory) of the host\'s store capability',
      ],
    );
  } finally {
    await speakers.stop();
  }
});

test('a store has room for so many bytes, old values and expired ones make room', async () => {
  let now = 0;
  const clock = { ...stillClock(), now: () => now };
  const caller = new Caller({ store: new MemoryStore(clock) }, clock);
  const settings = { max_bytes: '1KB', max_value_bytes: 600 };
  const set = (key: string, length: number, ttl?: number) =>
    caller.call(storeCapability, settings, 'set', key, 'x'.repeat(length), ttl);
  await set('a', 500);
  assert.match((await refusal(set('b', 500))).message, 'the store "default" is full (1000B)');
  await set('a', 590);
  await set('a', 100);
  await set('b', 500, 10);
  assert.is((await refusal(set('c', 400))).kind, 'RATE_LIMITED');
  now = 10_000;
  await set('c', 400);
  await caller.call(storeCapability, settings, 'delete', 'a');
  await caller.call(storeCapability, settings, 'delete', 'c');
  await set('d', 590);
  const large = await refusal(set('e', 601));
  assert.is(large.kind, 'INVALID');
  assert.match(large.message, 'the value of "e" is 604B; the host\'s store capability allows 600B (max_value_bytes)');
});

const PROBLEMS: readonly [string, string][] = [
  ['fs: {mounts: {a: {}}}', 'a mount is one folder'],
  ['fs: {mounts: {a: {path: x, directory: "app:docs"}}}', 'a mount is one folder'],
  ['fs: {mounts: {"a/b": {path: x}}}', 'cannot be the first part of a path'],
  ['fs: {mounts: {"..": {path: x}}}', 'cannot be the first part of a path'],
  ['fs: {mounts: {a: {path: x}}, write: true}', 'mounts take the place of root, write and relative_to'],
  ['fs: {mounts: {a: {path: x, readonly: true}}}', 'did you mean "read_only"?'],
  ['fs: {mounts: {a: {directory: "app:none"}}}', 'there is no entry app:none'],
  ['fs: {mounts: {a: {directory: "app:host"}}}', 'app:host is a process.host, not a fs.directory'],
  ['env: {names: ["A*B"]}', 'a star stands for the rest of a name'],
  ['env: {variables: [none]}', 'there is no entry app:none'],
  ['store: {store: "app:docs"}', 'app:docs is a fs.directory, not a store.memory'],
  ['store: {store: "app:docs", namespace: x}', 'keep one of namespace and store'],
  ['store: {max_bytes: lots}', 'expected a size'],
  ['logger: {rates: {calls: 1, per: 1s}}', 'did you mean "rate"?'],
];

for (const [granted, message] of PROBLEMS) {
  test(`${granted} is refused at its place`, async () => {
    const yaml = `version: "1.0"\nnamespace: app\nentries:\n  - {name: docs, kind: fs.directory, directory: .}\n  - {name: host, kind: process.host, capabilities: {${granted}}}\n`;
    const root = writeDeployment({ 'app.yaml': yaml });
    mkdirSync(join(root, 'x'));
    writeFileSync(join(root, 'x/y'), '');
    try {
      await loadDeployment(root, capabilityScope);
    } catch (thrown) {
      const { problems } = thrown as DeploymentError;
      assert.match(problems.map(each => each.message).join('\n'), message);
      assert.ok(problems.every(({ place }) => place.line === 5 && place.column > 40));
      return;
    }
    assert.unreachable('the deployment was expected to be refused');
  });
}

test.run();
