/**
 * Values that the runtime itself has frozen, all the way down, in a copy of its own. Nobody can change them, so they are
 * passed on without a copy. That a program has frozen something proves nothing: what lies deeper may still change.
 */
import { isUint8Array } from 'node:util/types';
import { TroupeError } from '../errors.ts';
import { isBytes } from './bytes.ts';
import type { Payload } from './payload.ts';
import { refused, showPath } from './refusal.ts';

/** Every container of every such value; nothing else may enter. */
const kept = new WeakSet<object>();
// Bound, since a program may change what WeakSets do, and would be handed this one.
const hasKept = WeakSet.prototype.has.bind(kept);
const addKept = WeakSet.prototype.add.bind(kept);

/** Whether it was frozen here: that something is frozen proves nothing. */
export function isKeptFrozen(value: object): boolean {
  return hasKept(value);
}

/**
 * Freeze a value that is private to the caller, who must be the only one that ever had it. Throws INVALID, with nothing
 * frozen, for what cannot be: a Uint8Array can always be written to, and an error takes up a stack when it is thrown.
 */
export function keepFrozen<T extends Payload | object>(value: T, path = 'value'): T {
  check(value, path, []);
  freeze(value);
  return value;
}

function check(value: unknown, root: string, path: (string | number)[]): void {
  if (typeof value !== 'object' || value === null || hasKept(value) || isBytes(value)) return;
  if (isUint8Array(value)) {
    throw refused(
      showPath(root, path),
      'a Uint8Array can be changed and cannot be frozen; make it Bytes: Bytes.from(it)',
    );
  }
  if (value instanceof TroupeError) {
    throw refused(showPath(root, path), 'an error cannot be frozen; freeze its message and its details');
  }
  const isArray = Array.isArray(value);
  for (const key of Object.keys(value)) {
    path.push(isArray ? Number(key) : key);
    check((value as { [key: string]: unknown })[key], root, path);
    path.pop();
  }
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || hasKept(value) || isBytes(value)) return;
  for (const key of Object.keys(value)) freeze((value as { [key: string]: unknown })[key]);
  Object.freeze(value);
  addKept(value);
}
