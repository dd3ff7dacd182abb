/** How WASI writes what is known of a file, and reads the times that one is to have. */
import type { Payload } from '../../../runtime/machine.ts';
import { FileType } from './descriptors.ts';
import { Errno, refuse } from './errno.ts';
import type { WasiMemory } from './wasi_memory.ts';

export const FILESTAT_BYTES = 64;

/** What `fs.stat` answers. */
export type Found = {
  readonly type: string;
  readonly size: number;
  readonly modified: number;
  readonly accessed: number;
  readonly changed: number;
  readonly links: number;
  readonly inode: number;
};

const TYPES: { readonly [type: string]: number } = {
  file: FileType.REGULAR_FILE,
  directory: FileType.DIRECTORY,
  link: FileType.SYMBOLIC_LINK,
};

/** Of a type as `fs` names it. */
export function fileType(type: string): number {
  return Object.hasOwn(TYPES, type) ? TYPES[type] : FileType.UNKNOWN;
}

export function writeFilestat(memory: WasiMemory, at: number, found: Found): void {
  writeFields(memory, at, fileType(found.type), found);
}

/** Of a stream, of which nothing else is known. */
export function writeStreamStat(memory: WasiMemory, at: number, type: number): void {
  writeFields(memory, at, type, { inode: 0, links: 1, size: 0, accessed: 0, modified: 0, changed: 0 });
}

function writeFields(memory: WasiMemory, at: number, type: number, found: Omit<Found, 'type'>): void {
  const view = memory.view(at, FILESTAT_BYTES);
  // The device: there is one, the granted folder.
  view.setBigUint64(0, 0n, true);
  view.setBigUint64(8, BigInt(found.inode), true);
  view.setBigUint64(16, BigInt(type), true);
  view.setBigUint64(24, BigInt(found.links), true);
  view.setBigUint64(32, BigInt(found.size), true);
  view.setBigUint64(40, nanoseconds(found.accessed), true);
  view.setBigUint64(48, nanoseconds(found.modified), true);
  view.setBigUint64(56, nanoseconds(found.changed), true);
}

/** Of unix seconds, of which the fraction is good for microseconds. */
function nanoseconds(seconds: number): bigint {
  return BigInt.asUintN(64, BigInt(Math.round(seconds * 1e6)) * 1000n);
}

const TimeFlag = { ACCESSED: 1, ACCESSED_NOW: 2, MODIFIED: 4, MODIFIED_NOW: 8 } as const;

/** The times of a call as `fs.set_times` takes them. INVAL for flags that contradict each other or do not exist. */
export function newTimes(accessed: bigint, modified: bigint, flags: number): Payload {
  if (flags >>> 0 > 15) refuse(Errno.INVAL);
  return {
    accessed: newTime(accessed, flags & TimeFlag.ACCESSED, flags & TimeFlag.ACCESSED_NOW),
    modified: newTime(modified, flags & TimeFlag.MODIFIED, flags & TimeFlag.MODIFIED_NOW),
  };
}

function newTime(time: bigint, given: number, now: number): Payload {
  if (given !== 0 && now !== 0) return refuse(Errno.INVAL);
  if (now !== 0) return 'now';
  return given === 0 ? null : Number(BigInt.asUintN(64, time)) / 1e9;
}

/** A size or a position in a file, from an i64: OVERFLOW where it is beyond what a file can have. */
export function fileSize(value: bigint): number {
  const size = BigInt.asUintN(64, value);
  return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : refuse(Errno.OVERFLOW);
}
