/**
 * A process that has come from another scheduler while something for it may still be on its way there. What one of its
 * senders sends here directly must not overtake what the same sender sent there before: it is held until that scheduler's
 * way round is known to be empty (`runtime/workers/arrivals.ts`).
 */
import type { Signal } from '../lifecycle/signal.ts';
import type { Message } from '../message.ts';
import type { Process } from './process.ts';

/** What is held, and the scheduler from which it came. */
export interface Held {
  readonly source: number;
  readonly message?: Message;
  readonly signal?: Signal;
}

/** Processes that came together, and the schedulers from which something may still come the old way. */
export class ArrivingBatch {
  /** The scheduler that gave them, and its number for the batch. */
  readonly giver: number;
  readonly id: number;
  readonly processes: Process[] = [];
  /** 1 for each scheduler whose old way is not known to be empty. */
  readonly #open: Uint8Array;
  #left: number;

  constructor(giver: number, id: number, schedulers: number) {
    this.giver = giver;
    this.id = id;
    this.#open = new Uint8Array(schedulers).fill(1);
    // What the giver itself sends comes the same way as the processes came.
    this.#open[giver] = 0;
    this.#left = schedulers - 1;
  }

  awaits(source: number): boolean {
    return this.#open[source] === 1;
  }

  /** Nothing comes from `source` the old way any more. */
  settle(source: number): void {
    if (this.#open[source] === 0) return;
    this.#open[source] = 0;
    this.#left--;
  }

  get settled(): boolean {
    return this.#left === 0;
  }
}

export class Arriving {
  readonly batch: ArrivingBatch;
  #held: Held[] = [];
  /** Messages among what is held, and their bytes as a mailbox counts them. */
  messages = 0;
  bytes = 0;

  constructor(batch: ArrivingBatch) {
    this.batch = batch;
  }

  hold(item: Held): void {
    this.#held.push(item);
    this.#count(item, 1);
  }

  /** Whether more is held than a mailbox may hold. */
  isOver(limits: { readonly mailbox: number; readonly mailboxBytes: number }): boolean {
    return this.messages >= limits.mailbox || this.bytes > limits.mailboxBytes;
  }

  /** What is held from one source, in its order; it is held no more. */
  release(source: number): Held[] {
    if (this.#held.length === 0) return [];
    const released = this.#held.filter(item => item.source === source);
    if (released.length > 0) this.#held = this.#held.filter(item => item.source !== source);
    for (const item of released) this.#count(item, -1);
    return released;
  }

  /** All of it; nothing is held any more. */
  drop(): readonly Held[] {
    const dropped = this.#held;
    this.#held = [];
    this.messages = 0;
    this.bytes = 0;
    return dropped;
  }

  #count({ message }: Held, sign: 1 | -1): void {
    if (message === undefined) return;
    this.messages += sign;
    this.bytes += sign * message.bytes;
  }
}
