/** Operations of `fs` on open files. A handle is a number that belongs to the process that opened it. */
import { invalid } from './arguments.ts';
import { type CallContext, operation, type OperationDefinition } from './capability.ts';
import { checkWritable, guardsOf, readable, writable } from './fs_access.ts';
import { type Access, closeFile, openFile, openFileOf, openFlags } from './fs_handles.ts';
import type { FsSettings } from './fs_mounts.ts';
import { TIMES } from './fs_stat.ts';
import { boolean, bytes, integer, optional, options, switched, text, word } from './parameters.ts';

const MOST_READ = 16 * 1024 * 1024;

const HANDLE = integer('handle', 1);
const LENGTH = optional(integer('max_bytes', 1, MOST_READ), 64 * 1024);
const POSITION = integer('position', 0);

const OPEN_OPTIONS = options(
  optional(switched('gunzip', ['auto']), 'auto'),
  optional(boolean('write')),
  optional(boolean('append'), false),
  optional(boolean('create'), false),
  optional(boolean('exclusive'), false),
  optional(boolean('truncate'), false),
  optional(boolean('follow'), true),
);

interface OpenOptions {
  readonly gunzip: 'auto' | boolean;
  /** Undefined: as the next four want it. */
  readonly write: boolean | undefined;
  readonly append: boolean;
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
}

export const handleOperations: { readonly [name: string]: OperationDefinition<FsSettings> } = {
  open: operation({
    summary:
      "A handle for reading or writing piece by piece; options: gunzip ('auto' (default), true, false), write, append, create, exclusive, truncate, follow (false: no link)",
    args: [text('path'), OPEN_OPTIONS],
    action: 'fs.read',
    // Whatever is open can be read.
    guards: (context, granted: FsSettings, [path, given]) => [
      ...guardsOf(context, granted, 'fs.open', 'fs.read', path),
      ...(accessOf(given).write ? guardsOf(context, granted, 'fs.open', 'fs.write', path) : []),
    ],
    mode: 'async',
    run: async (context, granted: FsSettings, [path, given]) => {
      const access = accessOf(given);
      const place = access.write
        ? writable(context, granted, path, 'fs.open', ['fs.read', 'fs.write'])
        : readable(context, granted, path, 'fs.open');
      const reach = { follow: given.follow, creates: access.create };
      return await openFile(context, path, place.mount, access, () => place.open(openFlags(access), reach));
    },
  }),
  read: operation({
    summary: 'The next bytes of an open file, at most max_bytes (default 64 KiB), or nothing at its end',
    args: [HANDLE, LENGTH],
    mode: 'async',
    run: async (context, _granted, [handle, most]) => await openFileOf(context, handle, 'fs.read').read(most),
  }),
  read_at: operation({
    summary: 'Bytes of an open file from a position, at most max_bytes (default 64 KiB), or nothing at its end',
    args: [HANDLE, POSITION, LENGTH],
    mode: 'async',
    run: async (context, _granted, [handle, position, most]) =>
      await openFileOf(context, handle, 'fs.read_at').read(most, position),
  }),
  write: operation({
    summary: 'Write text or bytes to a file opened for it, at its end where opened with append; how many bytes',
    args: [HANDLE, bytes('content')],
    mode: 'async',
    run: async (context, _granted, [handle, content]) => await openFileOf(context, handle, 'fs.write').write(content),
  }),
  write_at: operation({
    summary: 'Write text or bytes to a file opened for it, at a position; how many bytes',
    args: [HANDLE, POSITION, bytes('content')],
    mode: 'async',
    run: async (context, _granted, [handle, position, content]) =>
      await openFileOf(context, handle, 'fs.write_at').write(content, position),
  }),
  seek: operation({
    summary: "Where the next read or write of an open file is: bytes from 'start' (default), 'current' or 'end'",
    args: [
      HANDLE,
      integer('offset', Number.MIN_SAFE_INTEGER),
      optional(word('from', ['start', 'current', 'end']), 'start'),
    ],
    mode: 'async',
    run: async (context, _granted, [handle, offset, from]) =>
      await openFileOf(context, handle, 'fs.seek').seek(offset, from),
  }),
  truncate: operation({
    summary: 'Make a file opened for writing so many bytes long; what is added are zeros',
    args: [HANDLE, integer('size', 0)],
    mode: 'async',
    run: async (context, _granted, [handle, size]) => {
      await openFileOf(context, handle, 'fs.truncate').truncate(size);
      return true;
    },
  }),
  sync: operation({
    summary: 'Wait until what was written to an open file is on the disk',
    args: [HANDLE],
    mode: 'async',
    run: async (context, _granted, [handle]) => {
      await openFileOf(context, handle, 'fs.sync').sync();
      return true;
    },
  }),
  stat_open: operation({
    summary: 'What stat says, of an open file',
    args: [HANDLE],
    mode: 'async',
    run: async (context, _granted, [handle]) => await openFileOf(context, handle, 'fs.stat_open').stat(),
  }),
  set_times_open: operation({
    summary: 'Set times of an open file: {accessed?, modified?}, each unix seconds or "now"',
    args: [HANDLE, TIMES],
    action: 'fs.write',
    // A file that is open for reading only can be given times, so opening it did not decide this.
    guards: (context, _granted, [handle]) => [
      { action: 'fs.write', resource: openFileOf(context, handle, 'fs.set_times_open').resource },
    ],
    mode: 'async',
    run: async (context, _granted, [handle, times]) => {
      const opened = openFileOf(context, handle, 'fs.set_times_open');
      checkWritable(context, opened.mount, 'fs.set_times_open');
      await opened.setTimes(times, context.clock);
      return true;
    },
  }),
  close: operation({
    summary: 'Close an open file; answers whether it was open',
    args: [HANDLE],
    mode: 'async',
    run: async (context: CallContext, _granted, [handle]) => await closeFile(context, handle),
  }),
};

/** Throws INVALID for what does not go together. */
function accessOf({ gunzip, append, create, exclusive, truncate, ...given }: OpenOptions): Access {
  const changes = append || create || exclusive || truncate;
  const write = given.write ?? changes;
  if (!write && changes) {
    throw invalid('fs.open', 'append, create, exclusive and truncate are for files opened with write');
  }
  if (write && gunzip === true) throw invalid('fs.open', 'a file opened with write is not unpacked; leave gunzip out');
  return { gunzip: write ? false : gunzip, write, append, create: create || exclusive, exclusive, truncate };
}
