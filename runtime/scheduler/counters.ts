/** Live processes of each host, shared by all schedulers of a runtime. */
export class Counters {
  readonly #live: Int32Array;
  /** Where there is one scheduler nobody else counts, and atomic operations are spared. */
  readonly #shared: boolean;

  /** `memory` holds one Int32 a host; shared where there are several schedulers. */
  constructor(memory: Int32Array) {
    this.#live = memory;
    this.#shared = memory.buffer instanceof SharedArrayBuffer;
  }

  /** Count one more; false, and nothing counted, if that would be more than `limit`. */
  enter(host: number, limit: number): boolean {
    if (!this.#shared) {
      if (this.#live[host] >= limit) return false;
      this.#live[host]++;
      return true;
    }
    if (Atomics.add(this.#live, host, 1) >= limit) {
      Atomics.sub(this.#live, host, 1);
      return false;
    }
    return true;
  }

  leave(host: number): void {
    if (this.#shared) Atomics.sub(this.#live, host, 1);
    else this.#live[host]--;
  }

  live(host: number): number {
    return Atomics.load(this.#live, host);
  }
}
