/**
 * How many instances live in a runtime, in all its threads together. V8 reserves 10 GiB
 * of addresses for each memory, of which about 13 000 fit. Where they do not, it collects garbage again and again for
 * seconds before it gives up; so the last few are left alone and nobody meets that.
 */
import { TroupeError } from '../../../runtime/errors.ts';

const MOST = 12_000;
/** Without trap handlers a memory reserves what it may grow to. Past about 32 000 memories V8 ends the process. */
const MOST_WITHOUT_TRAP_HANDLERS = 30_000;
const WITHOUT_TRAP_HANDLERS = '--disable-wasm-trap-handler';

export const COUNTER_BYTES = 4;

export class AddressSpace {
  readonly #taken: Int32Array;
  readonly #most: number;

  /** `shared`: what the threads of the runtime count in, `COUNTER_BYTES`. */
  constructor(shared: SharedArrayBuffer, most = mostInstances()) {
    this.#taken = new Int32Array(shared);
    this.#most = most;
  }

  /** Call before an instance is made. Throws UNAVAILABLE where there is no room for it. */
  take(id: string): void {
    if (Atomics.add(this.#taken, 0, 1) < this.#most) return;
    this.give();
    throw noRoom(id, `${this.#most} WebAssembly instances live already`);
  }

  /** An instance was dropped. */
  give(): void {
    Atomics.sub(this.#taken, 0, 1);
  }
}

export function noRoom(id: string, why: string): TroupeError {
  return new TroupeError(
    `no room for another process of ${id}: ${why}. Let some end first, or start Node.js with ${WITHOUT_TRAP_HANDLERS}, ` +
      'which makes room for twice as many',
    { kind: 'UNAVAILABLE', retryable: true },
  );
}

function mostInstances(): number {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  return options.includes(WITHOUT_TRAP_HANDLERS) ? MOST_WITHOUT_TRAP_HANDLERS : MOST;
}
