/** What is kept on disk between runs: compiled AssemblyScript and modules in the form that runs. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheFolder, readCached, sha256, writeCached } from '../../machines/wasm/sources/cache.ts';
import { sweepCache } from '../../machines/wasm/sources/cache_sweep.ts';
import type { Files } from '../deploy.ts';
import { loadWasm, prepareWasm, wasmEntry } from './load_program.ts';
import { run, start, wat } from './start.ts';

const test = suite('wasm cache');

const home = mkdtempSync(join(tmpdir(), 'troupe-cache-'));
const folder = join(home, 'troupe');
const given = { ...process.env };

test.before.each(() => {
  process.env.XDG_CACHE_HOME = home;
  rmSync(folder, { recursive: true, force: true });
});
test.after(() => {
  process.env = given;
  rmSync(home, { recursive: true, force: true });
});

async function answerOf(entry: string, files: Files): Promise<unknown> {
  const runtime = await start([`{name: m, kind: process.wasm, ${entry}}`], files);
  try {
    return await run(runtime, 'm');
  } finally {
    await runtime.stop();
  }
}

/** Of AssemblyScript. */
function answer(files: Files): Promise<unknown> {
  return answerOf('language: assemblyscript, source: file://m.ts', files);
}

/** Of a binary. */
function answerOfModule(module: Uint8Array): Promise<unknown> {
  return answerOf('source: file://m.wasm', { 'm.wasm': module });
}

const MAIN = 'import { value } from "./other";\nexport function main(): i32 { return value(); }';
const other = (value: number) => `export function value(): i32 { return ${value}; }`;
const program = (value: number) => ({ 'm.ts': MAIN, 'other.ts': other(value) });

/** A module that waits, so that it is transformed, and returns a number. */
const waits = (value: number) =>
  wat(`(module (import "troupe:process" "try_receive" (func $try (param i32 i32) (result i32)))
    (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
    (memory (export "memory") 1 4)
    (func (export "main") (result i32)
      (if (call $try (i32.const 0) (i32.const 8)) (then (drop (call $receive (i32.const 0) (i32.const 8)))))
      (i32.const ${value})))`);

/** The names of what is kept, of one kind. */
function kept(kind: 'assemblyscript' | 'form'): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(name => name.startsWith(`${kind}-`)) : [];
}

async function load(module: Uint8Array, limits = {}): Promise<void> {
  const entry = wasmEntry(module);
  loadWasm(entry, await prepareWasm(entry), limits);
}

test('a program is compiled again when a file that it imports has changed', async () => {
  assert.is(await answer(program(1)), 1);
  assert.is(kept('assemblyscript').length, 1);
  const first = readFileSync(join(folder, kept('assemblyscript')[0]));
  assert.is(await answer(program(1)), 1);
  assert.ok(readFileSync(join(folder, kept('assemblyscript')[0])).equals(first));
  assert.is(await answer(program(2)), 2);
});

test('what is kept is what runs', async () => {
  await answer(program(5));
  const [key] = kept('assemblyscript');
  const { note, output } = readCached(folder, key)!;
  const changed = Buffer.from(output);
  changed[changed.lastIndexOf(Buffer.from([0x41, 5])) + 1] = 6;
  writeCached(folder, key, note, changed);
  assert.is(await answer(program(5)), 6);
});

test('the form that runs is kept by content, and is what runs', async () => {
  assert.is(await answerOfModule(waits(7)), 7);
  const [key] = kept('form');
  const { note, output } = readCached(folder, key)!;
  const changed = Buffer.from(output);
  changed[changed.lastIndexOf(Buffer.from([0x41, 7])) + 1] = 9;
  writeCached(folder, key, note, changed);
  assert.is(await answerOfModule(waits(7)), 9);
});

test('each limit and each way to stop a module has its own form', async () => {
  const module = waits(1);
  await load(module);
  assert.is(kept('form').length, 1);
  await load(module, { memory: 3 * 65_536 });
  assert.is(kept('form').length, 2);
  await load(module, { memory: 2 * 65_536 });
  assert.is(kept('form').length, 3);
  await load(module, { preempt: 'kill' });
  assert.is(kept('form').length, 4);
  // The module states four pages itself.
  await load(module, { memory: 4 * 65_536 });
  await load(module, { memory: 3 * 65_536 });
  assert.is(kept('form').length, 4);
});

test('a damaged file is not used', async () => {
  await answer(program(3));
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    const flipped = (at: number): Buffer => {
      const copy = Buffer.from(bytes);
      copy[at] ^= 1;
      return copy;
    };
    for (const damaged of [
      bytes.subarray(0, 20),
      bytes.subarray(0, bytes.length - 3),
      flipped(0),
      flipped(33),
      flipped(40),
      flipped(bytes.length - 1),
      Buffer.from('{}\n'),
      Buffer.alloc(0),
    ]) {
      writeFileSync(path, damaged);
      assert.is(await answer(program(3)), 3);
      assert.ok(readFileSync(path).equals(bytes), 'it is made anew');
    }
  }
});

test('a file that was not there and now is changes the answer', async () => {
  const files = {
    'm.ts': 'import { value } from "./lib";\nexport function main(): i32 { return value(); }',
    'lib/index.ts': other(1),
  };
  assert.is(await answer(files), 1);
  assert.is(await answer({ ...files, 'lib.ts': other(2) }), 2);
});

test('a folder that cannot be used is no error and keeps nobody waiting', async () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  const locked = join(home, 'locked');
  mkdirSync(locked, { mode: 0o500 });
  // Below /proc there are folders that can hold no others, although nothing says so.
  for (const place of [file, locked, '/proc', '/proc/self', '/dev/null', 'relative', `${home}/${'x'.repeat(5000)}`]) {
    process.env.XDG_CACHE_HOME = place;
    assert.is(await answerOfModule(waits(4)), 4, place);
  }
  process.env.XDG_CACHE_HOME = '/proc';
  assert.is(await answer(program(4)), 4);
  chmodSync(locked, 0o700);
});

test('what stands where a file should is passed over', async () => {
  await answer(program(4));
  const names = readdirSync(folder);
  for (const name of names) {
    rmSync(join(folder, name));
    mkdirSync(join(folder, name));
  }
  assert.is(await answer(program(4)), 4);
  for (const name of names) rmSync(join(folder, name), { recursive: true });
  if (process.platform === 'win32') {
    console.log('skip: there are no named pipes in folders here');
    return;
  }
  // A reader of a pipe waits for its writer.
  for (const name of names) execFileSync('mkfifo', [join(folder, name)]);
  assert.is(await answer(program(4)), 4);
});

test('processes that start with an empty cache at the same moment all get the program', async () => {
  const worker = fileURLToPath(new URL('./cache_worker.js', import.meta.url));
  const begin = join(home, 'begin');
  const outcomes = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, [worker, begin], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    const ready = new Promise<void>(resolve => {
      child.stdout.on('data', data => {
        said += data;
        if (said.includes('ready')) resolve();
      });
    });
    const ended = new Promise<string>(resolve => child.on('close', code => resolve(`${said.trim()} ${code}`)));
    return { ready, ended };
  });
  await Promise.all(outcomes.map(one => one.ready));
  writeFileSync(begin, '');
  for (const { ended } of outcomes) assert.is(await ended, 'ready\n1764 0');
  assert.equal(
    readdirSync(folder).map(name => name.replace(/-[0-9a-f]{64}$/, '')),
    ['form', 'form'],
    'nothing unfinished is left',
  );
  for (const name of readdirSync(folder)) assert.ok(readCached(folder, name) !== undefined, 'and nothing damaged');
});

test('what was used least recently goes first, and nothing that is not ours', async () => {
  const key = (name: string) => `form-${sha256(name)}`;
  for (const [age, name] of [...'abcd'].entries()) {
    writeCached(folder, key(name), null, new Uint8Array(9000));
    utimesSync(join(folder, key(name)), 1_000_000 + age, 1_000_000 + age);
  }
  const unfinished = `${key('e')}.1.0.1`;
  for (const name of ['notes.txt', unfinished]) {
    writeFileSync(join(folder, name), new Uint8Array(9000));
    utimesSync(join(folder, name), 1_000_000, 1_000_000);
  }
  // Reading is a use.
  assert.ok(readCached(folder, key('a')) !== undefined);
  await sweepCache(folder, 30_000);
  assert.equal(readdirSync(folder).sort(), [key('a'), key('d'), 'notes.txt'].sort());
  await sweepCache(join(folder, 'missing'));
});

test('the folder follows the environment, else the nearest node_modules, else the home', () => {
  assert.is(cacheFolder('/nowhere'), folder);
  // A relative one means nothing, as the specification of the variable has it.
  for (const value of ['', 'here']) {
    process.env.XDG_CACHE_HOME = value;
    assert.match(cacheFolder(process.cwd())!, /node_modules[\\/]\.cache[\\/]troupe$/);
  }
  process.env.HOME = home;
  assert.is(cacheFolder('/nowhere'), join(home, '.cache', 'troupe'));
  process.env.HOME = '';
  assert.is(cacheFolder('/nowhere'), undefined);
  process.env.HOME = given.HOME;
});

test.run();
