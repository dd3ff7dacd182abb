// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references in YAML, not templates
/** Changing the registry of a deployment: as a whole or not at all, with the places of what is wrong. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Change, ChangeResult } from '../../runtime/live/change.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { DeploymentError } from '../../runtime/registry/problem.ts';
import { NOON } from '../capabilities/call.ts';
import { type Registered, registered } from './fake_runtime.ts';

const test = suite('registry at run time');

const BY = { by: { what: 'command line' } };
const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, capabilities: {time: {}}}
  - {name: cart, kind: process.lua, source: file://cart.lua, meta: {size: 1}}
  - {name: words, kind: library.lua, source: "return {}"}
  - {name: speaks, kind: process.lua, source: "return function() end", imports: {words: "app:words"}}
  - {name: service, kind: process.service, process: cart, host: host}
`,
  'cart.lua': 'return function() return "first" end',
};
const PLAIN = { kind: 'process.lua', source: 'return function() end' };

const set = (id: string, keys: { readonly [key: string]: Payload } = PLAIN): Change => ({ set: { id, ...keys } });
const remove = (id: string): Change => ({ remove: id });

/** The lines that a change was refused with. */
async function refused(step: Promise<ChangeResult>): Promise<string[]> {
  try {
    await step;
  } catch (thrown) {
    if (thrown instanceof DeploymentError) return thrown.message.split('\n');
    if (thrown instanceof TroupeError) return [`${thrown.kind} ${thrown.message}`];
    throw thrown;
  }
  throw new Error('the change was expected to be refused');
}

function state({ runtime }: Registered): unknown {
  return [runtime.version, runtime.deployment];
}

test('entries are added, replaced and removed in one step', async () => {
  const { runtime, registry } = await registered(FILES);
  const changed = await registry.change(
    [set('app:new'), set('app:cart', { ...PLAIN, method: 'other' }), remove('app:speaks')],
    { ...BY, note: 'three at once' },
  );
  assert.equal(changed, {
    version: 2,
    added: ['app:new'],
    changed: ['app:cart'],
    removed: ['app:speaks'],
    unchanged: 3,
    needs_restart: [],
  });
  // What is replaced keeps its place among the others, what is new comes last.
  assert.equal([...runtime.deployment.entries.keys()], ['app:host', 'app:cart', 'app:words', 'app:service', 'app:new']);
  assert.is(runtime.deployment.entries.get('app:cart')!.method, 'other');
  assert.equal(registry.history()[0], {
    version: 2,
    at: NOON / 1_000,
    by: { what: 'command line' },
    note: 'three at once',
    undone_to: undefined,
    changes: [
      { id: 'app:cart', what: 'changed', keys: ['meta', 'method', 'source'] },
      { id: 'app:new', what: 'added', keys: [] },
      { id: 'app:speaks', what: 'removed', keys: [] },
    ],
  });
});

test('what did not change is the same entry as before', async () => {
  const { runtime, registry } = await registered(FILES);
  const before = runtime.deployment.entries;
  await registry.change([set('app:new')], BY);
  for (const [id, entry] of before) assert.is(runtime.deployment.entries.get(id), entry);
});

test('one mistake among many changes refuses them all, and every mistake is named with its place', async () => {
  const world = await registered(FILES);
  const before = state(world);
  const lines = await refused(
    world.registry.change(
      [
        set('app:good'),
        set('app:odd', { kind: 'process.lau', source: 'x' }),
        set('app:worse', { ...PLAIN, modulse: [] }),
        set('app:lost', { kind: 'process.service', process: 'app:nowhere', host: 'app:host' }),
        remove('app:crat'),
      ],
      BY,
    ),
  );
  assert.equal(lines, [
    '(set at run time) app:crat:1:1: there is no entry app:crat to remove; did you mean "app:cart"?',
    '(set at run time) app:lost:1:1: process: there is no entry app:nowhere; there is app:cart, app:speaks, app:good, app:worse',
    '(set at run time) app:odd:1:1: unknown kind "process.lau"; did you mean "process.lua"?',
    '(set at run time) app:worse:1:1: unknown key "modulse" in a process.lua entry; did you mean "modules"?',
  ]);
  assert.equal(state(world), before);
  assert.is(world.registry.history().length, 1);
});

test('what others refer to is not removed; with them it is', async () => {
  const world = await registered(FILES);
  assert.equal(await refused(world.registry.change([remove('app:words'), remove('app:cart')], BY)), [
    'app.yaml:6:89: imports.words: app:words is removed at run time; keep it, or change what refers to it in the same step',
    'app.yaml:7:53: process: app:cart is removed at run time; keep it, or change what refers to it in the same step',
  ]);
  await world.registry.change(
    [set('app:extra'), set('app:uses', { kind: 'process.service', process: 'app:extra', host: 'app:host' })],
    BY,
  );
  assert.match(
    (await refused(world.registry.change([remove('app:extra')], BY)))[0],
    /^\(set at run time\) app:uses:1:1: process: app:extra is removed/,
  );
  await world.registry.change([remove('app:extra'), remove('app:uses')], BY);
  await world.registry.change([remove('app:words'), set('app:speaks')], BY);
  assert.not.ok(world.runtime.deployment.entries.has('app:words'));
});

test('circles, double commands and host settings are checked as in the folder', async () => {
  const { registry } = await registered(FILES);
  const library = (id: string, other: string) =>
    set(id, { kind: 'library.lua', source: 'return 1', imports: { a: other } });
  assert.match(
    (await refused(registry.change([library('app:a', 'app:b'), library('app:b', 'app:a')], BY)))[0],
    /import each other/,
  );
  const command = { ...PLAIN, meta: { command: { name: 'go' } } };
  assert.match(
    (await refused(registry.change([set('app:a', command), set('app:b', command)], BY)))[0],
    /has the command "go" already/,
  );
  const host = set('app:host', { kind: 'process.host', capabilities: { tiem: {} } });
  assert.match((await refused(registry.change([host], BY)))[0], /tiem/);
});

test('hostile definitions are refused and leave nothing behind', async () => {
  const world = await registered(FILES);
  const before = state(world);
  let deep: Payload = 1;
  for (let i = 0; i < 100; i++) deep = [deep];
  const cases: readonly (readonly [Payload, RegExp])[] = [
    ['text', /an entry is set as an object/],
    [null, /an entry is set as an object/],
    [{ kind: 'process.lua' }, /has no name/],
    [{ id: 'app:x', name: 'x', ...PLAIN }, /unknown key "id"/],
    [{ id: 'a b:x', ...PLAIN }, /namespace: "a b" cannot be used/],
    [{ id: 'system:x', ...PLAIN }, /"system" belongs to the runtime/],
    [{ id: 'app:x:y', ...PLAIN }, /name: "x:y" cannot be used/],
    [{ id: 'app:x', ...PLAIN, meta: { deep } }, /nested too deeply/],
    [{ id: 'app:x', ...PLAIN, meta: { bytes: new Uint8Array(3) } }, /only texts, numbers/],
    [{ id: 'app:x', ...PLAIN, meta: { error: new TroupeError('x') } }, /only texts, numbers/],
    [{ id: 'app:x', ...PLAIN, meta: { n: Number.NaN } }, /NaN cannot be in an entry/],
    [{ id: 'app:x', ...PLAIN, meta: JSON.parse('{"__proto__": {"a": 1}}') as Payload }, /"__proto__" is not allowed/],
    [{ namespace: 'app', entries: [] }, /set one entry in each change/],
    [{ id: 'app:x', kind: 'process.lua', source: 'file://../../etc/passwd' }, /outside of the deployment/],
    [{ id: 'app:x', kind: 'process.lua', source: 'file:///etc/passwd' }, /not from the root of the disk/],
    [{ id: 'app:x', ...PLAIN, meta: { long: 'x'.repeat(5_000_000) } }, /RATE_LIMITED .* 4 MiB/],
    [{ id: 'app:x', ...PLAIN, meta: { many: new Array(200_000).fill(0) } }, /RATE_LIMITED .*100000 values/],
  ];
  for (const [definition, text] of cases) {
    assert.match(
      (await refused(world.registry.change([{ set: definition }], { ...BY, namespace: 'app' }))).join('\n'),
      text,
    );
  }
  assert.match((await refused(world.registry.change([set('app:x'), set('app:x')], BY)))[0], /changed twice/);
  assert.match((await refused(world.registry.change([remove('app:cart'), set('app:cart')], BY)))[0], /changed twice/);
  assert.equal(state(world), before);
});

test('references to the environment in data are text', async () => {
  const { runtime, registry } = await registered(FILES);
  const data = { home: '${env:HOME}' };
  await registry.change([set('app:data', { kind: 'registry.entry', data })], BY);
  assert.equal(runtime.deployment.entries.get('app:data')!.data, { data });
});

test('YAML is read as a file of the folder, its places are those of the file', async () => {
  const { runtime, registry } = await registered(FILES);
  const yaml =
    'namespace: app\nentries:\n  - {name: one, kind: process.lua, source: file://cart.lua}\n  - {name: two, kind: nothing}\n';
  assert.equal(await refused(registry.changeAll(yaml, 'more.yaml', BY)), [
    '(set at run time) more.yaml:4:23: unknown kind "nothing"; the kinds are: ' +
      'process.lua, process.ts, process.xstate, process.wasm, function.lua, function.ts, function.wasm, function.wat, library.lua, process.host, terminal.host, process.service, process.supervisor, security.policy, security.policy.expr, env.variable, store.memory, fs.directory, registry.entry',
  ]);
  await registry.changeAll(yaml.replace('nothing', 'registry.entry, data: "${env:PATH}"'), 'more.yaml', BY);
  assert.equal(runtime.deployment.entries.get('app:two')!.data, { data: process.env.PATH });
  for (const text of ['', 'just text', '- a\n- b\n', 'a: [', 'namespace: app\n']) {
    assert.ok((await refused(registry.changeAll(text, 'x.yaml', BY)))[0].startsWith('(set at run time) x.yaml:'));
  }
});

test('files are read when an entry is set, and not again', async () => {
  const { runtime, registry } = await registered(FILES);
  const { root } = runtime.deployment;
  const source = (id: string) => Buffer.from(runtime.deployment.entries.get(id)!.source!.bytes).toString();
  await registry.change([set('app:copy', { kind: 'process.lua', source: 'file://cart.lua' })], BY);
  writeFileSync(join(root, 'cart.lua'), 'return function() return "second" end');
  await registry.change([set('app:later', { kind: 'process.lua', source: 'file://cart.lua' })], BY);
  assert.match(source('app:cart'), 'first');
  assert.match(source('app:copy'), 'first');
  assert.match(source('app:later'), 'second');
  rmSync(join(root, 'cart.lua'));
  await registry.change([remove('app:copy')], BY);
  // It is brought back as it was.
  await registry.undo(undefined, BY);
  assert.match(source('app:copy'), 'first');
});

test('the folder read again is laid under what was set', async () => {
  const { runtime, registry } = await registered(FILES);
  const { root } = runtime.deployment;
  await registry.change([set('app:new'), remove('app:speaks')], BY);
  writeFileSync(join(root, 'more.yaml'), 'namespace: more\nentries:\n  - {name: extra, kind: registry.entry}\n');
  writeFileSync(join(root, 'cart.lua'), 'return 2');
  const changed = await registry.reload({ by: { what: 'dev' } });
  assert.equal(changed, {
    version: 3,
    added: ['more:extra'],
    changed: ['app:cart'],
    removed: [],
    unchanged: 4,
    needs_restart: [],
  });
  assert.equal(registry.history()[0].changes[0], { id: 'app:cart', what: 'changed', keys: ['source'] });
  writeFileSync(join(root, 'more.yaml'), 'namespace: more\nentires: []\n');
  assert.match((await refused(registry.reload({ by: { what: 'dev' } })))[0], /did you mean "entries"/);
  // Undo is of what was set: the files are not its business.
  await registry.undo(undefined, BY);
  assert.not.ok(runtime.deployment.entries.has('app:new'));
  assert.ok(runtime.deployment.entries.has('app:speaks'));
  assert.ok(runtime.deployment.entries.has('more:extra'));
});

test('overrides are of the folder, not of what is set', async () => {
  const { runtime, registry } = await registered({
    ...FILES,
    '.troupe.yaml': 'override: {"app:cart:method": start}\n',
  });
  await registry.change([set('app:new')], BY);
  assert.is(runtime.deployment.entries.get('app:cart')!.method, 'start');
  await registry.change([set('app:cart')], BY);
  assert.is(runtime.deployment.entries.get('app:cart')!.method, 'main');
});

test('another version than the one that was looked at: CONFLICT', async () => {
  const { registry } = await registered(FILES);
  await registry.change([set('app:one')], { ...BY, ifVersion: 1 });
  const [line] = await refused(registry.change([set('app:two')], { ...BY, ifVersion: 1 }));
  assert.match(line, /^CONFLICT registry.apply: the deployment is of version 2 now, not 1/);
  await registry.change([set('app:two')], { ...BY, ifVersion: 2 });
});

test('a dry run and what changes nothing make no version', async () => {
  const world = await registered(FILES);
  const before = state(world);
  const changed = await world.registry.change([set('app:one'), remove('app:speaks')], { ...BY, dryRun: true });
  assert.equal([changed.version, changed.added, changed.removed], [1, ['app:one'], ['app:speaks']]);
  assert.equal(state(world), before);
  world.runtime.fails = new TroupeError('it does not compile', { kind: 'INVALID' });
  assert.equal(await refused(world.registry.change([set('app:one')], { ...BY, dryRun: true })), [
    'INVALID it does not compile',
  ]);
  world.runtime.fails = undefined;
  await world.registry.change([set('app:one')], BY);
  const again = await world.registry.change([set('app:one')], BY);
  assert.equal([again.version, again.unchanged], [2, 6]);
  assert.is(world.registry.history().length, 2);
});

test('what the runtime refuses has changed nothing', async () => {
  const world = await registered(FILES);
  const before = state(world);
  world.runtime.fails = new TroupeError('app:host has processes', { kind: 'CONFLICT' });
  assert.equal(await refused(world.registry.change([set('app:one')], BY)), ['CONFLICT app:host has processes']);
  assert.equal(state(world), before);
  assert.is(world.registry.history().length, 1);
  world.runtime.fails = undefined;
  await world.registry.change([set('app:one')], BY);
});

test('changes that come together are done one after the other, each on top of the one before', async () => {
  const { runtime, registry } = await registered(FILES);
  let open = (): void => undefined;
  runtime.gate = new Promise(resolve => {
    open = resolve;
  });
  const steps = Array.from({ length: 50 }, (_, i) => registry.change([set(`app:n${i}`)], BY));
  const wrong = refused(registry.change([set('app:n7', { kind: 'nothing' })], BY));
  const late = refused(registry.change([set('app:late')], { ...BY, ifVersion: 1 }));
  open();
  const versions = (await Promise.all(steps)).map(({ version }) => version);
  assert.equal(
    versions,
    Array.from({ length: 50 }, (_, i) => i + 2),
  );
  assert.match((await wrong)[0], 'unknown kind');
  assert.match((await late)[0], 'version 51 now');
  for (let i = 0; i < 50; i++) assert.ok(runtime.deployment.entries.has(`app:n${i}`));
});

test('a process that asks faster than changes are made is refused, and locks nobody else out', async () => {
  const { runtime, registry } = await registered(FILES);
  let open = (): void => undefined;
  runtime.gate = new Promise(resolve => {
    open = resolve;
  });
  const process = { ...BY, within: { host: 'app:host', write: true, files: false } as const };
  const steps = Array.from({ length: 100 }, (_, i) => registry.change([set(`app:n${i}`)], process));
  assert.match((await refused(registry.change([set('app:more')], process)))[0], /^RATE_LIMITED 100 changes/);
  const owner = registry.change([set('app:owned')], BY);
  open();
  await Promise.all([...steps, owner]);
  await registry.change([set('app:more')], process);
});

test('what others apply is part of the history', async () => {
  const { runtime, registry } = await registered(FILES);
  const other = await registered(FILES);
  await other.registry.change([set('app:foreign')], BY);
  await runtime.apply(other.runtime.deployment);
  assert.equal(registry.history()[0].by, { what: 'program' });
  assert.equal(registry.difference(1), [{ id: 'app:foreign', what: 'added', keys: [] }]);
});

test('what somebody else applies while a change is under way is not lost', async () => {
  const { runtime, registry } = await registered(FILES);
  const other = await registered(FILES);
  await other.registry.change([set('app:foreign')], BY);
  const apply = runtime.apply.bind(runtime);
  runtime.apply = async (next, onto) => {
    runtime.apply = apply;
    await apply(other.runtime.deployment);
    return apply(next, onto);
  };
  const { version } = await registry.change([set('app:own')], BY);
  assert.is(version, 3);
  for (const id of ['app:foreign', 'app:own']) assert.ok(runtime.deployment.entries.has(id), id);
  assert.equal(
    registry.history().map(({ by }) => by.what),
    ['command line', 'program', 'start'],
  );
});

test.run();
