/** Compiled programs on disk, so that a deployment that did not change starts without its compilers. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** What a compiler read: its content's sha256, or null where it looked for a file and there was none. */
export type Dependencies = { readonly [name: string]: string | null };

interface Header {
  readonly dependencies: Dependencies;
  readonly sha256: string;
}

const NEWLINE = 0x0a;
let written = 0;

/**
 * `$XDG_CACHE_HOME/troupe`; without it `node_modules/.cache/troupe` of the nearest folder above `root` that has a
 * `node_modules`; else `.cache/troupe` in the home folder.
 */
export function cacheFolder(root: string): string {
  const given = process.env.XDG_CACHE_HOME;
  if (given !== undefined && given !== '') return join(given, 'troupe');
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'node_modules'))) return join(folder, 'node_modules', '.cache', 'troupe');
    if (dirname(folder) === folder) return join(homedir(), '.cache', 'troupe');
  }
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * The output kept under `key`, if everything that it was made from is still as it was: `current` answers what the
 * content of a dependency is now. Undefined for anything missing, changed or damaged.
 */
export async function readCached(
  folder: string,
  key: string,
  current: (name: string) => Promise<string | null>,
): Promise<Uint8Array | undefined> {
  let file: Buffer;
  try {
    file = await readFile(join(folder, key));
  } catch {
    return undefined;
  }
  const end = file.indexOf(NEWLINE);
  if (end < 0) return undefined;
  const output = new Uint8Array(file.subarray(end + 1));
  let header: Header;
  try {
    header = JSON.parse(file.toString('utf8', 0, end)) as Header;
    if (header.sha256 !== sha256(output)) return undefined;
    for (const [name, content] of Object.entries(header.dependencies)) {
      if ((await current(name)) !== content) return undefined;
    }
  } catch {
    return undefined;
  }
  return output;
}

/** Keep an output. A cache that cannot be written is no error: the next start compiles again. */
export async function writeCached(
  folder: string,
  key: string,
  dependencies: Dependencies,
  output: Uint8Array,
): Promise<void> {
  const header: Header = { dependencies, sha256: sha256(output) };
  // Renamed into place when it is whole, so that a reader never sees half of it.
  const unfinished = join(folder, `${key}.${process.pid}.${++written}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(unfinished, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), output]));
    await rename(unfinished, join(folder, key));
  } catch {
    await rm(unfinished, { force: true }).catch(() => undefined);
  }
}
