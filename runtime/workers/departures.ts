/**
 * The giver's half of moving processes: where those went that have left, and until when something for them may still
 * come here. See `arrivals.ts` for the whole protocol.
 */

interface Batch {
  readonly taker: number;
  numbers: number[];
  /** 1 for each scheduler that has said that it sends nothing for these processes here any more. */
  readonly passed: Uint8Array;
  left: number;
}

/**
 * Two words of shared memory a scheduler: the number of its next batch, and of its oldest one that is still open. Others
 * read from them when everything that it has forwarded so far, or holds, was delivered. There are such words for the
 * batches that it gives, and for those that it takes.
 */
export class Marks {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  next(scheduler: number): number {
    return Atomics.load(this.#words, scheduler * 2);
  }

  oldestOpen(scheduler: number): number {
    return Atomics.load(this.#words, scheduler * 2 + 1);
  }

  setNext(scheduler: number, id: number): void {
    Atomics.store(this.#words, scheduler * 2, id);
  }

  setOldestOpen(scheduler: number, id: number): void {
    Atomics.store(this.#words, scheduler * 2 + 1, id);
  }

  /** Nobody closes the batches of one that was lost. */
  closeAll(scheduler: number): void {
    this.setOldestOpen(scheduler, this.next(scheduler));
  }

  /** Whether a scheduler has closed every batch before `id`. */
  hasClosed(scheduler: number, id: number): boolean {
    // The difference is right also when the numbers have passed 2^31.
    return ((this.oldestOpen(scheduler) - id) | 0) >= 0;
  }
}

export class Departures {
  readonly marks: Marks;
  readonly #own: number;
  readonly #schedulers: number;
  /** Batches of which something may still come here. */
  readonly #batchOf = new Map<number, Batch>();
  /** Batches in the order of their numbers, until the taker has closed them. */
  readonly #open = new Map<number, Batch>();
  /** Schedulers that were lost and not replaced yet: they send nothing. */
  readonly #gone = new Set<number>();
  #next: number;

  constructor(memory: SharedArrayBuffer, own: number, schedulers: number) {
    this.marks = new Marks(memory);
    this.#own = own;
    this.#schedulers = schedulers;
    this.#next = this.marks.next(own);
  }

  /** Open a batch of processes that go to `taker` together; answers its number. */
  begin(taker: number, numbers: readonly number[]): number {
    const id = this.#next;
    const passed = new Uint8Array(this.#schedulers);
    passed[this.#own] = 1;
    for (const scheduler of this.#gone) passed[scheduler] = 1;
    const left = this.#schedulers - 1 - this.#gone.size;
    const batch: Batch = { taker, numbers: [...numbers], passed, left };
    for (const number of numbers) this.#batchOf.set(number, batch);
    this.#open.set(id, batch);
    this.#next = (id + 1) | 0;
    this.marks.setNext(this.#own, this.#next);
    return id;
  }

  /** These of a batch have not left after all. */
  stay(id: number, numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    const batch = this.#open.get(id)!;
    for (const number of numbers) this.#batchOf.delete(number);
    batch.numbers = batch.numbers.filter(number => !numbers.includes(number));
  }

  /** Where a process went that was here; -1 where it was not, or nothing can come for it here any more. */
  takerOf(number: number): number {
    return this.#batchOf.get(number)?.taker ?? -1;
  }

  /** Whether everything that left has arrived for good. */
  get settled(): boolean {
    return this.#open.size === 0;
  }

  /** `source` sends nothing for a batch here any more. */
  passed(id: number, source: number): void {
    const batch = this.#open.get(id);
    if (batch === undefined || batch.passed[source] === 1) return;
    batch.passed[source] = 1;
    if (--batch.left === 0) this.#forget(batch);
  }

  /** The taker has everything that was for a batch. */
  close(id: number): void {
    const batch = this.#open.get(id);
    if (batch === undefined) return;
    this.#forget(batch);
    this.#open.delete(id);
    const oldest = this.#open.keys().next();
    this.marks.setOldestOpen(this.#own, oldest.done ? this.#next : oldest.value);
  }

  replaced(scheduler: number): void {
    this.#gone.delete(scheduler);
  }

  #forget(batch: Batch): void {
    for (const number of batch.numbers) if (this.#batchOf.get(number) === batch) this.#batchOf.delete(number);
  }

  /** A scheduler was lost: the numbers of those that were on their way there. It sends nothing any more either. */
  lost(scheduler: number): number[] {
    this.#gone.add(scheduler);
    const numbers: number[] = [];
    for (const [id, batch] of [...this.#open]) {
      if (batch.taker === scheduler) {
        numbers.push(...batch.numbers);
        this.close(id);
      } else this.passed(id, scheduler);
    }
    return numbers;
  }
}
