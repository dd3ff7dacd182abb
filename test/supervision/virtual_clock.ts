import type { Clock } from '../../runtime/clock.ts';

interface Armed {
  readonly due: number;
  readonly wake: () => void;
}

/** Time that goes on only when it is told to, and exactly so far; chance walks through the given numbers for ever. */
export class VirtualClock implements Clock {
  #now = 0;
  #chances: readonly number[];
  #next = 0;
  #turns = 0;
  readonly #armed = new Set<Armed>();

  constructor(chances: readonly number[] = [0.5]) {
    this.#chances = chances;
  }

  /** Timers that are armed. */
  get armed(): number {
    return this.#armed.size;
  }

  now(): number {
    return this.#now;
  }

  unix(): number {
    return 1.7e12 + this.#now;
  }

  random(): number {
    return this.#chances[this.#next++ % this.#chances.length];
  }

  arm(milliseconds: number, wake: () => void): unknown {
    const armed: Armed = { due: this.#now + milliseconds, wake };
    this.#armed.add(armed);
    return armed;
  }

  disarm(armed: unknown): void {
    this.#armed.delete(armed as Armed);
  }

  defer(turn: () => void): void {
    this.#turns++;
    setImmediate(() => {
      this.#turns--;
      turn();
    });
  }

  hold(): () => void {
    return () => undefined;
  }

  /** Until nothing happens any more without time going on. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      await new Promise(resolve => setImmediate(resolve));
      if (this.#turns > 0) quiet = -1;
    }
  }

  async advance(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds;
    await this.settle();
    for (;;) {
      let first: Armed | undefined;
      for (const armed of this.#armed) if (first === undefined || armed.due < first.due) first = armed;
      if (first === undefined || first.due > until) break;
      this.#armed.delete(first);
      this.#now = Math.max(this.#now, first.due);
      first.wake();
      await this.settle();
    }
    this.#now = until;
  }
}
