import type { Clock } from '../../runtime/clock.ts';

/** A clock on which nobody waits: when nothing can run, it is already as late as the next timer wants. */
export class HastyClock implements Clock {
  #now = 0;
  #chance = 1;
  readonly #armed = new Set<object>();

  now(): number {
    return this.#now;
  }

  unix(): number {
    return 1.7e12 + this.#now;
  }

  random(): number {
    this.#chance = (Math.imul(this.#chance, 1_664_525) + 1_013_904_223) | 0;
    return (this.#chance >>> 0) / 2 ** 32;
  }

  arm(milliseconds: number, wake: () => void): unknown {
    const due = this.#now + milliseconds;
    const timer = {};
    this.#armed.add(timer);
    setImmediate(() => {
      if (!this.#armed.delete(timer)) return;
      this.#now = Math.max(this.#now, due);
      wake();
    });
    return timer;
  }

  disarm(armed: unknown): void {
    this.#armed.delete(armed as object);
  }

  defer(turn: () => void): void {
    setImmediate(turn);
  }

  hold(): () => void {
    return () => undefined;
  }
}
