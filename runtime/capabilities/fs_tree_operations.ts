/** Operations of `fs` on the tree of files and folders: what is there, and changing it. Links are never made. */
import { lstat, lutimes, mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { operation, type OperationDefinition } from './capability.ts';
import { changeable, guardsOf, isTop, readable, writable } from './fs_access.ts';
import { fileError } from './fs_errors.ts';
import { type FsSettings, mountsOf } from './fs_mounts.ts';
import { linkFound } from './fs_place.ts';
import { described, newTimes, TIMES, TOP, typeOf } from './fs_stat.ts';
import { boolean, optional, options, text } from './parameters.ts';

const FOLLOW = options(optional(boolean('follow'), true));

export const treeOperations: { readonly [name: string]: OperationDefinition<FsSettings> } = {
  stat: operation({
    summary:
      'What a path is: {type: file|directory|link|other, size (bytes), modified, accessed, changed (unix seconds), links, inode}; options: follow (false: a link itself)',
    args: [text('path'), FOLLOW],
    action: 'fs.read',
    guards: (context, granted: FsSettings, [path]) => guardsOf(context, granted, 'fs.stat', 'fs.read', path),
    mode: 'async',
    run: async (context, granted: FsSettings, [path, { follow }]) => {
      if (isTop(context, granted, path, 'fs.stat')) return TOP;
      return await readable(context, granted, path, 'fs.stat').reach(
        async file => described(await entry(file, follow)),
        { follow },
      );
    },
  }),
  list: operation({
    summary: 'What a folder holds, by name: a list of {name, type: file|directory|link|other}',
    args: [optional(text('path'), '.')],
    action: 'fs.read',
    guards: (context, granted: FsSettings, [path]) => guardsOf(context, granted, 'fs.list', 'fs.read', path),
    mode: 'async',
    run: async (context, granted: FsSettings, [path]) => {
      if (isTop(context, granted, path, 'fs.list')) {
        return mountsOf(context, granted).names.map(name => ({ name, type: 'directory' }));
      }
      const found = await readable(context, granted, path, 'fs.list').inside(folder =>
        readdir(folder, { withFileTypes: true }),
      );
      return found.map(each => ({ name: each.name, type: typeOf(each) })).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  }),
  make_directory: changing('make_directory', 'Make a folder; the one it lies in must exist', mkdir),
  remove_directory: changing('remove_directory', 'Remove an empty folder', rmdir),
  remove: changing('remove', 'Remove a file, or a symbolic link (not what it leads to)', unlink),
  rename: operation({
    summary: 'Give a file or folder another path; a file that has it is replaced, an empty folder by a folder',
    args: [text('path'), text('new_path')],
    action: 'fs.write',
    guards: (context, granted: FsSettings, [path, newPath]) =>
      guardsOf(context, granted, 'fs.rename', 'fs.write', path, newPath),
    mode: 'async',
    run: async (context, granted: FsSettings, [path, newPath]) => {
      const [from, to] = [path, newPath].map(each => changeable(context, granted, each, 'fs.rename'));
      const direct = { follow: false };
      const renamed = (old: string, wanted: string): Promise<void> =>
        rename(old, wanted).catch((thrown: unknown) => {
          // What cannot be done is said of the old path, though it happens while the new one is reached.
          throw fileError(thrown, path, 'fs.rename');
        });
      await from.reach(old => to.reach(wanted => renamed(old, wanted), direct), direct);
      return true;
    },
  }),
  set_times: operation({
    summary:
      'Set times of a path: {accessed?, modified?}, each unix seconds or "now"; options: follow (false: a link itself)',
    args: [text('path'), TIMES, FOLLOW],
    action: 'fs.write',
    guards: (context, granted: FsSettings, [path]) => guardsOf(context, granted, 'fs.set_times', 'fs.write', path),
    mode: 'async',
    run: async (context, granted: FsSettings, [path, times, { follow }]) => {
      const place = writable(context, granted, path, 'fs.set_times');
      await place.reach(
        async file => {
          const { accessed, modified } = newTimes(times, await entry(file, follow), context.clock);
          // What is there is no link any more where one was to be followed, so this is right for both.
          await lutimes(file, accessed, modified);
        },
        { follow },
      );
      return true;
    },
  }),
};

/** What the system says of an entry; ELOOP where it is a link that is to be followed. */
async function entry(file: string, follow: boolean) {
  const found = await lstat(file);
  if (follow && found.isSymbolicLink()) throw linkFound();
  return found;
}

/** An operation that changes one entry of a folder, never what a link there leads to. */
function changing(
  name: string,
  summary: string,
  change: (file: string) => Promise<unknown>,
): OperationDefinition<FsSettings> {
  const title = `fs.${name}`;
  return operation({
    summary,
    args: [text('path')],
    action: 'fs.write',
    guards: (context, granted: FsSettings, [path]) => guardsOf(context, granted, title, 'fs.write', path),
    mode: 'async',
    run: async (context, granted: FsSettings, [path]) => {
      await changeable(context, granted, path, title).reach(file => change(file), { follow: false });
      return true;
    },
  });
}
