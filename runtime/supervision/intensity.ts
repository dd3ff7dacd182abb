/** How many restarts a supervisor may make within some time. */
import { Queue } from '../scheduler/queue.ts';
import type { SupervisorSpecification } from './specification.ts';

interface Restarted {
  readonly at: number;
  readonly key: string;
}

export class Intensity {
  readonly #max: number;
  readonly #within: number;
  /** Those within the time, the oldest first: never more than `max` and one. */
  readonly #restarts = new Queue<Restarted>(4);

  /** `within`: milliseconds. */
  constructor({ max, within }: SupervisorSpecification['intensity']) {
    this.#max = max;
    this.#within = within;
  }

  /** Count a restart of the child `key` at `now`; whether there may be so many. */
  allows(now: number, key: string): boolean {
    const restarts = this.#restarts;
    while (restarts.size > 0 && restarts.at(0)!.at + this.#within < now) restarts.shift();
    restarts.push({ at: now, key });
    return restarts.size <= this.#max;
  }

  /** How often each child was to be restarted within the time, the most frequent first. */
  get culprits(): [key: string, count: number][] {
    const counts = new Map<string, number>();
    for (let i = 0; i < this.#restarts.size; i++) {
      const { key } = this.#restarts.at(i)!;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  }
}
