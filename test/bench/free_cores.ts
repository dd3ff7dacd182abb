/**
 * Whether two cores are free: the control for everything that says how much faster two threads are. Two threads that have
 * nothing to do with each other compute as much each as one alone.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { spreadOf } from './result.ts';
import type { Busy } from './busy_thread.ts';

/** About a tenth of a second. */
const STEPS = 80_000_000;
/** Less than this much work of two threads in the time of one: something else was running, or there is one core. */
const FREE = 1.9;

export class FreeCores {
  readonly #threads = [0, 1].map(() => new Worker(new URL('./busy_thread.js', import.meta.url)));
  readonly #ratios: number[] = [];

  /** Once before each round. */
  async look(): Promise<void> {
    const alone = await this.#compute(1);
    const both = await this.#compute(2);
    this.#ratios.push((2 * alone) / both);
  }

  /** What all looks together say. */
  get note(): string {
    const { median, least } = spreadOf(this.#ratios, 2);
    return `control: two independent busy threads did ${median} times the work of one (least ${least})`;
  }

  /** Undefined: they were free. */
  get doubt(): string | undefined {
    return spreadOf(this.#ratios, 2).median >= FREE ? undefined : 'cores not free';
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map(thread => thread.terminate()));
  }

  /** Nanoseconds from the first begin to the last end. */
  async #compute(threads: number): Promise<number> {
    const told = await Promise.all(
      this.#threads.slice(0, threads).map(async thread => {
        const answer = once(thread, 'message') as Promise<[Busy]>;
        thread.postMessage(STEPS);
        return (await answer)[0];
      }),
    );
    if (told.some(({ last }) => last !== told[0].last)) throw new Error('a busy thread computed something else');
    const begun = told.reduce((least, { begun }) => (begun < least ? begun : least), told[0].begun);
    const ended = told.reduce((most, { ended }) => (ended > most ? ended : most), told[0].ended);
    return Number(ended - begun);
  }
}
