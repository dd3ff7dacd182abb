import { toTroupeError } from '../../runtime/errors.ts';
import type { Bytes } from '../../runtime/payload/bytes.ts';
import { keepFrozen } from '../../runtime/payload/frozen.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { copyArguments, raise } from './guest_error.ts';

/** The same value, with everything in it read-only. */
export type Frozen<T> = [Payload] extends [T]
  ? T
  : T extends Bytes
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T;

/**
 * A copy of the value that nobody can change any more, all the way down. Sending it, whole or a part of it, costs nothing:
 * receivers get it as it is, frozen. For values that are sent again and again.
 *
 * Throws INVALID, with the place, for what cannot be sent or cannot be frozen: a Uint8Array (make it Bytes), an error.
 */
export function frozen<T>(value: T): Frozen<T> {
  const [copy] = copyArguments([value], 'value');
  if (typeof copy !== 'object' || copy === null) return copy as Frozen<T>;
  try {
    return keepFrozen(copy) as Frozen<T>;
  } catch (refused) {
    return raise(toTroupeError(refused, 'INVALID'));
  }
}
