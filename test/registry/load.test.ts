// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references in YAML, not templates
import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dataOf } from '../../runtime/registry/kinds.ts';
import { type Deployment, type LoadOptions, loadDeployment } from '../../runtime/registry/load.ts';
import { type Files, writeDeployment } from '../deploy.ts';

const load = (files: Files, options: LoadOptions = {}): Promise<Deployment> =>
  loadDeployment(writeDeployment(files), { env: {}, ...options });

/** The keys of one entry of kind K; the test fails where it is of another kind. */
function data<K extends Parameters<typeof dataOf>[1]>(deployment: Deployment, id: string, kind: K) {
  const found = dataOf(deployment.entries.get(id)!, kind);
  assert.ok(found, `${id} is a ${kind}`);
  return found!;
}

const WASM = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const WASM_HASH = createHash('sha256').update(WASM).digest('hex');

const SHOP: Files = {
  'shop.yaml': `version: "1.0"
namespace: shop
entries:
  - {name: procs, kind: process.host, capabilities: {time: {}, logger: {}}, limits: {memory: 16MiB, mailbox: 10000}}
  - {name: tty, kind: terminal.host}
  - {name: cart, kind: process.lua, source: file://cart.lua, method: main, modules: [time], meta: {command: {name: cart, short: run the cart}}}
  - {name: pay, kind: process.ts, source: file://pay.ts, imports: [time, logger]}
  - {name: light, kind: process.xstate, source: file://light.ts}
  - {name: hash, kind: process.wasm, source: file://hash.wasm, hash: "sha256:${WASM_HASH}", method: main, imports: [time]}
  - {name: add, kind: function.wat, source: "(module (func (export \\"add\\") (param i32 i32) (result i32) ...))", wit: "add: func(a: s32, b: s32) -> s32", method: add}
  - name: cart.service
    kind: process.service
    process: shop:cart
    host: shop:procs
    lifecycle: {auto_start: true, restart: {max_attempts: 5, delay: 1s}}
`,
  'cart.lua': 'return function() end',
  'pay.ts': 'export default 1;',
  'light.ts': 'export default 2;',
  'hash.wasm': WASM,
};

const test = suite('loadDeployment');

test('reads the example of the specification', async () => {
  const { entries, settings } = await load({ ...SHOP, '.troupe.yaml': '' });
  assert.equal(
    [...entries.values()].map(({ id, kind, method }) => [id, kind, method]),
    [
      ['shop:procs', 'process.host', ''],
      ['shop:tty', 'terminal.host', ''],
      ['shop:cart', 'process.lua', 'main'],
      ['shop:pay', 'process.ts', 'main'],
      ['shop:light', 'process.xstate', 'main'],
      ['shop:hash', 'process.wasm', 'main'],
      ['shop:add', 'function.wat', 'add'],
      ['shop:cart.service', 'process.service', ''],
    ],
  );
  const service = entries.get('shop:cart.service')!;
  assert.is(service.namespace, 'shop');
  assert.is(service.name, 'cart.service');
  assert.equal(service.place, { file: 'shop.yaml', line: 11, column: 5 });
  assert.equal(entries.get('shop:cart')!.meta, { command: { name: 'cart', short: 'run the cart' } });
  assert.equal(settings, {
    watchdog: 5000,
    stop_timeout: 60_000,
    logger: { level: 'info', format: 'text' },
    security: { audit: { grants: false, log: true } },
    limits: {},
    override: {},
  });
});

test('sizes are bytes, durations milliseconds, defaults are filled in', async () => {
  const deployment = await load(SHOP);
  const host = data(deployment, 'shop:procs', 'process.host');
  assert.equal(host.limits, { memory: 16 * 1024 * 1024, mailbox: 10_000 });
  assert.equal(host.capabilities, { time: {}, logger: {} });
  assert.is(host.trusted, false);
  assert.is(data(deployment, 'shop:tty', 'terminal.host').capabilities, undefined);

  const service = data(deployment, 'shop:cart.service', 'process.service');
  assert.equal([service.process, service.host, service.input], ['shop:cart', 'shop:procs', []]);
  assert.equal(service.lifecycle, {
    auto_start: true,
    start_timeout: 10_000,
    stop_timeout: 10_000,
    stable_threshold: 5_000,
    requires: [],
    security: { groups: [], policies: [] },
    restart: {
      initial_delay: 1_000,
      max_delay: 90_000,
      backoff_factor: 2,
      jitter: 0.1,
      max_attempts: 5,
      on: 'failure',
    },
    fallback: 'none',
  });
});

test('sources are read with their hash, inline text is named by its entry', async () => {
  const { root, entries } = await load(SHOP);
  const file = entries.get('shop:hash')!.source!;
  assert.is(file.path, join(root, 'hash.wasm'));
  assert.is(file.name, 'hash.wasm');
  assert.equal([...file.bytes], [...WASM]);
  assert.is(file.sha256, WASM_HASH);
  assert.equal(file.place, { file: 'shop.yaml', line: 9, column: 46 });
  const inline = entries.get('shop:add')!.source!;
  assert.is(inline.path, undefined);
  assert.is(inline.name, 'shop:add');
  assert.match(new TextDecoder().decode(inline.bytes), /^\(module \(func \(export "add"\)/);
  assert.is(entries.get('shop:procs')!.source, undefined);
  assert.is(root, realpathSync(root));
});

test('wanted imports keep the place that asks for them', async () => {
  const { entries } = await load(SHOP);
  assert.equal(entries.get('shop:cart')!.wants, [{ name: 'time', place: { file: 'shop.yaml', line: 6, column: 86 } }]);
  assert.equal(
    entries.get('shop:pay')!.wants.map(({ name, place }) => [name, place.column]),
    [
      ['time', 68],
      ['logger', 74],
    ],
  );
});

test('a file can hold a single entry, and folders can hold files', async () => {
  const { entries } = await load({
    'a/b/lib.yaml': 'namespace: acme.tools\nname: text.trim\nkind: library.lua\nsource: file://../lib/trim.lua\n',
    'a/lib/trim.lua': 'return {}',
    'main.yaml':
      'namespace: app\nname: main\nkind: function.lua\nsource: return 1\nimports: {trim: "acme.tools:text.trim"}\nmodules: [string, json]\npool: {type: adaptive, size: 2, max_size: 8}\noptions: {timeout: 1m30s}\n',
  });
  assert.equal([...entries.keys()], ['acme.tools:text.trim', 'app:main']);
  assert.is(entries.get('acme.tools:text.trim')!.source!.name, 'a/lib/trim.lua');
  assert.is(entries.get('acme.tools:text.trim')!.method, '');
  const main = entries.get('app:main')!;
  assert.equal(main.libraries, { trim: 'acme.tools:text.trim' });
  // What Lua has anyway needs no grant.
  assert.equal(
    main.wants.map(({ name }) => name),
    ['json'],
  );
  assert.equal(dataOf(main, 'function.lua'), {
    pool: { type: 'adaptive', size: 2, max_size: 8 },
    options: { timeout: 90_000 },
  });
});

test('references without a namespace take that of their entry', async () => {
  const deployment = await load({
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, reachable_from: [front.host, "system:functions"]}
  - {name: front.host, kind: process.host}
  - {name: main, kind: process.lua, source: return 1, meta: {default_host: host}}
  - {name: svc, kind: process.service, process: main, host: other:host, lifecycle: {depends_on: [host, other:host]}}
  - {name: svc2, kind: process.service, process: main}
`,
    'other.yaml': 'namespace: other\nname: host\nkind: process.host\n',
  });
  assert.equal(data(deployment, 'app:host', 'process.host').reachable_from, ['app:front.host', 'system:functions']);
  assert.is(deployment.entries.get('app:main')!.meta.default_host, 'app:host');
  const service = data(deployment, 'app:svc', 'process.service');
  assert.is(service.host, 'other:host');
  assert.equal(service.lifecycle.requires, ['app:host', 'other:host']);
  assert.is(data(deployment, 'app:svc2', 'process.service').host, 'app:host', 'the default host of its process');
});

test('supervisors: ids, settings, and the only host', async () => {
  const deployment = await load({
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: worker, kind: process.lua, source: return 1}
  - {name: svc, kind: process.service, process: worker}
  - name: group
    kind: process.supervisor
    strategy: rest_for_one
    intensity: {max: 1, within: 500ms}
    children:
      - worker
      - svc
      - {id: worker, name: second, input: [1, {a: b}], restart: temporary, shutdown: 0s, significant: true}
`,
  });
  const group = data(deployment, 'app:group', 'process.supervisor');
  assert.is(group.strategy, 'rest_for_one');
  assert.equal(group.intensity, { max: 1, within: 500 });
  const defaults = {
    kind: 'worker',
    host: undefined,
    input: [],
    restart: 'permanent',
    shutdown: 10_000,
    start_timeout: 10_000,
    significant: false,
    fallback: 'none',
  };
  assert.equal(group.children, [
    { ...defaults, process: 'app:worker', host: 'app:host' },
    { ...defaults, process: 'app:svc' },
    {
      process: 'app:worker',
      kind: 'worker',
      name: 'second',
      host: 'app:host',
      input: [1, { a: 'b' }],
      restart: 'temporary',
      shutdown: 0,
      start_timeout: 10_000,
      significant: true,
      fallback: 'none',
    },
  ]);
  assert.is(group.auto_shutdown, 'any_significant', 'what a significant child means, unless something else is said');
});

test('supervisors of supervisors have the time that they need, and templates have one child', async () => {
  const deployment = await load({
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: worker, kind: process.lua, source: return 1}
  - name: pool
    kind: process.supervisor
    strategy: simple_one_for_one
    children: [{process: worker, shutdown: infinity, start_timeout: 1s}]
  - {name: top, kind: process.supervisor, children: [pool, {process: pool, shutdown: 1s}]}
`,
  });
  const [template] = data(deployment, 'app:pool', 'process.supervisor').children;
  assert.is(template.shutdown, Number.POSITIVE_INFINITY);
  assert.is(template.start_timeout, 1000);
  const top = data(deployment, 'app:top', 'process.supervisor');
  assert.is(top.auto_shutdown, 'never');
  assert.equal(
    top.children.map(child => [child.shutdown, child.start_timeout, child.host]),
    [
      [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, undefined],
      [1000, Number.POSITIVE_INFINITY, undefined],
    ],
  );
});

test('policies, stores, variables, directories and plain data', async () => {
  const deployment = await load({
    'app.yaml': `namespace: app
entries:
  - name: readers
    kind: security.policy
    groups: [staff]
    policy:
      actions: "fs.*"
      resources: [docs/*, notes/*]
      effect: allow
      conditions:
        - {field: actor.meta.team, operator: in, value: [a, b]}
        - {field: meta.host, operator: eq, value_from: meta.sender_host}
        - {field: actor.id, operator: exists}
  - {name: owners, kind: security.policy.expr, policy: {actions: [store.set], resources: "*", effect: deny, expression: actor.id != "root"}}
  - {name: host, kind: process.host, lifecycle: {security: {actor: {id: boss}, groups: [staff], policies: [owners]}}}
  - {name: cache, kind: store.memory, max_size: 100, cleanup_interval: 1m}
  - {name: region, kind: env.variable, variable: REGION, default: north}
  - {name: files, kind: fs.directory, directory: data, read_only: true}
  - {name: later, kind: fs.directory, directory: data/new, auto_init: true}
  - {name: facts, kind: registry.entry, data: {list: [1, 2.5, true, null, text], big: 9007199254740993}, meta: {tags: [a]}}
`,
    'data/readme.txt': '',
  });
  assert.equal(data(deployment, 'app:readers', 'security.policy'), {
    groups: ['staff'],
    policy: {
      actions: ['fs.*'],
      resources: ['docs/*', 'notes/*'],
      effect: 'allow',
      conditions: [
        { field: 'actor.meta.team', operator: 'in', value: ['a', 'b'] },
        { field: 'meta.host', operator: 'eq', value_from: 'meta.sender_host' },
        { field: 'actor.id', operator: 'exists' },
      ],
    },
  });
  assert.is(data(deployment, 'app:owners', 'security.policy.expr').policy.expression, 'actor.id != "root"');
  assert.equal(data(deployment, 'app:host', 'process.host').lifecycle.security, {
    actor: { id: 'boss', meta: {} },
    groups: ['staff'],
    policies: ['app:owners'],
  });
  assert.equal(data(deployment, 'app:cache', 'store.memory'), { max_size: 100, cleanup_interval: 60_000 });
  assert.equal(data(deployment, 'app:region', 'env.variable'), { variable: 'REGION', default: 'north' });
  assert.is(data(deployment, 'app:files', 'fs.directory').directory, join(deployment.root, 'data'));
  assert.is(data(deployment, 'app:later', 'fs.directory').directory, join(deployment.root, 'data', 'new'));
  assert.equal(data(deployment, 'app:facts', 'registry.entry').data, {
    list: [1, 2.5, true, null, 'text'],
    big: 9007199254740993n,
  });
  assert.equal(deployment.entries.get('app:facts')!.meta, { tags: ['a'] });
});

test('WASM entries: types in a file, AssemblyScript in the YAML', async () => {
  const deployment = await load({
    'app.yaml': `namespace: app
entries:
  - {name: add, kind: function.wasm, source: file://add.wasm, wit: file://add.wit, method: add}
  - name: inline
    kind: process.wasm
    language: assemblyscript
    source: |
      export function main(): void {}
`,
    'add.wasm': WASM,
    'add.wit': 'add: func(a: s32, b: s32) -> s32',
  });
  assert.is(data(deployment, 'app:add', 'function.wasm').wit, 'add: func(a: s32, b: s32) -> s32');
  assert.is(data(deployment, 'app:inline', 'process.wasm').language, 'assemblyscript');
  assert.is(
    new TextDecoder().decode(deployment.entries.get('app:inline')!.source!.bytes),
    'export function main(): void {}\n',
  );
});

test('anchors and aliases repeat values', async () => {
  const deployment = await load({
    'app.yaml': `namespace: app
entries:
  - {name: a, kind: process.host, limits: &limits {memory: 1MiB, mailbox: 5}}
  - {name: b, kind: process.host, limits: *limits}
`,
  });
  assert.equal(data(deployment, 'app:b', 'process.host').limits, { memory: 1024 * 1024, mailbox: 5 });
});

test('other files in the folder are left alone', async () => {
  const { entries } = await load({
    'app.yaml': 'namespace: app\nname: note\nkind: registry.entry\n',
    'docker-compose.yaml': 'services: {web: {image: "${env:IMAGE}"}}\n',
    'kustomization.yaml': 'apiVersion: v1\nkind: Kustomization\nnamespace: web\nresources: [a.yaml]\n',
    'pods.yaml': 'apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Pod\n',
    'chart.yaml': 'image: {{ .Values.image }}\n',
    'node_modules/x/app.yaml': 'namespace: app\nname: note\nkind: registry.entry\n',
    'dist/app.yaml': 'namespace: app\nname: note\nkind: registry.entry\n',
    '.git/app.yaml': 'namespace: app\nname: note\nkind: registry.entry\n',
    'app.yml': 'namespace: app\nname: note\nkind: registry.entry\n',
  });
  assert.equal([...entries.keys()], ['app:note']);
});

test('links: to files inside the folder they are followed', async () => {
  const root = writeDeployment({
    'app.yaml': 'namespace: app\nname: main\nkind: process.lua\nsource: file://link.lua\n',
    'real.lua': 'return 1',
  });
  symlinkSync('real.lua', join(root, 'link.lua'));
  mkdirSync(join(root, 'more'));
  writeFileSync(join(root, 'more', '.hidden'), 'namespace: app\nname: linked\nkind: registry.entry\n');
  symlinkSync('.hidden', join(root, 'more', 'linked.yaml'));
  symlinkSync('more', join(root, 'again'));
  const { entries } = await loadDeployment(root, { env: {} });
  assert.equal([...entries.keys()], ['app:main', 'app:linked']);
  assert.is(new TextDecoder().decode(entries.get('app:main')!.source!.bytes), 'return 1');
  assert.is(entries.get('app:main')!.source!.name, 'link.lua');
});

test('a byte order mark and Windows line ends do no harm', async () => {
  const { entries } = await load({
    'app.yaml': '\ufeffnamespace: app\r\nentries:\r\n  - name: note\r\n    kind: registry.entry\r\n',
  });
  assert.equal(entries.get('app:note')!.place, { file: 'app.yaml', line: 3, column: 5 });
});

test('an unknown folder is an error with the path that was given', async () => {
  const folder = writeDeployment({ file: '' });
  for (const root of [join(folder, 'gone'), join(folder, 'file/below')]) {
    try {
      await loadDeployment(root);
      assert.unreachable();
    } catch (error) {
      assert.is(String(error), `${root}:1:1: there is no such folder; check the path`);
    }
  }
});

test.run();
