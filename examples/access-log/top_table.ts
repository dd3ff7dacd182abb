/**
 * The keys that come most often, in bounded memory.
 *
 * Counts are exact as long as there are at most `limit` different keys. When there are more, the rarer half is
 * forgotten; a key that comes back starts at nought. `missed` is the most by which any count can then be too low.
 */
export class TopTable {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();
  #missed = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** 0: every count is exact. */
  get missed(): number {
    return this.#missed;
  }

  add(key: string, count: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
    if (this.#counts.size > this.#limit) this.#forget();
  }

  /** The most frequent keys with their counts; equal counts in the order of their keys. */
  top(most: number): [string, number][] {
    return [...this.#counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, most);
  }

  #forget(): void {
    const ascending = [...this.#counts.values()].sort((a, b) => a - b);
    // Whoever has no more than this many is forgotten, and had at most this many: the bound grows by it.
    const threshold = ascending[this.#counts.size >> 1];
    for (const [key, count] of this.#counts) {
      if (count <= threshold) this.#counts.delete(key);
    }
    this.#missed += threshold;
  }
}
