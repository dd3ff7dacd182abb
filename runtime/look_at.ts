/** What is at a path, for those that need not know why nothing is. */
import { lstatSync, type Stats, statSync } from 'node:fs';

/**
 * What is there, behind links; undefined where nothing is, or nobody may look. Nothing is also what is below a file that took
 * the place of a folder, for which `throwIfNoEntry: false` throws.
 */
export function lookAt(path: string): Stats | undefined {
  return quietly(statSync, path);
}

/** The same, and a link is a link. */
export function lookAtItself(path: string): Stats | undefined {
  return quietly(lstatSync, path);
}

function quietly(look: (path: string) => Stats, path: string): Stats | undefined {
  try {
    return look(path);
  } catch {
    return undefined;
  }
}
