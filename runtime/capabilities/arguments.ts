/**
 * Checks of what a program hands to an operation, one for each type of `parameters.ts`. Each answers the value or throws
 * INVALID with a text that names operation and argument: `fs.read_file: path must be a string, got a number`.
 */
import { parseDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import { binaryOf, isMap, type Payload } from '../payload/payload.ts';
import { didYouMean } from '../registry/suggest.ts';

export type Options = { readonly [key: string]: Payload };

const NO_OPTIONS: Options = Object.freeze({});

export function textArgument(value: Payload, operation: string, name: string): string {
  if (typeof value === 'string') return value;
  throw wrongType(operation, name, 'a string', value);
}

/** Text or bytes, as given; to be read only, since Bytes are everybody's. */
export function contentArgument(value: Payload, operation: string, name: string): string | Uint8Array {
  const content = typeof value === 'string' ? value : binaryOf(value);
  if (content !== undefined) return content;
  throw wrongType(operation, name, 'a string or bytes', value);
}

/** Text (as UTF-8) or bytes, as bytes. */
export function bytesArgument(value: Payload, operation: string, name: string): Uint8Array {
  const content = contentArgument(value, operation, name);
  return typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
}

export function booleanArgument(value: Payload, operation: string, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongType(operation, name, 'true or false', value);
}

/** One of these words. */
export function wordArgument(value: Payload, operation: string, name: string, known: readonly string[]): string {
  const word = textArgument(value, operation, name);
  if (known.includes(word)) return word;
  const hint = didYouMean(word, known, `; there are: ${known.join(', ')}`);
  throw invalid(operation, `${name} cannot be "${word}"${hint}`);
}

/** A finite number; a 64-bit integer is taken where a number can hold it. */
export function numberArgument(value: Payload, operation: string, name: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw wrongType(operation, name, 'a finite number', value);
}

/** A whole number within the bounds, both included. */
export function integerArgument(
  value: Payload,
  operation: string,
  name: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const number = numberArgument(value, operation, name);
  if (!Number.isSafeInteger(number)) throw invalid(operation, `${name} must be a whole number, got ${number}`);
  if (number < least || number > most) {
    throw invalid(operation, `${name} must be between ${least} and ${most}, got ${number}`);
  }
  return number;
}

export function recordArgument(value: Payload, operation: string, name: string): Options {
  // An empty Lua table arrives as an empty list.
  if (Array.isArray(value) && value.length === 0) return NO_OPTIONS;
  if (isMap(value)) return value;
  throw wrongType(operation, name, 'an object', value);
}

export function listArgument(value: Payload, operation: string, name: string): readonly Payload[] {
  if (Array.isArray(value)) return value as readonly Payload[];
  throw wrongType(operation, name, 'a list', value);
}

/** INVALID where `options` has a key that none of `known` is named by. `before`: what stands in front of it in the message. */
export function refuseUnknownOptions(
  options: Options,
  operation: string,
  before: string,
  known: readonly { readonly name: string }[],
): void {
  for (const key of Object.keys(options)) {
    let found = false;
    for (const { name } of known) found ||= name === key;
    if (found) continue;
    const names = known.map(({ name }) => name);
    const hint = didYouMean(key, names, `; known: ${names.join(', ')}`);
    throw invalid(operation, `there is no option "${before}${key}"${hint}`);
  }
}

/** Milliseconds (> 0) from a number of nanoseconds or a text such as `5ms` (semantics section 5). */
export function durationArgument(value: Payload, operation: string, name: string): number {
  const milliseconds =
    typeof value === 'string' ? durationOf(value, operation) : numberArgument(value, operation, name) / 1e6;
  if (milliseconds <= 0) throw invalid(operation, `${name} must be longer than zero`);
  return milliseconds;
}

/** Milliseconds, of any length. */
export function durationOf(text: string, operation: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw invalid(operation, `"${text}" is not a duration; write it like "5ms", "1.5s" or "1h30m"`);
}

export function invalid(operation: string, text: string): TroupeError {
  return new TroupeError(`${operation}: ${text}`, { kind: 'INVALID' });
}

function wrongType(operation: string, name: string, wanted: string, value: Payload): TroupeError {
  return invalid(operation, `${name} must be ${wanted}, got ${describe(value)}`);
}

function describe(value: Payload): string {
  if (value === undefined || value === null) return 'nothing';
  if (binaryOf(value) !== undefined) return 'bytes';
  if (value instanceof TroupeError) return 'an error';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'bigint') return 'a 64-bit integer';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
