/** Live processes of each host, shared by all schedulers of a runtime. */
export class Counters {
  readonly #live: Int32Array;

  /** `memory` holds one Int32 a host; shared where there are several schedulers. */
  constructor(memory: Int32Array) {
    this.#live = memory;
  }

  /** Count one more; false, and nothing counted, if that would be more than `limit`. */
  enter(host: number, limit: number): boolean {
    if (Atomics.add(this.#live, host, 1) >= limit) {
      Atomics.sub(this.#live, host, 1);
      return false;
    }
    return true;
  }

  leave(host: number): void {
    Atomics.sub(this.#live, host, 1);
  }

  live(host: number): number {
    return Atomics.load(this.#live, host);
  }
}
