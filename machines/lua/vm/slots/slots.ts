/**
 * The slots of one Lua machine: each process has its state, and all that belongs to it, in a slot of pages of its own.
 * It is limited and counted by itself, made in a microsecond by cloning a template, dropped as a whole without running
 * anything, and can move to another machine as bytes.
 *
 * A slot is its address: a signed 32-bit integer, as all addresses here.
 */
import { HASH_SEED } from '../words.ts';
import type { SlotExports } from './exports.ts';
import {
  ENTRY_SHIFT,
  FREED_ELSEWHERE,
  HEAP_STATE,
  LIVE_PAGES,
  LOOK_AGAIN,
  MEMORY_PAGES,
  PAGE_BYTES,
  PAGE_MAP,
  PAGE_SHIFT,
  REGION_COUNT,
  REGIONS_OWNED,
  RUN_PAGES_MASK,
} from './memory_map.ts';
import type { RegionSource } from './region_claims.ts';
import {
  NO_LIMIT,
  SLOT_LIMIT,
  SLOT_PAGE_LIMIT,
  SLOT_PAGES,
  SLOT_STATE,
  SLOT_THREAD,
  SLOT_USED,
} from './slot_header.ts';
import type { Template } from './template.ts';

/** More than any slot can have. */
const ALL_PAGES = RUN_PAGES_MASK;

/**
 * A slot may have this many times the pages that its limit of bytes would fill, and a few more. Size classes round up
 * by an eighth on average and a quarter at most, free blocks of one class serve no other, and a block that grows is in
 * two places for a moment. The few more let even the smallest limit be reached by what Lua counts.
 */
const FOOTPRINT = 1.5;
const SPARE_PAGES = 8;

/** A look through a region for pages that were freed elsewhere takes 10 us: so many must wait, where there is no need. */
const WORTH_A_LOOK = 256;

/** Views of the machine's memory, made after it has been expanded. */
export interface SlotMemory {
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
}

/**
 * Grows the memory to the whole address space, once and before anything else; untouched pages cost nothing. Answers
 * whether the system allows it: with a limit on virtual memory it may not.
 */
export function expandMemory(memory: WebAssembly.Memory): boolean {
  try {
    memory.grow(MEMORY_PAGES - memory.buffer.byteLength / 65_536);
    return true;
  } catch {
    return false;
  }
}

export class Slots {
  readonly exports: SlotExports;
  readonly memory: SlotMemory;
  readonly regions: RegionSource;

  /**
   * The binary's import `emscripten_resize_heap` must pass negative numbers on to `grant`. Sets the seed of string
   * hashes: no state may have been made before.
   */
  constructor(exports: SlotExports, memory: SlotMemory, regions: RegionSource) {
    this.exports = exports;
    this.memory = memory;
    this.regions = regions;
    memory.i32[HASH_SEED >>> 2] = regions.seed;
  }

  /** What the page heap asks: see the end of `memory_map.ts`. */
  grant(negated: number): number {
    if (negated < -FREED_ELSEWHERE) {
      this.#sendHome(-FREED_ELSEWHERE - negated);
      return 0;
    }
    if (negated < -1) return this.regions.claim(-negated);
    if (this.tidy() > 0 || this.#adopt()) return LOOK_AGAIN;
    const region = this.regions.claim(1);
    if (region !== 0) return region;
    return this.#takeReturned() > 0 ? LOOK_AGAIN : 0;
  }

  /** A run of another machine's region, which has an entry here, is free. */
  #sendHome(page: number): void {
    const { i32 } = this.memory;
    const entry = entryOf(page);
    const pages = i32[entry] & RUN_PAGES_MASK;
    i32[entry] = 0;
    this.regions.freeForeign(page, pages);
  }

  /** Goes on with a region of a thread that has died. What lives there is left alone. */
  #adopt(): boolean {
    const region = this.regions.adopt();
    if (region === 0) return false;
    const { i32 } = this.memory;
    this.exports.slot_add_region(region);
    const used = this.regions.settle(region);
    for (let i = 0; i < used.length; i += 2) {
      // A process that is here already has its own entry.
      const entry = entryOf(used[i]);
      const present = i32[entry];
      this.exports.slot_reserve_pages(used[i], used[i + 1]);
      i32[entry] = present;
    }
    return true;
  }

  /** Takes back what processes that had moved have freed elsewhere, where that is worth it; answers how many pages. */
  tidy(): number {
    return this.regions.returned < WORTH_A_LOOK ? 0 : this.#takeReturned();
  }

  #takeReturned(): number {
    const runs = this.regions.takeReturned();
    let count = 0;
    for (let i = 0; i < runs.length; i += 2) {
      this.exports.slot_free_pages(runs[i], runs[i + 1]);
      count += runs[i + 1];
    }
    return count;
  }

  // Slots ------------------------------------------------------------------------------------------------------------

  /**
   * An empty slot for `lua_newstate`, with so many pages at home; 0: no room. The limit is in bytes as Lua counts them,
   * up to 4 GiB; `NO_LIMIT` for none.
   */
  arena(pages: number, limit: number): number {
    const slot = this.allocatePages(pages);
    if (slot !== 0) this.format(slot, pages, limit);
    return slot;
  }

  /** Makes an empty slot of pages that the host has. `clean`: its blocks are zeroed, see `SLOT_CLEAN`. */
  format(address: number, pages: number, limit: number, clean = false): void {
    this.exports.slot_format(address, pages, limit, pageLimit(limit), clean ? 1 : 0);
  }

  /**
   * A new slot like those that the template was made of; 0: no room. The two halves of a 64-bit seed determine all that
   * `math.random` will give.
   */
  clone(template: Template, limit: number, seedLow: number, seedHigh: number): number {
    return this.exports.slot_clone(template.address, limit, pageLimit(limit), seedLow, seedHigh);
  }

  /** Frees all that the slot has. Nothing of Lua runs: no `lua_close`, no `__gc`, no `__close`. */
  drop(slot: number): void {
    this.exports.slot_drop(slot);
  }

  /** Bytes that Lua holds, as `collectgarbage("count") * 1024` says. */
  used(slot: number): number {
    return this.memory.i32[(slot + SLOT_USED) >>> 2] >>> 0;
  }

  /** In bytes; 4294967295 where there is none. */
  limit(slot: number): number {
    return this.memory.i32[(slot + SLOT_LIMIT) >>> 2] >>> 0;
  }

  /**
   * May be less than what is used: then the next allocation fails. An error of Lua outside of a protected call ends the
   * whole machine, so the host lifts the limit (`NO_LIMIT`) while it pushes values by itself.
   */
  setLimit(slot: number, limit: number): void {
    this.memory.i32[(slot + SLOT_LIMIT) >>> 2] = limit;
    this.memory.i32[(slot + SLOT_PAGE_LIMIT) >>> 2] = pageLimit(limit);
  }

  /** Pages that the slot has, 4 KiB each. */
  pagesOf(slot: number): number {
    return this.memory.i32[(slot + SLOT_PAGES) >>> 2];
  }

  /** Gives back pages in which nothing is in use any more; answers how many. Worth it after a garbage collection. */
  trim(slot: number): number {
    return this.exports.slot_trim(slot);
  }

  /** The main `lua_State`. Known for clones and images, elsewhere by `setStates`. */
  stateOf(slot: number): number {
    return this.memory.i32[(slot + SLOT_STATE) >>> 2];
  }

  /** The `lua_State` of the thread that runs the process. */
  threadOf(slot: number): number {
    return this.memory.i32[(slot + SLOT_THREAD) >>> 2];
  }

  setStates(slot: number, state: number, thread: number): void {
    this.memory.i32[(slot + SLOT_STATE) >>> 2] = state;
    this.memory.i32[(slot + SLOT_THREAD) >>> 2] = thread;
  }

  // Pages ------------------------------------------------------------------------------------------------------------

  /** Pages of this machine's regions that are in use, those of processes that have moved away included. */
  get livePages(): number {
    return this.memory.i32[(HEAP_STATE + LIVE_PAGES) >>> 2];
  }

  /** A run of pages for the host itself: its address, or 0. */
  allocatePages(pages: number): number {
    return this.exports.slot_allocate_pages(pages) << PAGE_SHIFT;
  }

  /** All or, from either end, a part of a run. */
  freePages(address: number, pages: number): void {
    this.exports.slot_free_pages(address >>> PAGE_SHIFT, pages);
  }

  /**
   * Touches up to so many pages that were never used, so that a later clone need not wait for the system to map them (two
   * microseconds a page). For idle moments; answers how many there were.
   */
  prefault(pages: number): number {
    return this.exports.slot_prefault(pages);
  }

  /** Gives back the regions in which nothing is in use; answers how many. */
  giveBackRegions(): number {
    this.#takeReturned();
    let count = 0;
    for (let region = 1; region < REGION_COUNT; region++) {
      if (this.exports.slot_remove_region(region) === 0) continue;
      this.regions.giveBack(region);
      count++;
    }
    return count;
  }

  /** Whether the region is this machine's. */
  owns(region: number): boolean {
    return this.memory.u8[HEAP_STATE + REGIONS_OWNED + region] === 1;
  }
}

/** Index of the word of a page's entry in the page map. */
function entryOf(page: number): number {
  return (PAGE_MAP + (page << ENTRY_SHIFT)) >>> 2;
}

function pageLimit(limit: number): number {
  if ((limit | 0) === NO_LIMIT) return ALL_PAGES;
  return Math.ceil(((limit >>> 0) * FOOTPRINT) / PAGE_BYTES) + SPARE_PAGES;
}
