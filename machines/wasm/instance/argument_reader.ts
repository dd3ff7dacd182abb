import { TroupeError } from '../../../runtime/errors.ts';
import { Packed, type Payload, type SpawnRequest } from '../../../runtime/machine.ts';
import { packPayload, unpackPayload } from '../../../runtime/payload/messagepack.ts';
import { isMap } from '../../../runtime/payload/payload.ts';
import type { GuestMemory } from '../abi/memory.ts';
import { isOnePayload } from '../abi/messagepack_check.ts';
import type { CallBudget } from './call_budget.ts';

const nil = new Packed(packPayload(null));

/**
 * Reads what a guest gave as pointers and lengths. A method answers undefined for what is not right, with `fault` saying
 * what; the caller then answers with the code of `fault`.
 */
export class ArgumentReader {
  readonly #memory: GuestMemory;
  readonly #budget: CallBudget;
  fault: TroupeError = new TroupeError('nothing was wrong');

  constructor(memory: GuestMemory, budget: CallBudget) {
    this.#memory = memory;
    this.#budget = budget;
  }

  /** A call that reads nothing with the other methods, or what takes as long as so many calls. */
  charge(calls = 1): void {
    this.#budget.spend(calls);
  }

  text(at: number, length: number, what: string): string | undefined {
    this.#budget.spendOn(this.#memory.holds(at >>> 0, length >>> 0) ? length : 0);
    const text = this.#memory.text(at, length);
    if (text === undefined) this.#refuse(at, length, what, 'is not valid UTF-8');
    return text;
  }

  /** null for an empty text, which stands for "not given". */
  optionalText(at: number, length: number, what: string): string | null | undefined {
    return length === 0 ? null : this.text(at, length, what);
  }

  /** A payload as it is, checked and copied. Length 0 stands for nil. */
  packed(at: number, length: number, what: string): Packed | undefined {
    at >>>= 0;
    length >>>= 0;
    const bytes = this.#memory.bytes;
    this.#budget.spendOn(at + length > bytes.length ? 0 : length);
    if (length === 0) return nil;
    if (at + length > bytes.length || !isOnePayload(bytes, at, at + length)) {
      this.#refuse(at, length, what, 'is not one MessagePack value');
      return undefined;
    }
    return new Packed(copied(bytes, at, length));
  }

  /** A payload as a value; length 0 stands for null. */
  payload(at: number, length: number, what: string): Payload {
    const packed = this.packed(at, length, what);
    return packed === undefined ? undefined : unpackPayload(packed.bytes);
  }

  /** A list of payloads; length 0 and nil stand for the empty one. */
  list(at: number, length: number, what: string): readonly Payload[] | undefined {
    if (length === 0) return [];
    const value = this.payload(at, length, what);
    if (value === undefined) return undefined;
    if (Array.isArray(value)) return value;
    if (value === null) return [];
    this.fault = invalid(`${what}: a MessagePack list is wanted`);
    return undefined;
  }

  /** A map; length 0 and nil stand for the empty one. */
  map(at: number, length: number, what: string): { [key: string]: Payload } | undefined {
    if (length === 0) return {};
    const value = this.payload(at, length, what);
    if (value === undefined) return undefined;
    if (isMap(value)) return value;
    if (value === null) return {};
    this.fault = invalid(`${what}: a MessagePack map is wanted`);
    return undefined;
  }

  /** Id, host (empty: not given) and arguments of a spawn. */
  simpleRequest(
    id: number,
    idLength: number,
    host: number,
    hostLength: number,
    args: number,
    argsLength: number,
  ): SpawnRequest | undefined {
    const target = this.text(id, idLength, 'the id');
    if (target === undefined) return undefined;
    const place = this.optionalText(host, hostLength, 'the host');
    if (place === undefined) return undefined;
    const list = this.list(args, argsLength, 'the arguments');
    if (list === undefined) return undefined;
    return { id: target, host: place ?? undefined, args: list, monitor: false, link: false };
  }

  #refuse(at: number, length: number, what: string, otherwise: string): void {
    at >>>= 0;
    length >>>= 0;
    this.fault = invalid(
      this.#memory.holds(at, length)
        ? `${what} ${otherwise}`
        : `${what} is not inside the memory: ${length} bytes at ${at}`,
    );
  }
}

/** V8 keeps small arrays on its heap, where making one and filling it is much cheaper than `slice`. */
function copied(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (length > 64) return bytes.slice(at, at + length);
  const copy = new Uint8Array(length);
  for (let i = 0; i < length; i++) copy[i] = bytes[at + i];
  return copy;
}

function invalid(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INVALID', retryable: false });
}
