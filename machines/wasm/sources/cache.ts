/**
 * What compilers and the transform made, on disk, so that a deployment that did not change starts without them. A cache is
 * never needed: whatever is wrong with its folder or with a file in it costs time and nothing else.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  futimesSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { threadId } from 'node:worker_threads';
import { systemClock } from '../../../runtime/clock.ts';
import { makeFolder } from '../../../runtime/make_folder.ts';
import { CACHE_LIMIT, sweepCache } from './cache_sweep.ts';

/** What is kept under one key. */
export interface Kept {
  /** What its maker wants to know about it: anything that can be cloned. */
  readonly note: unknown;
  readonly output: Uint8Array;
}

/** A file is: sha256 of all that follows, length of the note (u32, little-endian), note, output. */
const HASH_BYTES = 32;
const LENGTH_BYTES = 4;
/** Larger files are not kept, so that a few of them do not push out all others. */
const LARGEST = CACHE_LIMIT / 4;
/** Bytes that a thread writes between two sweeps. */
const SWEEP_EVERY = CACHE_LIMIT / 16;
/** Milliseconds after which a use is noted again in the time of the file. */
const USE_RESOLUTION = 3_600_000;

let written = 0;
let unswept = SWEEP_EVERY;

/**
 * `$XDG_CACHE_HOME/troupe`; without it `node_modules/.cache/troupe` of the nearest folder above `root` that has a
 * `node_modules`; else `.cache/troupe` in the home folder. Undefined where there is no home folder either.
 */
export function cacheFolder(root: string): string | undefined {
  const given = process.env.XDG_CACHE_HOME;
  if (given !== undefined && isAbsolute(given)) return join(given, 'troupe');
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules'))) return join(folder, 'node_modules', '.cache', 'troupe');
    if (dirname(folder) === folder) break;
  }
  try {
    const home = homedir();
    return isAbsolute(home) ? join(home, '.cache', 'troupe') : undefined;
  } catch {
    // A user id that the system does not know.
    return undefined;
  }
}

export function sha256(content: Uint8Array | string): string {
  return hash(content).toString('hex');
}

/** What is kept under `key`; undefined for anything missing or damaged. */
export function readCached(folder: string | undefined, key: string): Kept | undefined {
  if (folder === undefined) return undefined;
  try {
    const file = readWhole(join(folder, key));
    if (file === undefined || file.length < HASH_BYTES + LENGTH_BYTES) return undefined;
    const content = file.subarray(HASH_BYTES);
    if (!hash(content).equals(file.subarray(0, HASH_BYTES))) return undefined;
    const end = LENGTH_BYTES + content.readUInt32LE(0);
    // A copy: the buffer of the file is larger, and what is sent to threads is sent with its whole buffer.
    return { note: deserialize(content.subarray(LENGTH_BYTES, end)), output: new Uint8Array(content.subarray(end)) };
  } catch {
    return undefined;
  }
}

/** Keep an output, if that is possible. */
export function writeCached(folder: string | undefined, key: string, note: unknown, output: Uint8Array): void {
  if (folder === undefined || output.length > LARGEST) return;
  const noted = serialize(note);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(noted.length);
  const content = Buffer.concat([length, noted, output]);
  // Renamed into place when it is whole, so that a reader never sees half of it, whoever else writes the same.
  const unfinished = join(folder, `${key}.${process.pid}.${threadId}.${++written}`);
  try {
    makeFolder(folder, 0o700);
    writeFileSync(unfinished, Buffer.concat([hash(content), content]), { flag: 'wx', mode: 0o600 });
    renameSync(unfinished, join(folder, key));
  } catch {
    removeQuietly(unfinished);
    return;
  }
  unswept += content.length;
  if (unswept < SWEEP_EVERY) return;
  unswept = 0;
  void sweepCache(folder);
}

function hash(content: Uint8Array | string): Buffer {
  return createHash('sha256').update(content).digest();
}

/** Undefined for what is no ordinary file or too large for one of ours. Notes the use for `sweepCache`. */
function readWhole(path: string): Buffer | undefined {
  // Opening a pipe would wait for somebody to write to it.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > LARGEST * 2) return undefined;
    const now = systemClock.unix();
    if (now - stat.mtimeMs > USE_RESOLUTION) noteUse(file, now);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function noteUse(file: number, now: number): void {
  try {
    futimesSync(file, now / 1000, now / 1000);
  } catch {
    // Somebody else's file, or one that cannot be changed: it can be read all the same.
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder is none.
  }
}
