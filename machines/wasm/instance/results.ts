import { TroupeError } from '../../../runtime/errors.ts';
import { packPayload } from '../../../runtime/payload/messagepack.ts';
import { errorCode } from '../abi/codes.ts';
import { type GuestMemory, textLength } from '../abi/memory.ts';
import type { CallBudget } from './call_budget.ts';

const badArea = new TroupeError('the area for the result is not inside the memory; give a valid pointer and capacity', {
  kind: 'INVALID',
  retryable: false,
});
const smallArea = new TroupeError('the area is smaller than the result; give at least as many bytes as the call said', {
  kind: 'INVALID',
  retryable: false,
});
const nothingHeld = new TroupeError('there is no result to take; call take_result once, after a call that said so', {
  kind: 'NOT_FOUND',
  retryable: false,
});
const noError = new TroupeError('no call has failed yet', { kind: 'NOT_FOUND', retryable: false });

/**
 * How calls answer: a length or a negative code. A result that fits the area given with the call is written there;
 * one that does not is held until the next call that has a result, for `take_result`.
 */
export class Results {
  readonly #memory: GuestMemory;
  readonly #budget: CallBudget;
  #held: Uint8Array | undefined;
  #error: TroupeError | undefined;

  constructor(memory: GuestMemory, budget: CallBudget) {
    this.#memory = memory;
    this.#budget = budget;
  }

  /** The code of an error, which becomes the one that `last_error` gives. */
  refuse(error: TroupeError): number {
    this.#budget.spend();
    this.#error = error;
    return errorCode(error.kind);
  }

  /** Length of `bytes`, which are written to the area or held. */
  give(bytes: Uint8Array, area: number, capacity: number): number {
    const length = bytes.length;
    this.#budget.spendOn(length);
    if (length > capacity >>> 0) return this.hold(bytes);
    this.#held = undefined;
    area >>>= 0;
    if (!this.#memory.holds(area, length)) return this.refuse(badArea);
    this.#memory.write(area, bytes);
    return length;
  }

  /** `give` for text. */
  giveText(text: string, area: number, capacity: number): number {
    const length = textLength(text);
    this.#budget.spendOn(length);
    if (length > capacity >>> 0) return this.hold(Buffer.from(text, 'utf8'));
    this.#held = undefined;
    area >>>= 0;
    if (!this.#memory.holds(area, length)) return this.refuse(badArea);
    this.#memory.writeText(area, text, length);
    return length;
  }

  /** Where a result of `length` bytes goes: its address, or -1 where it must be held, or -2 after `refuseArea`. */
  place(length: number, area: number, capacity: number): number {
    this.#budget.spendOn(length);
    if (length > capacity >>> 0) return -1;
    this.#held = undefined;
    area >>>= 0;
    return this.#memory.holds(area, length) ? area : -2;
  }

  refuseArea(): number {
    return this.refuse(badArea);
  }

  hold(bytes: Uint8Array): number {
    this.#held = bytes;
    return bytes.length;
  }

  /** `take_result`. A refusal leaves the result where it is. */
  take(area: number, capacity: number): number {
    const held = this.#held;
    if (held === undefined) return this.refuse(nothingHeld);
    if (held.length > capacity >>> 0) return this.refuse(smallArea);
    return this.give(held, area, capacity);
  }

  /** `last_error`: the error of the latest call that failed, as MessagePack. */
  lastError(area: number, capacity: number): number {
    if (this.#error !== undefined) return this.give(packPayload(this.#error), area, capacity);
    this.#budget.spend();
    return errorCode(noError.kind);
  }

  record(): ResultsRecord {
    return { held: this.#held ?? null, error: this.#error ?? null };
  }

  restore({ held, error }: ResultsRecord): void {
    this.#held = held ?? undefined;
    this.#error = error ?? undefined;
  }
}

/** What a moved guest may still ask for. */
export interface ResultsRecord {
  readonly held: Uint8Array | null;
  readonly error: TroupeError | null;
}
