/** Numbers between payloads and wasm values, with the ranges of the type that the guest declares. */
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { binaryOf } from '../../../runtime/payload/payload.ts';

/** Inclusive range of whole numbers. */
export interface IntegerRange {
  readonly least: bigint;
  readonly most: bigint;
}

export function signedRange(bits: number): IntegerRange {
  return { least: -(1n << BigInt(bits - 1)), most: (1n << BigInt(bits - 1)) - 1n };
}

export function unsignedRange(bits: number): IntegerRange {
  return { least: 0n, most: (1n << BigInt(bits)) - 1n };
}

/** An i32 takes what either reading of its bits can hold. */
export const ANY_32: IntegerRange = { least: signedRange(32).least, most: unsignedRange(32).most };
export const ANY_64: IntegerRange = { least: signedRange(64).least, most: unsignedRange(64).most };

/** A whole number within the range; `what` is how errors name it. `true` and `false` are 1 and 0. Throws INVALID. */
export function wholeNumber(value: Payload, range: IntegerRange, what: string): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  const found = wholeWithin(value, range);
  if (typeof found === 'string') throw invalid(`${what} ${found}`);
  return found;
}

/** A whole number within the range, or what is wrong with it, after its name: "must be ...". */
export function wholeWithin(value: Payload, range: IntegerRange): bigint | string {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    const whole = BigInt(value);
    if (whole >= range.least && whole <= range.most) return whole;
    return `must lie between ${range.least} and ${range.most}, got ${value}`;
  }
  return `must be a whole number, got ${shown(value)}`;
}

export function realNumber(value: Payload, what: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw invalid(`${what} must be a number, got ${shown(value)}`);
}

/** 64-bit results are numbers where these can hold them exactly. */
export function fromWide(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

/** What kind of value it is, for messages. */
export function shown(value: Payload): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (binaryOf(value) !== undefined) return 'bytes';
  if (value instanceof TroupeError) return 'an error';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'object':
      return 'a map';
    case 'boolean':
      return String(value);
    default:
      return `${value}`;
  }
}

export function invalid(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INVALID', retryable: false });
}
