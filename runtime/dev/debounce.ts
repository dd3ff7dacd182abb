import type { Clock } from '../clock.ts';

/** Milliseconds. */
export interface DebounceTimes {
  /** So long nothing must have happened. */
  readonly quiet: number;
  /** After the first thing that happened it is not put off longer than this. */
  readonly longest: number;
}

/** Many things that happen at nearly the same time become one call. */
export class Debounce {
  readonly #clock: Clock;
  readonly #times: DebounceTimes;
  readonly #fire: () => void;
  #armed: unknown;
  /** When the first thing happened that `fire` was not called for; undefined: nothing did. */
  #since: number | undefined;

  constructor(clock: Clock, times: DebounceTimes, fire: () => void) {
    this.#clock = clock;
    this.#times = times;
    this.#fire = fire;
  }

  /** Whether something happened that `fire` was not called for. */
  get pending(): boolean {
    return this.#since !== undefined;
  }

  /** Something happened. */
  touch(): void {
    const now = this.#clock.now();
    this.#since ??= now;
    this.#arm(Math.min(now + this.#times.quiet, this.#since + this.#times.longest));
  }

  cancel(): void {
    if (this.#armed !== undefined) this.#clock.disarm(this.#armed);
    this.#armed = undefined;
    this.#since = undefined;
  }

  #arm(due: number): void {
    if (this.#armed !== undefined) this.#clock.disarm(this.#armed);
    this.#armed = this.#clock.arm(Math.max(0, due - this.#clock.now()), () => {
      // A clock may wake early.
      if (this.#clock.now() < due) {
        this.#arm(due);
        return;
      }
      this.#armed = undefined;
      this.#since = undefined;
      this.#fire();
    });
  }
}
