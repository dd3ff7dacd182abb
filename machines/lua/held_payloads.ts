/**
 * Payloads with large Bytes in them that a program was given and has not looked at: they stay outside of its memory, and
 * are sent on as they are. The program has an object with their number; asking it for its data copies them in.
 *
 * A number is forgotten when the data was asked for, when Lua has collected the object, and with the process.
 */
import type { Payload } from '../../runtime/machine.ts';
import { isBytes, SHARED_BYTES } from '../../runtime/payload/bytes.ts';

/** Bytes that one process may hold in this way: Lua does not know how heavy they are, and collects late. */
const MOST_BYTES = 16 * 1024 * 1024;

export type HeldRecord = readonly (readonly [number: number, payload: Payload, bytes: number])[];

interface Held {
  readonly payload: Payload;
  readonly bytes: number;
}

export class HeldPayloads {
  readonly #held = new Map<number, Held>();
  #bytes = 0;
  #last = 0;

  /** A number for the payload, which keeps so many bytes; 0 where it is better copied in at once. */
  hold(payload: Payload, bytes: number): number {
    if (this.#bytes + bytes > MOST_BYTES || !hasLargeBytes(payload)) return 0;
    this.#put(++this.#last, payload, bytes);
    return this.#last;
  }

  get(number: number): Payload {
    return this.#held.get(number)?.payload;
  }

  bytesOf(number: number): number {
    return this.#held.get(number)?.bytes ?? 0;
  }

  release(number: number): void {
    this.#bytes -= this.bytesOf(number);
    this.#held.delete(number);
  }

  record(): HeldRecord {
    return [...this.#held].map(([number, { payload, bytes }]) => [number, payload, bytes]);
  }

  restore(record: HeldRecord): void {
    for (const [number, payload, bytes] of record) {
      this.#put(number, payload, bytes);
      this.#last = Math.max(this.#last, number);
    }
  }

  #put(number: number, payload: Payload, bytes: number): void {
    this.#held.set(number, { payload, bytes });
    this.#bytes += bytes;
  }
}

function hasLargeBytes(value: Payload): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (isBytes(value)) return value.length >= SHARED_BYTES;
  if (Array.isArray(value)) return value.some(hasLargeBytes);
  return !(value instanceof Uint8Array) && Object.values(value).some(hasLargeBytes);
}
