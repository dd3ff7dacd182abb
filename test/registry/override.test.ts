// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references in YAML, not templates
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { type LoadOptions, loadDeployment } from '../../runtime/registry/load.ts';
import { type Files, writeDeployment } from '../deploy.ts';

const load = (files: Files, options: LoadOptions = {}) =>
  loadDeployment(writeDeployment(files), { env: {}, ...options });

async function entry(yaml: string, options: LoadOptions = {}) {
  const { entries } = await load({ 'app.yaml': `namespace: app\nname: it\n${yaml}` }, options);
  return entries.get('app:it')!;
}

const test = suite('environment, overrides and settings');

test('${env:NAME} is replaced in any text, $${env:NAME} is not', async () => {
  const env = { WHO: 'anna', EMPTY: '' };
  const { data } = await entry(
    'kind: registry.entry\ndata: ["${env:WHO}", "a ${env:WHO} b ${env:WHO}", "$${env:WHO}", "[${env:EMPTY}]", "$${price} ${x}"]\n',
    { env },
  );
  assert.equal(data.data, ['anna', 'a anna b anna', '${env:WHO}', '[]', '$${price} ${x}']);
});

test('inline programs and nested values take part', async () => {
  const { source } = await entry('kind: process.lua\nsource: |\n  return "${env:WHO}"\n', { env: { WHO: 'anna' } });
  assert.is(new TextDecoder().decode(source!.bytes), 'return "anna"\n');
});

test('a text from the environment becomes the type that the key wants', async () => {
  const env = { BOX: '12', SIZE: '1MiB', YES: 'true', NUMBER: '7' };
  const { data } = await entry(
    'kind: process.host\nlimits: {mailbox: "${env:BOX}", memory: "${env:SIZE}"}\ntrusted: ${env:YES}\n',
    { env },
  );
  assert.equal(data.limits, { mailbox: 12, memory: 1024 * 1024 });
  assert.is(data.trusted, true);
  const text = await entry('kind: process.lua\nsource: return 1\nmethod: ${env:NUMBER}\n', { env });
  assert.is(text.method, '7');
  const free = await entry('kind: registry.entry\ndata: ${env:NUMBER}\n', { env });
  assert.is(free.data.data, '7', 'where any type will do it stays a text');
});

test('a variable of Object.prototype is not set', async () => {
  try {
    await entry('kind: registry.entry\ndata: ${env:toString}\n');
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), /^app\.yaml:4:7: the environment variable toString is not set/);
  }
});

test('-o changes, adds and replaces', async () => {
  const yaml = 'kind: process.host\nhost: {max_processes: 5}\nreachable_from: [it]\n';
  const overrides = [
    { path: 'app:it:host.max_processes', value: '7' },
    { path: 'app:it:limits.memory', value: '64KB' },
    { path: 'app:it:lifecycle.security.actor.id', value: 'boss' },
    { path: 'app:it:reachable_from.0', value: 'system:functions' },
    { path: 'app:it:capabilities', value: '{time: {}, fs: {root: ./data}}' },
    { path: 'app:it:trusted', value: 'true' },
    { path: 'app:it:meta.note', value: 'a: b' },
    { path: 'app:it:meta.count', value: '3' },
    { path: 'app:it:meta.empty', value: '' },
  ];
  const { data, meta } = await entry(yaml, { overrides });
  assert.equal(data.host, { max_processes: 7 });
  assert.equal(data.limits, { memory: 64_000 });
  assert.is((data.lifecycle as { security: { actor: { id: string } } }).security.actor.id, 'boss');
  assert.equal(data.reachable_from, ['system:functions']);
  assert.equal(data.capabilities, { time: {}, fs: { root: './data' } });
  assert.is(data.trusted, true);
  assert.equal(meta, { note: 'a: b', count: 3, empty: '' });
});

test('a number on the command line is a text where the key wants one', async () => {
  const overrides = [{ path: 'app:it:method', value: '007' }];
  assert.is((await entry('kind: process.lua\nsource: return 1\n', { overrides })).method, '007');
});

test('names and namespaces with dots; a later override wins over an earlier one and over .troupe.yaml', async () => {
  const files = {
    'app.yaml': 'namespace: a.b\nname: c.d\nkind: process.host\nlimits: &l {mailbox: 1}\nmeta: {limits: *l}\n',
    '.troupe.yaml': 'override:\n  "a.b:c.d:limits.mailbox": 2\n  "a.b:c.d:meta.title": ${env:TITLE}\n',
  };
  const path = 'a.b:c.d:limits.mailbox';
  const env = { TITLE: 'host' };
  const from = async (overrides: LoadOptions['overrides']) => {
    const { data, meta } = (await load(files, { env, overrides })).entries.get('a.b:c.d')!;
    return { data, meta };
  };
  const { data, meta } = await from([]);
  assert.equal(data.limits, { mailbox: 2 });
  assert.equal(meta, { limits: { mailbox: 1 }, title: 'host' }, 'an alias keeps its own copy');
  const later = await from([
    { path, value: '3' },
    { path, value: '4' },
  ]);
  assert.equal(later.data.limits, { mailbox: 4 });
});

test('an override is judged like the original: references and sources too', async () => {
  const files = {
    'app.yaml': 'namespace: app\nname: it\nkind: process.lua\nsource: return 1\n',
    'two.lua': 'return 2',
  };
  const { entries } = await load(files, { overrides: [{ path: 'app:it:source', value: 'file://two.lua' }] });
  assert.is(entries.get('app:it')!.source!.name, 'two.lua');
  try {
    await load(files, {
      overrides: [
        { path: 'app:it:source', value: 'file://two.lau' },
        { path: 'app:it:meta.default_host', value: 'it' },
      ],
    });
    assert.unreachable();
  } catch (error) {
    assert.is(
      String(error),
      '-o:1:15: source: there is no file two.lau; did you mean "two.lua"?\n' +
        '-o:2:26: meta.default_host: app:it is a process.lua, not a process.host or a terminal.host',
    );
  }
});

test('.troupe.yaml and --set', async () => {
  const files = {
    'app.yaml': 'namespace: app\nname: it\nkind: registry.entry\n',
    '.troupe.yaml': 'workers: 2\nlogger: {level: debug}\nsecurity: {strict_mode: true}\nlimits: {cpu_slice: 2ms}\n',
  };
  assert.equal((await load(files)).settings, {
    workers: 2,
    watchdog: 5000,
    stop_timeout: 60_000,
    logger: { level: 'debug', format: 'text' },
    security: { strict_mode: true, audit: { grants: false, log: true } },
    limits: { cpu_slice: 2 },
    override: {},
  });
  const settings = [
    { key: 'workers', value: '0' },
    { key: 'logger.format', value: 'json' },
    { key: 'limits.memory', value: '1GiB' },
  ];
  const changed = (await load(files, { settings })).settings;
  assert.is(changed.workers, 0);
  assert.equal(changed.logger, { level: 'debug', format: 'json' });
  assert.equal(changed.limits, { cpu_slice: 2, memory: 1024 ** 3 });
});

test('an empty .troupe.yaml is no mistake', async () => {
  const files = {
    'app.yaml': 'namespace: app\nname: it\nkind: registry.entry\n',
    '.troupe.yaml': '# nothing yet\n',
  };
  assert.is((await load(files)).settings.workers, undefined);
});

test("a capability's own schema judges its settings, which stay as written", async () => {
  const yaml = 'kind: process.host\ncapabilities: {fs: {root: here}, time:, "node:path": {}, process: {}}\n';
  const fs = z.strictObject({ root: z.string().transform(root => root.length), write: z.boolean().default(false) });
  const options = { capabilities: ['fs', 'time'], capabilitySettings: { fs } };
  const { data } = await entry(yaml, options);
  assert.equal(data.capabilities, { fs: { root: 'here' }, time: {}, 'node:path': {}, process: {} });
});

test.run();
