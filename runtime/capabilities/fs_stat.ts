/** What programs are told about a file, and the times that they give one. */
import type { Stats } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { Payload } from '../payload/payload.ts';
import { invalid, numberArgument, optionsArgument } from './arguments.ts';

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

export function typeOf(found: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): string {
  if (found.isFile()) return 'file';
  if (found.isSymbolicLink()) return 'link';
  return found.isDirectory() ? 'directory' : 'other';
}

/** Unix seconds; undefined: as it is. */
export interface NewTimes {
  readonly accessed: number | undefined;
  readonly modified: number | undefined;
}

/** `{accessed?, modified?}`, each unix seconds or `"now"`. */
export function timesArgument(value: Payload, operation: string, clock: Clock): NewTimes {
  const given = optionsArgument(value, operation, ['accessed', 'modified']);
  const at = (name: 'accessed' | 'modified'): number | undefined => {
    const time = given[name];
    if (time === undefined || time === null) return undefined;
    if (time === 'now') return clock.unix() / 1e3;
    if (typeof time === 'string') throw invalid(operation, `${name} must be unix seconds or "now", got "${time}"`);
    return numberArgument(time, operation, name);
  };
  return { accessed: at('accessed'), modified: at('modified') };
}
