/** Operations of `fs` on open files. A handle is a number that belongs to the process that opened it. */
import type { Payload } from '../payload/payload.ts';
import {
  booleanArgument,
  bytesArgument,
  integerArgument,
  invalid,
  optionsArgument,
  textArgument,
  wordArgument,
} from './arguments.ts';
import type { CallContext, OperationDefinition } from './capability.ts';
import { checkWritable, type FsSettings, readableFolder, writableFolder } from './fs_grant.ts';
import { type Access, closeFile, openFile, openFileOf, type OpenFile } from './fs_handles.ts';
import { timesArgument } from './fs_stat.ts';

const DEFAULT_READ = 64 * 1024;
const MOST_READ = 16 * 1024 * 1024;

type Arguments = readonly Payload[];

export const handleOperations: { readonly [name: string]: OperationDefinition<FsSettings> } = {
  open: {
    summary:
      "A handle for reading or writing piece by piece; options: gunzip ('auto' (default), true, false), write, append, create, exclusive, truncate, follow (false: no link)",
    args: ['path', 'options?'],
    action: 'fs.read',
    mode: 'async',
    run: async (context, granted, args) => {
      const operation = 'fs.open';
      const path = textArgument(args[0], operation, 'path');
      const { access, follow } = accessOption(args[1], operation);
      const folder = access.write ? writableFolder(context, granted, operation) : readableFolder(context, granted);
      const file =
        follow && access.create ? await folder.creatable(path, operation) : await folder.found(path, operation, follow);
      return await openFile(context, file, path, access);
    },
  },
  read: {
    summary: 'The next bytes of an open file, at most max_bytes (default 64 KiB), or nothing at its end',
    args: ['handle', 'max_bytes?'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) =>
      await fileOf(context, args, 'fs.read').read(lengthArgument(args[1], 'fs.read')),
  },
  read_at: {
    summary: 'Bytes of an open file from a position, at most max_bytes (default 64 KiB), or nothing at its end',
    args: ['handle', 'position', 'max_bytes?'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) =>
      await fileOf(context, args, 'fs.read_at').read(
        lengthArgument(args[2], 'fs.read_at'),
        integerArgument(args[1], 'fs.read_at', 'position', 0),
      ),
  },
  write: {
    summary: 'Write text or bytes to a file opened for it, at its end where opened with append; how many bytes',
    args: ['handle', 'content'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) =>
      await fileOf(context, args, 'fs.write').write(bytesArgument(args[1], 'fs.write', 'content')),
  },
  write_at: {
    summary: 'Write text or bytes to a file opened for it, at a position; how many bytes',
    args: ['handle', 'position', 'content'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) => {
      const position = integerArgument(args[1], 'fs.write_at', 'position', 0);
      const content = bytesArgument(args[2], 'fs.write_at', 'content');
      return await fileOf(context, args, 'fs.write_at').write(content, position);
    },
  },
  seek: {
    summary: "Where the next read or write of an open file is: bytes from 'start' (default), 'current' or 'end'",
    args: ['handle', 'offset', 'from?'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) => {
      const offset = integerArgument(args[1], 'fs.seek', 'offset', Number.MIN_SAFE_INTEGER);
      const from = wordArgument(args[2], 'fs.seek', 'from', ['start', 'current', 'end'], 'start');
      return await fileOf(context, args, 'fs.seek').seek(offset, from);
    },
  },
  truncate: {
    summary: 'Make a file opened for writing so many bytes long; what is added are zeros',
    args: ['handle', 'size'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) => {
      const size = integerArgument(args[1], 'fs.truncate', 'size', 0);
      await fileOf(context, args, 'fs.truncate').truncate(size);
      return true;
    },
  },
  sync: {
    summary: 'Wait until what was written to an open file is on the disk',
    args: ['handle'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) => {
      await fileOf(context, args, 'fs.sync').sync();
      return true;
    },
  },
  stat_open: {
    summary: 'What stat says, of an open file',
    args: ['handle'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) => await fileOf(context, args, 'fs.stat_open').stat(),
  },
  set_times_open: {
    summary: 'Set times of an open file: {accessed?, modified?}, each unix seconds or "now"',
    args: ['handle', 'times'],
    action: undefined,
    mode: 'async',
    run: async (context, granted, args) => {
      checkWritable(context, granted, 'fs.set_times_open');
      const times = timesArgument(args[1], 'fs.set_times_open', context.clock);
      await fileOf(context, args, 'fs.set_times_open').setTimes(times);
      return true;
    },
  },
  close: {
    summary: 'Close an open file; answers whether it was open',
    args: ['handle'],
    action: undefined,
    mode: 'async',
    run: async (context, _granted, args) => await closeFile(context, integerArgument(args[0], 'fs.close', 'handle', 1)),
  },
};

const OPEN_OPTIONS = ['gunzip', 'write', 'append', 'create', 'exclusive', 'truncate', 'follow'];

function accessOption(value: Payload, operation: string): { access: Access; follow: boolean } {
  const options = optionsArgument(value, operation, OPEN_OPTIONS);
  const { gunzip = 'auto' } = options;
  if (gunzip !== 'auto' && typeof gunzip !== 'boolean')
    throw invalid(operation, 'gunzip must be "auto", true or false');
  const flag = (name: string, otherwise = false) => booleanArgument(options[name], operation, name, otherwise);
  const [append, create, exclusive, truncate] = ['append', 'create', 'exclusive', 'truncate'].map(name => flag(name));
  const write = flag('write', append || create || exclusive || truncate);
  if (!write && (append || create || exclusive || truncate)) {
    throw invalid(operation, 'append, create, exclusive and truncate are for files opened with write');
  }
  if (write && gunzip === true) throw invalid(operation, 'a file opened with write is not unpacked; leave gunzip out');
  const access: Access = {
    gunzip: write ? false : gunzip,
    write,
    append,
    create: create || exclusive,
    exclusive,
    truncate,
  };
  return { access, follow: flag('follow', true) };
}

function fileOf(context: CallContext, args: Arguments, operation: string): OpenFile {
  return openFileOf(context, integerArgument(args[0], operation, 'handle', 1), operation);
}

function lengthArgument(value: Payload, operation: string): number {
  return integerArgument(value ?? DEFAULT_READ, operation, 'max_bytes', 1, MOST_READ);
}
