import { Errno, refuse } from './errno.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, INPUT_RIGHTS, OUTPUT_RIGHTS } from './rights.ts';

/** Types of files as WASI numbers them. */
export const FileType = { UNKNOWN: 0, CHARACTER_DEVICE: 2, DIRECTORY: 3, REGULAR_FILE: 4, SYMBOLIC_LINK: 7 } as const;

export const FdFlag = { APPEND: 1, DSYNC: 2, NONBLOCK: 4, RSYNC: 8, SYNC: 16 } as const;
export const ALL_FD_FLAGS = 31;

interface Common {
  /** Bits of `Right`. */
  rights: bigint;
  /** What descriptors opened through this one can have. */
  inheriting: bigint;
  /** Bits of `FdFlag`. */
  flags: number;
}

/** Standard input, output or error. */
export interface Stream extends Common {
  readonly type: 'input' | 'output' | 'error';
  /** A screen, or the log: the program writes line by line. */
  readonly interactive: boolean;
}

export interface DirectoryEntry {
  readonly name: string;
  /** Of `FileType`. */
  readonly type: number;
}

export interface Directory extends Common {
  readonly type: 'directory';
  /** From the granted folder; empty for that itself. */
  readonly path: string;
  /** The name under which the program finds it from the start; undefined for what it opened itself. */
  readonly preopened: string | undefined;
  /** What was in it when it was last read from its beginning, so that changes meanwhile move no entries; or forgotten. */
  listing: readonly DirectoryEntry[] | undefined;
}

export interface File extends Common {
  readonly type: 'file';
  /** Of the capability `fs`. */
  readonly handle: number;
  /** Where the next read or write is, in bytes. */
  position: number;
}

export type Descriptor = Stream | Directory | File;

const FIRST_FREE = 3;
const MOST_DESCRIPTORS = 256;
/** Entries of directories that a process keeps, besides those of the one that it reads. */
const MOST_LISTED = 65_536;
/** The name of the granted folder: where libc starts relative paths. */
const ROOT = '/';

/** The descriptors of one process. Plain data, except that the handle of a file belongs to this process here. */
export class Descriptors {
  readonly #open = new Map<number, Descriptor>();

  /** An open descriptor that has a right, or BADF or NOTCAPABLE. */
  get(fd: number, right = 0n): Descriptor {
    const found = this.#open.get(fd >>> 0) ?? refuse(Errno.BADF);
    return (found.rights & right) === right ? found : refuse(Errno.NOTCAPABLE);
  }

  /** `get` for a file: a stream is SPIPE, a directory ISDIR. */
  file(fd: number, right: bigint): File {
    const found = this.stream(fd, 0n);
    if (found.type !== 'file') return refuse(Errno.SPIPE);
    return (found.rights & right) === right ? found : refuse(Errno.NOTCAPABLE);
  }

  /** `get` for what bytes are read from or written to: a directory is ISDIR. */
  stream(fd: number, right: bigint): Stream | File {
    const found = this.get(fd);
    if (found.type === 'directory') return refuse(Errno.ISDIR);
    return (found.rights & right) === right ? found : refuse(Errno.NOTCAPABLE);
  }

  /** `get` for a directory, or NOTDIR. */
  directory(fd: number, right = 0n): Directory {
    const found = this.get(fd);
    if (found.type !== 'directory') return refuse(Errno.NOTDIR);
    return (found.rights & right) === right ? found : refuse(Errno.NOTCAPABLE);
  }

  openStreams(interactive: boolean, input: boolean): void {
    if (input) {
      this.#open.set(0, { type: 'input', interactive, rights: INPUT_RIGHTS, inheriting: 0n, flags: 0 });
    }
    this.#open.set(1, { type: 'output', interactive, rights: OUTPUT_RIGHTS, inheriting: 0n, flags: 0 });
    this.#open.set(2, { type: 'error', interactive, rights: OUTPUT_RIGHTS, inheriting: 0n, flags: 0 });
  }

  openRoot(): void {
    this.add(directory('', DIRECTORY_RIGHTS, DIRECTORY_RIGHTS | FILE_RIGHTS, ROOT));
  }

  /** MFILE where the process holds as many as it can. */
  checkRoom(): void {
    if (this.#open.size >= MOST_DESCRIPTORS) refuse(Errno.MFILE);
  }

  /** The lowest free number; those of the standard streams are never given to anything else. */
  add(descriptor: Descriptor): number {
    let fd = FIRST_FREE;
    while (this.#open.has(fd)) fd++;
    this.#open.set(fd, descriptor);
    return fd;
  }

  remove(fd: number): void {
    this.#open.delete(fd >>> 0);
  }

  /** `from` becomes `to`, whatever that was. */
  renumber(from: number, to: number): void {
    const moved = this.get(from);
    this.#open.delete(from >>> 0);
    this.#open.set(to >>> 0, moved);
  }

  /** Keep what was in a directory; what is kept of others goes where it would become too much. */
  keepListing(directory: Directory, listing: readonly DirectoryEntry[]): void {
    const others: Directory[] = [];
    let kept = listing.length;
    for (const descriptor of this.#open.values()) {
      if (descriptor.type !== 'directory' || descriptor === directory || descriptor.listing === undefined) continue;
      others.push(descriptor);
      kept += descriptor.listing.length;
    }
    if (kept > MOST_LISTED) for (const other of others) other.listing = undefined;
    directory.listing = listing;
  }

  record(): DescriptorsRecord {
    return [...this.#open];
  }

  restore(record: DescriptorsRecord): void {
    for (const [fd, descriptor] of record) this.#open.set(fd, descriptor);
  }

  /** Whether there are open files, which cannot go along to another place. */
  get anyFile(): boolean {
    for (const { type } of this.#open.values()) if (type === 'file') return true;
    return false;
  }
}

/** The descriptors of a moved process, none of them a file. */
export type DescriptorsRecord = readonly (readonly [fd: number, descriptor: Descriptor])[];

export function directory(path: string, rights: bigint, inheriting: bigint, preopened?: string): Directory {
  return { type: 'directory', path, preopened, listing: undefined, rights, inheriting, flags: 0 };
}
