/**
 * Which machine owns which region of the address space.
 *
 * Addresses of slots are unique in a runtime, so that a process can move from one worker's memory to another's with
 * every pointer in it. The threads of a runtime share one table. In the same memory is what has to be known of pages
 * that are not with the owner of their region (`whereabouts.ts`).
 */
import { REGION_COUNT, REGION_PAGES, REGION_SHIFT } from './memory_map.ts';
import { Whereabouts } from './whereabouts.ts';

const NOBODY = 0;
/** The owner's thread has died, and something of the region lives elsewhere: who adopts it leaves that alone. */
const ORPHAN = -1;

/** Words of the table: one for each region, then those of `Whereabouts`. There is no region 0. */
const SEED = 0;
const WORDS = REGION_COUNT;

/** The table that the machines of one runtime share. Owners are numbers above 0 and below 2^30, of the runtime's choice. */
export class RegionTable {
  readonly buffer: SharedArrayBuffer;
  readonly whereabouts: Whereabouts;
  readonly #words: Int32Array;

  /** `seed` is that of string hashes in all machines that share the table, `id` tells it from other tables. */
  static create(seed = 0, id = 0): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer((WORDS + Whereabouts.WORDS) * 4);
    new Int32Array(buffer)[SEED] = seed;
    new Whereabouts(buffer, WORDS).id = id;
    return buffer;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, WORDS);
    this.whereabouts = new Whereabouts(buffer, WORDS);
  }

  get seed(): number {
    return this.#words[SEED];
  }

  get id(): number {
    return this.whereabouts.id;
  }

  /** Takes this very region if it is nobody's; answers whether. */
  mark(region: number, owner: number): boolean {
    return Atomics.compareExchange(this.#words, region, NOBODY, owner) === NOBODY;
  }

  /** Gives one region back. Nothing in it may be in use, by anyone. */
  unmark(region: number, owner: number): void {
    Atomics.compareExchange(this.#words, region, owner, NOBODY);
  }

  /** Takes this very region if its owner has died; answers whether. Of its pages some are away. */
  adopt(region: number, owner: number): boolean {
    return Atomics.compareExchange(this.#words, region, ORPHAN, owner) === ORPHAN;
  }

  /** The opposite of `adopt`, before anything was used. */
  disown(region: number, owner: number): void {
    Atomics.compareExchange(this.#words, region, owner, ORPHAN);
  }

  /** 0: nobody. */
  ownerOf(region: number): number {
    return Math.max(NOBODY, Atomics.load(this.#words, region));
  }

  isOrphan(region: number): boolean {
    return Atomics.load(this.#words, region) === ORPHAN;
  }

  /** Who has the process that this page belongs to; 0 or less: nobody, it is in an image or free. */
  holderOf(page: number): number {
    const home = this.whereabouts.homeOf(page);
    const found = this.whereabouts.at(home);
    return found === 0 ? this.ownerOf(home >>> REGION_SHIFT) : found;
  }

  /**
   * The thread of this owner has died. What it had of others goes back to them. Its regions are nobody's, or orphans
   * where a process that was made there lives on elsewhere or is in an image.
   *
   * A thread can die between any two writes. So all pages of a process are judged by the one word that says who has it,
   * and that one is freed last.
   */
  lost(owner: number): void {
    const { whereabouts } = this;
    const homes: number[] = [];
    const own: number[] = [];
    for (let region = 1; region < REGION_COUNT; region++) {
      const found = Atomics.load(this.#words, region);
      if (found === NOBODY) continue;
      if (found === owner) own.push(region);
      const end = (region + 1) << REGION_SHIFT;
      for (let page = region << REGION_SHIFT; page < end; page++) {
        if (whereabouts.at(page) === 0 || this.holderOf(page) !== owner) continue;
        if (whereabouts.homeOf(page) === page) homes.push(page);
        else whereabouts.free(page, 1);
      }
      // It may have died before it could say that it had freed something.
      whereabouts.hint(region);
    }
    for (const home of homes) whereabouts.free(home, 1);
    for (const region of own) {
      const outstanding = whereabouts.hasOutstanding(region);
      if (!outstanding) whereabouts.clear(region << REGION_SHIFT, REGION_PAGES);
      Atomics.store(this.#words, region, outstanding ? ORPHAN : NOBODY);
    }
  }
}
