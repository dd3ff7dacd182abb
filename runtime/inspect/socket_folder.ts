/**
 * Where the sockets of running deployments are: a folder that only its owner can enter, which is what keeps everybody
 * else out. So nothing is opened there, and nothing found there is believed, before the folder was looked at.
 *
 * A socket's name is made of the folder of the deployment, of the number of the operating system's process, and of a
 * count: `3f9a0c...-4711-1.sock`.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { TroupeError } from '../errors.ts';
import { lookAt } from '../look_at.ts';
import { makeFolder } from '../make_folder.ts';

type Environment = { readonly [name: string]: string | undefined };

const WINDOWS = process.platform === 'win32';
/** Bytes that the system has for the path of a socket, with the end of the text. */
const LONGEST_PATH = process.platform === 'linux' ? 107 : 103;
const NAME = /^([0-9a-f]{16})-(\d{1,10})-(\d{1,4})\.sock$/;

/** A socket as it is found in a folder. */
export interface SocketFile {
  readonly path: string;
  /** See `deploymentKey`. */
  readonly key: string;
  /** Number of the process that has opened it. */
  readonly pid: number;
}

/** What the names of a deployment's sockets begin with. `root`: absolute, without links. */
export function deploymentKey(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 16);
}

/** The folder in which a runtime opens its socket. */
export function socketFolder(environment: Environment = process.env): string {
  return socketFolders(environment)[0];
}

/** All in which one may be: a runtime can have been started without the environment of a session. */
export function socketFolders(environment: Environment = process.env): string[] {
  if (WINDOWS) return [join(environment.LOCALAPPDATA ?? userInfo().homedir, 'troupe', 'run')];
  const shared = join(tmpdir(), `troupe-${process.getuid!()}`);
  const session = environment.XDG_RUNTIME_DIR;
  if (session === undefined || !isAbsolute(session) || !isFolder(session)) return [shared];
  return [join(session, 'troupe'), shared];
}

/** Make the folder where it is missing. Throws PERMISSION_DENIED where others could get in. */
export function openSocketFolder(folder: string): void {
  try {
    if (WINDOWS) makeFolder(folder);
    else mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      throw new TroupeError(`cannot make the folder for sockets: ${message}`, {
        kind: 'UNAVAILABLE',
        retryable: false,
      });
    }
  }
  if (!isSafeFolder(folder)) throw unsafe(folder, 'it has just been removed');
}

/** False: there is none. Throws PERMISSION_DENIED where others could get in, or could put another one in its place. */
export function isSafeFolder(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.isSymbolicLink()) throw unsafe(folder, 'it is a symbolic link');
  if (!found.isDirectory()) throw unsafe(folder, 'it is no folder');
  // What is below a user's profile is that user's there.
  if (WINDOWS) return true;
  const self = process.getuid!();
  if (found.uid !== self) throw unsafe(folder, `it belongs to user ${found.uid}, not to ${self}`);
  if ((found.mode & 0o077) !== 0) throw unsafe(folder, `its permissions are ${octal(found.mode)}, not 0700`);
  const around = dirname(folder);
  const { uid, mode } = statSync(around);
  if (uid !== self && uid !== 0) throw unsafe(folder, `${around} belongs to user ${uid}, not to ${self}`);
  // In a folder with the sticky bit others can make files, but not replace those of somebody else.
  if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) {
    throw unsafe(folder, `others may write in ${around}: its permissions are ${octal(mode)}`);
  }
  return true;
}

/** Sockets in a folder that is safe, by name; of one deployment, or of all. */
export function listSockets(folder: string, key?: string): SocketFile[] {
  const files: SocketFile[] = [];
  for (const name of readdirSync(folder).sort()) {
    const parts = NAME.exec(name);
    if (parts === null || (key !== undefined && parts[1] !== key)) continue;
    files.push({ path: join(folder, name), key: parts[1], pid: Number(parts[2]) });
  }
  return files;
}

/** The path of a new socket. Throws INVALID where it would be too long for the system. */
export function socketPath(folder: string, key: string, pid: number, count: number): string {
  const path = join(folder, `${key}-${pid}-${count}.sock`);
  if (!WINDOWS && Buffer.byteLength(path) > LONGEST_PATH) {
    throw new TroupeError(
      `the path of a socket may have ${LONGEST_PATH} bytes, and ${path} has more; set XDG_RUNTIME_DIR or TMPDIR to a shorter folder`,
      { kind: 'INVALID', retryable: false },
    );
  }
  return path;
}

/**
 * What to listen on for a socket's path. On Windows sockets have no place in folders: the file has the name of a pipe,
 * which nobody can guess.
 */
export function newAddress(path: string): string {
  if (!WINDOWS) return path;
  const pipe = `\\\\.\\pipe\\troupe-${randomBytes(16).toString('hex')}`;
  // Fails where the file is there, as listening does elsewhere.
  writeFileSync(path, pipe, { flag: 'wx' });
  return pipe;
}

/** What to connect to. Throws the system's error. */
export function addressOf(path: string): string {
  return WINDOWS ? readFileSync(path, 'utf8') : path;
}

/** Nobody else may even connect, whatever the mask for new files says. */
export function closeToOthers(path: string): void {
  if (!WINDOWS) chmodSync(path, 0o600);
}

/** Whether there was one. */
export function removeSocket(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

/** `root` as deployments have it: absolute, without links. Throws NOT_FOUND. */
export function realRoot(root: string): string {
  try {
    return realpathSync(root);
  } catch {
    throw new TroupeError(`there is no folder "${root}"`, { kind: 'NOT_FOUND', retryable: false });
  }
}

function isFolder(path: string): boolean {
  return lookAt(path)?.isDirectory() === true;
}

function octal(mode: number): string {
  return `0${(mode & 0o7777).toString(8)}`;
}

function unsafe(folder: string, why: string): TroupeError {
  return new TroupeError(
    `the folder for sockets ${folder} is not safe: ${why}; remove it, or give it back to its owner alone`,
    {
      kind: 'PERMISSION_DENIED',
      retryable: false,
      details: { folder },
    },
  );
}
