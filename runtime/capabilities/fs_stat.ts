/** What programs are told about a file, and the times that they give one. */
import type { Stats } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { Payload } from '../payload/payload.ts';
import { keys, moment, optional } from './parameters.ts';

/** Points in time are unix seconds. `inode` tells files of one disk apart; `links` is how many names the file has. */
export function described(found: Stats): Payload {
  return {
    type: typeOf(found),
    size: found.size,
    modified: found.mtimeMs / 1e3,
    accessed: found.atimeMs / 1e3,
    changed: found.ctimeMs / 1e3,
    links: found.nlink,
    inode: found.ino,
  };
}

/** The top of several granted folders, which is no folder of the disk. */
export const TOP = Object.freeze({
  type: 'directory',
  size: 0,
  modified: 0,
  accessed: 0,
  changed: 0,
  links: 1,
  inode: 0,
});

export function typeOf(found: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): string {
  if (found.isFile()) return 'file';
  if (found.isSymbolicLink()) return 'link';
  return found.isDirectory() ? 'directory' : 'other';
}

/** What programs give: each unix seconds or `now`; what is left out stays. */
export const TIMES = keys('times', optional(moment('accessed')), optional(moment('modified')));

interface GivenTimes {
  readonly accessed: number | 'now' | undefined;
  readonly modified: number | 'now' | undefined;
}

/** Both in unix seconds; what is left out is as `found` has it. */
export function newTimes(
  { accessed, modified }: GivenTimes,
  found: Stats,
  clock: Clock,
): { readonly accessed: number; readonly modified: number } {
  const at = (given: number | 'now' | undefined, present: number): number =>
    given === 'now' ? clock.unix() / 1e3 : (given ?? present / 1e3);
  return { accessed: at(accessed, found.atimeMs), modified: at(modified, found.mtimeMs) };
}
