const PAGE_BYTES = 65_536;

/** Drives an instance of a module that Binaryen's asyncify made: what `SuspendDriver` is for ours. */
export class AsyncifyDriver {
  /** Suspensions of all calls. */
  stops = 0;
  #exports: WebAssembly.Exports = {};
  #area = 0;
  #unwinding = false;
  #rewinding = false;

  /**
   * Take over an instance with a memory; a page of it is for the saved stack, from an exported `malloc` if there is one:
   * that of a C library takes all the memory that it finds. Otherwise it is added.
   */
  attach(instance: WebAssembly.Instance): void {
    this.#exports = instance.exports;
    const memory = Object.values(instance.exports).find(value => value instanceof WebAssembly.Memory)!;
    const allocated = typeof instance.exports.malloc === 'function';
    this.#area = allocated ? (this.#invoke('malloc', PAGE_BYTES) as number) : memory.grow(1) * PAGE_BYTES;
    new Int32Array(memory.buffer, this.#area, 2).set([this.#area + 8, this.#area + PAGE_BYTES]);
  }

  /** In the body of an import: whether it is called again to be answered. Otherwise the stack unwinds when it returns. */
  shouldRewind(): boolean {
    if (this.#rewinding) {
      this.#rewinding = false;
      this.#invoke('asyncify_stop_rewind');
      return true;
    }
    this.#unwinding = true;
    this.stops++;
    this.#invoke('asyncify_start_unwind', this.#area);
    return false;
  }

  /** Call an export and resume it until it returns. */
  run(name: string, args: readonly (number | bigint)[]): unknown {
    let result = this.#invoke(name, ...args);
    while (this.#unwinding) {
      this.#unwinding = false;
      this.#rewinding = true;
      this.#invoke('asyncify_stop_unwind');
      this.#invoke('asyncify_start_rewind', this.#area);
      result = this.#invoke(name, ...args);
    }
    return result;
  }

  #invoke(name: string, ...args: readonly (number | bigint)[]): unknown {
    return (this.#exports[name] as (...args: readonly (number | bigint)[]) => unknown)(...args);
  }
}
