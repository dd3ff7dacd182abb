/** Compiled AssemblyScript on disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cacheFolder, readCached, sha256, writeCached } from '../../machines/wasm/sources/cache.ts';
import { run, start } from './start.ts';

const test = suite('wasm cache');

const home = mkdtempSync(join(tmpdir(), 'troupe-cache-'));
process.env.XDG_CACHE_HOME = home;
const folder = join(home, 'troupe');
test.after(() => rmSync(home, { recursive: true, force: true }));

async function answer(files: { readonly [name: string]: string }): Promise<unknown> {
  const runtime = await start(['{name: m, kind: process.wasm, language: assemblyscript, source: file://m.ts}'], files);
  try {
    return await run(runtime, 'm');
  } finally {
    await runtime.stop();
  }
}

const MAIN = 'import { value } from "./other";\nexport function main(): i32 { return value(); }';
const other = (value: number) => `export function value(): i32 { return ${value}; }`;

test('a program is compiled again when a file that it imports has changed', async () => {
  assert.is(await answer({ 'm.ts': MAIN, 'other.ts': other(1) }), 1);
  const kept = readdirSync(folder);
  assert.is(kept.length, 1);
  const first = readFileSync(join(folder, kept[0]));
  assert.is(await answer({ 'm.ts': MAIN, 'other.ts': other(1) }), 1);
  assert.ok(readFileSync(join(folder, kept[0])).equals(first));
  assert.is(await answer({ 'm.ts': MAIN, 'other.ts': other(2) }), 2);
});

test('what is kept is what runs', async () => {
  await answer({ 'm.ts': MAIN, 'other.ts': other(5) });
  const [kept] = readdirSync(folder);
  const file = readFileSync(join(folder, kept));
  const body = file.indexOf(0x0a) + 1;
  const changed = Buffer.from(file.subarray(body));
  changed[changed.lastIndexOf(Buffer.from([0x41, 5])) + 1] = 6;
  const header = JSON.parse(file.toString('utf8', 0, body));
  writeFileSync(
    join(folder, kept),
    Buffer.concat([Buffer.from(`${JSON.stringify({ ...header, sha256: sha256(changed) })}\n`), changed]),
  );
  assert.is(await answer({ 'm.ts': MAIN, 'other.ts': other(5) }), 6);
});

test('a damaged file is not used', async () => {
  await answer({ 'm.ts': MAIN, 'other.ts': other(3) });
  for (const kept of readdirSync(folder)) {
    const path = join(folder, kept);
    const bytes = readFileSync(path);
    for (const damaged of [
      bytes.subarray(0, 20),
      bytes.subarray(0, bytes.length - 3),
      Buffer.from('{}\n'),
      Buffer.from(''),
    ]) {
      writeFileSync(path, damaged);
      assert.is(await answer({ 'm.ts': MAIN, 'other.ts': other(3) }), 3);
    }
  }
});

test('a file that was not there and now is changes the answer', async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  await writeCached(folder, 'key', { present: sha256('x'), absent: null }, bytes);
  const now = (present: string | null, absent: string | null) =>
    readCached(folder, 'key', async name => {
      const text = name === 'present' ? present : absent;
      return text === null ? null : sha256(text);
    });
  assert.equal(await now('x', null), bytes);
  assert.is(await now('y', null), undefined);
  assert.is(await now(null, null), undefined);
  assert.is(await now('x', ''), undefined);
});

test('a folder that cannot be written is no error', async () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  await writeCached(join(file, 'below'), 'key', {}, new Uint8Array(1));
  assert.is(await readCached(join(file, 'below'), 'key', async () => null), undefined);
});

test('the folder follows the environment, else the nearest node_modules', () => {
  assert.is(cacheFolder('/nowhere'), folder);
  process.env.XDG_CACHE_HOME = '';
  const root = process.cwd();
  assert.match(cacheFolder(root), /node_modules[\\/]\.cache[\\/]troupe$/);
  assert.match(cacheFolder('/nowhere'), /\.cache[\\/]troupe$/);
  process.env.XDG_CACHE_HOME = home;
});

test.run();
