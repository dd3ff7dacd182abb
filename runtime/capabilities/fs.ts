/**
 * `fs`: files below granted folders. A host grants it with settings:
 *
 *     capabilities: {fs: {root: data, write: true}}
 *     capabilities: {fs: {mounts: {data: {path: data, read_only: false}, docs: {directory: app:docs}}}}
 *
 * Folders are relative to the deployment's. Nothing outside of them can be named, neither by `..`, nor by an absolute path,
 * nor through a symbolic link. Files are read and written whole, or, by a handle from `open`, piece by piece.
 */
import { constants } from 'node:fs';
import { type CapabilityDefinition, operation, type OperationDefinition } from './capability.ts';
import { guardsOf, readable, writable } from './fs_access.ts';
import { handleOperations } from './fs_handle_operations.ts';
import { type FsSettings, fsSettings, mountReferences } from './fs_mounts.ts';
import { treeOperations } from './fs_tree_operations.ts';
import { readWhole, writeWhole } from './fs_whole.ts';
import { boolean, content, optional, options, text } from './parameters.ts';

const wholeFileOperations: { readonly [name: string]: OperationDefinition<FsSettings> } = {
  read_file: operation({
    summary: 'The text of a file (UTF-8), at most 64 MiB; options: bytes (answer bytes instead)',
    args: [text('path'), options(optional(boolean('bytes'), false))],
    action: 'fs.read',
    guards: (context, granted: FsSettings, [path]) => guardsOf(context, granted, 'fs.read_file', 'fs.read', path),
    mode: 'async',
    run: async (context, granted: FsSettings, [path, { bytes }]) => {
      const place = readable(context, granted, path, 'fs.read_file');
      const { handle } = await place.open(constants.O_RDONLY, { follow: true });
      return await readWhole(handle, path, 'fs.read_file', bytes);
    },
  }),
  write_file: operation({
    summary: 'Write text or bytes to a file; options: append, exclusive (fail where it exists)',
    args: [
      text('path'),
      content('content'),
      options(optional(boolean('append'), false), optional(boolean('exclusive'), false)),
    ],
    action: 'fs.write',
    guards: (context, granted: FsSettings, [path]) => guardsOf(context, granted, 'fs.write_file', 'fs.write', path),
    mode: 'async',
    run: async (context, granted: FsSettings, [path, written, { append, exclusive }]) => {
      const flags =
        constants.O_WRONLY |
        constants.O_CREAT |
        (append ? constants.O_APPEND : constants.O_TRUNC) |
        (exclusive ? constants.O_EXCL : 0);
      const place = writable(context, granted, path, 'fs.write_file');
      const { handle } = await place.open(flags, { follow: true, creates: true });
      await writeWhole(handle, written, path, 'fs.write_file');
      return true;
    },
  }),
};

export const fsCapability: CapabilityDefinition<FsSettings> = {
  name: 'fs',
  summary: 'Files below granted folders',
  settings: fsSettings,
  references: mountReferences,
  grantedByDefault: false,
  operations: { ...wholeFileOperations, ...treeOperations, ...handleOperations },
};
