/** Whatever is done to files and folders, it is told. Each test awaits what it is told; one that is not told hangs. */
import { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Files, writeDeployment } from '../deploy.ts';
import { WatchedFolder } from './events_of_folder.ts';

const test = suite('dev folder watch');

const watched: WatchedFolder[] = [];

function watchFolder(files: Files): WatchedFolder {
  const folder = new WatchedFolder(realpathSync(writeDeployment(files)));
  watched.push(folder);
  return folder;
}

test.after.each(() => {
  for (const { watch } of watched.splice(0)) watch.close();
});

/** Write, and await that it is told: this file, and not only a folder above it. */
async function writes(folder: WatchedFolder, path: string): Promise<void> {
  await folder.settled();
  folder.forget();
  writeFileSync(join(folder.root, path), 'new');
  await folder.heard(path);
}

test('files that are written, made, replaced and removed, in the folder and below it', async () => {
  const folder = watchFolder({ 'a.lua': '', 'one/b.lua': '', 'one/two/c.lua': '' });
  const at = (path: string): string => join(folder.root, path);
  for (const path of ['a.lua', 'one/b.lua', 'one/two/c.lua', 'new.lua', 'one/two/new.lua']) await writes(folder, path);
  // As editors do: another file, then renamed into place.
  folder.forget();
  writeFileSync(at('one/b.lua~'), 'newer');
  renameSync(at('one/b.lua~'), at('one/b.lua'));
  await folder.heard('one/b.lua');
  folder.forget();
  rmSync(at('one/two/c.lua'));
  await folder.heard('one/two/c.lua');
  await writes(folder, 'one/two/c.lua');
});

test('folders that are made, also with folders in them at once', async () => {
  const folder = watchFolder({ 'a.lua': '' });
  mkdirSync(join(folder.root, 'x/y/z'), { recursive: true });
  await folder.heard('x/');
  await writes(folder, 'x/y/z/deep.lua');
  await writes(folder, 'x/top.lua');
});

test('a folder that is renamed is watched under its new name, and no more under its old one', async () => {
  const folder = watchFolder({ 'old/inner/a.lua': '' });
  renameSync(join(folder.root, 'old'), join(folder.root, 'new'));
  await folder.heard('old/');
  await folder.heard('new/');
  await writes(folder, 'new/inner/a.lua');
  assert.not(folder.told.includes('old/inner/a.lua'));
});

test('a folder that another one takes the place of', async () => {
  const folder = watchFolder({ 'lib/a.lua': '1', 'other/a.lua': '2' });
  renameSync(join(folder.root, 'lib'), join(folder.root, 'kept'));
  renameSync(join(folder.root, 'other'), join(folder.root, 'lib'));
  await folder.heard('lib/');
  await folder.heard('kept/');
  await writes(folder, 'lib/a.lua');
  await writes(folder, 'kept/a.lua');
});

test('a folder that is removed and made again', async () => {
  const folder = watchFolder({ 'lib/a.lua': '' });
  for (let i = 0; i < 5; i++) {
    folder.forget();
    rmSync(join(folder.root, 'lib'), { recursive: true });
    mkdirSync(join(folder.root, 'lib'));
    await folder.heard('lib/');
    await writes(folder, 'lib/a.lua');
  }
});

test('a file that takes the place of folders', async () => {
  const folder = watchFolder({ 'lib/inner/a.lua': '', 'b.lua': '' });
  rmSync(join(folder.root, 'lib'), { recursive: true });
  writeFileSync(join(folder.root, 'lib'), 'a file now');
  await folder.heard('lib/');
  // What would be read if it were there.
  folder.watch.alsoFoldersOf([join(folder.root, 'lib/package.json'), join(folder.root, 'lib/inner/a.lua')]);
  await writes(folder, 'lib');
  assert.equal(
    folder.told.filter(path => path.startsWith('lib/')),
    [],
  );
});

test('a folder and a file in it with the same name', async () => {
  const folder = watchFolder({ 'same/same': '', 'same/other': '' });
  await writes(folder, 'same/same');
  folder.forget();
  rmSync(join(folder.root, 'same/same'));
  await folder.heard('same/same');
  await writes(folder, 'same/other');
});

test('the folder itself is moved away and back', async () => {
  const folder = watchFolder({ 'lib/a.lua': '' });
  for (let i = 0; i < 3; i++) {
    folder.forget();
    renameSync(folder.root, `${folder.root}-away`);
    await folder.heard('gone');
    renameSync(`${folder.root}-away`, folder.root);
    await folder.heard('back');
    await writes(folder, 'lib/a.lua');
  }
});

test('the folder itself is removed and made again, or replaced', async () => {
  const folder = watchFolder({ 'a.lua': '' });
  rmSync(folder.root, { recursive: true });
  await folder.heard('gone');
  mkdirSync(folder.root);
  await folder.heard('back');
  await writes(folder, 'b.lua');
  const other = writeDeployment({ 'lib/c.lua': '' });
  folder.forget();
  renameSync(folder.root, `${folder.root}-before`);
  renameSync(other, folder.root);
  await Promise.race([folder.heard('/'), folder.heard('back')]);
  await writes(folder, 'lib/c.lua');
  rmSync(`${folder.root}-before`, { recursive: true });
});

test('what is in folders that are skipped is not told, unless somebody reads it', async () => {
  const folder = watchFolder({ 'dist/a.js': '', 'node_modules/p/index.js': '', '.git/x': '', 'src/a.lua': '' });
  const { root, watch } = folder;
  await folder.settled();
  folder.forget();
  for (const path of ['dist/a.js', 'node_modules/p/index.js', '.git/x', '.git/index.lock', 'src/a.lua']) {
    writeFileSync(join(root, path), 'new');
  }
  await folder.heard('src/a.lua');
  assert.equal([...new Set(folder.told)], ['src/a.lua']);
  watch.alsoFoldersOf([join(root, 'dist/a.js'), join(root, 'node_modules/p/index.js')]);
  writeFileSync(join(root, 'node_modules/p/index.js'), 'newer');
  await writes(folder, 'dist/a.js');
  assert.not(folder.told.some(path => path.startsWith('node_modules')));
  // Build tools remove their folder and make it anew.
  for (let i = 0; i < 3; i++) {
    folder.forget();
    rmSync(join(root, 'dist'), { recursive: true });
    mkdirSync(join(root, 'dist'));
    await folder.heard('dist/');
    await writes(folder, 'dist/a.js');
  }
});

test('links to folders are not followed', async () => {
  const outside = writeDeployment({ 'a.lua': '' });
  const folder = watchFolder({ 'b.lua': '' });
  symlinkSync(outside, join(folder.root, 'link'));
  await folder.heard('link');
  writeFileSync(join(outside, 'a.lua'), 'new');
  await writes(folder, 'b.lua');
  assert.not(folder.told.includes('link/a.lua'));
});

test('what was closed tells nothing', async () => {
  const closed = watchFolder({ 'a.lua': '' });
  const open = new WatchedFolder(closed.root);
  watched.push(open);
  closed.watch.close();
  closed.forget();
  await writes(open, 'a.lua');
  assert.equal(closed.told, []);
});

test.run();
