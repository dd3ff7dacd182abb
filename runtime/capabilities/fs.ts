/**
 * `fs`: files below one folder. A host grants it with settings:
 *
 *     capabilities: {fs: {root: data, write: true}}
 *
 * `root` is relative to the deployment's folder. Nothing outside of it can be named, neither by `..`, nor by an absolute
 * path, nor through a symbolic link. Files are read whole or, by `open` and `read`, piece by piece as the program asks.
 */
import { readdir, stat } from 'node:fs/promises';
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { contentArgument, integerArgument, optionsArgument, textArgument } from './arguments.ts';
import type { CallContext, CapabilityDefinition } from './capability.ts';
import { Folder, fileError, readWhole, writeWhole } from './fs_folder.ts';
import { closeFile, type Gunzip, openFile, readFile } from './fs_handles.ts';
import { servicesOf } from './services.ts';

const settings = z.strictObject({
  /** The folder that programs see, relative to the deployment's folder. */
  root: z.string().min(1).default('.'),
  /** Whether they may change it. */
  write: z.boolean().default(false),
  /** Where a relative path starts: at the root, or at the folder in which the command was given. */
  relative_to: z.enum(['root', 'working_directory']).default('root'),
});
type FsSettings = z.infer<typeof settings>;

const DEFAULT_READ = 64 * 1024;
const MOST_READ = 16 * 1024 * 1024;

export const fsCapability: CapabilityDefinition<FsSettings> = {
  name: 'fs',
  summary: 'Files below one folder',
  settings,
  grantedByDefault: false,
  operations: {
    read_file: {
      summary: 'The text of a file (UTF-8), at most 64 MiB; options: bytes (answer bytes instead)',
      args: ['path', 'options?'],
      action: 'fs.read',
      mode: 'async',
      run: async (context, granted, args) => {
        const operation = 'fs.read_file';
        const path = textArgument(args[0], operation, 'path');
        const { bytes } = optionsArgument(args[1], operation, ['bytes']);
        const file = await folder(context, granted).existing(path, operation);
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
        if (!granted.write) throw readOnly(context, operation);
        const file = await folder(context, granted).creatable(path, operation);
        await writeWhole(file, content, path, operation, append === true, exclusive === true);
        return true;
      },
    },
    stat: {
      summary: 'What a path is: {type: file|directory|other, size (bytes), modified (unix seconds)}',
      args: ['path'],
      action: 'fs.read',
      mode: 'async',
      run: async (context, granted, args) => {
        const path = textArgument(args[0], 'fs.stat', 'path');
        const file = await folder(context, granted).existing(path, 'fs.stat');
        try {
          const found = await stat(file);
          return { type: typeOf(found), size: found.size, modified: found.mtimeMs / 1e3 };
        } catch (thrown) {
          throw fileError(thrown, path, 'fs.stat');
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
        const directory = await folder(context, granted).existing(path, 'fs.list');
        try {
          const found = await readdir(directory, { withFileTypes: true });
          return found
            .map(each => ({ name: each.name, type: each.isSymbolicLink() ? 'link' : typeOf(each) }))
            .sort((a, b) => (a.name < b.name ? -1 : 1));
        } catch (thrown) {
          throw fileError(thrown, path, 'fs.list');
        }
      },
    },
    open: {
      summary: "A handle for reading piece by piece; options: gunzip ('auto' (default), true, false)",
      args: ['path', 'options?'],
      action: 'fs.read',
      mode: 'async',
      run: async (context, granted, args) => {
        const operation = 'fs.open';
        const path = textArgument(args[0], operation, 'path');
        const { gunzip = 'auto' } = optionsArgument(args[1], operation, ['gunzip']);
        if (gunzip !== 'auto' && typeof gunzip !== 'boolean') {
          throw new TroupeError(`${operation}: gunzip must be "auto", true or false`, { kind: 'INVALID' });
        }
        const file = await folder(context, granted).existing(path, operation);
        return await openFile(context, file, path, gunzip as Gunzip);
      },
    },
    read: {
      summary: 'The next bytes of an open file, at most max_bytes (default 64 KiB), or nothing at its end',
      args: ['handle', 'max_bytes?'],
      action: undefined,
      mode: 'async',
      run: async (context, _granted, args) => {
        const handle = integerArgument(args[0], 'fs.read', 'handle', 1);
        return await readFile(
          context,
          handle,
          integerArgument(args[1] ?? DEFAULT_READ, 'fs.read', 'max_bytes', 1, MOST_READ),
        );
      },
    },
    close: {
      summary: 'Close an open file; answers whether it was open',
      args: ['handle'],
      action: undefined,
      mode: 'async',
      run: async (context, _granted, args) =>
        await closeFile(context, integerArgument(args[0], 'fs.close', 'handle', 1)),
    },
  },
};

function folder(context: CallContext, granted: FsSettings): Folder {
  return new Folder(servicesOf(context).root, granted.root, granted.relative_to, context.host);
}

function readOnly(context: CallContext, operation: string): TroupeError {
  return new TroupeError(
    `${operation}: ${context.host} grants reading only; say "write: true" under its capabilities: {fs: ...} to change files`,
    { kind: 'PERMISSION_DENIED', retryable: false },
  );
}

function typeOf(found: { isFile(): boolean; isDirectory(): boolean }): string {
  if (found.isFile()) return 'file';
  return found.isDirectory() ? 'directory' : 'other';
}
