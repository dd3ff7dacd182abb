import type { SuspendDriver } from '../suspend/driver.ts';
import { tooManyCalls } from './refusals.ts';

/** Checks of loops that take about a millisecond: fuel is counted in them. */
export const FUEL_PER_MILLISECOND = 500_000;

/** What a call of an import costs, in checks of loops: about half a microsecond. */
const CALL_FUEL = 256;

/** Bytes that a call reads or writes which count as one more call: to check and copy them takes as long. */
const CALL_BYTES_SHIFT = 8;

/** Calls too many before the process ends: code without loops has no check at which it could stop, and can be megabytes long. */
const MOST_OVERDRAWN = 1 << 20;

/**
 * Calls that a guest may make before others have their turn. Loops count themselves, but what a loop calls may take a hundred
 * times as long as the loop; so a guest that used its calls up is stopped at its next check.
 */
export class CallBudget {
  readonly #driver: SuspendDriver;
  #given = 0;
  #left = 0;

  constructor(driver: SuspendDriver) {
    this.#driver = driver;
  }

  /** As many calls as this fuel is worth. */
  begin(fuel: number): void {
    this.#given = this.#left = Math.ceil(fuel / CALL_FUEL);
  }

  /**
   * One call, or what takes as long as so many. Throws TIMEOUT where the guest does not stop though it should have long ago.
   */
  spend(calls = 1): void {
    const before = this.#left;
    if (before < -MOST_OVERDRAWN) throw tooManyCalls;
    this.#left = before - calls;
    if (before > 0 && this.#left <= 0) this.#driver.exhaust();
  }

  /** A call that took so many milliseconds. */
  spendTime(milliseconds: number): void {
    this.spend(Math.ceil((milliseconds * FUEL_PER_MILLISECOND) / CALL_FUEL));
  }

  /** One call that reads or writes so many bytes. */
  spendOn(bytes: number): void {
    this.spend(1 + (bytes >>> CALL_BYTES_SHIFT));
  }

  /** Whether there are none left. */
  get exhausted(): boolean {
    return this.#left <= 0;
  }

  /** Fuel that the calls since `begin` count as. */
  get spent(): number {
    return (this.#given - this.#left) * CALL_FUEL;
  }
}
