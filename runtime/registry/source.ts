/** `source:` and other texts that may be `file://...`: read from inside the deployment folder, or inline. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import type { Place, Source } from './entry.ts';
import type { ProblemList } from './problem.ts';
import { isInside } from './scan.ts';
import { didYouMean } from './suggest.ts';
import { quote } from './words.ts';

const SCHEME = 'file://';
const PROGRAM_EXTENSIONS: ReadonlySet<string> = new Set(['.lua', '.ts', '.js', '.mjs', '.wasm', '.wat', '.wit']);

interface File {
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

interface Refusal {
  readonly message: string;
  readonly kind: 'NOT_FOUND' | 'PERMISSION_DENIED' | 'INVALID' | 'UNAVAILABLE';
}

/** Where a text is written. */
export interface Written {
  /** The key, for messages. */
  readonly key: string;
  readonly text: string;
  /** The YAML file, relative to the root. */
  readonly file: string;
  readonly place: Place;
  /** Names inline text in messages. */
  readonly id: string;
}

/**
 * Reads each file once, however many entries name it. What was read stays as it was: a deployment that is made anew from
 * the same declarations has the same programs, whatever became of the files since.
 */
export class SourceReader {
  private readonly root: string;
  private readonly closed: string | undefined;
  private readonly files = new Map<string, File | Refusal>();

  /** `root`: absolute and without links. `closed`: why no files may be read, as a sentence; undefined: they may. */
  constructor(root: string, closed?: string) {
    this.root = root;
    this.closed = closed;
  }

  /** Undefined, and a problem added, where the file cannot be read. */
  read(written: Written, problems: ProblemList): Source | undefined {
    const { key, text, place } = written;
    if (!text.startsWith(SCHEME)) return inline(written, this.closed, problems);
    if (this.closed !== undefined) {
      problems.add(place, `${key}: ${this.closed}`, 'PERMISSION_DENIED');
      return undefined;
    }
    const relative = text.slice(SCHEME.length);
    const path = resolve(this.root, dirname(written.file), relative);
    const name = path
      .slice(this.root.length)
      .replace(/^[\\/]/, '')
      .replaceAll('\\', '/');
    let file = this.files.get(path);
    if (file === undefined) {
      file = this.load(path, relative);
      this.files.set(path, file);
    }
    if ('bytes' in file) return { ...file, path, name, place };
    problems.add(place, `${key}: ${file.message}`, file.kind);
    return undefined;
  }

  private load(path: string, relative: string): File | Refusal {
    if (relative === '') return { message: 'file:// names no file; write file://main.lua', kind: 'INVALID' };
    if (relative.startsWith('/')) {
      return {
        message: `write the path relative to this file (file://main.lua), not from the root of the disk (${relative})`,
        kind: 'PERMISSION_DENIED',
      };
    }
    const outside: Refusal = {
      message: `${relative} lies outside of the deployment folder; move the file into it`,
      kind: 'PERMISSION_DENIED',
    };
    if (!isInside(this.root, path)) return outside;
    try {
      const real = realpathSync.native(path);
      // A link inside the folder may lead out of it.
      if (!isInside(this.root, real)) return outside;
      if (!statSync(real).isFile()) {
        return { message: `${relative} is not a file; name the file that holds the program`, kind: 'INVALID' };
      }
      const bytes = new Uint8Array(readFileSync(real));
      return { bytes, sha256: sha256(bytes) };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ENOTDIR') {
        return { message: `there is no file ${relative}${suggestFile(path)}`, kind: 'NOT_FOUND' };
      }
      return { message: `${relative} cannot be read (${code}); check its permissions`, kind: 'UNAVAILABLE' };
    }
  }
}

function inline(
  { key, text, place, id }: Written,
  closed: string | undefined,
  problems: ProblemList,
): Source | undefined {
  if (/^\S+$/.test(text) && PROGRAM_EXTENSIONS.has(extname(text))) {
    problems.add(place, `${key}: ${quote(text)} looks like a file; write ${SCHEME}${text} to have it read`);
    return undefined;
  }
  const bytes = new TextEncoder().encode(text);
  const source = { bytes, sha256: sha256(bytes), path: undefined, name: id, place };
  return closed === undefined ? source : { ...source, closed };
}

/** Lower-case hexadecimal; of a text, that of its UTF-8. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

function suggestFile(path: string): string {
  const otherwise = '; add it, or correct the path (it is relative to this file)';
  try {
    return didYouMean(basename(path), readdirSync(dirname(path)), otherwise);
  } catch {
    return otherwise;
  }
}
