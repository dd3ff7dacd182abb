/**
 * The timers of processes: which timer of the wheel a process has under which tag. A process can arm a hundred thousand,
 * so there is no object for each, and no table for each process: one table of chains serves the whole worker, and a list
 * through the timers of each process is what its end, its upgrade and its move take. All of it lies in arrays without
 * references, by the numbers of the wheel's timers.
 */
import type { Clock } from '../clock.ts';
import type { Extras } from './extras.ts';
import type { Process } from './process.ts';
import { NO_TIMER, type TimingWheel } from './timing_wheel.ts';

/** So many tags that follow each other have places that follow each other, because tags mostly are counted up. */
const RUN = 64;

/** A timer that runs: its tag, and the tick of the wheel at which it fires. */
export interface RunningTimer {
  readonly tag: number;
  readonly when: number;
}

export class ProcessTimers {
  readonly #wheel: TimingWheel;
  readonly #clock: Clock;
  /**
   * Programs choose tags; they must not be able to choose those whose chain is the same. None knows to a quarter of a
   * microsecond when this table was made.
   */
  readonly #seed: number;
  /** The first timer of each chain; as many as the wheel has room for, a power of two. */
  #chains = new Int32Array(0);
  /** The next one of its chain. */
  #chained = new Int32Array(0);
  /** Lists of the processes, youngest first; `Extras.timers` is where one begins. */
  #older = new Int32Array(0);
  #younger = new Int32Array(0);

  constructor(wheel: TimingWheel, clock: Clock) {
    this.#wheel = wheel;
    this.#clock = clock;
    this.#seed = (clock.unix() * 4096) | 0;
  }

  /** `process.timerFired(tag)` in so many milliseconds (> 0). No other timer of the process may run under `tag`. */
  arm(process: Process, tag: number, milliseconds: number): void {
    const wheel = this.#wheel;
    // Whole numbers need no place in memory where they are handed over.
    const timer = wheel.armAt(Math.ceil(this.#clock.now() + milliseconds), process, tag);
    if (wheel.capacity !== this.#chains.length) this.#fit();
    const chains = this.#chains;
    const chain = this.#chainOf(process, tag);
    this.#chained[timer] = chains[chain];
    chains[chain] = timer;
    const { rare } = process;
    const older = rare.timers;
    this.#older[timer] = older;
    this.#younger[timer] = NO_TIMER;
    if (older !== NO_TIMER) this.#younger[older] = timer;
    rare.timers = timer;
  }

  /** Whether a timer of the process runs under `tag`. */
  has(process: Process, tag: number): boolean {
    const { extras } = process;
    if (extras === undefined || extras.timers === NO_TIMER) return false;
    return this.#findIn(this.#chainOf(process, tag), process, tag) !== NO_TIMER;
  }

  /** Whether there was one. */
  cancel(process: Process, tag: number): boolean {
    const { extras } = process;
    if (extras === undefined || extras.timers === NO_TIMER) return false;
    const chain = this.#chainOf(process, tag);
    const timer = this.#findIn(chain, process, tag);
    if (timer === NO_TIMER) return false;
    this.#remove(extras, chain, timer);
    this.#wheel.cancel(timer);
    return true;
  }

  /** To be called first when a timer has fired. */
  fired(process: Process, tag: number, timer: number): void {
    this.#remove(process.extras!, this.#chainOf(process, tag), timer);
  }

  cancelAll(process: Process): void {
    const { extras } = process;
    if (extras === undefined) return;
    const wheel = this.#wheel;
    while (extras.timers !== NO_TIMER) {
      const timer = extras.timers;
      this.#remove(extras, this.#chainOf(process, wheel.tagOf(timer)), timer);
      wheel.cancel(timer);
    }
  }

  /** Those that run, in the order in which they were armed. */
  of(process: Process): RunningTimer[] {
    const running: RunningTimer[] = [];
    const wheel = this.#wheel;
    for (let timer = process.extras?.timers ?? NO_TIMER; timer !== NO_TIMER; timer = this.#older[timer]) {
      running.push({ tag: wheel.tagOf(timer), when: wheel.whenOf(timer) });
    }
    return running.reverse();
  }

  #findIn(chain: number, process: Process, tag: number): number {
    const wheel = this.#wheel;
    let timer = this.#chains[chain];
    while (timer !== NO_TIMER && (wheel.tagOf(timer) !== tag || wheel.ownerOf(timer) !== process)) {
      timer = this.#chained[timer];
    }
    return timer;
  }

  #remove(extras: Extras, chain: number, timer: number): void {
    const chained = this.#chained;
    let at = this.#chains[chain];
    if (at === timer) this.#chains[chain] = chained[timer];
    else {
      while (chained[at] !== timer) at = chained[at];
      chained[at] = chained[timer];
    }
    const older = this.#older[timer];
    const younger = this.#younger[timer];
    if (older !== NO_TIMER) this.#younger[older] = younger;
    if (younger !== NO_TIMER) this.#older[younger] = older;
    else extras.timers = older;
  }

  #chainOf(process: Process, tag: number): number {
    let mixed = Math.imul((tag / RUN) ^ Math.imul(process.slot, 0x9e3779b1) ^ this.#seed, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
    const run = Math.imul(mixed ^ (mixed >>> 13), RUN);
    return (run | (tag & (RUN - 1))) & (this.#chains.length - 1);
  }

  /** The wheel has more room than before, or less: then no timer runs. */
  #fit(): void {
    const wheel = this.#wheel;
    const { capacity } = wheel;
    const chains = this.#chains;
    const chained = this.#chained;
    const older = this.#older;
    const younger = this.#younger;
    this.#chains = new Int32Array(capacity);
    this.#chained = new Int32Array(capacity);
    this.#older = new Int32Array(capacity);
    this.#younger = new Int32Array(capacity);
    if (capacity < chains.length) return;
    this.#older.set(older);
    this.#younger.set(younger);
    for (const first of chains) {
      for (let timer = first; timer !== NO_TIMER; timer = chained[timer]) {
        const chain = this.#chainOf(wheel.ownerOf(timer) as Process, wheel.tagOf(timer));
        this.#chained[timer] = this.#chains[chain];
        this.#chains[chain] = timer;
      }
    }
  }
}
