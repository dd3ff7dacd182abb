/** Somebody swaps what a path leads through for a link that leads out, while a program uses the path. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fsCapability } from '../../runtime/capabilities/fs.ts';
import { pin, pinByHandle, pinByPath } from '../../runtime/capabilities/fs_pin.ts';
import { Place } from '../../runtime/capabilities/fs_place.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, failureOf } from './call.ts';
import type { Swap } from './swapper.ts';

const test = suite<{ root: string }>('fs under attack');

test.before.each(context => {
  context.root = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-escape-')));
  for (const folder of ['data', 'data/d', 'outside']) mkdirSync(join(context.root, folder));
  writeFileSync(join(context.root, 'data/d/file'), 'inside');
  writeFileSync(join(context.root, 'data/f'), 'inside');
  writeFileSync(join(context.root, 'outside/file'), 'outside');
});

test.after.each(context => rmSync(context.root, { recursive: true, force: true }));

/** Call `attempt` again and again while `path` of the granted folder is swapped for a link to `target`. */
async function whileSwapping(root: string, path: string, target: string, attempt: () => Promise<void>): Promise<void> {
  symlinkSync(join(root, target), join(root, 'data/link'));
  const shared = new SharedArrayBuffer(8);
  const swap: Swap = {
    path: join(root, 'data', path),
    link: join(root, 'data/link'),
    aside: join(root, 'data/aside'),
    shared,
  };
  const worker = new Worker(new URL('./swapper.js', import.meta.url), { workerData: swap });
  const ended = new Promise((resolve, reject) => {
    worker.once('exit', resolve);
    worker.once('error', reject);
  });
  const words = new Int32Array(shared);
  try {
    while (Atomics.load(words, 0) === 0) await new Promise(resolve => setImmediate(resolve));
    for (let i = 0; i < 400 || Atomics.load(words, 0) < 200; i++) await attempt();
  } finally {
    Atomics.store(words, 1, 1);
    await ended;
  }
}

/** What the call gives, or what it is refused with; nothing but a refusal may be thrown. */
async function outcome(call: Promise<Payload>): Promise<Payload> {
  try {
    return await call;
  } catch (thrown) {
    if (thrown instanceof TroupeError && thrown.kind !== 'INTERNAL') return thrown;
    throw thrown;
  }
}

function untouched(root: string): void {
  assert.equal(readdirSync(join(root, 'outside')), ['file']);
  assert.is(readFileSync(join(root, 'outside/file'), 'utf8'), 'outside');
}

if (pin !== pinByHandle) {
  console.log(`not tested on ${process.platform}: folders cannot be held fast here, which the README says`);
} else {
  test('a folder on the way: nothing outside is read, made, changed or removed', async ({ root }) => {
    const caller = new Caller({ root });
    const fs = (operation: string, ...args: Payload[]) =>
      outcome(caller.call(fsCapability, { root: 'data', write: true }, operation, ...args));
    const outside = statSync(join(root, 'outside')).ino;
    let read = 0;
    await whileSwapping(root, 'd', 'outside', async () => {
      const [content, , listed, found] = await Promise.all([
        fs('read_file', 'd/file'),
        fs('write_file', 'd/new', 'x'),
        fs('list', 'd'),
        fs('stat', 'd'),
        fs('make_directory', 'd/folder'),
      ]);
      if (content === 'inside') read++;
      assert.is.not(content, 'outside');
      if (!(found instanceof TroupeError)) assert.is.not((found as { inode: number }).inode, outside);
      if (Array.isArray(listed) && listed.length === 1) await fs('stat', 'd/file');
      const handle = await fs('open', 'd/opened', { create: true, truncate: true });
      if (typeof handle === 'number') await fs('close', handle);
      await Promise.all([fs('rename', 'd/new', 'd/renamed'), fs('set_times', 'd/file', { modified: 1 })]);
      await Promise.all([fs('remove', 'd/renamed'), fs('remove_directory', 'd/folder')]);
    });
    assert.ok(read > 0, 'what is inside can be read in between');
    untouched(root);
    assert.ok(statSync(join(root, 'outside/file')).mtimeMs > 1e3);
    caller.end();
  });

  test('the file itself: what the link leads to is neither read nor emptied', async ({ root }) => {
    const caller = new Caller({ root });
    const fs = (operation: string, ...args: Payload[]) =>
      outcome(caller.call(fsCapability, { root: 'data', write: true }, operation, ...args));
    let read = 0;
    await whileSwapping(root, 'f', 'outside/file', async () => {
      const [content, handle] = await Promise.all([fs('read_file', 'f'), fs('open', 'f')]);
      if (typeof handle === 'number') {
        const piece = await fs('read', handle);
        assert.is.not(Buffer.from((piece ?? []) as Uint8Array).toString(), 'outside');
        await fs('close', handle);
      }
      if (content === 'inside') read++;
      assert.is.not(content, 'outside');
      await Promise.all([fs('write_file', 'f', 'inside'), fs('set_times', 'f', { modified: 1 })]);
    });
    assert.ok(read > 0, 'what is inside can be read in between');
    untouched(root);
    caller.end();
  });
}

test('without handles of folders, too, links that stay are followed inside and refused outside', async ({ root }) => {
  symlinkSync('d', join(root, 'data/inner'));
  symlinkSync('d/file', join(root, 'data/short'));
  symlinkSync('../outside', join(root, 'data/outer'));
  symlinkSync('../outside/file', join(root, 'data/leak'));
  symlinkSync('loop', join(root, 'data/loop'));
  const mount = { name: '', root: join(root, 'data'), shown: 'data', readOnly: false, made: false };
  for (const way of [pinByPath, pin]) {
    const reach = (path: string) => {
      const asked = { path, operation: 'fs.test', host: 'app:host', confirm: () => undefined };
      return new Place({ mount, file: join(root, 'data', path), resource: path }, asked, way);
    };
    const read = async (path: string) => {
      const { handle, resource } = await reach(path).open(0, { follow: true });
      try {
        return [await handle.readFile('utf8'), resource];
      } finally {
        await handle.close();
      }
    };
    assert.equal(await read('f'), ['inside', 'f']);
    assert.equal(await read('inner/file'), ['inside', 'd/file']);
    assert.equal(await read('short'), ['inside', 'd/file']);
    for (const path of ['outer/file', 'leak', 'loop']) {
      assert.is((await failureOf(read(path))).kind, 'PERMISSION_DENIED', path);
    }
    assert.is((await failureOf(reach('outer').inside(async () => 1))).kind, 'PERMISSION_DENIED');
    assert.is((await failureOf(read('none/file'))).kind, 'NOT_FOUND');
    assert.is((await failureOf(read('f/file'))).kind, 'INVALID');
  }
});

test('no handle of a folder is left open', async ({ root }) => {
  if (process.platform !== 'linux') {
    console.log(`not tested on ${process.platform}: open handles cannot be counted here`);
    return;
  }
  const caller = new Caller({ root });
  const fs = (operation: string, ...args: Payload[]) =>
    outcome(caller.call(fsCapability, { root: 'data', write: true }, operation, ...args));
  symlinkSync('../outside', join(root, 'data/outer'));
  const count = () => readdirSync('/proc/self/fd').length;
  await fs('read_file', 'd/file');
  const before = count();
  for (const path of ['d/file', 'd', '.', 'none', 'none/file', 'outer', 'outer/file', 'f/x']) {
    for (const operation of ['read_file', 'stat', 'list', 'make_directory', 'remove', 'open']) {
      const answer = await fs(operation, path);
      if (typeof answer === 'number') await fs('close', answer);
    }
    await fs('rename', path, 'outer/x');
    await fs('write_file', path, 'x');
  }
  assert.is(count(), before);
  caller.end();
});

test.run();
