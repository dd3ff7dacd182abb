/**
 * `fs`: files below one folder. A host grants it with settings:
 *
 *     capabilities: {fs: {root: data, write: true}}
 *
 * `root` is relative to the deployment's folder. Nothing outside of it can be named, neither by `..`, nor by an absolute
 * path, nor through a symbolic link. Files are read and written whole, or, by a handle from `open`, piece by piece.
 */
import { contentArgument, optionsArgument, textArgument } from './arguments.ts';
import type { CapabilityDefinition, OperationDefinition } from './capability.ts';
import { readWhole, writeWhole } from './fs_folder.ts';
import { type FsSettings, fsSettings, readableFolder, writableFolder } from './fs_grant.ts';
import { handleOperations } from './fs_handle_operations.ts';
import { treeOperations } from './fs_tree_operations.ts';

const wholeFileOperations: { readonly [name: string]: OperationDefinition<FsSettings> } = {
  read_file: {
    summary: 'The text of a file (UTF-8), at most 64 MiB; options: bytes (answer bytes instead)',
    args: ['path', 'options?'],
    action: 'fs.read',
    mode: 'async',
    run: async (context, granted, args) => {
      const operation = 'fs.read_file';
      const path = textArgument(args[0], operation, 'path');
      const { bytes } = optionsArgument(args[1], operation, ['bytes']);
      const file = await readableFolder(context, granted).existing(path, operation);
      return await readWhole(file, path, operation, bytes === true);
    },
  },
  write_file: {
    summary: 'Write text or bytes to a file; options: append, exclusive (fail where it exists)',
    args: ['path', 'content', 'options?'],
    action: 'fs.write',
    mode: 'async',
    run: async (context, granted, args) => {
      const operation = 'fs.write_file';
      const path = textArgument(args[0], operation, 'path');
      const content = contentArgument(args[1], operation, 'content');
      const { append, exclusive } = optionsArgument(args[2], operation, ['append', 'exclusive']);
      const file = await writableFolder(context, granted, operation).creatable(path, operation);
      await writeWhole(file, content, path, operation, append === true, exclusive === true);
      return true;
    },
  },
};

export const fsCapability: CapabilityDefinition<FsSettings> = {
  name: 'fs',
  summary: 'Files below one folder',
  settings: fsSettings,
  grantedByDefault: false,
  operations: { ...wholeFileOperations, ...treeOperations, ...handleOperations },
};
