/**
 * Tells when something happens to a file or folder below a folder.
 *
 * One watch a folder, and none a file, so that it does not matter how an editor saves (in place, or another file renamed
 * into place). A folder that appears is watched before it is told of, so what is put into it later is told, too; what is in
 * it already is for the listener to look at. The folder itself may go and come back.
 */
import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import type { Clock } from '../clock.ts';
import { TroupeError } from '../errors.ts';
import { lookAt, lookAtItself } from '../look_at.ts';

export interface WatchListener {
  /** Something happened to what has this absolute path; `folder`: it is one now, or was one that was watched. */
  changed(path: string, folder: boolean): void;
  /** The folder itself is not there any more. */
  gone(): void;
  /** It is there again; all that it holds may be different. */
  back(): void;
  /** From now on some changes will not be seen. */
  failed(error: TroupeError): void;
}

/** Milliseconds between two looks whether the folder is back. */
const LOOK_EVERY = 100;

export class FolderWatch {
  readonly #root: string;
  readonly #skips: (name: string) => boolean;
  readonly #listener: WatchListener;
  readonly #clock: Clock;
  readonly #watches = new Map<string, FSWatcher>();
  /** Folders that are watched although their names are skipped. */
  readonly #also = new Set<string>();
  #looking: unknown;
  #closed = false;

  /** `root`: absolute and without links. `skips`: names of folders that are not watched, nor what is in them. */
  constructor(root: string, skips: (name: string) => boolean, listener: WatchListener, clock: Clock) {
    this.#root = root;
    this.#skips = skips;
    this.#listener = listener;
    this.#clock = clock;
    this.#watchTree(root);
    if (!this.#watches.has(root)) this.#lost();
  }

  /** Watch the folders of these files too, whatever their names; not those outside of the root, nor in packages. */
  alsoFoldersOf(paths: Iterable<string>): void {
    for (const path of paths) {
      const folder = dirname(path);
      if (!folder.startsWith(this.#root + sep) || this.#watches.has(folder)) continue;
      if (folder.includes(`${sep}node_modules${sep}`, this.#root.length)) continue;
      // Files that would be read if they existed may be asked for below what is a file itself.
      if (lookAt(folder)?.isDirectory() === false) continue;
      this.#also.add(folder);
      this.#watch(folder);
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#looking !== undefined) this.#clock.disarm(this.#looking);
    this.#unwatchTree(this.#root);
  }

  #watchTree(folder: string): void {
    this.#watch(folder);
    if (!this.#watches.has(folder)) return;
    try {
      for (const item of readdirSync(folder, { withFileTypes: true })) {
        if (item.isDirectory() && !this.#skips(item.name)) this.#watchTree(join(folder, item.name));
      }
    } catch {
      // It has gone meanwhile, which its watch tells.
    }
  }

  #watch(folder: string): void {
    if (this.#closed || this.#watches.has(folder)) return;
    try {
      const watcher = watch(folder, (event, name) => this.#happened(folder, event, name));
      watcher.on('error', () => this.#folderItself(folder));
      this.#watches.set(folder, watcher);
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      // One that has gone, or that nobody may look into, holds nothing that a deployment reads.
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EPERM') return;
      this.#listener.failed(cannotWatch(folder, code));
    }
  }

  #unwatchTree(folder: string): boolean {
    const found = this.#watches.has(folder);
    for (const [path, watcher] of this.#watches) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      this.#watches.delete(path);
    }
    return found;
  }

  #happened(folder: string, event: 'rename' | 'change', name: string | null): void {
    // A watch that was closed may have had something to say still.
    if (this.#closed || !this.#watches.has(folder)) return;
    if (name === null) {
      this.#listener.changed(folder, true);
      return;
    }
    // A folder's own end is told under its own name, like that of a child which has the same.
    if (event === 'rename' && name === basename(folder)) this.#folderItself(folder);
    if (!this.#watches.has(folder)) return;
    const path = join(folder, name);
    if (event === 'change') {
      if (!this.#watches.has(path)) this.#listener.changed(path, false);
      return;
    }
    // The watch of a folder that went, and came back under this name, is of no use any more.
    const was = this.#unwatchTree(path);
    const is = lookAtItself(path)?.isDirectory() === true;
    if (is && (!this.#skips(name) || this.#isAlso(path))) this.#watchAgain(path);
    else if (is && !was) return;
    this.#listener.changed(path, is || was);
  }

  #isAlso(folder: string): boolean {
    for (const also of this.#also) if (also === folder || also.startsWith(folder + sep)) return true;
    return false;
  }

  #watchAgain(folder: string): void {
    if (folder === this.#root || !this.#skips(basename(folder))) this.#watchTree(folder);
    for (const also of this.#also) if (also === folder || also.startsWith(folder + sep)) this.#watch(also);
  }

  /** Something happened to a folder that is watched: is it there still? */
  #folderItself(folder: string): void {
    this.#unwatchTree(folder);
    if (lookAt(folder)?.isDirectory() === true) this.#watchAgain(folder);
    if (folder === this.#root && !this.#watches.has(folder)) this.#lost();
    else this.#listener.changed(folder, true);
  }

  #lost(): void {
    this.#listener.gone();
    const look = (): void => {
      this.#looking = undefined;
      if (this.#closed) return;
      if (lookAt(this.#root)?.isDirectory() === true) {
        this.#watchAgain(this.#root);
        if (this.#watches.has(this.#root)) {
          this.#listener.back();
          return;
        }
      }
      this.#looking = this.#clock.arm(LOOK_EVERY, look);
    };
    this.#looking = this.#clock.arm(LOOK_EVERY, look);
  }
}

function cannotWatch(folder: string, code: string | undefined): TroupeError {
  const remedy =
    code === 'ENOSPC'
      ? 'the system allows no more watches; raise fs.inotify.max_user_watches (sysctl)'
      : code === 'EMFILE'
        ? 'the system allows no more open files or watching programs; raise fs.inotify.max_user_instances (sysctl)'
        : `it says ${code}`;
  return new TroupeError(`changes in ${folder} will not be seen: ${remedy}`, { kind: 'UNAVAILABLE' });
}
