/** The texts with which a value is refused that is no payload (design section 4): where it is, what it is, what to do. */
import { TroupeError } from '../errors.ts';

/** Segments of a path that are shown from its beginning and from its end, where it is too long to show whole. */
const SHOWN_FIRST = 8;
const SHOWN_LAST = 8;
const LONGEST_KEY = 60;

/** What to send instead, by the name of the class. */
const INSTEAD: { readonly [name: string]: string } = {
  Date: 'send a number or a string',
  Map: 'send an object or an array of pairs',
  Set: 'send an array',
  WeakMap: 'send an object',
  WeakSet: 'send an array',
  Promise: 'wait for it and send its result',
  RegExp: 'send its source as a string',
  URL: 'send its href as a string',
  Boolean: 'send the plain boolean',
  Number: 'send the plain number',
  String: 'send the plain string',
  BigInt: 'send the plain bigint',
  ArrayBuffer: 'send a Uint8Array of it',
  SharedArrayBuffer: 'send a Uint8Array of it',
  DataView: 'send a Uint8Array of it',
};

/** INVALID for the value at `path`, e.g. `payload.items[3].fn: function cannot be sent`. `details.path` is the path. */
export function refused(path: string, text: string): TroupeError {
  return new TroupeError(`${path}: ${text}`, { kind: 'INVALID', retryable: false, details: { path } });
}

/** `payload`, ['items', 3, 'fn'] -> `payload.items[3].fn`. Very long paths lose their middle. */
export function showPath(root: string, segments: readonly (string | number)[]): string {
  let path = root;
  for (let i = 0; i < segments.length; i++) {
    if (i === SHOWN_FIRST && segments.length > SHOWN_FIRST + SHOWN_LAST) {
      path += '...';
      i = segments.length - SHOWN_LAST;
    }
    path += showSegment(segments[i]);
  }
  return path;
}

function showSegment(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`;
  const key = segment.length > LONGEST_KEY ? `${segment.slice(0, LONGEST_KEY)}...` : segment;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Why `value`, which is neither data nor a container of data, cannot be sent. Runs code of the value's owner. */
export function whyUnsendable(value: unknown): string {
  if (typeof value === 'function') return 'function cannot be sent; a message holds data only';
  if (typeof value === 'symbol') return 'symbol cannot be sent; send a string';
  if (typeof value === 'bigint') return `bigint ${shorten(String(value))} does not fit in 64 bits; send it as a string`;
  const name = className(value as object);
  if (name === undefined) return 'class instance cannot be sent; send a plain object or an array';
  const instead = INSTEAD[name] ?? (ArrayBuffer.isView(value) ? 'send an array or a Uint8Array' : undefined);
  return `${name} cannot be sent; ${instead ?? 'send a plain object or an array'}`;
}

/** Why `value` could not even be read: what its getter or its proxy threw. */
export function whyUnreadable(thrown: unknown): string {
  let text: string;
  try {
    text = shorten(String(thrown instanceof Error ? thrown.message : thrown));
  } catch {
    text = 'something that cannot be shown';
  }
  return `cannot be read; a getter or proxy threw: ${text}`;
}

function className(value: object): string | undefined {
  try {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' && name !== 'Object' ? shorten(name) : undefined;
  } catch {
    return undefined;
  }
}

function shorten(text: string): string {
  return text.length > LONGEST_KEY ? `${text.slice(0, LONGEST_KEY)}...` : text;
}
