/** `fd_...`: what a descriptor is, and how it is closed or gets another number. */
import type { BoundOperation } from '../../../runtime/machine.ts';
import { ALL_FD_FLAGS, type Descriptor, FdFlag, type File, FileType } from './descriptors.ts';
import { Errno, refuse } from './errno.ts';
import { FILESTAT_BYTES, type Found, fileSize, newTimes, writeFilestat, writeStreamStat } from './filestat.ts';
import { Right } from './rights.ts';
import type { WasiBody, WasiProcess } from './wasi_process.ts';

const FDSTAT_BYTES = 24;
const PRESTAT_BYTES = 8;
const LAST_ADVICE = 5;

export const descriptorCalls: { readonly [name: string]: WasiBody } = {
  fd_advise(wasi, fd, offset, length, advice) {
    wasi.descriptors.file(fd, Right.FD_ADVISE);
    fileSize(offset);
    fileSize(length);
    if (advice >>> 0 > LAST_ADVICE) refuse(Errno.INVAL);
  },
  fd_fdstat_get(wasi, fd, resultAt) {
    const descriptor = wasi.descriptors.get(fd);
    const view = wasi.memory.view(resultAt, FDSTAT_BYTES);
    view.setBigUint64(0, 0n, true);
    view.setUint8(0, typeOf(descriptor));
    view.setUint16(2, descriptor.flags, true);
    view.setBigUint64(8, descriptor.rights, true);
    view.setBigUint64(16, descriptor.inheriting, true);
  },
  fd_fdstat_set_flags(wasi, fd, flags) {
    const descriptor = wasi.descriptors.get(fd, Right.FD_FDSTAT_SET_FLAGS);
    if (flags >>> 0 > ALL_FD_FLAGS) refuse(Errno.INVAL);
    // Whether everything goes to the end is settled when a file is opened.
    if (((flags ^ descriptor.flags) & FdFlag.APPEND) !== 0) refuse(Errno.NOTSUP);
    descriptor.flags = flags;
  },
  fd_fdstat_set_rights(wasi, fd, base, inheriting) {
    const descriptor = wasi.descriptors.get(fd);
    const rights = BigInt.asUintN(64, base);
    const inherited = BigInt.asUintN(64, inheriting);
    if ((rights & ~descriptor.rights) !== 0n || (inherited & ~descriptor.inheriting) !== 0n) refuse(Errno.NOTCAPABLE);
    descriptor.rights = rights;
    descriptor.inheriting = inherited;
  },
  fd_prestat_get(wasi, fd, resultAt) {
    const name = preopenedName(wasi, fd);
    const view = wasi.memory.view(resultAt, PRESTAT_BYTES);
    view.setUint32(0, 0, true);
    view.setUint32(4, name.length, true);
  },
  fd_prestat_dir_name(wasi, fd, at, length) {
    const name = preopenedName(wasi, fd);
    if (length >>> 0 < name.length) refuse(Errno.NAMETOOLONG);
    wasi.memory.write(at, name);
  },
};

export const waitingDescriptorCalls: { readonly [name: string]: WasiBody } = {
  fd_close(wasi, fd) {
    close(wasi, wasi.descriptors.get(fd));
    wasi.descriptors.remove(fd);
  },
  fd_renumber(wasi, from, to) {
    wasi.descriptors.get(from);
    const replaced = wasi.descriptors.get(to);
    if (from === to) return;
    close(wasi, replaced);
    wasi.descriptors.renumber(from, to);
  },
  fd_sync: (wasi, fd) => sync(wasi, fd, Right.FD_SYNC),
  fd_datasync: (wasi, fd) => sync(wasi, fd, Right.FD_DATASYNC),
  fd_allocate(wasi, fd, offset, length) {
    const file = wasi.descriptors.file(fd, Right.FD_ALLOCATE);
    if (length === 0n) refuse(Errno.INVAL);
    const end = fileSize(BigInt(fileSize(offset)) + BigInt(fileSize(length)));
    if (sizeOf(wasi, file) < end) wasi.ask(fs(wasi, 'truncate'), () => [file.handle, end]);
  },
  fd_filestat_get(wasi, fd, resultAt) {
    const descriptor = wasi.descriptors.get(fd, Right.FD_FILESTAT_GET);
    wasi.memory.check(resultAt, FILESTAT_BYTES);
    if (descriptor.type === 'file') {
      writeFilestat(wasi.memory, resultAt, wasi.ask(fs(wasi, 'stat_open'), () => [descriptor.handle]) as Found);
    } else if (descriptor.type === 'directory') {
      writeFilestat(wasi.memory, resultAt, wasi.ask(fs(wasi, 'stat'), () => [descriptor.path]) as Found);
    } else {
      writeStreamStat(wasi.memory, resultAt, typeOf(descriptor));
    }
  },
  fd_filestat_set_size(wasi, fd, size) {
    const file = wasi.descriptors.file(fd, Right.FD_FILESTAT_SET_SIZE);
    const wanted = fileSize(size);
    wasi.ask(fs(wasi, 'truncate'), () => [file.handle, wanted]);
  },
  fd_filestat_set_times(wasi, fd, accessed, modified, flags) {
    const descriptor = wasi.descriptors.get(fd, Right.FD_FILESTAT_SET_TIMES);
    const times = newTimes(accessed, modified, flags);
    if (descriptor.type === 'file') wasi.ask(fs(wasi, 'set_times_open'), () => [descriptor.handle, times]);
    else if (descriptor.type === 'directory') wasi.ask(fs(wasi, 'set_times'), () => [descriptor.path, times]);
    else refuse(Errno.NOTCAPABLE);
  },
};

/** An operation of `fs`, without which there are neither files nor directories. */
export function fs(wasi: WasiProcess, operation: string): BoundOperation {
  return (wasi.grants.fs ?? refuse(Errno.NOTCAPABLE)).operations[operation];
}

/** Bytes of an open file. */
export function sizeOf(wasi: WasiProcess, file: File): number {
  return (wasi.ask(fs(wasi, 'stat_open'), () => [file.handle]) as Found).size;
}

function close(wasi: WasiProcess, descriptor: Descriptor): void {
  if (descriptor.type === 'file') wasi.ask(fs(wasi, 'close'), () => [descriptor.handle]);
}

function sync(wasi: WasiProcess, fd: number, right: bigint): void {
  const descriptor = wasi.descriptors.get(fd, right);
  if (descriptor.type === 'file') wasi.ask(fs(wasi, 'sync'), () => [descriptor.handle]);
}

/** BADF where there is none: that is how libc finds out how many there are. */
function preopenedName(wasi: WasiProcess, fd: number): Uint8Array {
  const descriptor = wasi.descriptors.get(fd);
  const name = descriptor.type === 'directory' ? descriptor.preopened : undefined;
  return Buffer.from(name ?? refuse(Errno.BADF), 'utf8');
}

function typeOf(descriptor: Descriptor): number {
  switch (descriptor.type) {
    case 'file':
      return FileType.REGULAR_FILE;
    case 'directory':
      return FileType.DIRECTORY;
    default:
      return descriptor.interactive ? FileType.CHARACTER_DEVICE : FileType.UNKNOWN;
  }
}
