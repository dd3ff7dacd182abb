import { type ErrorKind, isErrorKind, TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import type { WitType } from './wit_type.ts';

/**
 * What a function fails with whose `result` is an error. Text is the message. A record with the text `message` gives that,
 * `kind`, `retryable` and `details` as well; its other fields are details. Of an enum or a variant the name is the message,
 * and the kind if it is one (`not-found`). All else stands in `details.error`.
 */
export function resultError(name: string, type: WitType | undefined, error: Payload): TroupeError {
  if (type === 'string') return new TroupeError(error as string);
  const kind = typeof type === 'object' ? type.kind : undefined;
  if (kind === 'record' && isMap(error) && typeof error.message === 'string')
    return describedError(error, error.message);
  if (kind !== 'enum' && kind !== 'variant') {
    return new TroupeError(`${name} failed`, { details: error === null ? undefined : { error } });
  }
  const chosen = typeof error === 'string' ? error : Object.keys(error as object)[0];
  const carried = isMap(error) ? error[chosen] : undefined;
  const message = typeof carried === 'string' ? `${chosen}: ${carried}` : chosen;
  return new TroupeError(message, { kind: kindOf(chosen), details: { error } });
}

function describedError(error: { readonly [key: string]: Payload }, message: string): TroupeError {
  const { message: _, kind, retryable, details, ...others } = error;
  const known = kindOf(kind);
  const more: { [key: string]: Payload } = { ...others };
  if (isMap(details)) Object.assign(more, details);
  else if (details !== undefined && details !== null) more.details = details;
  if (known === undefined && kind !== undefined && kind !== null) more.kind = kind;
  return new TroupeError(message, {
    kind: known,
    retryable: typeof retryable === 'boolean' ? retryable : undefined,
    details: Object.keys(more).length === 0 ? undefined : more,
  });
}

/** `NOT_FOUND`, `not-found` or `not_found`. */
function kindOf(name: Payload): ErrorKind | undefined {
  const kind = typeof name === 'string' ? name.toUpperCase().replaceAll('-', '_') : undefined;
  return isErrorKind(kind) ? kind : undefined;
}

function isMap(value: Payload): value is { readonly [key: string]: Payload } {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
