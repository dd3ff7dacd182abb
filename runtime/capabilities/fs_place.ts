/**
 * One place of a granted folder for one operation: how to get there, and never outside.
 *
 * A path has been looked at as text already (`fs_mounts.ts`). Here its folder is held fast (`fs_pin.ts`) and must be inside
 * with all links followed; what is done with the entry refuses links at its last step. Where such a link is to be
 * followed, the same begins anew at what it leads to. So nothing is opened, made or emptied before it is known to be inside.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TroupeError } from '../errors.ts';
import { makeFolder } from '../make_folder.ts';
import { fileError } from './fs_errors.ts';
import { isInside, type Located, type Mount, outside, resourceOf } from './fs_mounts.ts';
import { type Pin, pin } from './fs_pin.ts';

/** Links that lead to links; the system's own limit. */
const MOST_LINKS = 40;

/** How a path is followed. */
export interface Reach {
  /** A link at its last step is followed. */
  readonly follow: boolean;
  /** It need not exist; a link that leads nowhere does not say where it would be made. */
  readonly creates?: boolean;
}

export interface Asked {
  /** As the program wrote it. */
  readonly path: string;
  /** `fs.read_file` */
  readonly operation: string;
  readonly host: string;
  /** Throws where policies refuse what is really meant, which is asked where links lead to another name. */
  confirm(resource: string): void;
}

export class Place {
  readonly mount: Mount;
  readonly #file: string;
  readonly #resource: string;
  readonly #asked: Asked;
  readonly #pin: Pin;

  constructor(located: Located & { readonly mount: Mount }, asked: Asked, pinning: Pin = pin) {
    this.mount = located.mount;
    this.#file = located.file;
    this.#resource = located.resource;
    this.#asked = asked;
    this.#pin = pinning;
  }

  /**
   * Call `use` with a name of the entry, good until it answers, and the resource that it is. Where links are followed,
   * `use` must not follow one itself: it throws ELOOP instead, as `O_NOFOLLOW` does.
   */
  async reach<T>(use: (file: string, resource: string) => Promise<T>, { follow, creates }: Reach): Promise<T> {
    const { path, operation } = this.#asked;
    try {
      const root = await this.#realRoot();
      let file = this.#file;
      let resource = this.#resource;
      for (let links = 0; ; links++) {
        const isRoot = file === this.mount.root || file === root;
        const pinned = await this.#pin(isRoot ? file : dirname(file));
        try {
          const entry = isRoot ? pinned.real : join(pinned.real, basename(file));
          resource = this.#checked(root, entry, resource);
          return await use(isRoot ? `${pinned.path}/.` : `${pinned.path}/${basename(file)}`, resource);
        } catch (thrown) {
          if (!follow || (thrown as NodeJS.ErrnoException).code !== 'ELOOP' || links === MOST_LINKS) throw thrown;
          file = await this.#target(join(pinned.path, basename(file)), thrown, creates === true);
        } finally {
          pinned.close();
        }
      }
    } catch (thrown) {
      throw fileError(thrown, path, operation);
    }
  }

  /** Call `use` with a name of the folder that the path leads to, good until it answers. */
  async inside<T>(use: (folder: string) => Promise<T>): Promise<T> {
    const { path, operation } = this.#asked;
    try {
      const root = await this.#realRoot();
      const pinned = await this.#pin(this.#file);
      try {
        this.#checked(root, pinned.real, this.#resource);
        return await use(pinned.path);
      } finally {
        pinned.close();
      }
    } catch (thrown) {
      throw fileError(thrown, path, operation);
    }
  }

  /** With `flags` of the system. Opening a pipe that nobody writes to does not wait. */
  open(flags: number, reach: Reach): Promise<Opened> {
    const all = flags | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    return this.reach(async (file, resource) => {
      // Where the system cannot be told to refuse a link, somebody must look.
      if (constants.O_NOFOLLOW === undefined && (await isLink(file))) throw linkFound();
      return { handle: await open(file, all, 0o666), resource };
    }, reach);
  }

  #checked(root: string, real: string, known: string): string {
    const { path, operation, host, confirm } = this.#asked;
    if (!isInside(real, root)) throw outside(path, operation, host, `"${this.mount.shown}", links followed`);
    const resource = resourceOf(this.mount, root, real);
    if (resource !== known) confirm(resource);
    return resource;
  }

  /** Where the link `entry` leads to. */
  async #target(entry: string, isLink: unknown, creates: boolean): Promise<string> {
    try {
      return await realpath(entry);
    } catch (thrown) {
      throw creates && (thrown as NodeJS.ErrnoException).code === 'ENOENT' ? isLink : thrown;
    }
  }

  async #realRoot(): Promise<string> {
    const { root, shown, made } = this.mount;
    try {
      return await realpath(root);
    } catch {
      if (made) {
        makeFolder(root);
        return await realpath(root);
      }
      throw new TroupeError(
        `the folder that ${this.#asked.host} grants does not exist (fs root "${shown}", relative to the deployment's folder)`,
        { kind: 'NOT_FOUND' },
      );
    }
  }
}

export interface Opened {
  readonly handle: FileHandle;
  /** What it is, links followed. */
  readonly resource: string;
}

/** What `use` of `Place.reach` throws where it finds a link. */
export function linkFound(): NodeJS.ErrnoException {
  return Object.assign(new Error('ELOOP'), { code: 'ELOOP' });
}

async function isLink(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => undefined))?.isSymbolicLink() === true;
}
