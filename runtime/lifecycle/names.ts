/** Registered names of a runtime (semantics section 5, scope LOCAL). One pid may hold many; a name has one holder. */
export interface Names {
  /** Undefined: `pid` holds the name now. Otherwise the holder that was there (which may be `pid` itself). */
  register(name: string, pid: string): string | undefined;
  lookup(name: string): string | undefined;
  /** Release a name that `pid` holds, or anybody's where `pid` is undefined; whether it was held so. */
  release(name: string, pid: string | undefined): boolean;
}

/** Longest name in UTF-8 bytes. */
export const LONGEST_NAME = 200;

/** The names of a runtime with one scheduler. */
export class LocalNames implements Names {
  readonly #holders = new Map<string, string>();

  register(name: string, pid: string): string | undefined {
    const holder = this.#holders.get(name);
    if (holder !== undefined) return holder;
    this.#holders.set(name, pid);
    return undefined;
  }

  lookup(name: string): string | undefined {
    return this.#holders.get(name);
  }

  release(name: string, pid: string | undefined): boolean {
    if (pid !== undefined && this.#holders.get(name) !== pid) return false;
    return this.#holders.delete(name);
  }
}
