/**
 * For tests: gives processes away that are no worth moving, at random and all the time, those that wait included. What
 * programs see must be the same as if nothing ever moved.
 */
import { mayGo, pack } from './movable.ts';
import type { Outbound } from './outbound.ts';
import type { Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** How often a look gives something away, and how many processes at most. */
const CHANCE = 0.3;
const MOST = 4;

export class Restless {
  readonly #scheduler: Scheduler;
  readonly #outbound: Outbound;

  constructor(scheduler: Scheduler, outbound: Outbound) {
    this.#scheduler = scheduler;
    this.#outbound = outbound;
  }

  look(): void {
    const { clock, table, count, index } = this.#scheduler;
    if (this.#outbound.keeps || clock.random() > CHANCE || count < 3 || table.live === 0) return;
    const taker = 1 + ((index + Math.floor(clock.random() * (count - 2))) % (count - 1));
    if (this.#outbound.refusal(taker) !== undefined) return;
    const quiet = this.#outbound.quietEpoch();
    const living = [...table.all()];
    const given = new Set<Process>();
    for (let i = 0; i < MOST; i++) {
      const process = living[Math.floor(clock.random() * living.length)];
      if (!given.has(process) && mayGo(process, taker, this.#outbound, quiet) && pack(process)) given.add(process);
    }
    // Those that were in a queue stand there as ended ones, and are passed over.
    if (given.size > 0) this.#outbound.give([...given], taker);
  }
}
