/**
 * What all schedulers of a runtime see at once, in shared memory: which PIDs live and where, how many processes each
 * host has, how busy each scheduler is. Created by the main thread and handed to every worker.
 *
 * Whoever allocates a number announces it before anybody can learn of it; whoever ends the process retires it. So
 * "not announced" means dead, and one look at shared memory answers `send` to a PID that is gone, on any thread.
 */
import { generationOf, SLOT_MASK, SLOTS } from '../pid.ts';
import type { PastGenerations } from '../scheduler/process_table.ts';
import { STRIDE } from './attention.ts';
import { Hunger } from './hunger.ts';

export interface SharedMemory {
  readonly schedulers: number;
  /** Int32 a slot: generation + 1 of the live process in it, 0 where there is none. */
  readonly alive: SharedArrayBuffer;
  /** Byte a slot: the scheduler on which it lives. */
  readonly where: SharedArrayBuffer;
  /** Two bytes a slot: the host of the process in it. */
  readonly hostOf: SharedArrayBuffer;
  /** Byte a slot: 1 while the mailbox there takes nothing from afar. */
  readonly full: SharedArrayBuffer;
  /** Int32 a host: live processes. */
  readonly hosts: SharedArrayBuffer;
  /** A BigInt64 for each capability of each host: see `rates.ts`. */
  readonly rates: SharedArrayBuffer;
  /** Two Int32 a scheduler: live processes, runnable processes. */
  readonly load: SharedArrayBuffer;
  readonly names: SharedArrayBuffer;
  /** See `attention.ts`, `hunger.ts`, `departures.ts` (twice: batches given, and batches taken). */
  readonly attention: SharedArrayBuffer;
  readonly hunger: SharedArrayBuffer;
  readonly departures: SharedArrayBuffer;
  readonly arrivals: SharedArrayBuffer;
  /** Two Int32 a scheduler, `STRIDE` apart: a number that changes with each step; slot of its process, 0 while it rests. */
  readonly beats: SharedArrayBuffer;
  /** Int32 a scheduler: the highest generation of its slots. */
  readonly generations: SharedArrayBuffer;
}

/** `rates`: words that `Rates` needs. */
export function allocateSharedMemory(
  schedulers: number,
  hosts: number,
  rates: number,
  namesBytes: number,
): SharedMemory {
  return {
    schedulers,
    alive: new SharedArrayBuffer(SLOTS * 4),
    where: new SharedArrayBuffer(SLOTS),
    hostOf: new SharedArrayBuffer(SLOTS * 2),
    full: new SharedArrayBuffer(SLOTS),
    hosts: new SharedArrayBuffer(Math.max(1, hosts) * 4),
    rates: new SharedArrayBuffer(rates * 8),
    load: new SharedArrayBuffer(schedulers * 8),
    names: new SharedArrayBuffer(namesBytes),
    attention: new SharedArrayBuffer(schedulers * STRIDE * 4),
    hunger: Hunger.allocate(schedulers),
    departures: new SharedArrayBuffer(schedulers * 8),
    arrivals: new SharedArrayBuffer(schedulers * 8),
    beats: new SharedArrayBuffer(schedulers * STRIDE * 4),
    generations: new SharedArrayBuffer(schedulers * 4),
  };
}

export class Directory {
  readonly #alive: Int32Array;
  readonly #where: Uint8Array;
  readonly #hostOf: Uint16Array;

  constructor(memory: SharedMemory) {
    this.#alive = new Int32Array(memory.alive);
    this.#where = new Uint8Array(memory.where);
    this.#hostOf = new Uint16Array(memory.hostOf);
  }

  announce(number: number, worker: number, host: number): void {
    const slot = number & SLOT_MASK;
    this.#where[slot] = worker;
    this.#hostOf[slot] = host;
    // The store that makes it visible comes last and is sequentially consistent.
    Atomics.store(this.#alive, slot, generationOf(number) + 1);
  }

  retire(number: number): void {
    Atomics.store(this.#alive, number & SLOT_MASK, 0);
  }

  /** It has arrived on another scheduler, which is the one that says so. */
  moved(number: number, worker: number): void {
    Atomics.store(this.#where, number & SLOT_MASK, worker);
  }

  isAlive(number: number): boolean {
    return Atomics.load(this.#alive, number & SLOT_MASK) === generationOf(number) + 1;
  }

  /** Index of the host of a live number. */
  hostOf(number: number): number {
    return this.#hostOf[number & SLOT_MASK];
  }

  /** The scheduler on which a live number is; -1 for the dead. */
  whereIs(number: number): number {
    const slot = number & SLOT_MASK;
    if (Atomics.load(this.#alive, slot) !== generationOf(number) + 1) return -1;
    return Atomics.load(this.#where, slot);
  }

  /** Every live number on `worker` whose slot `dealer` has dealt out. */
  *dealtBy(dealer: number, worker: number, schedulers: number): Generator<number> {
    for (let slot = dealer; slot < SLOTS; slot += schedulers) {
      if (this.#where[slot] !== worker) continue;
      const generation = Atomics.load(this.#alive, slot) - 1;
      if (generation >= 0) yield generation * SLOTS + slot;
    }
  }

  /** Every live number of a scheduler. */
  *livingOn(worker: number): Generator<number> {
    const alive = this.#alive;
    const where = this.#where;
    for (let slot = where.indexOf(worker); slot >= 0; slot = where.indexOf(worker, slot + 1)) {
      const generation = Atomics.load(alive, slot) - 1;
      if (generation >= 0) yield generation * SLOTS + slot;
    }
  }
}

/** See `PastGenerations`: one word a scheduler. */
export class SharedGenerations implements PastGenerations {
  readonly first: number;
  readonly #words: Int32Array;
  readonly #alive: Int32Array;
  readonly #own: number;
  #highest: number;

  constructor(memory: SharedMemory, own: number) {
    this.#words = new Int32Array(memory.generations);
    this.#alive = new Int32Array(memory.alive);
    this.#own = own;
    this.#highest = this.#words[own];
    this.first = this.#highest;
  }

  note(generation: number): void {
    if (generation <= this.#highest) return;
    this.#highest = generation;
    this.#words[this.#own] = generation;
  }

  isUsed(slot: number): boolean {
    return Atomics.load(this.#alive, slot) !== 0;
  }

  /** The thread of a scheduler is gone: whoever comes next begins above everything that it can have given. */
  static succeed(memory: SharedMemory, scheduler: number): void {
    Atomics.add(new Int32Array(memory.generations), scheduler, 1);
  }
}

/** How busy each scheduler is, as of its last look. */
export class Load {
  readonly #words: Int32Array;

  constructor(memory: SharedMemory) {
    this.#words = new Int32Array(memory.load);
  }

  came(worker: number): void {
    Atomics.add(this.#words, worker * 2, 1);
  }

  left(worker: number): void {
    Atomics.sub(this.#words, worker * 2, 1);
  }

  setRunnable(worker: number, runnable: number): void {
    this.#words[worker * 2 + 1] = runnable;
  }

  live(worker: number): number {
    return this.#words[worker * 2];
  }

  runnable(worker: number): number {
    return this.#words[worker * 2 + 1];
  }

  /** A scheduler was lost with all that it had. */
  clear(worker: number): void {
    Atomics.store(this.#words, worker * 2, 0);
    Atomics.store(this.#words, worker * 2 + 1, 0);
  }
}
