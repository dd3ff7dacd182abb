import { TroupeError } from '../../runtime/errors.ts';
import { raise } from './guest_error.ts';

/** A text that goes to others as it is: nothing else may, since it would be the program's own object. Throws INVALID. */
export function textArgument(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  return raise(
    new TroupeError(`${what} must be a string, not ${value === null ? 'null' : `a value of type ${typeof value}`}`, {
      kind: 'INVALID',
      retryable: false,
    }),
  );
}
