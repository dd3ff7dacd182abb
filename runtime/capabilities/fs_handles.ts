/**
 * Files opened for reading and writing piece by piece. A handle is a number that belongs to the process that opened it; whatever
 * is still open when that process ends is closed. Nothing is read before it is asked for, so a slow reader holds at most
 * one piece (plus zlib's window for a .gz file).
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { createGunzip, type Gunzip as GunzipStream } from 'node:zlib';
import type { Clock } from '../clock.ts';
import { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import type { CallContext } from './capability.ts';
import { fileError, notAFile } from './fs_errors.ts';
import type { Mount } from './fs_mounts.ts';
import type { Opened } from './fs_place.ts';
import { described, newTimes } from './fs_stat.ts';
import { type Services, servicesOf } from './services.ts';

/** `auto`: unpack what begins like a gzip file, whatever its name. */
export type Gunzip = 'auto' | boolean;

/** What a file is opened for; it can always be read. */
export interface Access {
  /** Only for what is not written. */
  readonly gunzip: Gunzip;
  readonly write: boolean;
  /** Everything is written at the end. */
  readonly append: boolean;
  readonly create: boolean;
  /** Fail where it exists. */
  readonly exclusive: boolean;
  readonly truncate: boolean;
}

const MOST_OPEN = 64;
const GUNZIP_PIECE = 256 * 1024;

/** Open files of the processes of one runtime in this thread. */
interface OpenFiles {
  readonly ofProcess: Map<string, Map<number, OpenFile>>;
  last: number;
}

const tables = new WeakMap<Services, OpenFiles>();

/** `path`: as the program wrote it; `open` opens it. Answers the handle. */
export async function openFile(
  context: CallContext,
  path: string,
  mount: Mount,
  access: Access,
  open: () => Promise<Opened>,
): Promise<number> {
  const table = tableOf(context);
  let own = table.ofProcess.get(context.pid);
  if (own === undefined) {
    own = new Map();
    table.ofProcess.set(context.pid, own);
    context.onClose(() => closeAll(table, context.pid));
  }
  const handle = ++table.last;
  const opened = new OpenFile(path, mount);
  // Listed before it is open, so that a process that ends meanwhile takes it along and the count is right.
  own.set(handle, opened);
  try {
    if (own.size > MOST_OPEN) {
      throw new TroupeError(`fs.open: the process holds ${MOST_OPEN} open files; close some first`, {
        kind: 'RATE_LIMITED',
      });
    }
    await opened.open(open, access);
    return handle;
  } catch (thrown) {
    own.delete(handle);
    await opened.close();
    throw fileError(thrown, path, 'fs.open');
  }
}

/** An open file of the process, or NOT_FOUND. */
export function openFileOf(context: CallContext, handle: number, operation: string): OpenFile {
  const opened = tableOf(context).ofProcess.get(context.pid)?.get(handle);
  if (opened !== undefined) return opened;
  throw new TroupeError(`${operation}: the process has no open file ${handle}; was it closed?`, { kind: 'NOT_FOUND' });
}

export async function closeFile(context: CallContext, handle: number): Promise<boolean> {
  const own = tableOf(context).ofProcess.get(context.pid);
  const opened = own?.get(handle);
  if (own === undefined || opened === undefined) return false;
  own.delete(handle);
  await opened.close();
  return true;
}

function closeAll(table: OpenFiles, pid: string): void {
  const own = table.ofProcess.get(pid);
  table.ofProcess.delete(pid);
  for (const opened of own?.values() ?? []) void opened.close();
}

function tableOf(context: CallContext): OpenFiles {
  const services = servicesOf(context);
  let table = tables.get(services);
  if (table === undefined) tables.set(services, (table = { ofProcess: new Map(), last: 0 }));
  return table;
}

export class OpenFile {
  readonly mount: Mount;
  /** What policies know it as; empty until it is open. */
  resource = '';
  readonly #path: string;
  #handle: FileHandle | undefined;
  /** Where the next read or write is; undefined for what has no positions, such as a pipe. */
  #position: number | undefined;
  #append = false;
  #unpacked: AsyncIterator<Buffer> | undefined;
  #gunzip: GunzipStream | undefined;
  /** What an unpacked piece still holds beyond what was asked for. */
  #rest: Uint8Array | undefined;
  #closed = false;
  /** Operations on one file take their turns, so that pieces are answered in the order asked for. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string, mount: Mount) {
    this.#path = path;
    this.mount = mount;
  }

  async open(open: () => Promise<Opened>, access: Access): Promise<void> {
    const { handle, resource } = await open();
    this.#handle = handle;
    this.resource = resource;
    if (this.#closed) {
      await handle.close();
      throw closedError(this.#path, 'fs.open');
    }
    const found = await handle.stat();
    if (found.isDirectory()) throw notAFile(this.#path, 'fs.open');
    if (found.isFile()) this.#position = 0;
    this.#append = access.append;
    const { gunzip } = access;
    if (gunzip === true || (gunzip === 'auto' && (await looksPacked(handle)))) this.#unpack(handle);
  }

  /** From where the last read or write ended, or from `position`; null at the end. */
  read(most: number, position?: number): Promise<Uint8Array | null> {
    return this.#next(position === undefined ? 'fs.read' : 'fs.read_at', async handle => {
      if (this.#unpacked === undefined) return await this.#plain(handle, most, position);
      if (position !== undefined) throw this.#isPacked('fs.read_at');
      return await this.#packed(this.#unpacked, most);
    });
  }

  /** All of it; answers the length. */
  write(content: Uint8Array, position?: number): Promise<number> {
    return this.#next(position === undefined ? 'fs.write' : 'fs.write_at', async handle => {
      let at = position ?? this.#position;
      let written = 0;
      while (written < content.length) {
        const { bytesWritten } = await handle.write(content, written, content.length - written, at ?? null);
        written += bytesWritten;
        if (at !== undefined) at += bytesWritten;
      }
      if (position === undefined && at !== undefined) this.#position = this.#append ? (await handle.stat()).size : at;
      return written;
    });
  }

  /** Answers the new position, from the start. */
  seek(offset: number, from: 'start' | 'current' | 'end'): Promise<number> {
    return this.#next('fs.seek', async handle => {
      if (this.#unpacked !== undefined) throw this.#isPacked('fs.seek');
      if (this.#position === undefined) {
        throw new TroupeError(`fs.seek: "${this.#path}" has no positions: it is no file`, { kind: 'INVALID' });
      }
      const base = from === 'start' ? 0 : from === 'current' ? this.#position : (await handle.stat()).size;
      const position = base + offset;
      if (!Number.isSafeInteger(position) || position < 0) {
        throw new TroupeError(`fs.seek: there is no position ${position}`, { kind: 'INVALID' });
      }
      this.#position = position;
      return position;
    });
  }

  truncate(size: number): Promise<void> {
    return this.#next('fs.truncate', handle => handle.truncate(size));
  }

  sync(): Promise<void> {
    return this.#next('fs.sync', handle => handle.sync());
  }

  stat(): Promise<Payload> {
    return this.#next('fs.stat_open', async handle => described(await handle.stat()));
  }

  setTimes(times: Parameters<typeof newTimes>[0], clock: Clock): Promise<void> {
    return this.#next('fs.set_times_open', async handle => {
      const { accessed, modified } = newTimes(times, await handle.stat(), clock);
      await handle.utimes(accessed, modified);
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#gunzip?.destroy();
    // A read under way ends first; its answer goes to nobody.
    await this.#turn;
    await this.#handle?.close().catch(() => undefined);
  }

  #next<T>(operation: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    const done = this.#turn.then(async () => {
      if (this.#closed) throw closedError(this.#path, operation);
      try {
        return await work(this.#handle as FileHandle);
      } catch (thrown) {
        throw this.#closed ? closedError(this.#path, operation) : fileError(thrown, this.#path, operation);
      }
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #plain(handle: FileHandle, most: number, position: number | undefined): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(most);
    const { bytesRead } = await handle.read(buffer, 0, most, position ?? this.#position ?? null);
    if (position === undefined && this.#position !== undefined) this.#position += bytesRead;
    if (bytesRead === 0) return null;
    return bytesRead === most ? buffer : buffer.slice(0, bytesRead);
  }

  #isPacked(operation: string): TroupeError {
    return new TroupeError(`${operation}: "${this.#path}" is unpacked as it is read; open it with {gunzip: false}`, {
      kind: 'INVALID',
    });
  }

  async #packed(unpacked: AsyncIterator<Buffer>, most: number): Promise<Uint8Array | null> {
    let piece = this.#rest;
    if (piece === undefined) {
      const next = await unpacked.next();
      if (next.done) return null;
      piece = next.value;
    }
    this.#rest = piece.length > most ? piece.subarray(most) : undefined;
    // A copy of its own: zlib's pieces are views into buffers that it shares.
    return new Uint8Array(piece.subarray(0, most));
  }

  #unpack(handle: FileHandle): void {
    const source = handle.createReadStream({ start: 0, highWaterMark: GUNZIP_PIECE, autoClose: false });
    const gunzip = createGunzip({ chunkSize: GUNZIP_PIECE });
    source.on('error', failure => gunzip.destroy(failure));
    gunzip.on('close', () => source.destroy());
    // Failures are answered to the reader; one that comes while nobody reads must not end the program.
    gunzip.on('error', () => undefined);
    source.pipe(gunzip);
    this.#gunzip = gunzip;
    this.#unpacked = gunzip[Symbol.asyncIterator]();
  }
}

export function openFlags(access: Access): number {
  return (
    (access.write ? constants.O_RDWR : constants.O_RDONLY) |
    (access.append ? constants.O_APPEND : 0) |
    (access.create ? constants.O_CREAT : 0) |
    (access.exclusive ? constants.O_EXCL : 0) |
    (access.truncate ? constants.O_TRUNC : 0)
  );
}

async function looksPacked(handle: FileHandle): Promise<boolean> {
  const start = new Uint8Array(2);
  const { bytesRead } = await handle.read(start, 0, 2, 0);
  return bytesRead === 2 && start[0] === 0x1f && start[1] === 0x8b;
}

function closedError(path: string, operation: string): TroupeError {
  return new TroupeError(`${operation}: "${path}" was closed`, { kind: 'INVALID' });
}
