/**
 * What a host grants with `fs`, and which of its folders a program's path means. Decided by the text alone, so that what
 * lies outside cannot be named whether or not it exists.
 */
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { always, text } from '../registry/schema.ts';
import { dataOf } from '../registry/kinds.ts';
import type { CallContext, EntryReference } from './capability.ts';
import { fullId } from './full_id.ts';
import { servicesOf } from './services.ts';

const MOUNT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

const mountSchema = always(
  z.strictObject({
    /** A folder, relative to the deployment's. */
    path: text().optional(),
    /** The same by the id of an `fs.directory`. */
    directory: text().optional(),
    read_only: z.boolean().default(true),
  }),
  (value, report) => {
    if ('path' in value !== 'directory' in value) return;
    report([], 'a mount is one folder: give it "path: <folder>" or "directory: <id of an fs.directory>"');
  },
);

export const fsSettings = always(
  z.strictObject({
    /** The folder that programs see, relative to the deployment's folder. */
    root: z.string().min(1).default('.'),
    /** Whether they may change it. */
    write: z.boolean().default(false),
    /** Where a relative path starts: at the root, or at the folder in which the command was given. */
    relative_to: z.enum(['root', 'working_directory']).default('root'),
    /** Several folders, instead of one: the first part of a path says which. */
    mounts: z.record(z.string(), mountSchema).optional(),
  }),
  (value, report) => {
    if (value.mounts === undefined) return;
    for (const name of Object.keys(value.mounts)) {
      if (MOUNT_NAME.test(name)) continue;
      report(
        ['mounts', name],
        `"${name}" cannot be the first part of a path; write letters, digits, "_", "-" and "."`,
        {
          at: 'key',
        },
      );
    }
    if (value.root !== '.' || value.write !== false || value.relative_to !== 'root') {
      report(['mounts'], 'mounts take the place of root, write and relative_to; keep one of the two', { at: 'key' });
    }
  },
);

export type FsSettings = z.infer<typeof fsSettings>;

export function mountReferences({ mounts = {} }: FsSettings): EntryReference[] {
  return Object.entries(mounts).flatMap(([name, { directory }]) =>
    directory === undefined
      ? []
      : [{ path: ['mounts', name, 'directory'], id: directory, kinds: ['fs.directory'] as const }],
  );
}

/** One granted folder. */
export interface Mount {
  /** The first part of the paths that lead to it; empty where it is the only one. */
  readonly name: string;
  /** Absolute. */
  readonly root: string;
  /** As its grant names it, for messages. */
  readonly shown: string;
  readonly readOnly: boolean;
  /** It is made where it is missing. */
  readonly made: boolean;
}

/** What a path means. */
export interface Located {
  /** Undefined: the top of several folders, which is no folder itself. */
  readonly mount: Mount | undefined;
  /** Absolute, without `..`, links not followed. */
  readonly file: string;
  /** What policies are asked about: from the top of what is granted, with `/` between; `.` for the top itself. */
  readonly resource: string;
}

export class Mounts {
  readonly #host: string;
  readonly #named: ReadonlyMap<string, Mount>;
  /** The only one, and where its relative paths start. */
  readonly #single: { readonly mount: Mount; readonly start: string } | undefined;

  constructor(context: CallContext, settings: FsSettings) {
    this.#host = context.host;
    const { root } = servicesOf(context);
    if (settings.mounts === undefined) {
      const folder = resolve(root, settings.root);
      const mount = { name: '', root: folder, shown: settings.root, readOnly: !settings.write, made: false };
      this.#single = { mount, start: settings.relative_to === 'root' ? folder : process.cwd() };
      this.#named = new Map();
      return;
    }
    this.#single = undefined;
    this.#named = new Map(
      Object.entries(settings.mounts).map(([name, { path, directory, read_only }]) => [
        name,
        path === undefined
          ? mountOfEntry(context, root, name, directory as string, read_only)
          : { name, root: resolve(root, path), shown: path, readOnly: read_only, made: false },
      ]),
    );
  }

  /** Names of several folders, sorted. */
  get names(): readonly string[] {
    return [...this.#named.keys()].sort();
  }

  /** Throws INVALID for what cannot be a path, PERMISSION_DENIED for what lies outside. */
  locate(path: string, operation: string): Located {
    if (path.includes('\0')) {
      throw new TroupeError(`${operation}: a path cannot hold a zero byte`, { kind: 'INVALID' });
    }
    if (this.#single === undefined) return this.#among(path, operation);
    const { mount, start } = this.#single;
    const file = resolve(start, path);
    if (!isInside(file, mount.root)) throw outside(path, operation, this.#host, `fs root "${mount.shown}"`);
    return { mount, file, resource: resourceOf(mount, mount.root, file) };
  }

  #among(path: string, operation: string): Located {
    const parts: string[] = [];
    for (const part of path.split(sep === '/' ? '/' : /[\\/]/)) {
      if (part === '' || part === '.') continue;
      if (part !== '..') parts.push(part);
      else if (parts.pop() === undefined) {
        throw outside(path, operation, this.#host, `mounts ${this.names.join(', ')}`);
      }
    }
    const [name, ...below] = parts;
    if (name === undefined) return { mount: undefined, file: '', resource: '.' };
    const mount = this.#named.get(name);
    if (mount === undefined) {
      throw new TroupeError(
        `${operation}: "${path}": there is no folder "${name}"; ${this.#host} grants ${this.names.join(', ')}`,
        { kind: 'NOT_FOUND', details: { code: 'ENOENT' } },
      );
    }
    const file = resolve(mount.root, ...below);
    // On Windows a part such as `C:` would lead elsewhere.
    if (!isInside(file, mount.root)) throw outside(path, operation, this.#host, `mount ${name}`);
    return { mount, file, resource: resourceOf(mount, mount.root, file) };
  }
}

const known = new WeakMap<FsSettings, Mounts>();

/** The folders of a grant. Settings belong to one host of one runtime, so they are worked out once. */
export function mountsOf(context: CallContext, settings: FsSettings): Mounts {
  let mounts = known.get(settings);
  if (mounts === undefined) known.set(settings, (mounts = new Mounts(context, settings)));
  return mounts;
}

/** `root` is the granted folder, with or without links followed, as `file` is. */
export function resourceOf(mount: Mount, root: string, file: string): string {
  const below = relative(root, file).split(sep).join('/');
  if (mount.name === '') return below === '' ? '.' : below;
  return below === '' ? mount.name : `${mount.name}/${below}`;
}

export function isInside(file: string, folder: string): boolean {
  return file === folder || file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

export function outside(path: string, operation: string, host: string, granted: string): TroupeError {
  return new TroupeError(`${operation}: "${path}" lies outside of what ${host} grants (${granted})`, {
    kind: 'PERMISSION_DENIED',
    retryable: false,
  });
}

function mountOfEntry(context: CallContext, root: string, name: string, directory: string, readOnly: boolean): Mount {
  const id = fullId(directory, context.host);
  const entry = context.entries?.get(id);
  const data = entry && dataOf(entry, 'fs.directory');
  if (entry === undefined || data === undefined) {
    throw new TroupeError(`mount "${name}" of ${context.host}: there is no fs.directory "${id}"`, {
      kind: 'NOT_FOUND',
    });
  }
  // Relative to the YAML file that says so.
  const folder = isAbsolute(data.directory) ? data.directory : resolve(root, dirname(entry.place.file), data.directory);
  return { name, root: folder, shown: id, readOnly: readOnly || data.read_only, made: data.auto_init };
}
