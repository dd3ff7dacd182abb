/**
 * What a message may hold (design section 4): JSON types, bytes, 64-bit integers and structured errors.
 *
 * A payload has two representations, converted lazily and only where a border is crossed: a JS value that is private
 * to its message, and MessagePack bytes (`Packed`), which is what WASM sees and what crosses workers.
 */
import type { TroupeError } from '../errors.ts';

export type Payload =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | TroupeError
  | readonly Payload[]
  | { readonly [key: string]: Payload };

/** MessagePack bytes of one payload; immutable once made. */
export class Packed {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
