/** Chance that a seed repeats: what a generator of programs draws from. */

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 to `below` - 1. */
  integer(below: number): number {
    // Mulberry32: every seed has a sequence of its own, and one state is 32 bits.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  /** Both bounds included. */
  between(low: number, high: number): number {
    return low + this.integer(high - low + 1);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.integer(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(list.length)];
  }

  /** A list of `count` to `most` things that `make` makes. */
  several<T>(count: number, most: number, make: () => T): T[] {
    return Array.from({ length: this.between(count, most) }, make);
  }
}
