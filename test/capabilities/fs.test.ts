import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fileError } from '../../runtime/capabilities/fs_errors.ts';
import { fsCapability } from '../../runtime/capabilities/fs.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, failureOf, refusal } from './call.ts';

const test = suite<{ root: string; caller: Caller }>('fs');

test.before.each(context => {
  // The deployment is `root/app`; what lies beside it must stay out of reach.
  context.root = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-fs-')));
  mkdirSync(join(context.root, 'app', 'data'), { recursive: true });
  writeFileSync(join(context.root, 'secret.txt'), 'secret');
  writeFileSync(join(context.root, 'app', 'data', 'a.txt'), 'h\u00e9llo');
  context.caller = new Caller({ root: join(context.root, 'app') });
});

test.after.each(context => {
  context.caller.end();
  rmSync(context.root, { recursive: true, force: true });
});

async function readAll(
  caller: Caller,
  settings: object,
  path: string,
  options: Payload,
  most?: number,
): Promise<Buffer> {
  const handle = await caller.call(fsCapability, settings, 'open', path, options);
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = (await caller.call(fsCapability, settings, 'read', handle, most)) as Uint8Array | null;
    if (piece === null) break;
    if (most !== undefined) assert.ok(piece.length > 0 && piece.length <= most);
    pieces.push(piece);
  }
  assert.is(await caller.call(fsCapability, settings, 'close', handle), true);
  return Buffer.concat(pieces);
}

test('files are read, written, listed and described below the root', async ({ caller, root }) => {
  const settings = { root: 'data', write: true };
  const fs = (operation: string, ...args: Payload[]) => caller.call(fsCapability, settings, operation, ...args);
  assert.is(await fs('read_file', 'a.txt'), 'h\u00e9llo');
  assert.equal(await fs('read_file', 'a.txt', { bytes: true }), new Uint8Array(Buffer.from('h\u00e9llo')));
  assert.is(await fs('read_file', join(root, 'app/data/a.txt')), 'h\u00e9llo');
  assert.is(await fs('read_file', 'b/../a.txt'), 'h\u00e9llo');
  await fs('write_file', 'b.txt', 'one');
  await fs('write_file', 'b.txt', new Uint8Array([33]), { append: true });
  assert.is(readFileSync(join(root, 'app/data/b.txt'), 'utf8'), 'one!');
  assert.is((await refusal(fs('write_file', 'b.txt', 'x', { exclusive: true }))).kind, 'ALREADY_EXISTS');
  await fs('write_file', 'b.txt', 'x');
  assert.is(await fs('read_file', 'b.txt'), 'x');
  assert.equal(await fs('list'), [
    { name: 'a.txt', type: 'file' },
    { name: 'b.txt', type: 'file' },
  ]);
  const { type, size, modified } = (await fs('stat', 'a.txt')) as { type: string; size: number; modified: number };
  assert.equal([type, size, modified > 0], ['file', 6, true]);
  assert.is(((await fs('stat', '.')) as { type: string }).type, 'directory');
});

test('refusals say what is wrong', async ({ caller, root }) => {
  const fs = (operation: string, ...args: Payload[]) => caller.call(fsCapability, { root: 'data' }, operation, ...args);
  assert.equal(await refusal(fs('read_file', 'no.txt')), {
    kind: 'NOT_FOUND',
    message: 'fs.read_file: "no.txt": there is no such file or folder',
  });
  const denied = await refusal(fs('write_file', 'a.txt', 'x'));
  assert.is(denied.kind, 'PERMISSION_DENIED');
  assert.match(denied.message, 'say "write: true"');
  assert.match((await refusal(fs('read_file', '.'))).message, '"." is a folder, not a file');
  assert.is((await refusal(fs('open', '.'))).kind, 'INVALID');
  assert.match(
    (await refusal(fs('read_file', 'a.txt', { byte: true }))).message,
    'there is no option "byte"; did you mean "bytes"?',
  );
  writeFileSync(join(root, 'app/data/raw'), new Uint8Array([0xff, 0xfe]));
  assert.match((await refusal(fs('read_file', 'raw'))).message, 'read it with {bytes: true}');
  assert.is((await refusal(fs('read', 99))).kind, 'NOT_FOUND');
  assert.is((await refusal(fs('read_file', 'a\0b'))).kind, 'INVALID');
  assert.match(
    (await refusal(caller.call(fsCapability, { root: 'nowhere' }, 'list'))).message,
    'the folder that test:host grants does not exist',
  );
});

test('nothing outside of the root can be named', async ({ caller, root }) => {
  const data = join(root, 'app', 'data');
  symlinkSync(join(root, 'secret.txt'), join(data, 'link.txt'));
  symlinkSync(root, join(data, 'up'));
  symlinkSync(join(root, 'new.txt'), join(data, 'dangling'));
  symlinkSync('a.txt', join(data, 'inside'));
  mkdirSync(`${data}-other`);
  writeFileSync(join(`${data}-other`, 'x'), 'x');
  const fs = (operation: string, ...args: Payload[]) =>
    caller.call(fsCapability, { root: 'data', write: true }, operation, ...args);
  for (const path of [
    '../../secret.txt',
    join(root, 'secret.txt'),
    'link.txt',
    'up/secret.txt',
    '../data-other/x',
    '..',
    '/',
  ]) {
    for (const operation of ['read_file', 'open', 'stat', 'list']) {
      assert.is((await refusal(fs(operation, path))).kind, 'PERMISSION_DENIED', `${operation} ${path}`);
    }
    assert.is((await refusal(fs('write_file', path, 'x'))).kind, 'PERMISSION_DENIED', `write ${path}`);
  }
  for (const path of ['dangling', 'up/new.txt', '../new.txt']) {
    assert.is((await refusal(fs('write_file', path, 'x'))).kind, 'PERMISSION_DENIED', `write ${path}`);
  }
  assert.is(await fs('read_file', 'inside'), 'h\u00e9llo');
  assert.is(readFileSync(join(root, 'secret.txt'), 'utf8'), 'secret');
});

test('whether a file outside exists cannot be told', async ({ caller }) => {
  const fs = (path: string) => refusal(caller.call(fsCapability, { root: 'data' }, 'stat', path));
  assert.is((await fs('../../secret.txt')).kind, (await fs('../../no-such.txt')).kind);
});

test('a relative path can start at the folder of the command', async ({ caller }) => {
  const settings = { root: '/', relative_to: 'working_directory' };
  assert.match((await caller.call(fsCapability, settings, 'read_file', 'package.json')) as string, '"name": "troupe"');
});

test('a file is read piece by piece, plain or packed, whatever its name', async ({ caller, root }) => {
  const content = Buffer.from(Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join(''));
  const data = join(root, 'app', 'data');
  writeFileSync(join(data, 'plain.gz'), content);
  writeFileSync(join(data, 'packed.log'), gzipSync(content));
  writeFileSync(join(data, 'two.gz'), Buffer.concat([gzipSync(content), gzipSync(content)]));
  writeFileSync(join(data, 'empty'), '');
  const settings = { root: 'data' };
  assert.ok((await readAll(caller, settings, 'plain.gz', null, 4096)).equals(content));
  assert.ok((await readAll(caller, settings, 'packed.log', null, 4096)).equals(content));
  assert.ok((await readAll(caller, settings, 'packed.log', { gunzip: true })).equals(content));
  assert.ok((await readAll(caller, settings, 'packed.log', { gunzip: false })).equals(gzipSync(content)));
  assert.ok((await readAll(caller, settings, 'two.gz', null)).equals(Buffer.concat([content, content])));
  assert.is((await readAll(caller, settings, 'empty', null)).length, 0);
});

test('pieces asked for at once come in order', async ({ caller, root }) => {
  writeFileSync(join(root, 'app/data/digits'), '0123456789');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }), async sizes => {
      const fs = (operation: string, ...args: Payload[]) =>
        caller.call(fsCapability, { root: 'data' }, operation, ...args);
      const handle = await fs('open', 'digits');
      const pieces = await Promise.all(sizes.map(size => fs('read', handle, size)));
      await fs('close', handle);
      const text = pieces.map(piece => (piece === null ? '' : Buffer.from(piece as Uint8Array).toString())).join('');
      assert.is(text, '0123456789'.slice(0, text.length));
      assert.is(
        text.length,
        Math.min(
          10,
          sizes.reduce((sum, size) => sum + size, 0),
        ),
      );
    }),
    { numRuns: 20 },
  );
});

test('a damaged packed file is an error of the reader', async ({ caller, root }) => {
  const packed = gzipSync(Buffer.alloc(100_000, 'x'));
  writeFileSync(join(root, 'app/data/cut.gz'), packed.subarray(0, packed.length - 20));
  const refused = await refusal(readAll(caller, { root: 'data' }, 'cut.gz', null));
  assert.is(refused.kind, 'INVALID');
  assert.match(refused.message, '"cut.gz" is damaged or cut off');
});

test('handles belong to the process that opened them and end with it', async ({ caller, root }) => {
  const settings = { root: 'data' };
  const other = new Caller(caller.services, undefined, '{test:host|0x00002}');
  const handle = await caller.call(fsCapability, settings, 'open', 'a.txt');
  assert.is((await refusal(other.call(fsCapability, settings, 'read', handle))).kind, 'NOT_FOUND');
  assert.is(await other.call(fsCapability, settings, 'close', handle), false);
  caller.end();
  assert.is((await refusal(caller.call(fsCapability, settings, 'read', handle))).kind, 'NOT_FOUND');
  assert.ok(root);
});

test('a process holds a bounded number of open files', async ({ caller }) => {
  const open = () => caller.call(fsCapability, { root: 'data' }, 'open', 'a.txt');
  const first = await open();
  for (let i = 1; i < 64; i++) await open();
  assert.is((await refusal(open())).kind, 'RATE_LIMITED');
  await caller.call(fsCapability, { root: 'data' }, 'close', first);
  await open();
});

test('handles write, seek and know positions', async ({ caller, root }) => {
  const settings = { root: 'data', write: true };
  const fs = (operation: string, ...args: Payload[]) => caller.call(fsCapability, settings, operation, ...args);
  const text = async (piece: Promise<Payload>) => Buffer.from((await piece) as Uint8Array).toString();
  const file = join(root, 'app/data/new.txt');
  const handle = await fs('open', 'new.txt', { exclusive: true });
  assert.is(await fs('write', handle, 'hello '), 6);
  assert.is(await fs('write', handle, new Uint8Array([119, 111])), 2);
  assert.is(await fs('write_at', handle, 0, 'J'), 1);
  assert.is(await text(fs('read_at', handle, 4, 3)), 'o w');
  assert.is(await fs('read', handle), null);
  assert.is(await fs('seek', handle, -3, 'end'), 5);
  assert.is(await fs('seek', handle, 1, 'current'), 6);
  assert.is(await text(fs('read', handle)), 'wo');
  assert.is(await fs('seek', handle, 2), 2);
  await fs('write', handle, 'LL');
  assert.is(readFileSync(file, 'utf8'), 'JeLLo wo');
  await fs('truncate', handle, 10);
  await fs('sync', handle);
  await fs('set_times_open', handle, { modified: 1000.5, accessed: 'now' });
  const { size, modified, accessed, links, type } = (await fs('stat_open', handle)) as { [key: string]: number };
  assert.equal([size, modified, accessed, links, type], [10, 1000.5, caller.clock.unix() / 1e3, 1, 'file']);
  await fs('close', handle);
  assert.is(readFileSync(file, 'utf8'), 'JeLLo wo\0\0');
  assert.is((await refusal(fs('open', 'new.txt', { exclusive: true }))).kind, 'ALREADY_EXISTS');
  await fs('close', await fs('open', 'new.txt', { truncate: true }));
  const [one, two] = [await fs('open', 'new.txt', { append: true }), await fs('open', 'new.txt', { append: true })];
  await fs('write', one, 'a');
  await fs('write', two, 'b');
  await fs('write', one, 'c');
  assert.is(readFileSync(file, 'utf8'), 'abc');
});

test('handles refuse what they were not opened for', async ({ caller, root }) => {
  const fs = (operation: string, ...args: Payload[]) =>
    caller.call(fsCapability, { root: 'data', write: true }, operation, ...args);
  writeFileSync(join(root, 'app/data/p.gz'), gzipSync('packed'));
  const handle = await fs('open', 'a.txt');
  assert.match((await refusal(fs('write', handle, 'x'))).message, 'it was not opened for this');
  assert.is((await refusal(fs('truncate', handle, 0))).kind, 'INVALID');
  assert.match((await refusal(fs('seek', handle, -1))).message, 'there is no position -1');
  assert.match((await refusal(fs('seek', handle, 0, 'middle'))).message, 'from cannot be "middle"');
  const packed = await fs('open', 'p.gz');
  for (const operation of ['seek', 'read_at']) {
    assert.match((await refusal(fs(operation, packed, 0))).message, 'open it with {gunzip: false}');
  }
  assert.match(
    (await refusal(fs('open', 'a.txt', { write: false, create: true }))).message,
    'for files opened with write',
  );
  assert.match((await refusal(fs('open', 'a.txt', { write: true, gunzip: true }))).message, 'is not unpacked');
  assert.is((await refusal(fs('read_at', 999, 0))).kind, 'NOT_FOUND');
  assert.equal((await failureOf(fs('open', 'none.txt'))).details, { code: 'ENOENT' });
});

test('the tree can be changed, links are never followed for that', async ({ caller, root }) => {
  const fs = (operation: string, ...args: Payload[]) =>
    caller.call(fsCapability, { root: 'data', write: true }, operation, ...args);
  const data = join(root, 'app/data');
  await fs('make_directory', 'd');
  assert.is((await refusal(fs('make_directory', 'd'))).kind, 'ALREADY_EXISTS');
  assert.is((await refusal(fs('make_directory', 'none/d'))).kind, 'NOT_FOUND');
  await fs('rename', 'a.txt', 'd/b.txt');
  assert.match((await refusal(fs('rename', 'none', 'c.txt'))).message, 'fs.rename: "none": there is no such file');
  assert.match((await refusal(fs('rename', 'd/b.txt', 'none/c'))).message, 'fs.rename: "none/c": there is no such');
  assert.is((await refusal(fs('remove_directory', 'd'))).kind, 'CONFLICT');
  assert.is((await refusal(fs('remove', 'd'))).kind, 'INVALID');
  await fs('set_times', 'd/b.txt', { modified: 5 });
  assert.is(((await fs('stat', 'd/b.txt')) as { modified: number }).modified, 5);
  assert.match((await refusal(fs('set_times', 'd', { modified: 'soon' }))).message, 'must be unix seconds or "now"');
  symlinkSync('../../secret.txt', join(data, 'out'));
  symlinkSync('../..', join(data, 'up'));
  assert.is(((await fs('stat', 'out', { follow: false })) as { type: string }).type, 'link');
  assert.is((await refusal(fs('stat', 'out'))).kind, 'PERMISSION_DENIED');
  assert.equal((await failureOf(fs('open', 'out', { follow: false }))).details, { code: 'ELOOP' });
  assert.is((await refusal(fs('open', 'out', { truncate: true }))).kind, 'PERMISSION_DENIED');
  for (const path of ['up/secret.txt', '../../secret.txt', join(root, 'secret.txt')]) {
    for (const call of [
      () => fs('remove', path),
      () => fs('rename', path, 'mine'),
      () => fs('rename', 'd', path),
      () => fs('make_directory', `${path}2`),
      () => fs('set_times', path, {}),
      () => fs('stat', path, { follow: false }),
      () => fs('open', path, { truncate: true }),
    ]) {
      assert.is((await refusal(call())).kind, 'PERMISSION_DENIED', path);
    }
  }
  await fs('rename', 'out', 'moved');
  await fs('remove', 'moved');
  assert.is(readFileSync(join(root, 'secret.txt'), 'utf8'), 'secret');
  await fs('remove', 'd/b.txt');
  await fs('remove_directory', 'd');
  for (const call of [() => fs('remove_directory', '.'), () => fs('rename', '.', 'd'), () => fs('rename', 'up', '.')]) {
    assert.match((await refusal(call())).message, 'can be neither moved nor removed');
  }
});

test('a grant for reading lets nothing be changed, by paths or by handles', async ({ caller }) => {
  const fs = (operation: string, ...args: Payload[]) => caller.call(fsCapability, { root: 'data' }, operation, ...args);
  const handle = await fs('open', 'a.txt');
  for (const call of [
    () => fs('open', 'a.txt', { write: true }),
    () => fs('make_directory', 'd'),
    () => fs('remove_directory', 'd'),
    () => fs('remove', 'a.txt'),
    () => fs('rename', 'a.txt', 'b.txt'),
    () => fs('set_times', 'a.txt', { modified: 1 }),
    () => fs('set_times_open', handle, { modified: 1 }),
  ]) {
    assert.match((await refusal(call())).message, 'grants reading only');
  }
  for (const call of [
    () => fs('write', handle, 'x'),
    () => fs('write_at', handle, 0, 'x'),
    () => fs('truncate', handle, 0),
  ]) {
    assert.is((await refusal(call())).kind, 'INVALID');
  }
  assert.is(await fs('read_file', 'a.txt'), 'h\u00e9llo');
});

test('an error that nobody foresaw does not tell where the folder is', () => {
  const busy = Object.assign(new Error("ETXTBSY: text file is busy, open '/srv/app/data/a'"), {
    code: 'ETXTBSY',
    errno: -26,
  });
  const error = fileError(busy, 'a', 'fs.open');
  assert.equal([error.message, error.details], ['fs.open: "a": text file is busy', { code: 'ETXTBSY' }]);
  const strange = Object.assign(new Error("no such thing as '/srv/app'"), { code: 'ERR_STRANGE' });
  assert.is(fileError(strange, 'a', 'fs.open').message, 'fs.open: "a": ERR_STRANGE');
});

test.run();
