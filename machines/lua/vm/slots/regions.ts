/**
 * Which machine owns which region of the address space.
 *
 * Addresses of slots are unique in a runtime, so that a process can move from one worker's memory to another's with
 * every pointer in it. The runtime's workers share one table; the machine of the main thread may belong to several
 * runtimes at once, and then owns the same regions in all of their tables.
 */
import { REGION_COUNT } from './memory_map.ts';

const NOBODY = 0;
/** Word 0 of the table; there is no region 0. */
const SEED = 0;

/** The table that the machines of one runtime share. Owners are numbers above 0, of the runtime's choice. */
export class RegionTable {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** `seed` is that of string hashes in all machines that share the table. */
  static create(seed = 0): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(REGION_COUNT * 4);
    new Int32Array(buffer)[SEED] = seed;
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  get seed(): number {
    return this.#words[SEED];
  }

  /** Takes the highest region that nobody owns; 0: none is left. From the top, so that high addresses are the rule. */
  claim(owner: number): number {
    for (let region = REGION_COUNT - 1; region > 0; region--) {
      if (Atomics.compareExchange(this.#words, region, NOBODY, owner) === NOBODY) return region;
    }
    return 0;
  }

  /** Takes this very region; answers whether it is the owner's now. */
  mark(region: number, owner: number): boolean {
    const found = Atomics.compareExchange(this.#words, region, NOBODY, owner);
    return found === NOBODY || found === owner;
  }

  /** Gives one region back. Nothing in it may be in use, by anyone. */
  unmark(region: number, owner: number): void {
    Atomics.compareExchange(this.#words, region, owner, NOBODY);
  }

  /**
   * Gives back all regions of an owner. Only when no process that was made there lives on elsewhere: as a whole runtime
   * stops, or where none was moved.
   */
  release(owner: number): void {
    for (let region = 1; region < REGION_COUNT; region++) this.unmark(region, owner);
  }

  /** 0: nobody. */
  ownerOf(region: number): number {
    return Atomics.load(this.#words, region);
  }
}

/** Where the page heap of a machine gets its regions. */
export interface RegionSource {
  /** Seed of string hashes. */
  readonly seed: number;
  /** Takes so many adjacent regions: the lowest of them, or 0. */
  claim(count: number): number;
  /** Takes this very region if it is nobody's; answers whether. */
  take(region: number): boolean;
  giveBack(region: number): void;
}

/** The regions of one machine, owned in every table that it has joined. */
export class RegionClaims implements RegionSource {
  readonly #memberships: { readonly table: RegionTable; readonly owner: number }[] = [];
  readonly #held = new Set<number>();

  constructor(table?: RegionTable, owner = 0) {
    if (table !== undefined) this.join(table, owner);
  }

  get seed(): number {
    return this.#memberships[0]?.table.seed ?? 0;
  }

  /**
   * Enters what the machine holds into a further table. `false`, and nothing changes, where one of its regions has
   * another owner there already: then the runtime needs another machine. Join before its workers start.
   */
  join(table: RegionTable, owner: number): boolean {
    const entered: number[] = [];
    for (const region of this.#held) {
      if (table.ownerOf(region) === NOBODY && table.mark(region, owner)) entered.push(region);
      else {
        for (const undone of entered) table.unmark(undone, owner);
        return false;
      }
    }
    this.#memberships.push({ table, owner });
    return true;
  }

  /** The runtime of this table has stopped. */
  leave(table: RegionTable): void {
    const at = this.#memberships.findIndex(membership => membership.table === table);
    if (at < 0) return;
    const [{ owner }] = this.#memberships.splice(at, 1);
    for (const region of this.#held) table.unmark(region, owner);
  }

  claim(count: number): number {
    for (let lowest = REGION_COUNT - count; lowest > 0; lowest--) {
      let taken = 0;
      while (taken < count && this.take(lowest + count - 1 - taken)) taken++;
      if (taken === count) return lowest;
      for (; taken > 0; taken--) this.giveBack(lowest + count - taken);
    }
    return 0;
  }

  take(region: number): boolean {
    if (this.#held.has(region)) return false;
    for (const [i, { table, owner }] of this.#memberships.entries()) {
      if (table.ownerOf(region) === NOBODY && table.mark(region, owner)) continue;
      for (const undone of this.#memberships.slice(0, i)) undone.table.unmark(region, undone.owner);
      return false;
    }
    this.#held.add(region);
    return true;
  }

  giveBack(region: number): void {
    if (!this.#held.delete(region)) return;
    for (const { table, owner } of this.#memberships) table.unmark(region, owner);
  }
}
