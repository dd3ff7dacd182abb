import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDeployment } from '../deploy.ts';
import { start, troupe } from './troupe.ts';

const test = suite('command line');

const SDK = "import { defineProcess, TroupeError } from 'troupe/sdk';\n";

const root = writeDeployment({
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: tty, kind: terminal.host, allow_untrusted_ts: true}
  - {name: add, kind: process.ts, source: "file://add.ts"}
  - {name: fail, kind: process.ts, source: "file://fail.ts"}
  - {name: greet, kind: process.ts, source: "file://greet.ts", imports: [io], meta: {command: {name: greet, short: say hello}}}
  - {name: code, kind: process.ts, source: "file://code.ts", meta: {command: {name: code}}}
  - {name: crash, kind: process.ts, source: "file://fail.ts", meta: {command: {name: crash}}}
  - {name: patient, kind: process.ts, source: "file://patient.ts", imports: [io], meta: {command: {name: patient}}}
  - {name: stubborn, kind: process.ts, source: "file://stubborn.ts", imports: [io], meta: {command: {name: stubborn}}}
`,
  'add.ts': `${SDK}export default defineProcess(function* (self, a: number, b: number) { return { sum: a + b }; });`,
  'fail.ts': `${SDK}export default defineProcess(function* (self) {
  throw new TroupeError('no luck today', { kind: 'CONFLICT' });
});`,
  'greet.ts': `${SDK}export default defineProcess(function* (self, ...args: string[]) {
  yield* self.io.write('hello ' + args.join(' ') + '\\n');
});`,
  'code.ts': `${SDK}export default defineProcess(function* () { return 7; });`,
  'patient.ts': `${SDK}export default defineProcess(function* (self) {
  yield* self.io.write('ready\\n');
  const event = yield* self.events().receive();
  yield* self.io.write('saw ' + event!.kind + '\\n');
});`,
  'stubborn.ts': `${SDK}export default defineProcess(function* (self) {
  yield* self.io.write('ready\\n');
  for (;;) yield* self.receive();
});`,
});

test('exec prints the result as JSON and ends with 0', async () => {
  const { code, stdout } = await troupe('exec', '-C', root, 'app:add', '2', '3', '--host', 'app:host');
  assert.equal(JSON.parse(stdout), { sum: 5 });
  assert.is(code, 0);
});

test('--set reaches a setting of the runtime', async () => {
  const may = writeDeployment({
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: may, kind: process.ts, source: "file://may.ts", imports: [security]}
`,
    'may.ts': `${SDK}export default defineProcess(self => self.capability('security').can('read', 'doc:1'));`,
  });
  assert.is((await troupe('exec', '-C', may, 'app:may')).stdout, 'true\n');
  assert.is((await troupe('exec', '-C', may, '--set', 'security.strict_mode=true', 'app:may')).stdout, 'false\n');
});

test('exec of a program that fails: 1, message and kind, the place in the source, no stack of the runtime', async () => {
  const { code, stdout, stderr } = await troupe('exec', '-C', root, 'app:fail', '--host', 'app:host');
  assert.is(code, 1);
  assert.is(stdout, '');
  assert.match(stderr, /no luck today/);
  assert.match(stderr, /CONFLICT/);
  assert.match(stderr, /fail\.ts:3/);
  assert.not.match(stderr, /scheduler|runtime\//);
});

test('exec --json of a program that fails prints one object', async () => {
  const { code, stdout } = await troupe('exec', '--json', '-C', root, 'app:fail', '--host', 'app:host');
  assert.is(code, 1);
  assert.is(JSON.parse(stdout).error.kind, 'CONFLICT');
});

test('exec of what does not exist: 2', async () => {
  const { code, stderr } = await troupe('exec', '-C', root, 'app:nothing');
  assert.is(code, 2);
  assert.match(stderr, /"app:nothing" not found/);
});

test('check: 0 and a line; a broken deployment: 2, every problem with its place, nothing started', async () => {
  const good = await troupe('check', '-C', root);
  assert.is(good.code, 0);
  assert.match(good.stdout, /\nok: 9 entries, 7 programs compiled and linked\n$/);
  const broken = writeDeployment({
    'x.yaml': 'namespace: x\nentries:\n  - {name: a, kind: proces.ts}\n  - {nam: b}\n',
  });
  const bad = await troupe('check', '-C', broken);
  assert.is(bad.code, 2);
  assert.match(bad.stderr, /x\.yaml:3:\d+: .*did you mean/i);
  assert.match(bad.stderr, /x\.yaml:4:\d+: /);
  assert.not.match(bad.stderr, /\n\s+at /);
  const json = JSON.parse((await troupe('check', '--json', '-C', broken)).stdout);
  assert.is(json.ok, false);
  assert.ok(json.problems.every((problem: { line: number }) => problem.line > 0));
});

test('run: a command gets its arguments, options behind its name included', async () => {
  const { code, stdout } = await troupe('run', '-C', root, '--workers', '0', 'greet', 'big', '--json', 'world');
  assert.is(stdout, 'hello big --json world\n');
  assert.is(code, 0);
});

test('run: the exit code is the number that the command returns, 1 if it fails', async () => {
  assert.is((await troupe('run', '-C', root, '--workers', '0', 'code')).code, 7);
  const crash = await troupe('run', '-C', root, '--workers', '0', 'crash');
  assert.is(crash.code, 1);
  assert.match(crash.stderr, /no luck today/);
});

test('run: an unknown command: 2, with what there is', async () => {
  const { code, stderr } = await troupe('run', '-C', root, 'gret');
  assert.is(code, 2);
  assert.match(stderr, /did you mean "greet"/);
});

test('run: nothing to run: 2, with the commands that there are', async () => {
  const { code, stderr } = await troupe('run', '-C', root);
  assert.is(code, 2);
  assert.match(stderr, /nothing to run.*name a command: greet, code/);
});

test('run: services until Ctrl-C, which stops them in order', async () => {
  const services = writeDeployment({
    's.yaml': `namespace: s
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: waits, kind: process.ts, source: "file://waits.ts", imports: [logger]}
  - {name: one, kind: process.service, process: waits, host: host, lifecycle: {auto_start: true}}
`,
    'waits.ts': `${SDK}export default defineProcess(function* (self) {
  const event = yield* self.events().receive();
  self.logger.info('goodbye, ' + (event as any).reason);
});`,
  });
  const running = start(['run', '-C', services]);
  await running.complained('1 service runs');
  running.child.kill('SIGINT');
  const { code, stderr } = await running.finished;
  assert.is(code, 0);
  assert.match(stderr, /goodbye, service stopping/);
});

test('run: a worker that is lost ends the runtime with an error, not silently', async () => {
  const lost = writeDeployment({
    'l.yaml': `namespace: l
entries:
  - {name: host, kind: process.host, trusted: true}
  - {name: exits, kind: process.ts, source: "file://exits.ts"}
`,
    'exits.ts': `import { exit } from 'node:process';
${SDK}export default defineProcess(function* () { exit(3); });`,
  });
  const { code, stderr } = await troupe('exec', '--workers', '1', '-C', lost, 'l:exits');
  assert.is(code, 1);
  assert.match(stderr, /worker 1 was lost/);
});

test('wrong calls: 2 and a hint; help and version: 0', async () => {
  assert.is((await troupe('exec')).code, 2);
  assert.is((await troupe('frobnicate')).code, 2);
  assert.is((await troupe('run', '--workers', 'many')).code, 2);
  assert.is((await troupe('check', '-C', '/nowhere at all')).code, 2);
  assert.is((await troupe('--help')).code, 0);
  assert.match((await troupe('--version')).stdout, /^\d+\.\d+\.\d+/);
});

for (const workers of ['0', '2']) {
  test(`Ctrl-C, ${workers} workers: the command gets CANCEL and ends in its own way`, async () => {
    const running = start(['run', '-C', root, '--workers', workers, 'patient']);
    await running.said('ready');
    running.child.kill('SIGINT');
    const { code, stdout } = await running.finished;
    assert.match(stdout, /saw pid\.cancel/);
    assert.is(code, 0);
  });

  test(`a second Ctrl-C, ${workers} workers: ends at once`, async () => {
    const running = start(['run', '-C', root, '--workers', workers, 'stubborn']);
    await running.said('ready');
    running.child.kill('SIGINT');
    await running.complained('once more');
    running.child.kill('SIGINT');
    assert.is((await running.finished).code, 130);
  });
}

test('a reader that goes away ends it quietly', async () => {
  const running = start(['schema']);
  running.child.stdout!.destroy();
  const { code, stderr } = await running.finished;
  assert.is(stderr, '');
  assert.is(code, 0);
});

test('the JSON Schema is printed', async () => {
  const schema = JSON.parse((await troupe('schema')).stdout);
  assert.ok(JSON.stringify(schema).includes('process.lua'));
});

test.run();
