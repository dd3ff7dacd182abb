/** The commands that go to a deployment that runs: a real one, as a process of its own, and they as others. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contextOfActor, contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { deploy, writeDeployment } from '../deploy.ts';
import { useSessionFolder } from '../inspect/session_folder.ts';
import { FILES, running, stop } from './served.ts';
import { troupe } from './troupe.ts';

useSessionFolder();

const test = suite('commands to what runs');

test('ps, inspect, send, cancel and terminate', async () => {
  const root = writeDeployment(FILES);
  const started = await running(root);
  const listed = await troupe('ps', '-C', root);
  assert.is(listed.stderr, '');
  assert.is(listed.code, 0);
  const lines = listed.stdout.trimEnd().split('\n');
  assert.match(lines[0], /^PID +ENTRY +KIND +THREAD +STATE +MAILBOX +LINKS +MONITORS +NAMES$/);
  assert.is(lines[3], '2 processes on 2 threads');
  const counter = lines.find(line => line.includes('app:counts'))!;
  assert.match(counter, /^\{app:host\|0x[0-9a-f]+\} +app:counts +process\.ts +1 +idle +0 +0 +0 +counter$/);
  // What a process calls itself cannot steer the terminal.
  assert.match(lines.find(line => line.includes('app:holds'))!, / evil\\u001b\[31m\\u202e$/);

  const json = JSON.parse((await troupe('ps', '-C', root, '--json', '--entry', 'app:holds')).stdout);
  assert.is(json.count, 1);
  assert.is(json.processes[0].kind, 'process.lua');
  assert.equal(json.processes[0].names, ['evil\u001b[31m\u202e']);
  assert.match((await troupe('ps', '-C', root, '--limit', '1')).stdout, /2 processes .*the first 1 are shown/);
  assert.match((await troupe('ps', '-C', root, '--host', 'app:tty')).stdout, /^0 processes on 2 threads\n$/);

  const inspected = await troupe('inspect', '-C', root, 'counter');
  assert.match(inspected.stdout, /^entry +app:counts \(process\.ts\)$/m);
  assert.match(inspected.stdout, /^names +counter$/m);
  assert.match(inspected.stdout, /^imports +logger$/m);
  assert.match(inspected.stdout, /^identity +none: allowed what policies guard$/m);
  const { pid } = JSON.parse((await troupe('inspect', '-C', root, '--json', 'counter')).stdout);

  const sent = await troupe('send', '-C', root, pid, 'work', '{"a": [1]}');
  assert.is(sent.stdout, `sent to ${pid}\n`);
  await started.complained('got work {"a":[1]}');
  await troupe('send', '-C', root, 'counter', 'words', 'plain text', '2');
  await started.complained('got words ["plain text",2]');

  assert.is((await troupe('cancel', '-C', root, 'counter', '--reason', 'enough')).stdout, `asked ${pid} to end\n`);
  await started.complained('cancelled: enough');
  const ended = await troupe('terminate', '-C', root, '--json', 'counter');
  assert.equal(JSON.parse(ended.stdout), { ok: true, pid });
  const gone = await troupe('inspect', '-C', root, pid);
  assert.is(gone.code, 2);
  assert.match(gone.stderr, /not found.*\[NOT_FOUND\]/);
  assert.is(gone.stdout, '');
  const goneJson = await troupe('terminate', '-C', root, '--json', pid);
  assert.is(goneJson.code, 2);
  assert.is(JSON.parse(goneJson.stdout).error.kind, 'NOT_FOUND');
  await stop(started);
});

test('--why says which policy decided and what each one said', async () => {
  const runtime = await deploy(FILES, { inspect: true });
  const { root } = runtime.deployment;
  const request: IdentifiedRequest = {
    id: 'app:holds',
    host: 'app:host',
    name: 'reader',
    identity: { ...contextOfActor({ id: 'ann', meta: {} }), ...contextOfScope(['app:read']) },
  };
  runtime.spawn(request);
  const allowed = await troupe('inspect', '-C', root, '--why', 'reader', 'read', 'doc:1', '--meta', 'size=7');
  assert.is(allowed.code, 0);
  assert.match(allowed.stdout, /^allowed +read of doc:1$/m);
  assert.match(allowed.stdout, /^policy +app:read$/m);
  const denied = await troupe('inspect', '-C', root, '--why', 'reader', 'write', 'doc:1');
  assert.match(denied.stdout, /^denied +write of doc:1$/m);
  assert.match(denied.stdout, /^app:read +says nothing: .+$/m);
  assert.match(denied.stdout, /^to change it +add a policy that allows it to the scope$/m);
  assert.match(denied.stdout, /^actor +\{"id":"ann"/m);
  const json = JSON.parse((await troupe('inspect', '-C', root, '--json', '--why', 'reader', 'write', 'doc:1')).stdout);
  assert.equal([json.allowed, json.effect, json.scope], [false, 'undefined', ['app:read']]);
  const wrong = [
    ['--why', 'reader'],
    ['reader', 'write', 'doc:1'],
    ['reader', '--meta', 'a=1'],
    ['--why', 'reader', 'a', 'b', '--meta', 'x'],
  ];
  for (const { code, stderr } of await Promise.all(wrong.map(args => troupe('inspect', '-C', root, ...args)))) {
    assert.is(code, 2);
    assert.match(stderr, /--why|--meta/);
  }
  await runtime.stop();
});

test('wrong calls: 2 and a hint', async () => {
  const wrong = [
    ['send', 'x'],
    ['inspect'],
    ['terminate'],
    ['ps', '--limit', '0'],
    ['ps', '--runtime', 'x'],
    ['ps', 'x'],
  ];
  for (const { code, stderr } of await Promise.all(wrong.map(args => troupe(...args)))) {
    assert.is(code, 2, stderr);
    assert.match(stderr, /--help/);
  }
});

test.run();
