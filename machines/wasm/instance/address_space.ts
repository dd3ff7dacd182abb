/**
 * How many instances live in a runtime, in all its threads together. V8 reserves 10 GiB
 * of addresses for each memory, of which about 13 000 fit. Where they do not, it collects garbage again and again for
 * seconds before it gives up; so the last few are left alone and nobody meets that.
 *
 * Each thread's share is counted too, so that it can be taken off when the thread dies.
 */
import { threadId } from 'node:worker_threads';
import { TroupeError } from '../../../runtime/errors.ts';

const MOST = 12_000;
/** Without trap handlers a memory reserves what it may grow to. Past about 32 000 memories V8 ends the process. */
const MOST_WITHOUT_TRAP_HANDLERS = 30_000;
const WITHOUT_TRAP_HANDLERS = '--disable-wasm-trap-handler';
/** From this part of the most on, instances that nobody uses are not kept. */
const TIGHT = 0.75;

/** Words: the total, then for each thread its number (1 for the main thread; 0: nobody's) and its share. */
const TOTAL = 0;
const FIRST = 1;
const THREADS = 1024;
const WORDS = FIRST + 2 * THREADS;

export class AddressSpace {
  readonly #words: Int32Array;
  readonly #most: number;
  /** Word of this thread's share; -1: there are too many threads to count them one by one. */
  readonly #share: number;

  /** Memory for the threads of a runtime to count in. */
  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS * 4);
  }

  /** `shared`: what the threads of the runtime count in. `thread`: the number of node:worker_threads. */
  constructor(shared: SharedArrayBuffer, most = mostInstances(), thread = threadId) {
    this.#words = new Int32Array(shared);
    this.#most = most;
    this.#share = shareOf(this.#words, thread + 1);
  }

  /** Call before an instance is made. Throws UNAVAILABLE where there is no room for it. */
  take(id: string): void {
    // The total first, and last in `give`: if the thread dies in between, too many are counted, never too few.
    const before = Atomics.add(this.#words, TOTAL, 1);
    if (this.#share >= 0) Atomics.add(this.#words, this.#share, 1);
    if (before < this.#most) return;
    this.give();
    throw noRoom(id, `${this.#most} WebAssembly instances live already`);
  }

  /** An instance was dropped. */
  give(): void {
    if (this.#share >= 0) Atomics.sub(this.#words, this.#share, 1);
    Atomics.sub(this.#words, TOTAL, 1);
  }

  /** Whether an instance that nobody uses should make room for others. */
  get isTight(): boolean {
    return Atomics.load(this.#words, TOTAL) > this.#most * TIGHT;
  }

  /** The thread has died, and all its instances with it. */
  static lost(shared: SharedArrayBuffer, thread: number): void {
    const words = new Int32Array(shared);
    for (let at = FIRST; at < WORDS; at += 2) {
      if (Atomics.load(words, at) !== thread + 1) continue;
      Atomics.sub(words, TOTAL, Atomics.exchange(words, at + 1, 0));
      Atomics.store(words, at, 0);
      return;
    }
  }
}

/** The word in which this thread counts its share: found, or taken. */
function shareOf(words: Int32Array, number: number): number {
  for (let at = FIRST; at < WORDS; at += 2) {
    const found = Atomics.compareExchange(words, at, 0, number);
    if (found === 0 || found === number) return at + 1;
  }
  return -1;
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
