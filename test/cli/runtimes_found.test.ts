/** Which runtime is meant: its socket is found by its folder, what was left behind is removed, what is not safe is refused. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDeployment } from '../deploy.ts';
import { useSessionFolder } from '../inspect/session_folder.ts';
import { FILES, running, stop } from './served.ts';
import { start, troupe } from './troupe.ts';

const folder = useSessionFolder();

const test = suite('runtimes that are found');

test('two runtimes of one folder: it is asked which; a link to the folder is the folder', async () => {
  const root = writeDeployment(FILES);
  const [one, other] = await Promise.all([running(root), running(root)]);
  const unsaid = await troupe('ps', '-C', root);
  assert.is(unsaid.code, 2);
  assert.match(unsaid.stderr, /several processes run .* say which with --runtime/);
  for (const { child } of [one, other]) {
    assert.ok(unsaid.stderr.includes(`${child.pid} (since 20`));
    const said = await troupe('ps', '-C', root, '--runtime', String(child.pid));
    assert.match(said.stdout, /2 processes/);
  }
  const wrong = await troupe('ps', '-C', root, '--runtime', '1');
  assert.match(wrong.stderr, /no process 1 runs .*; it is run by /);
  await stop(other);
  assert.match((await troupe('ps', '-C', root)).stdout, /2 processes/);
  await stop(one);
  assert.equal(readdirSync(folder), []);
});

test('a runtime that was killed leaves a socket, which the next one who looks removes', async () => {
  const root = writeDeployment(FILES);
  const started = await running(root);
  started.child.kill('SIGKILL');
  await started.finished;
  assert.is(readdirSync(folder).length, 1);
  const { code, stderr } = await troupe('ps', '-C', root);
  assert.is(code, 2);
  // Without the environment of a session one may be running somewhere else, such as another test's.
  assert.match(stderr, /nothing that can be inspected runs .*; (start it with "troupe run"|what runs is )/);
  assert.equal(readdirSync(folder), []);
  // So does the next one who starts.
  const again = await running(root);
  again.child.kill('SIGKILL');
  await again.finished;
  const last = await running(root);
  assert.is(readdirSync(folder).length, 1);
  assert.match((await troupe('ps', '-C', root)).stdout, /2 processes/);
  await stop(last);
});

test('a second Ctrl-C, which ends at once, leaves no socket', async () => {
  const root = writeDeployment(FILES);
  const started = start(['run', '-C', root, '--workers', '0', 'waits']);
  await started.said('ready');
  assert.is(readdirSync(folder).length, 1);
  started.child.kill('SIGINT');
  await started.complained('once more');
  started.child.kill('SIGINT');
  await started.finished;
  assert.equal(readdirSync(folder), []);
});

test('a second Ctrl-C after the command has ended, while services stop, leaves no socket', async () => {
  const root = writeDeployment(FILES);
  const slow = ['-o', 'app:service:lifecycle.stop_timeout=60s'];
  const started = start(['run', '-C', root, '--workers', '0', ...slow, 'waits']);
  await started.said('ready');
  started.child.kill('SIGINT');
  await started.complained('cancelled: service stopping');
  started.child.kill('SIGINT');
  await started.finished;
  assert.equal(readdirSync(folder), []);
});

test('--no-inspect opens no socket; exec never does', async () => {
  const root = writeDeployment(FILES);
  const started = await running(root, '--no-inspect');
  assert.equal(readdirSync(folder), []);
  assert.is((await troupe('ps', '-C', root)).code, 2);
  await stop(started);
});

test('where something else runs, it is named', async () => {
  const root = writeDeployment(FILES);
  const elsewhere = writeDeployment(FILES);
  const started = await running(root);
  const { code, stderr } = await troupe('ps', '-C', elsewhere);
  assert.is(code, 2);
  assert.ok(stderr.includes(`what runs is ${root}: name one with -C`), stderr);
  assert.match((await troupe('ps', '-C', join(root, 'missing'))).stderr, /there is no folder/);
  await stop(started);
});

test('a folder for sockets in which others can look: the runtime says so and goes on, who looks is refused', async () => {
  const session = process.env.XDG_RUNTIME_DIR!;
  process.env.XDG_RUNTIME_DIR = join(session, 'open');
  mkdirSync(join(process.env.XDG_RUNTIME_DIR, 'troupe'), { recursive: true, mode: 0o755 });
  try {
    const root = writeDeployment(FILES);
    const started = start(['run', '-C', root, '--workers', '0']);
    await started.complained('1 service runs');
    await started.complained('cannot be inspected while it runs');
    assert.equal(readdirSync(join(process.env.XDG_RUNTIME_DIR, 'troupe')), []);
    const { code, stderr } = await troupe('ps', '-C', root);
    assert.is(code, 2);
    assert.match(stderr, /not safe: its permissions are 0755, not 0700.*\[PERMISSION_DENIED\]/);
    await stop(started);
  } finally {
    process.env.XDG_RUNTIME_DIR = session;
  }
});

test.run();
