/**
 * How large the responses were: percentiles in bounded memory.
 *
 * Exact as long as there are at most `limit` different sizes. When there are more, sizes are rounded down to fewer
 * binary digits, 12 at first, then one less each time: `error` says by what share a percentile can then be too low.
 */
export class Sizes {
  readonly #limit: number;
  #counts = new Map<number, number>();
  #total = 0;
  /** Binary digits that are kept of a size; 0: all of them. */
  #digits = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** 0: percentiles are exact. Otherwise a share such as 1/2048. */
  get error(): number {
    return this.#digits === 0 ? 0 : 2 ** (1 - this.#digits);
  }

  add(size: number, count: number): void {
    const key = this.#rounded(size);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    this.#total += count;
    while (this.#counts.size > this.#limit && this.#digits !== 1) this.#coarsen();
  }

  /** Nearest rank: the smallest size that at least `share` of all responses do not exceed. Null where there is none. */
  percentile(share: number): number | null {
    const rank = Math.ceil(share * this.#total);
    let seen = 0;
    for (const [size, count] of [...this.#counts].sort((a, b) => a[0] - b[0])) {
      seen += count;
      if (seen >= rank) return size;
    }
    return null;
  }

  #coarsen(): void {
    this.#digits = this.#digits === 0 ? 12 : this.#digits - 1;
    const fine = this.#counts;
    this.#counts = new Map();
    for (const [size, count] of fine) {
      const key = this.#rounded(size);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    }
  }

  #rounded(size: number): number {
    if (this.#digits === 0 || size === 0) return size;
    const unit = 2 ** (Math.floor(Math.log2(size)) + 1 - this.#digits);
    return unit <= 1 ? size : Math.floor(size / unit) * unit;
  }
}
