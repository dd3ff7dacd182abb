import type { SuspendDriver } from '../suspend/driver.ts';

/** What a call of an import costs, in checks of loops: about half a microsecond. */
const CALL_FUEL = 256;

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

  /** One call. */
  spend(): void {
    if (--this.#left === 0) this.#driver.exhaust();
  }

  /** Fuel that the calls since `begin` count as. */
  get spent(): number {
    return (this.#given - this.#left) * CALL_FUEL;
  }
}
