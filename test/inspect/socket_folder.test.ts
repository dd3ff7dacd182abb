/** The folder keeps everybody else out, so one that does not is refused: by runtimes and by those who look. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TroupeError } from '../../runtime/errors.ts';
import { findRuntimes } from '../../runtime/inspect/find_runtimes.ts';
import {
  deploymentKey,
  isSafeFolder,
  listSockets,
  openSocketFolder,
  socketFolders,
  socketPath,
} from '../../runtime/inspect/socket_folder.ts';

const test = suite<{ around: string; folder: string }>('folder for sockets');

test.before.each(context => {
  context.around = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-f-')));
  context.folder = join(context.around, 'troupe');
});

test.after.each(context => rmSync(context.around, { recursive: true, force: true }));

function refusalOf(call: () => unknown): TroupeError {
  try {
    call();
  } catch (thrown) {
    return thrown as TroupeError;
  }
  throw new Error('nothing was refused');
}

test('it is made for its owner alone, whatever the mask for new files says', ({ folder }) => {
  const mask = process.umask(0);
  try {
    openSocketFolder(folder);
  } finally {
    process.umask(mask);
  }
  assert.is(statSync(folder).mode & 0o777, 0o700);
  openSocketFolder(folder);
  assert.is(isSafeFolder(folder), true);
});

test('where there is none, none is safe', ({ folder }) => assert.is(isSafeFolder(folder), false));

for (const mode of [0o755, 0o770, 0o701, 0o777]) {
  test(`permissions ${mode.toString(8)} are refused, and left as they are`, ({ folder }) => {
    mkdirSync(folder);
    chmodSync(folder, mode);
    for (const call of [() => openSocketFolder(folder), () => isSafeFolder(folder)]) {
      const error = refusalOf(call);
      assert.is(error.kind, 'PERMISSION_DENIED');
      assert.match(error.message, new RegExp(`is not safe: its permissions are 0${mode.toString(8)}, not 0700`));
    }
    assert.is(statSync(folder).mode & 0o777, mode);
  });
}

test('a symbolic link is refused, also to a folder that would be safe', ({ around, folder }) => {
  const target = join(around, 'target');
  mkdirSync(target, { mode: 0o700 });
  symlinkSync(target, folder);
  assert.match(refusalOf(() => openSocketFolder(folder)).message, /symbolic link/);
  assert.match(refusalOf(() => isSafeFolder(folder)).message, /symbolic link/);
});

test('a file in its place is refused', ({ folder }) => {
  writeFileSync(folder, '', { mode: 0o600 });
  assert.match(refusalOf(() => openSocketFolder(folder)).message, /it is no folder/);
});

test('a folder around it in which others may replace it is refused; with the sticky bit they may not', ({
  around,
  folder,
}) => {
  openSocketFolder(folder);
  chmodSync(around, 0o777);
  assert.match(refusalOf(() => isSafeFolder(folder)).message, /others may write in/);
  chmodSync(around, 0o1777);
  assert.is(isSafeFolder(folder), true);
});

test('a folder of somebody else is refused', ({ folder }) => {
  if (process.getuid?.() !== 0) {
    console.log('skip: only the superuser can give a folder away');
    return;
  }
  mkdirSync(folder, { mode: 0o700 });
  chownSync(folder, 12_345, 12_345);
  assert.match(refusalOf(() => isSafeFolder(folder)).message, /belongs to user 12345, not to 0/);
});

test('nobody looks for runtimes in a folder that is not safe', async ({ around, folder }) => {
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const before = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = around;
  try {
    await findRuntimes(undefined);
    assert.unreachable();
  } catch (thrown) {
    assert.is((thrown as TroupeError).kind, 'PERMISSION_DENIED');
  } finally {
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = before;
  }
});

test('the folder of the session is used where there is one, that of the user is looked at as well', ({ around }) => {
  const own = join(tmpdir(), `troupe-${process.getuid!()}`);
  assert.equal(socketFolders({ XDG_RUNTIME_DIR: around }), [join(around, 'troupe'), own]);
  for (const XDG_RUNTIME_DIR of [undefined, '', 'relative', join(around, 'missing')]) {
    assert.equal(socketFolders({ XDG_RUNTIME_DIR }), [own]);
  }
});

test('only names of sockets are listed, those of one deployment or all', ({ folder }) => {
  openSocketFolder(folder);
  const [one, other] = [deploymentKey('/one'), deploymentKey('/other')];
  assert.is.not(one, other);
  for (const name of [`${one}-12-1.sock`, `${one}-12-2.sock`, `${other}-7-1.sock`, 'notes.txt', `${one}-x-1.sock`]) {
    writeFileSync(join(folder, name), '');
  }
  assert.equal(
    listSockets(folder, one).map(({ path, pid }) => [path, pid]),
    [
      [join(folder, `${one}-12-1.sock`), 12],
      [join(folder, `${one}-12-2.sock`), 12],
    ],
  );
  assert.is(listSockets(folder).length, 3);
});

test('a path that the system cannot take is refused before it is cut off', ({ around }) => {
  const long = join(around, 'x'.repeat(100));
  assert.match(refusalOf(() => socketPath(long, deploymentKey('/one'), 1, 1)).message, /shorter folder/);
  assert.not(existsSync(long));
});

test.run();
