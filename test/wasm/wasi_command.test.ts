/** WASI programs as commands of `troupe run`: input, output and exit codes are those of the process. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start, troupe } from '../cli/troupe.ts';
import { writeDeployment } from '../deploy.ts';
import { program } from './wasi_start.ts';

const test = suite('wasi commands');

const root = writeDeployment({
  'app.yaml': `version: "1.0"
namespace: app
entries:
  - {name: terminal, kind: terminal.host, capabilities: {fs: {root: data, write: true}, env: {names: []}, time: {}}}
  - {name: show, kind: process.wasm, source: file://show.wasm, imports: [io, env], meta: {command: {name: show}}}
  - {name: naps, kind: process.wasm, source: file://naps.wasm, imports: [io, time], meta: {command: {name: naps}}}
  - {name: cat, kind: process.wasm, source: file://cat.wasm, imports: [io, fs], meta: {command: {name: cat}}}
`,
  'naps.wasm': program('naps'),
  'show.wasm': program('show'),
  'cat.wasm': program('cat'),
  'data/a.txt': 'one\ntwo',
});

test('what a program writes and its exit code come out', async () => {
  const shown = await troupe('run', '-C', root, 'show', '--help', 'x');
  assert.equal(shown, {
    code: 0,
    stderr: '',
    stdout: 'argv[0]=show\nargv[1]=--help\nargv[2]=x\nTEST_HOME=(not set)\n',
  });
  const failed = await troupe('run', '-C', root, 'show', 'exit', '42');
  assert.equal([failed.code, failed.stderr], [42, 'leaving\n']);
  const aborted = await troupe('run', '-C', root, 'show', 'abort');
  assert.is(aborted.code, 1);
  assert.match(aborted.stderr, 'error: unreachable [INTERNAL]');
});

test('input that was given up and never came keeps nothing alive', async () => {
  // Standard input stays open until the command has ended.
  const { child, finished } = start(['run', '-C', root, '--workers', '0', 'naps', '20'], undefined, 'pipe');
  const { code, stdout } = await finished;
  assert.equal([code, stdout], [0, 'slept 0 0, input 0, long enough 1, clock 1\n']);
  child.stdin?.destroy();
});

test('files and input are read to their ends', async () => {
  assert.equal(await troupe('run', '-C', root, 'cat', 'a.txt'), { code: 0, stderr: '', stdout: 'one\ntwo' });
  assert.equal(await troupe('run', '-C', root, 'cat'), { code: 0, stderr: '', stdout: '' });
});

test.run();
