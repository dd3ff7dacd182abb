/**
 * A folder held fast while something is done with one of its entries, so that nobody can put a link in its place between
 * the moment at which it was looked at and the moment at which it is used.
 *
 * On Linux the folder is opened (`O_PATH`: neither reading nor a device's own ways of opening are involved), the system
 * is asked where that is, and entries are named through the handle, which is what `openat` does. Elsewhere there is no
 * such name; then a path without links is all that there is, and whoever may change the folders above it can still lead
 * it astray.
 */
import { closeSync, constants, existsSync, open as openCallback, readlinkSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface Pinned {
  /** Where it is, links followed. */
  readonly real: string;
  /** By what name its entries are reached. */
  readonly path: string;
  close(): void;
}

export type Pin = (folder: string) => Promise<Pinned>;

const HANDLES = '/proc/self/fd';
/** `O_PATH` of Linux, which Node does not name; the same number on all of its platforms for Linux. */
const PATH_ONLY = 0o10000000;

const open = promisify(openCallback);

export const pinByHandle: Pin = async folder => {
  const handle = await open(folder, constants.O_RDONLY | PATH_ONLY);
  const path = `${HANDLES}/${handle}`;
  try {
    return { real: readlinkSync(path), path, close: () => closeSync(handle) };
  } catch (thrown) {
    closeSync(handle);
    throw thrown;
  }
};

export const pinByPath: Pin = async folder => {
  const real = await realpath(folder);
  return { real, path: real, close: () => undefined };
};

/** The surest that this system has. */
export const pin: Pin = process.platform === 'linux' && existsSync(HANDLES) ? pinByHandle : pinByPath;
