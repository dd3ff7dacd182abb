import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../runtime/clock.ts';

/** Bytes that the cache may take on disk. */
export const CACHE_LIMIT = 256 * 2 ** 20;

/** `kind-sha256`, and with a suffix while it is being written. Nothing else in the folder is ours to remove. */
const OURS = /^[a-z]+-[0-9a-f]{64}(\.\d+\.\d+\.\d+)?$/;
/** Milliseconds after which a file that is still being written belongs to a process that has died. */
const ABANDONED = 3_600_000;

/** What the smallest file takes on most disks; so there are never too many of them to look at. */
const BLOCK = 4096;

interface KeptFile {
  readonly path: string;
  /** Bytes on disk. */
  readonly size: number;
  /** When it was written or last used, in Unix milliseconds. */
  readonly used: number;
}

/** Remove the files that were used least recently until the others fit into `limit` bytes. Never rejects. */
export async function sweepCache(folder: string, limit = CACHE_LIMIT): Promise<void> {
  const files: KeptFile[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const ours = OURS.exec(name);
    if (ours === null) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    const unfinished = ours[1] !== undefined;
    if (!unfinished) files.push({ path, size: Math.ceil(found.size / BLOCK) * BLOCK, used: found.mtimeMs });
    else if (systemClock.unix() - found.mtimeMs > ABANDONED) await remove(path);
  }
  files.sort((a, b) => b.used - a.used);
  let total = 0;
  for (const { path, size } of files) {
    total += size;
    if (total > limit) await remove(path);
  }
}

async function remove(path: string): Promise<void> {
  // Another runtime may have removed it, or it is not ours.
  await rm(path, { force: true }).catch(() => undefined);
}
