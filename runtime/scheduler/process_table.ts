/**
 * The processes that live on one scheduler, by slot and by PID.
 *
 * Invariants
 * - `known` maps the text of a PID to a process that lives here; an ended process is in neither `known` nor the table.
 * - A slot is in use, or free with its next generation already counted; never both.
 */
import type { ExitResult } from '../machine.ts';
import { formatPid, generationOf, LAST_GENERATION, numberOf, parsePid, SLOT_MASK, SLOTS } from '../pid.ts';
import { type Slots, slots } from '../slots.ts';
import type { Outbound } from './outbound.ts';
import type { Process } from './process.ts';

/** An ended process, remembered for a while for those whose monitor or link was still under way. */
export interface Ended {
  readonly pid: string;
  readonly result: ExitResult;
}

/**
 * What outlives a thread that is lost: the highest generation of any slot of its scheduler. The thread that takes its
 * place begins above it, so that no PID is given twice.
 */
export interface PastGenerations {
  /** Generation of the first process in each slot; 0 where no thread has been here before. */
  readonly first: number;
  note(generation: number): void;
  /** Whether a live process has this slot. */
  isUsed(slot: number): boolean;
}

/** How many ended processes are remembered where there are several schedulers. */
const REMEMBERED = 1024;

export class ProcessTable {
  /** Which of the runtime's schedulers it belongs to, and how many there are. */
  readonly index: number;
  readonly count: number;
  readonly #outbound: Outbound | undefined;
  /** Live local processes whose PID somebody has spelled out. */
  readonly known = new Map<string, Process>();
  /** Processes by slot, for slots that this scheduler deals out. */
  readonly #table: Slots<Process | undefined> = slots(0, undefined);
  /** Processes that live here and whose slot another scheduler dealt out, by slot. */
  readonly #foreign = new Map<number, Process>();
  /** Slots that were used before. */
  readonly #free: number[] = [];
  /** The generation of the next process in each slot of this scheduler. */
  readonly #generations: number[] = [];
  readonly #ended = new Map<number, Ended>();
  readonly #past: PastGenerations | undefined;
  /** Generation of slots that this table has not dealt out yet. */
  readonly #first: number;
  /** Slots that were passed over because a process has them that an earlier thread has spawned. */
  readonly #passedOver = new Set<number>();
  #nextSlot: number;
  /** Processes that live here. */
  live = 0;

  constructor(index: number, count: number, outbound: Outbound | undefined, past?: PastGenerations) {
    this.index = index;
    this.count = count;
    this.#outbound = outbound;
    this.#past = past;
    this.#first = past?.first ?? 0;
    // Number 0 is never given, so that the first PID is 0x00001 where there is one scheduler.
    this.#nextSlot = index === 0 ? count : index;
  }

  /** A slot for a new process, or -1 when all slots of this scheduler are in use. */
  allocate(): number {
    const reused = this.#free.pop();
    if (reused !== undefined) return reused;
    // A process that was spawned before this scheduler was replaced may live on elsewhere: its slot is not free.
    while (this.#first > 0 && this.#nextSlot < SLOTS && this.#past!.isUsed(this.#nextSlot)) {
      this.#passedOver.add(this.#nextSlot);
      this.#nextSlot += this.count;
    }
    const slot = this.#nextSlot;
    if (slot >= SLOTS) return -1;
    this.#nextSlot = slot + this.count;
    const place = this.count === 1 ? slot : (slot / this.count) | 0;
    while (this.#generations.length <= place) this.#generations.push(this.#first);
    return slot;
  }

  /** The generation of the process that gets a slot that `allocate` gave. */
  generationOf(slot: number): number {
    return this.#generations[this.count === 1 ? slot : (slot / this.count) | 0];
  }

  /** Give a slot back; it is used again with the next generation. */
  release(slot: number, generation: number): void {
    if (this.count > 1 && slot % this.count !== this.index) {
      this.#outbound?.freeSlot(slot % this.count, numberOf(slot, generation));
      return;
    }
    const place = this.count === 1 ? slot : (slot / this.count) | 0;
    if (generation < this.#first) {
      // Of a process that an earlier thread has spawned. Where its slot was not passed over it was seen to be free, and has
      // been dealt out again by now or has its turn still to come.
      if (!this.#passedOver.delete(slot)) return;
      while (this.#generations.length <= place) this.#generations.push(this.#first);
      this.#free.push(slot);
      return;
    }
    this.#generations[place] = generation + 1;
    this.#past?.note(generation + 1);
    if (generation < LAST_GENERATION) this.#free.push(slot);
  }

  add(process: Process): void {
    const { slot } = process;
    if (this.count === 1) this.#table[slot] = process;
    else if (slot % this.count === this.index) this.#table[(slot / this.count) | 0] = process;
    else this.#foreign.set(slot, process);
    this.live++;
  }

  /** From now on nothing reaches it, and its slot is free. */
  remove(process: Process): void {
    this.detach(process);
    this.release(process.slot, process.generation);
  }

  /** It lives on elsewhere. */
  detach(process: Process): void {
    const { slot } = process;
    if (this.count === 1) this.#table[slot] = undefined;
    else if (slot % this.count === this.index) this.#table[(slot / this.count) | 0] = undefined;
    else this.#foreign.delete(slot);
    if (process.pidText !== undefined) this.known.delete(process.pidText);
    this.live--;
  }

  /** The live local process with this number. */
  byNumber(number: number): Process | undefined {
    const slot = number & SLOT_MASK;
    let process: Process | undefined;
    if (this.count === 1) process = this.#table[slot];
    else if (slot % this.count === this.index) process = this.#table[(slot / this.count) | 0];
    else process = this.#foreign.get(slot);
    return process !== undefined && process.generation === generationOf(number) ? process : undefined;
  }

  /** The live local process that a PID's text names; remembered for the next time. */
  byPid(pid: string): Process | undefined {
    const known = this.known.get(pid);
    if (known !== undefined) return known;
    const number = parsePid(pid);
    if (number < 0) return undefined;
    const process = this.byNumber(number);
    // A PID must be written exactly as it was given out: the host is part of it.
    if (process === undefined || formatPid(process.linked.pidPrefix, process.slot, process.generation) !== pid) {
      return undefined;
    }
    process.pidText = pid;
    this.known.set(pid, process);
    return process;
  }

  /** Every live local process, oldest slot first. */
  *all(): Generator<Process> {
    for (let i = 0; i < this.#table.length; i++) {
      const process = this.#table[i];
      if (process !== undefined) yield process;
    }
    yield* this.#foreign.values();
  }

  /** Remember how a process ended; the oldest is forgotten. Needed only where signals take time. */
  remember(process: Process, result: ExitResult): void {
    if (this.#outbound === undefined) return;
    this.#ended.set(process.number, { pid: process.pid, result });
    if (this.#ended.size > REMEMBERED) this.#ended.delete(this.#ended.keys().next().value!);
  }

  endedLately(number: number): Ended | undefined {
    return this.#ended.get(number);
  }
}
