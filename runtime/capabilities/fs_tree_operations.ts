/** Operations of `fs` on the tree of files and folders: what is there, and changing it. Links are never made. */
import { lstat, lutimes, mkdir, readdir, rename, rmdir, stat, unlink, utimes } from 'node:fs/promises';
import { booleanArgument, optionsArgument, textArgument } from './arguments.ts';
import type { OperationDefinition } from './capability.ts';
import { fileError } from './fs_folder.ts';
import { type FsSettings, readableFolder, writableFolder } from './fs_grant.ts';
import { described, timesArgument, typeOf } from './fs_stat.ts';

export const treeOperations: { readonly [name: string]: OperationDefinition<FsSettings> } = {
  stat: {
    summary:
      'What a path is: {type: file|directory|link|other, size (bytes), modified, accessed, changed (unix seconds), links, inode}; options: follow (false: a link itself)',
    args: ['path', 'options?'],
    action: 'fs.read',
    mode: 'async',
    run: async (context, granted, args) => {
      const operation = 'fs.stat';
      const path = textArgument(args[0], operation, 'path');
      const follow = followOption(args[1], operation);
      const file = await readableFolder(context, granted).found(path, operation, follow);
      try {
        return described(follow ? await stat(file) : await lstat(file));
      } catch (thrown) {
        throw fileError(thrown, path, operation);
      }
    },
  },
  list: {
    summary: 'What a folder holds, by name: a list of {name, type: file|directory|link|other}',
    args: ['path?'],
    action: 'fs.read',
    mode: 'async',
    run: async (context, granted, args) => {
      const path = textArgument(args[0] ?? '.', 'fs.list', 'path');
      const directory = await readableFolder(context, granted).existing(path, 'fs.list');
      try {
        const found = await readdir(directory, { withFileTypes: true });
        return found.map(each => ({ name: each.name, type: typeOf(each) })).sort((a, b) => (a.name < b.name ? -1 : 1));
      } catch (thrown) {
        throw fileError(thrown, path, 'fs.list');
      }
    },
  },
  make_directory: changing('make_directory', 'Make a folder; the one it lies in must exist', mkdir),
  remove_directory: changing('remove_directory', 'Remove an empty folder', rmdir),
  remove: changing('remove', 'Remove a file, or a symbolic link (not what it leads to)', unlink),
  rename: {
    summary: 'Give a file or folder another path; a file that has it is replaced, an empty folder by a folder',
    args: ['path', 'new_path'],
    action: 'fs.write',
    mode: 'async',
    run: async (context, granted, args) => {
      const operation = 'fs.rename';
      const path = textArgument(args[0], operation, 'path');
      const newPath = textArgument(args[1], operation, 'new_path');
      const folder = writableFolder(context, granted, operation);
      const from = await folder.entry(path, operation, true);
      const to = await folder.entry(newPath, operation, true);
      try {
        await rename(from, to);
        return true;
      } catch (thrown) {
        throw fileError(thrown, path, operation);
      }
    },
  },
  set_times: {
    summary:
      'Set times of a path: {accessed?, modified?}, each unix seconds or "now"; options: follow (false: a link itself)',
    args: ['path', 'times', 'options?'],
    action: 'fs.write',
    mode: 'async',
    run: async (context, granted, args) => {
      const operation = 'fs.set_times';
      const path = textArgument(args[0], operation, 'path');
      const { accessed, modified } = timesArgument(args[1], operation, context.clock);
      const follow = followOption(args[2], operation);
      const file = await writableFolder(context, granted, operation).found(path, operation, follow);
      try {
        const found = follow ? await stat(file) : await lstat(file);
        await (follow ? utimes : lutimes)(file, accessed ?? found.atimeMs / 1e3, modified ?? found.mtimeMs / 1e3);
        return true;
      } catch (thrown) {
        throw fileError(thrown, path, operation);
      }
    },
  },
};

/** An operation that changes one entry of a folder, never what a link there leads to. */
function changing(
  name: string,
  summary: string,
  change: (file: string) => Promise<unknown>,
): OperationDefinition<FsSettings> {
  return {
    summary,
    args: ['path'],
    action: 'fs.write',
    mode: 'async',
    run: async (context, granted, args) => {
      const operation = `fs.${name}`;
      const path = textArgument(args[0], operation, 'path');
      const file = await writableFolder(context, granted, operation).entry(path, operation, true);
      try {
        await change(file);
        return true;
      } catch (thrown) {
        throw fileError(thrown, path, operation);
      }
    },
  };
}

function followOption(options: Parameters<typeof optionsArgument>[0], operation: string): boolean {
  return booleanArgument(optionsArgument(options, operation, ['follow']).follow, operation, 'follow', true);
}
