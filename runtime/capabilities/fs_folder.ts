/**
 * One granted folder: which file of the disk a program's path means, and never one outside of the folder.
 *
 * A path is looked at twice: as text, so that `..` and absolute paths cannot name anything outside (whether or not it
 * exists), and after following every symbolic link. What is opened is the followed path, with links refused at its
 * last step. Programs cannot make links. Somebody who swaps a folder for a link between check and opening is
 * outside of what this guards against: a link that leads out must have been put there by others, and a program that
 * may write could move it.
 */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { getSystemErrorMap, TextDecoder } from 'node:util';
import { type ErrorKind, TroupeError } from '../errors.ts';
import { formatSize } from '../size.ts';

const MOST_WHOLE = 64 * 1024 * 1024;

export class Folder {
  readonly #root: string;
  readonly #start: string;
  readonly #shown: string;
  readonly #host: string;

  /** `deployment` is absolute; `root` is relative to it or absolute. */
  constructor(deployment: string, root: string, relativeTo: 'root' | 'working_directory', host: string) {
    this.#root = resolve(deployment, root);
    this.#start = relativeTo === 'root' ? this.#root : process.cwd();
    this.#shown = root;
    this.#host = host;
  }

  /** Absolute path, links followed, of something that exists. */
  async existing(path: string, operation: string): Promise<string> {
    const named = this.#inside(path, operation);
    const root = await this.#realRoot();
    try {
      return this.#guard(await realpath(named), root, path, operation);
    } catch (thrown) {
      throw fileError(thrown, path, operation);
    }
  }

  /** `existing`, or, where links are not followed, `entry`. */
  found(path: string, operation: string, follow: boolean): Promise<string> {
    return follow ? this.existing(path, operation) : this.entry(path, operation);
  }

  /** Absolute path for a file that may not exist yet; the folder it lies in must. */
  async creatable(path: string, operation: string): Promise<string> {
    const named = this.#inside(path, operation);
    const root = await this.#realRoot();
    try {
      return this.#guard(await realpath(named), root, path, operation);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(thrown, path, operation);
    }
    try {
      const parent = this.#guard(await realpath(dirname(named)), root, path, operation);
      return join(parent, basename(named));
    } catch (thrown) {
      throw fileError(thrown, path, operation);
    }
  }

  /**
   * Absolute path of an entry of a folder as it is: a link at the last step is not followed. It need not exist; the folder
   * it lies in must. `change`: the granted folder itself is refused.
   */
  async entry(path: string, operation: string, change = false): Promise<string> {
    const named = this.#inside(path, operation);
    const root = await this.#realRoot();
    if (named === this.#root) {
      if (!change) return root;
      throw new TroupeError(`${operation}: the folder that ${this.#host} grants can be neither moved nor removed`, {
        kind: 'PERMISSION_DENIED',
        retryable: false,
        details: { code: 'EBUSY' },
      });
    }
    try {
      return join(this.#guard(await realpath(dirname(named)), root, path, operation), basename(named));
    } catch (thrown) {
      throw fileError(thrown, path, operation);
    }
  }

  #inside(path: string, operation: string): string {
    if (path.includes('\0')) {
      throw new TroupeError(`${operation}: a path cannot hold a zero byte`, { kind: 'INVALID' });
    }
    return this.#guard(resolve(this.#start, path), this.#root, path, operation);
  }

  #guard(found: string, root: string, path: string, operation: string): string {
    if (found === root || found.startsWith(root.endsWith(sep) ? root : root + sep)) return found;
    throw new TroupeError(
      `${operation}: "${path}" lies outside of the folder that ${this.#host} grants (fs root "${this.#shown}")`,
      { kind: 'PERMISSION_DENIED', retryable: false },
    );
  }

  async #realRoot(): Promise<string> {
    try {
      return await realpath(this.#root);
    } catch {
      throw new TroupeError(
        `the folder that ${this.#host} grants does not exist (fs root "${this.#shown}", relative to the deployment's folder)`,
        { kind: 'NOT_FOUND' },
      );
    }
  }
}

/** A regular file's content, as text or as bytes. `file` is a path that `Folder` gave. */
export async function readWhole(
  file: string,
  path: string,
  operation: string,
  bytes: boolean,
): Promise<string | Uint8Array> {
  try {
    // Opening a pipe without a writer would block a thread of Node's pool for ever; NONBLOCK does not.
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      if (found.isDirectory()) throw notAFile(path, operation);
      if (found.size > MOST_WHOLE) {
        throw new TroupeError(
          `${operation}: "${path}" is ${formatSize(found.size)}; larger than ${formatSize(MOST_WHOLE)} must be read by open and read`,
          { kind: 'INVALID' },
        );
      }
      const content = await handle.readFile();
      return bytes ? new Uint8Array(content) : decodeUtf8(content, path, operation);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw fileError(thrown, path, operation);
  }
}

export async function writeWhole(
  file: string,
  content: string | Uint8Array,
  path: string,
  operation: string,
  append: boolean,
  exclusive: boolean,
): Promise<void> {
  const flags =
    constants.O_WRONLY |
    constants.O_CREAT |
    constants.O_NOFOLLOW |
    constants.O_NONBLOCK |
    (append ? constants.O_APPEND : constants.O_TRUNC) |
    (exclusive ? constants.O_EXCL : 0);
  try {
    const handle = await open(file, flags, 0o666);
    try {
      await handle.writeFile(content);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw fileError(thrown, path, operation);
  }
}

export function notAFile(path: string, operation: string): TroupeError {
  return new TroupeError(`${operation}: "${path}" is a folder, not a file`, {
    kind: 'INVALID',
    details: { code: 'EISDIR' },
  });
}

const FILE_ERRORS: { readonly [code: string]: readonly [ErrorKind, string] } = {
  ENOENT: ['NOT_FOUND', 'there is no such file or folder'],
  EACCES: ['PERMISSION_DENIED', 'the operating system denies access'],
  EPERM: ['PERMISSION_DENIED', 'the operating system does not permit it'],
  EROFS: ['PERMISSION_DENIED', 'the disk is read-only'],
  EEXIST: ['ALREADY_EXISTS', 'it exists already'],
  ENOTDIR: ['INVALID', 'a part of the path is not a folder'],
  EISDIR: ['INVALID', 'it is a folder'],
  ENAMETOOLONG: ['INVALID', 'the name is too long'],
  ELOOP: ['PERMISSION_DENIED', 'it is a symbolic link that leads nowhere or in a circle'],
  ENXIO: ['INVALID', 'it is a pipe or device that nobody reads'],
  ENOSPC: ['UNAVAILABLE', 'the disk is full'],
  EDQUOT: ['UNAVAILABLE', 'the disk quota is used up'],
  EBADF: ['INVALID', 'it was not opened for this'],
  EINVAL: ['INVALID', 'it cannot be done with this'],
  ENOTEMPTY: ['CONFLICT', 'the folder is not empty'],
  EBUSY: ['UNAVAILABLE', 'it is in use'],
  EXDEV: ['INVALID', 'it lies on another disk'],
  EFBIG: ['INVALID', 'the file would become too large'],
  EMFILE: ['UNAVAILABLE', 'too many files are open'],
  ENFILE: ['UNAVAILABLE', 'too many files are open'],
};

/**
 * What the operating system or zlib said, in the words and kinds of the system; `details.code` is the operating system's
 * own (`ENOENT`). The path is shown as the program gave it.
 */
export function fileError(thrown: unknown, path: string, operation: string): TroupeError {
  if (thrown instanceof TroupeError) return thrown;
  const code = (thrown as NodeJS.ErrnoException).code ?? '';
  const known = FILE_ERRORS[code];
  if (known !== undefined) {
    const [kind, text] = known;
    return new TroupeError(`${operation}: "${path}": ${text}`, {
      kind,
      retryable: kind === 'UNAVAILABLE',
      details: { code },
    });
  }
  if (code.startsWith('Z_')) {
    return new TroupeError(`${operation}: "${path}" is damaged or cut off: ${(thrown as Error).message}`, {
      kind: 'INVALID',
    });
  }
  // The message of any other error of the operating system has the path on this machine, which is not the program's to know.
  const { errno = 0, message } = thrown as NodeJS.ErrnoException;
  const text = getSystemErrorMap().get(errno)?.[1] ?? (code === '' ? message : code);
  return new TroupeError(`${operation}: "${path}": ${text}`, {
    kind: 'INTERNAL',
    details: code === '' ? undefined : { code },
  });
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(content: Uint8Array, path: string, operation: string): string {
  try {
    return UTF_8.decode(content);
  } catch {
    throw new TroupeError(`${operation}: "${path}" is not UTF-8 text; read it with {bytes: true}`, { kind: 'INVALID' });
  }
}
