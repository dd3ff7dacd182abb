/**
 * What a message may hold (design section 4): JSON types, bytes, 64-bit integers and structured errors.
 * Bytes come in two sorts: a Uint8Array, of which everybody has a copy, and immutable `Bytes`, which are not copied.
 *
 * A payload has two representations, converted lazily and only where a border is crossed: a JS value that is private
 * to its message, and MessagePack bytes (`Packed`), which is what WASM sees and what crosses workers.
 */
import { TroupeError } from '../errors.ts';
import { type Bytes, contentOf, isBytes } from './bytes.ts';

export type Payload =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Bytes
  | TroupeError
  | readonly Payload[]
  | { readonly [key: string]: Payload };

/** What a binary payload of either sort holds, to be read only; undefined for any other. */
export function binaryOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'object' && value !== null && isBytes(value) ? contentOf(value) : undefined;
}

/** Whether a payload is a map, rather than any other object. */
export function isMap(value: unknown): value is { [key: string]: Payload } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof TroupeError) &&
    binaryOf(value) === undefined
  );
}

/** MessagePack bytes of one payload; immutable once made. */
export class Packed {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
