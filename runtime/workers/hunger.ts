/**
 * Who wants work: a board in shared memory, one word a scheduler. A scheduler with nothing to do puts itself on it, once,
 * and goes to rest; whoever has too much claims the entry and sends processes there. So a request cannot be answered
 * twice, cannot go stale, and need not be repeated: it waits on the board until somebody has something to give.
 *
 * This is receiver-initiated stealing with private queues (Acar, Chargueraud and Rainey, PPoPP 2013), with the request
 * posted to everybody at once instead of to one victim after the other: what is stolen must be packed by its owner in
 * any case, and an owner that gets busy only later still finds the request.
 */

const SATED = 0;
const HUNGRY = 1;
/** Claimed: CLAIMED + the scheduler that is about to send. */
const CLAIMED = 2;

export class Hunger {
  readonly #words: Int32Array;
  readonly #own: number;
  /** Word behind the last scheduler's: how many are hungry, so that a look at the board is one load. */
  readonly #count: number;

  constructor(memory: SharedArrayBuffer, own: number) {
    this.#words = new Int32Array(memory);
    this.#own = own;
    this.#count = this.#words.length - 1;
  }

  static allocate(schedulers: number): SharedArrayBuffer {
    return new SharedArrayBuffer((schedulers + 1) * 4);
  }

  /** Put oneself on the board; false: it stands there already. */
  post(): boolean {
    if (Atomics.compareExchange(this.#words, this.#own, SATED, HUNGRY) !== SATED) return false;
    Atomics.add(this.#words, this.#count, 1);
    return true;
  }

  /** Work has come from elsewhere; an entry that is claimed already stays, since more is on its way. */
  withdraw(): void {
    if (Atomics.compareExchange(this.#words, this.#own, HUNGRY, SATED) === HUNGRY) {
      Atomics.sub(this.#words, this.#count, 1);
    }
  }

  /** Processes have come from another scheduler. */
  fed(): void {
    if (Atomics.exchange(this.#words, this.#own, SATED) === HUNGRY) Atomics.sub(this.#words, this.#count, 1);
  }

  /** Whether anybody wants work. Cheap, and may be late. */
  get any(): boolean {
    return this.#words[this.#count] > 0;
  }

  isHungry(scheduler: number): boolean {
    return this.#words[scheduler] === HUNGRY;
  }

  /** From now on nobody else sends there. False: somebody was faster. */
  claim(scheduler: number): boolean {
    if (Atomics.compareExchange(this.#words, scheduler, HUNGRY, CLAIMED + this.#own) !== HUNGRY) return false;
    Atomics.sub(this.#words, this.#count, 1);
    return true;
  }

  /** There was nothing to send after all: the entry stands as before. */
  unclaim(scheduler: number): void {
    this.#reopen(scheduler, CLAIMED + this.#own);
  }

  /** A scheduler was lost: what it had claimed can be claimed by others; what it wanted nobody sends. */
  forget(lost: number): void {
    for (let scheduler = 0; scheduler < this.#count; scheduler++) this.#reopen(scheduler, CLAIMED + lost);
    if (Atomics.exchange(this.#words, lost, SATED) === HUNGRY) Atomics.sub(this.#words, this.#count, 1);
  }

  #reopen(scheduler: number, claimed: number): void {
    if (Atomics.compareExchange(this.#words, scheduler, claimed, HUNGRY) === claimed) {
      Atomics.add(this.#words, this.#count, 1);
    }
  }
}
