/**
 * Which tables of a state are modules of the host, and which module each is: `__index` of module tables asks
 * (`objects.ts`). The tables that a state begins with are the same for all processes of a program and lie at the same
 * distance from the beginning of its slot, so their list is shared; what a process makes later it adds to its own.
 */
export class ModuleTables {
  /** Address that the shared list counts from. */
  readonly #base: number;
  readonly #shared: readonly (readonly [distance: number, module: number])[];
  #own: Map<number, number> | undefined;

  constructor(
    base: number,
    shared: readonly (readonly [number, number])[] = [],
    own?: Iterable<readonly [number, number]>,
  ) {
    this.#base = base;
    this.#shared = shared;
    this.#own = own && new Map(own);
  }

  /** The table at `address` is a new one of the module of this index. */
  add(address: number, module: number): void {
    // Where an earlier table was dropped by the program its address may be used again: the last entry is the true one.
    (this.#own ??= new Map()).set(address, module);
  }

  /** Index of the module whose table is at `address`; -1 where it is none. */
  find(address: number): number {
    const own = this.#own?.get(address);
    if (own !== undefined) return own;
    const distance = (address - this.#base) | 0;
    const shared = this.#shared;
    for (let i = 0; i < shared.length; i++) if (shared[i][0] === distance) return shared[i][1];
    return -1;
  }

  /** What was added, by address. */
  get own(): readonly (readonly [address: number, module: number])[] {
    return this.#own === undefined ? [] : [...this.#own];
  }

  /** What was added, to be shared by states whose memory begins elsewhere. */
  relativeTo(base: number): readonly (readonly [distance: number, module: number])[] {
    return this.own.map(([address, module]) => [(address - base) | 0, module] as const);
  }
}
