/**
 * Files opened for reading piece by piece. A handle is a number that belongs to the process that opened it; whatever
 * is still open when that process ends is closed. Nothing is read before it is asked for, so a slow reader holds at most
 * one piece (plus zlib's window for a .gz file).
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip, type Gunzip as GunzipStream } from 'node:zlib';
import { TroupeError } from '../errors.ts';
import type { CallContext } from './capability.ts';
import { fileError, notAFile } from './fs_folder.ts';
import { type Services, servicesOf } from './services.ts';

/** `auto`: unpack what begins like a gzip file, whatever its name. */
export type Gunzip = 'auto' | boolean;

const MOST_OPEN = 64;
const GUNZIP_PIECE = 256 * 1024;

/** Open files of the processes of one runtime in this thread. */
interface OpenFiles {
  readonly ofProcess: Map<string, Map<number, OpenFile>>;
  last: number;
}

const tables = new WeakMap<Services, OpenFiles>();

export async function openFile(context: CallContext, file: string, path: string, gunzip: Gunzip): Promise<number> {
  const table = tableOf(context);
  let own = table.ofProcess.get(context.pid);
  if (own === undefined) {
    own = new Map();
    table.ofProcess.set(context.pid, own);
    context.onClose(() => closeAll(table, context.pid));
  }
  const handle = ++table.last;
  const opened = new OpenFile(path);
  // Listed before it is open, so that a process that ends meanwhile takes it along and the count is right.
  own.set(handle, opened);
  try {
    if (own.size > MOST_OPEN) {
      throw new TroupeError(`fs.open: the process holds ${MOST_OPEN} open files; close some first`, {
        kind: 'RATE_LIMITED',
      });
    }
    await opened.open(file, gunzip);
    return handle;
  } catch (thrown) {
    own.delete(handle);
    await opened.close();
    throw fileError(thrown, path, 'fs.open');
  }
}

export async function readFile(context: CallContext, handle: number, most: number): Promise<Uint8Array | null> {
  const opened = tableOf(context).ofProcess.get(context.pid)?.get(handle);
  if (opened === undefined) {
    throw new TroupeError(`fs.read: the process has no open file ${handle}; was it closed?`, { kind: 'NOT_FOUND' });
  }
  return await opened.read(most);
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

class OpenFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #unpacked: AsyncIterator<Buffer> | undefined;
  #gunzip: GunzipStream | undefined;
  /** What an unpacked piece still holds beyond what was asked for. */
  #rest: Uint8Array | undefined;
  #closed = false;
  /** Reads of one file take their turns, so that pieces are answered in the order asked for. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async open(file: string, gunzip: Gunzip): Promise<void> {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    this.#handle = handle;
    if (this.#closed) {
      await handle.close();
      throw closedError(this.#path);
    }
    if ((await handle.stat()).isDirectory()) throw notAFile(this.#path, 'fs.open');
    if (gunzip === true || (gunzip === 'auto' && (await looksPacked(handle)))) this.#unpack(handle);
  }

  read(most: number): Promise<Uint8Array | null> {
    const piece = this.#turn.then(() => this.#next(most));
    this.#turn = piece.catch(() => undefined);
    return piece;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#gunzip?.destroy();
    // A read under way ends first; its answer goes to nobody.
    await this.#turn;
    await this.#handle?.close().catch(() => undefined);
  }

  async #next(most: number): Promise<Uint8Array | null> {
    if (this.#closed) throw closedError(this.#path);
    try {
      return this.#unpacked === undefined ? await this.#plain(most) : await this.#packed(this.#unpacked, most);
    } catch (thrown) {
      throw this.#closed ? closedError(this.#path) : fileError(thrown, this.#path, 'fs.read');
    }
  }

  async #plain(most: number): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(most);
    const { bytesRead } = await (this.#handle as FileHandle).read(buffer, 0, most, null);
    if (bytesRead === 0) return null;
    return bytesRead === most ? buffer : buffer.slice(0, bytesRead);
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

async function looksPacked(handle: FileHandle): Promise<boolean> {
  const start = new Uint8Array(2);
  const { bytesRead } = await handle.read(start, 0, 2, 0);
  return bytesRead === 2 && start[0] === 0x1f && start[1] === 0x8b;
}

function closedError(path: string): TroupeError {
  return new TroupeError(`fs.read: "${path}" was closed`, { kind: 'INVALID' });
}
