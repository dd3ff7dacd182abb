/** `troupe registry`: a deployment that runs as a process of its own is changed by others. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import { silentLog } from '../../runtime/logger.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { deploy, writeDeployment } from '../deploy.ts';
import { useSessionFolder } from '../inspect/session_folder.ts';
import { FILES } from './served.ts';
import { start, troupe } from './troupe.ts';

useSessionFolder();

const test = suite('troupe registry');

const MORE = `namespace: app
entries:
  - {name: greets, kind: process.lua, source: "return function() return 'hello' end"}
  - name: data
    kind: registry.entry
    data: {home: "$\${env:HOME}", lines: "a\\nb\\n"}
`;

test('set, list, history, diff, undo, remove and export', async () => {
  const runtime = await deploy(FILES, { inspect: true, services: createServices({ log: silentLog }) });
  const { root } = runtime.deployment;
  const registry = (...args: string[]) => troupe('registry', args[0], '-C', root, ...args.slice(1));
  const more = join(writeDeployment({}), 'more.yaml');
  writeFileSync(more, MORE);

  const dry = await registry('set', more, '--dry-run');
  assert.is(dry.stderr, '');
  assert.is(dry.stdout, 'added app:greets\nadded app:data\nnothing was changed: this was a dry run at version 1\n');
  assert.is(runtime.version, 1);

  const set = await registry('set', more, '--note', 'more of it');
  assert.equal([set.code, set.stdout], [0, 'added app:greets\nadded app:data\nthe deployment is version 2\n']);
  assert.is(await runtime.exec({ id: 'app:greets', host: 'app:host' }), 'hello');

  const list = await registry('list');
  assert.match(list.stdout, /^app:greets +process\.lua +run time +\(set at run time\) more\.yaml:3:5$/m);
  assert.match(list.stdout, /^app:holds +process\.lua +folder +app\.yaml:6:5$/m);
  assert.match(list.stdout, /^version 2, 9 entries$/m);

  const removed = JSON.parse((await registry('remove', 'app:read', '--json', '--if-version', '2')).stdout);
  assert.equal([removed.ok, removed.version, removed.removed], [true, 3, ['app:read']]);

  const history = await registry('history');
  assert.match(history.stdout, /^3 +\S+Z +command line +-app:read$/m);
  assert.match(history.stdout, /^2 +\S+Z +command line +\+app:greets \+app:data +more of it$/m);
  assert.is((await registry('diff', '1')).stdout, 'added app:data\nadded app:greets\nremoved app:read\n');
  assert.equal(JSON.parse((await registry('diff', '2', '3', '--json')).stdout), {
    from: 2,
    to: 3,
    changes: [{ id: 'app:read', what: 'removed', keys: [] }],
  });

  const exported = await registry('export');
  assert.match(exported.stderr, /removed at run time: app:read; take it out of app\.yaml:7:5/);
  // What it prints is a file of a deployment with the same entries.
  const copy = await readDeployment(writeDeployment({ 'exported.yaml': exported.stdout }));
  assert.equal([...copy.entries.keys()], ['app:greets', 'app:data']);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: text that looks like a reference
  assert.equal(copy.entries.get('app:data')!.data, { data: { home: '${env:HOME}', lines: 'a\nb\n' } });
  assert.equal(copy.entries.get('app:data')!.data, runtime.deployment.entries.get('app:data')!.data);

  assert.is((await registry('undo')).stdout, 'added app:read\nthe deployment is version 4\n');
  assert.is(
    (await registry('undo', '1')).stdout,
    'removed app:greets\nremoved app:data\nthe deployment is version 5\n',
  );
  const nothing = await registry('undo');
  assert.is(nothing.code, 2);
  assert.match(nothing.stderr, /there is nothing to undo: nothing was set since the start.*\[NOT_FOUND\]/);
  await runtime.stop();
});

test('what is wrong is shown as by check, and nothing was changed', async () => {
  const runtime = await deploy(FILES, { inspect: true, services: createServices({ log: silentLog }) });
  const { root } = runtime.deployment;
  const registry = (...args: string[]) => troupe('registry', args[0], '-C', root, ...args.slice(1));
  const broken = join(writeDeployment({}), 'broken.yaml');
  writeFileSync(
    broken,
    'namespace: app\nentries:\n  - {name: a, kind: process.lau}\n  - {name: b, kind: process.lua, sorce: x}\n',
  );
  const set = await registry('set', broken);
  assert.is(set.code, 2);
  assert.is(set.stdout, '');
  assert.equal(set.stderr.trimEnd().split('\n'), [
    'error: (set at run time) broken.yaml:3:21: unknown kind "process.lau"; did you mean "process.lua"?',
    'error: (set at run time) broken.yaml:4:5: a process.lua entry needs the key "source"; add for example "source: file://main.lua"',
    'error: (set at run time) broken.yaml:4:34: unknown key "sorce" in a process.lua entry; did you mean "source"?',
    '3 problems; nothing was changed',
  ]);
  const json = JSON.parse((await registry('set', broken, '--json')).stdout);
  assert.is(json.ok, false);
  assert.equal(json.problems[0], {
    file: '(set at run time) broken.yaml',
    line: 3,
    column: 21,
    message: 'unknown kind "process.lau"; did you mean "process.lua"?',
    kind: 'INVALID',
  });
  writeFileSync(broken, 'namespace: app\nname: a\nkind: process.lua\nsource: return function(\n');
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['set', broken], /broken\.yaml:4:9: app:a, line 1/],
    [['remove', 'app:counts'], /app\.yaml:8:\d+: process: app:counts is removed at run time/],
    [['remove', 'app:cuonts'], /no entry app:cuonts to remove; did you mean "app:counts"/],
    [['remove', 'app:holds', '--if-version', '7'], /version 1 now, not 7.*\[CONFLICT\]/],
    [['set', join(root, 'missing.yaml')], /cannot be read.*\[NOT_FOUND\]/],
    [['diff', '1', '9'], /there is no version 9: versions 1 to 1 are kept/],
    [['export', 'app'], /nothing of the namespace "app" was set/],
    [['set'], /--help/],
    [['remove'], /--help/],
    [['undo', 'x'], /--help/],
    [['diff'], /--help/],
    [['nothing'], /--help/],
    [['set', 'a', '--if-version', '-1'], /--help/],
  ];
  await Promise.all(
    cases.map(async ([[command, ...args], text]) => {
      const directory = command === 'nothing' ? [] : ['-C', root];
      const { code, stderr } = await troupe('registry', command, ...directory, ...args);
      assert.is(code, 2, command);
      assert.match(stderr, text);
    }),
  );
  assert.is(runtime.version, 1);
  await runtime.stop();
});

test('who sets a service that runs is told that it must be restarted', async () => {
  const service = (input: string): string =>
    `{name: served, kind: process.service, process: waits, host: host, input: [${input}], lifecycle: {auto_start: true}}`;
  const yaml = `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: waits, kind: process.lua, source: "return function() process.events():receive() end"}
  - ${service('1')}
`;
  const runtime = await deploy({ 'app.yaml': yaml }, { inspect: true });
  const changed = join(
    writeDeployment({ 'changed.yaml': `namespace: app\nentries: [${service('2')}]\n` }),
    'changed.yaml',
  );
  const { stdout } = await troupe('registry', 'set', changed, '-C', runtime.deployment.root);
  assert.is(
    stdout,
    'changed app:served\napp:served runs as before until it is restarted (input)\nthe deployment is version 2\n',
  );
  await runtime.stop();
});

test('entries come from standard input', async () => {
  const runtime = await deploy(FILES, { inspect: true, services: createServices({ log: silentLog }) });
  const started = start(['registry', 'set', '-', '-C', runtime.deployment.root], undefined, 'pipe');
  started.child.stdin!.end('namespace: more\nname: it\nkind: registry.entry\n');
  assert.is((await started.finished).stdout, 'added more:it\nthe deployment is version 2\n');
  await runtime.stop();
});

test.run();
