/** What the grant of a host lets its processes change. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { prepareDeployment } from '../../runtime/hosts/prepare.ts';
import type { Change, ChangeOptions, WriteGrant } from '../../runtime/live/change.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { DeploymentError } from '../../runtime/registry/problem.ts';
import { machineTypes } from '../../sdk/embed/index.ts';
import { type Registered, registered } from './fake_runtime.ts';

const test = suite('grants to change the registry');

const OWNER: ChangeOptions = { by: { what: 'command line' } };
const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true, capabilities: {registry: {write: ["app:plug.*"]}}}
  - {name: strong, kind: process.host, trusted: true}
  - {name: core, kind: process.lua, source: "return function() end", meta: {default_host: "app:host"}}
  - {name: plug.old, kind: process.lua, source: "return function() end", meta: {default_host: "app:strong"}}
  - {name: plug.policy, kind: security.policy, groups: [staff], policy: {actions: a, resources: r, effect: allow}}
  - {name: secret, kind: registry.entry}
`,
  'secret.json': '{"password": "hunter2"}',
  'secret.ts': 'export const password = "hunter2";',
  'secret.as.ts': 'export const password: i32 = 7; this is no AssemblyScript hunter2',
};
const PLAIN = { kind: 'process.lua', source: 'return function() end' };

function within(write: WriteGrant['write'], files = false): ChangeOptions {
  const by = { what: 'process', pid: '{app:host|0x00001}', entry: 'app:core' };
  return { by, within: { host: 'app:host', write, files }, namespace: 'app' };
}

async function outcome({ registry }: Registered, change: Change, options: ChangeOptions): Promise<string> {
  try {
    const { added, changed, removed } = await registry.change([change], { ...options, dryRun: true });
    return [...added, ...changed, ...removed].join(' ');
  } catch (thrown) {
    if (thrown instanceof TroupeError || thrown instanceof DeploymentError) return `${thrown.kind} ${thrown.message}`;
    throw thrown;
  }
}

const set = (id: string, keys: { readonly [key: string]: Payload } = PLAIN): Change => ({ set: { id, ...keys } });

const HOST = { kind: 'process.host', trusted: true };
const POLICY = {
  kind: 'security.policy',
  groups: ['staff'],
  policy: { actions: '*', resources: '*', effect: 'allow' },
};
const SERVICE = { kind: 'process.service', process: 'app:core', host: 'app:strong', lifecycle: { auto_start: true } };
const PLACE = String.raw`\(app.yaml:3:5\)`;

/** What is done, the grant, what comes of it. */
const CASES: readonly (readonly [string, Change, WriteGrant['write'], RegExp])[] = [
  ['a program that a glob matches', set('app:plug.new'), ['app:plug.*'], /^app:plug.new$/],
  ['without a namespace: of the own one', { set: { name: 'plug.new', ...PLAIN } }, ['app:plug.*'], /^app:plug.new$/],
  [
    'an id outside of the grant',
    set('app:core'),
    ['app:plug.*'],
    new RegExp(
      `^PERMISSION_DENIED registry.apply: app:host does not allow to change app:core; add "app:core" to write .*${PLACE}$`,
    ),
  ],
  ['to remove outside of the grant', { remove: 'app:secret' }, ['app:plug.*'], /^PERMISSION_DENIED .*app:secret/],
  ['to remove what a glob matches', { remove: 'app:plug.old' }, ['app:plug.*'], /^app:plug.old$/],
  ['nothing granted', set('app:plug.new'), [], /^PERMISSION_DENIED/],
  [
    'a host by a glob',
    set('app:plug.host', HOST),
    ['app:plug.*'],
    /^PERMISSION_DENIED .* by a pattern only, and it is an entry of kind process.host; add "app:plug.host" itself/,
  ],
  ['a host by a glob for everything', set('app:plug.host', HOST), ['*'], /^PERMISSION_DENIED/],
  ['a host by its id', set('app:plug.host', HOST), ['app:plug.host'], /^app:plug.host$/],
  ['a host by true', set('app:plug.host', HOST), true, /^app:plug.host$/],
  ['its own host', set('app:host', { ...HOST, allow_untrusted_ts: true }), ['app:*'], /^PERMISSION_DENIED/],
  ['a policy that joins a group', set('app:plug.allow', POLICY), ['app:plug.*'], /^PERMISSION_DENIED/],
  ['to remove a policy', { remove: 'app:plug.policy' }, ['app:plug.*'], /^PERMISSION_DENIED/],
  [
    'a policy that becomes a program',
    set('app:plug.policy'),
    ['app:plug.*'],
    /^PERMISSION_DENIED .*kind security.policy/,
  ],
  ['a service', set('app:plug.service', SERVICE), ['app:plug.*'], /^PERMISSION_DENIED .*kind process.service/],
  ['a service by its id', set('app:plug.service', SERVICE), ['app:plug.service'], /^app:plug.service$/],
  ['a folder', set('app:plug.dir', { kind: 'fs.directory', directory: '/' }), ['app:plug.*'], /^PERMISSION_DENIED/],
  ['a variable', set('app:plug.env', { kind: 'env.variable', variable: 'HOME' }), ['app:plug.*'], /^PERMISSION_DENIED/],
  [
    'a program for a stronger host',
    set('app:plug.new', { ...PLAIN, meta: { default_host: 'strong' } }),
    ['app:plug.*'],
    /^PERMISSION_DENIED .*it would run on app:strong/,
  ],
  [
    'a program for the own host',
    set('app:plug.new', { ...PLAIN, meta: { default_host: 'host' } }),
    ['app:plug.*'],
    /^app:plug.new$/,
  ],
  [
    'a program that was on that host before',
    set('app:plug.old', { ...PLAIN, method: 'other', meta: { default_host: 'strong' } }),
    ['app:plug.*'],
    /^app:plug.old$/,
  ],
];

for (const [name, change, write, expected] of CASES) {
  test(name, async () => {
    const world = await registered(FILES);
    assert.match(await outcome(world, change, within(write)), expected);
  });
}

test('one change that is not granted refuses all', async () => {
  const { runtime, registry } = await registered(FILES);
  try {
    await registry.change([set('app:plug.new'), set('app:core', { ...PLAIN, method: 'x' })], within(['app:plug.*']));
    assert.unreachable();
  } catch (thrown) {
    assert.is((thrown as TroupeError).kind, 'PERMISSION_DENIED');
  }
  assert.is(runtime.version, 1);
});

test('an undo needs the grant of all that it changes', async () => {
  const { runtime, registry } = await registered(FILES);
  await registry.change([set('app:plug.new')], within(['app:plug.*']));
  await registry.change([set('app:core', { ...PLAIN, method: 'other' })], OWNER);
  for (const version of [undefined, 1]) {
    try {
      await registry.undo(version, within(['app:plug.*']));
      assert.unreachable();
    } catch (thrown) {
      assert.match((thrown as TroupeError).message, /^registry.undo: app:host does not allow to change app:core/);
    }
  }
  await registry.undo(undefined, OWNER);
  await registry.undo(1, within(['app:plug.*']));
  assert.not.ok(runtime.deployment.entries.has('app:plug.new'));
});

test('an undo brings back no host that the process may not set', async () => {
  const { registry } = await registered(FILES);
  await registry.change([set('app:plug.host', HOST)], OWNER);
  await registry.change([{ remove: 'app:plug.host' }], OWNER);
  try {
    await registry.undo(undefined, within(['app:plug.*']));
    assert.unreachable();
  } catch (thrown) {
    assert.match((thrown as TroupeError).message, /kind process.host/);
  }
});

/** Ways to read a file of the deployment by a program. */
const READERS: readonly (readonly [string, { readonly [key: string]: Payload }])[] = [
  ['source', { kind: 'process.lua', source: 'file://secret.json' }],
  ['wit', { kind: 'function.wat', source: '(module)', wit: 'file://secret.json' }],
  [
    'an import of JSON',
    { kind: 'process.ts', source: "import secret from './secret.json';\nexport default () => secret;" },
  ],
  ['an import of TypeScript', { kind: 'process.ts', source: "export * from './secret';" }],
  [
    'an import of AssemblyScript',
    {
      kind: 'process.wasm',
      language: 'assemblyscript',
      source: 'import { password } from "./secret.as"; export function main(): i32 { return password; }',
    },
  ],
];

for (const [name, keys] of READERS) {
  test(`no files are read without files: true: ${name}`, async () => {
    const { runtime, registry } = await registered(FILES);
    const prepared = async (files: boolean): Promise<string> => {
      try {
        await registry.change([set('app:plug.reader', keys)], within(['app:plug.*'], files));
        await prepareDeployment(runtime.deployment, { machines: machineTypes, capabilities: capabilityDefinitions });
        return 'prepared';
      } catch (thrown) {
        return String((thrown as Error).message);
      }
    };
    const refusal = await prepared(false);
    assert.match(
      refusal,
      /app:host does not allow that what its processes set reads files of the deployment; .*files: true under its capabilities: \{registry: \.\.\.\} \(app.yaml:3:5\)/,
    );
    assert.not.match(refusal, /hunter2/);
    assert.not.match(await prepared(true), /does not allow/);
  });
}

test('without files a program can still be compiled', async () => {
  const { runtime, registry } = await registered(FILES);
  const programs = [
    set('app:plug.ts', {
      kind: 'process.ts',
      source: "import { defineProcess } from 'troupe/sdk';\nexport default defineProcess(function* () {});",
    }),
    set('app:plug.as', {
      kind: 'process.wasm',
      language: 'assemblyscript',
      source: 'import { self } from "troupe"; export function main(): void {}',
    }),
  ];
  await registry.change(programs, within(['app:plug.*']));
  await prepareDeployment(runtime.deployment, { machines: machineTypes, capabilities: capabilityDefinitions });
});

test.run();
