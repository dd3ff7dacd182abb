/** `path_...`: the tree of files below the granted folder. */
import { TroupeError } from '../../../runtime/errors.ts';
import { fs } from './descriptor_calls.ts';
import { ALL_FD_FLAGS, type Directory, directory, FdFlag } from './descriptors.ts';
import { Errno, errnoOf, refuse } from './errno.ts';
import { FILESTAT_BYTES, type Found, newTimes, writeFilestat } from './filestat.ts';
import { pathBelow } from './guest_path.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, Right, WRITING } from './rights.ts';
import type { WasiBody, WasiProcess } from './wasi_process.ts';

const OpenFlag = { CREATE: 1, DIRECTORY: 2, EXCLUSIVE: 4, TRUNCATE: 8 } as const;
const ALL_OPEN_FLAGS = 15;
/** Of the flags of a look-up: a link at the end of the path is followed. */
const FOLLOW = 1;
/** Characters of a path that take as long as a call. */
const PATH_PIECE = 64;

export const linkCalls: { readonly [name: string]: WasiBody } = {
  // A program that could make links could make one that leads out of its folder.
  path_link(wasi, fromFd, _flags, from, fromLength, toFd, to, toLength) {
    target(wasi, fromFd, from, fromLength, Right.PATH_LINK_SOURCE);
    target(wasi, toFd, to, toLength, Right.PATH_LINK_TARGET);
    refuse(Errno.NOTSUP);
  },
  path_symlink(wasi, from, fromLength, fd, to, toLength) {
    pathText(wasi, from, fromLength);
    target(wasi, fd, to, toLength, Right.PATH_SYMLINK);
    refuse(Errno.NOTSUP);
  },
};

export const waitingPathCalls: { readonly [name: string]: WasiBody } = {
  path_open(wasi, fd, lookup, at, length, openFlags, rights, inheriting, flags, resultAt) {
    const from = wasi.descriptors.directory(fd, Right.PATH_OPEN);
    const path = pathText(wasi, at, length);
    const wanted: Wanted = {
      path: pathBelow(from.path, path),
      follow: (lookup & FOLLOW) !== 0,
      openFlags: openFlags | (path.endsWith('/') ? OpenFlag.DIRECTORY : 0),
      rights: BigInt.asUintN(64, rights) & from.inheriting,
      inheriting: BigInt.asUintN(64, inheriting) & from.inheriting,
      flags,
    };
    wasi.memory.check(resultAt, 4);
    wasi.descriptors.checkRoom();
    wasi.memory.setWord(resultAt, open(wasi, from, wanted));
  },

  path_create_directory: changing('make_directory', Right.PATH_CREATE_DIRECTORY),
  path_remove_directory: changing('remove_directory', Right.PATH_REMOVE_DIRECTORY),
  path_unlink_file(wasi, fd, at, length) {
    const { path, slash } = target(wasi, fd, at, length, Right.PATH_UNLINK_FILE);
    if (slash) refuse(statOf(wasi, path, true).type === 'directory' ? Errno.ISDIR : Errno.NOTDIR);
    wasi.ask(fs(wasi, 'remove'), () => [path]);
  },
  path_rename(wasi, fromFd, from, fromLength, toFd, to, toLength) {
    const old = target(wasi, fromFd, from, fromLength, Right.PATH_RENAME_SOURCE);
    const wanted = target(wasi, toFd, to, toLength, Right.PATH_RENAME_TARGET);
    if ((old.slash || wanted.slash) && statOf(wasi, old.path, false).type !== 'directory') refuse(Errno.NOTDIR);
    wasi.ask(fs(wasi, 'rename'), () => [old.path, wanted.path]);
  },

  path_filestat_get(wasi, fd, lookup, at, length, resultAt) {
    const { path, slash } = target(wasi, fd, at, length, Right.PATH_FILESTAT_GET);
    wasi.memory.check(resultAt, FILESTAT_BYTES);
    const found = statOf(wasi, path, slash || (lookup & FOLLOW) !== 0);
    if (slash && found.type !== 'directory') refuse(Errno.NOTDIR);
    writeFilestat(wasi.memory, resultAt, found);
  },
  path_filestat_set_times(wasi, fd, lookup, at, length, accessed, modified, flags) {
    const { path, slash } = target(wasi, fd, at, length, Right.PATH_FILESTAT_SET_TIMES);
    const times = newTimes(accessed, modified, flags);
    if (slash && statOf(wasi, path, true).type !== 'directory') refuse(Errno.NOTDIR);
    wasi.ask(fs(wasi, 'set_times'), () => [path, times, { follow: slash || (lookup & FOLLOW) !== 0 }]);
  },
  path_readlink(wasi, fd, at, length, area, capacity, resultAt) {
    const { path, slash } = target(wasi, fd, at, length, Right.PATH_READLINK);
    wasi.memory.check(area, capacity >>> 0);
    wasi.memory.check(resultAt, 4);
    // Where a link leads may be a path of the host.
    refuse(statOf(wasi, path, slash).type === 'link' ? Errno.ACCES : Errno.INVAL);
  },
};

interface Wanted {
  readonly path: string;
  readonly follow: boolean;
  readonly openFlags: number;
  readonly rights: bigint;
  readonly inheriting: bigint;
  readonly flags: number;
}

/** Open a file or a directory: its descriptor. */
function open(wasi: WasiProcess, from: Directory, wanted: Wanted): number {
  const { path, follow, openFlags, rights, inheriting, flags } = wanted;
  const has = (flag: number) => (openFlags & flag) !== 0;
  if (openFlags >>> 0 > ALL_OPEN_FLAGS || flags >>> 0 > ALL_FD_FLAGS) refuse(Errno.INVAL);
  if (has(OpenFlag.CREATE) && (from.rights & Right.PATH_CREATE_FILE) === 0n) refuse(Errno.NOTCAPABLE);
  if (has(OpenFlag.TRUNCATE) && (from.rights & Right.PATH_FILESTAT_SET_SIZE) === 0n) refuse(Errno.NOTCAPABLE);
  const isDirectory = () =>
    wasi.descriptors.add(directory(path, rights & DIRECTORY_RIGHTS, inheriting & from.inheriting));
  if (has(OpenFlag.DIRECTORY)) {
    if (has(OpenFlag.CREATE)) refuse(Errno.INVAL);
    const { type } = statOf(wasi, path, follow);
    if (type === 'link') refuse(Errno.LOOP);
    return type === 'directory' ? isDirectory() : refuse(Errno.NOTDIR);
  }
  const append = (flags & FdFlag.APPEND) !== 0;
  const exclusive = has(OpenFlag.CREATE) && has(OpenFlag.EXCLUSIVE);
  const options = { append, create: has(OpenFlag.CREATE), exclusive, truncate: has(OpenFlag.TRUNCATE), follow };
  const write = (rights & WRITING) !== 0n || append || options.create || options.truncate;
  const handle = wasi.askOrFail(fs(wasi, 'open'), () => [path, { ...options, write, gunzip: false }]);
  if (handle instanceof TroupeError) {
    const errno = errnoOf(handle);
    return errno === Errno.ISDIR && !write ? isDirectory() : refuse(errno);
  }
  const possible = write ? FILE_RIGHTS : FILE_RIGHTS & ~WRITING;
  return wasi.descriptors.add({
    type: 'file',
    handle: handle as number,
    position: 0,
    rights: rights & possible,
    inheriting: 0n,
    flags,
  });
}

function statOf(wasi: WasiProcess, path: string, follow: boolean): Found {
  return wasi.ask(fs(wasi, 'stat'), () => [path, { follow }]) as Found;
}

interface Target {
  /** From the granted folder. */
  readonly path: string;
  /** A slash at its end: it means a directory, or nothing. */
  readonly slash: boolean;
}

/** What a call names by directory and text. */
function target(wasi: WasiProcess, fd: number, at: number, length: number, right: bigint): Target {
  const { path } = wasi.descriptors.directory(fd, right);
  const text = pathText(wasi, at, length);
  return { path: pathBelow(path, text), slash: text.endsWith('/') };
}

/** A path as it was given. */
function pathText(wasi: WasiProcess, at: number, length: number): string {
  const text = wasi.memory.path(at, length);
  wasi.charge(text.length / PATH_PIECE);
  return text;
}

/** A change of a directory, with or without a slash at the end of its path. */
function changing(operation: string, right: bigint): WasiBody {
  return (wasi, fd, at, length) => {
    const { path } = target(wasi, fd, at, length, right);
    wasi.ask(fs(wasi, operation), () => [path]);
  };
}
