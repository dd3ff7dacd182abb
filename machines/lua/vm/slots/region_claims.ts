/**
 * The regions of one machine. That of the main thread may belong to several runtimes at once, and then owns the same
 * regions in all of their tables; that of a worker belongs to just one.
 */
import { REGION_COUNT, REGION_PAGES, REGION_SHIFT } from './memory_map.ts';
import type { RegionTable } from './regions.ts';
import { isOutstanding } from './whereabouts.ts';

/** A table in which the machine has regions, under this number. */
export interface Membership {
  readonly table: RegionTable;
  readonly owner: number;
}

/** Where the page heap of a machine gets its regions, and sends pages that are not its own. Runs are page and number of pages by turns. */
export interface RegionSource {
  /** Seed of string hashes. */
  readonly seed: number;
  /** Takes so many adjacent regions: the lowest of them, or 0. */
  claim(count: number): number;
  /** Takes this very region if it is nobody's; answers whether. */
  take(region: number): boolean;
  giveBack(region: number): void;
  /** Takes a region of a thread that has died, in which something lives on; 0: there is none. */
  adopt(): number;
  /** Runs of an adopted region that are in use by somebody. Those that are in use here are this machine's from now on. */
  settle(region: number): number[];
  /** Pages of the machine's regions that were freed elsewhere, about. */
  readonly returned: number;
  /** Takes them: from now on they are here. */
  takeReturned(): number[];
  /** Whether a run that comes by way of this table is in use here by a process of another runtime. */
  isTaken(by: RegionTable, page: number, pages: number): boolean;
  /** Pages of other machines' regions were freed here. All lie in one region. */
  freeForeign(page: number, pages: number): void;
}

export class RegionClaims implements RegionSource {
  readonly #memberships: Membership[] = [];
  readonly #held = new Set<number>();
  /** Runs of this machine that were away in runtimes that have ended. */
  #left: number[] = [];

  constructor(table?: RegionTable, owner = 0) {
    if (table !== undefined) this.join(table, owner);
  }

  get seed(): number {
    return this.#memberships[0]?.table.seed ?? 0;
  }

  /** Of the table with this id; the first one where there is no such. */
  membership(id?: number): Membership {
    return this.#memberships.find(({ table }) => table.id === id) ?? this.#memberships[0];
  }

  isTaken(by: RegionTable, page: number, pages: number): boolean {
    for (const { table, owner } of this.#memberships) {
      if (table === by) continue;
      for (let i = page; i < page + pages; i++) {
        if (table.whereabouts.at(i) !== 0 && table.holderOf(i) === owner) return true;
      }
    }
    return false;
  }

  /**
   * Enters what the machine holds into a further table. `false`, and nothing changes, where one of its regions has
   * another owner there already: then the runtime needs another machine. Join before its workers start.
   */
  join(table: RegionTable, owner: number): boolean {
    const entered: number[] = [];
    for (const region of this.#held) {
      if (table.mark(region, owner)) entered.push(region);
      else {
        for (const undone of entered) table.unmark(undone, owner);
        return false;
      }
    }
    this.#memberships.push({ table, owner });
    return true;
  }

  /** The runtime of this table has stopped: what is away there comes no more, so it is free. */
  leave(table: RegionTable): void {
    const at = this.#memberships.findIndex(membership => membership.table === table);
    if (at < 0) return;
    const [{ owner }] = this.#memberships.splice(at, 1);
    for (const region of this.#held) {
      const end = (region + 1) << REGION_SHIFT;
      for (let page = region << REGION_SHIFT; page < end; page++) {
        if (table.whereabouts.at(page) !== 0) append(this.#left, page);
      }
      table.unmark(region, owner);
    }
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
    return this.#enter(region, takeFree);
  }

  giveBack(region: number): void {
    if (!this.#held.delete(region)) return;
    for (const { table, owner } of this.#memberships) table.unmark(region, owner);
  }

  adopt(): number {
    for (let region = REGION_COUNT - 1; region > 0; region--) {
      const isOrphan = this.#memberships.some(({ table }) => table.isOrphan(region));
      if (isOrphan && this.#enter(region, takeAny)) return region;
    }
    return 0;
  }

  settle(region: number): number[] {
    const used: number[] = [];
    const end = (region + 1) << REGION_SHIFT;
    for (let page = region << REGION_SHIFT; page < end; page++) {
      let outstanding = false;
      for (const { table, owner } of this.#memberships) {
        const { whereabouts } = table;
        const word = whereabouts.at(page);
        if (word === 0) continue;
        if (isOutstanding(word)) outstanding = true;
        // What is here is with its owner from now on. The home of such a process may come before or after its other pages,
        // and says the same before it is cleared as it does then.
        if (!isOutstanding(word) || table.holderOf(page) === owner) whereabouts.clear(page, 1);
      }
      if (outstanding) append(used, page);
    }
    return used;
  }

  get returned(): number {
    let count = this.#left.length;
    for (const { table } of this.#memberships) {
      for (const region of this.#held) count += table.whereabouts.returned(region);
    }
    return count;
  }

  takeReturned(): number[] {
    const runs = this.#left;
    this.#left = [];
    for (const { table } of this.#memberships) {
      for (const region of this.#held) table.whereabouts.takeReturned(region, runs);
    }
    return runs;
  }

  freeForeign(page: number, pages: number): void {
    for (const { table, owner } of this.#memberships) {
      if (table.whereabouts.at(page) === 0 || table.holderOf(page) !== owner) continue;
      table.whereabouts.free(page, pages);
      return;
    }
  }

  /** Makes the region this machine's in every table, or in none. */
  #enter(region: number, enter: (membership: Membership, region: number) => Undo | undefined): boolean {
    if (this.#held.has(region)) return false;
    const undo: (() => void)[] = [];
    for (const membership of this.#memberships) {
      const undone = enter(membership, region);
      if (undone === undefined) {
        for (const each of undo) each();
        return false;
      }
      undo.push(undone);
    }
    this.#held.add(region);
    return true;
  }
}

type Undo = () => void;

/** Takes a region that is nobody's, or of which nothing lives any more since its owner has died. */
function takeFree({ table, owner }: Membership, region: number): Undo | undefined {
  const undo = () => table.unmark(region, owner);
  if (table.mark(region, owner)) return undo;
  if (!table.isOrphan(region) || table.whereabouts.hasOutstanding(region)) return undefined;
  if (!table.adopt(region, owner)) return undefined;
  // Another one may have had it in between.
  if (table.whereabouts.hasOutstanding(region)) {
    table.disown(region, owner);
    return undefined;
  }
  table.whereabouts.clear(region << REGION_SHIFT, REGION_PAGES);
  return undo;
}

function takeAny({ table, owner }: Membership, region: number): Undo | undefined {
  if (table.mark(region, owner)) return () => table.unmark(region, owner);
  return table.adopt(region, owner) ? () => table.disown(region, owner) : undefined;
}

/** Adds a page, which comes after all others, to a list of runs. */
function append(runs: number[], page: number): void {
  const last = runs.length - 2;
  if (last >= 0 && runs[last] + runs[last + 1] === page) runs[last + 1]++;
  else runs.push(page, 1);
}
