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
  ENTRY_NEXT,
  ENTRY_SHIFT,
  FOREIGN_LIST,
  HEAP_STATE,
  LIVE_PAGES,
  MEMORY_PAGES,
  PAGE_BYTES,
  PAGE_MAP,
  PAGE_SHIFT,
  REGION_COUNT,
  REGIONS_OWNED,
  RUN_PAGES_MASK,
} from './memory_map.ts';
import type { RegionSource } from './regions.ts';
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

  /** The page heap asks for `-negated` adjacent regions; answers the lowest or 0. */
  grant(negated: number): number {
    return this.regions.claim(-negated);
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

  get hasForeign(): boolean {
    return this.memory.i32[(HEAP_STATE + FOREIGN_LIST) >>> 2] !== 0;
  }

  /**
   * Runs that were freed here and belong to other machines, as page and number of pages by turns. Each has to reach
   * `freeForeign` of the owner of its region (`page >>> 14`), or its pages are lost.
   */
  takeForeign(): number[] {
    const { i32 } = this.memory;
    const list: number[] = [];
    let page = i32[(HEAP_STATE + FOREIGN_LIST) >>> 2];
    while (page !== 0) {
      const entry = PAGE_MAP + (page << ENTRY_SHIFT);
      list.push(page, i32[entry >>> 2] & RUN_PAGES_MASK);
      i32[entry >>> 2] = 0;
      page = i32[(entry + ENTRY_NEXT) >>> 2];
    }
    i32[(HEAP_STATE + FOREIGN_LIST) >>> 2] = 0;
    return list;
  }

  freeForeign(list: readonly number[]): void {
    for (let i = 0; i < list.length; i += 2) this.exports.slot_free_pages(list[i], list[i + 1]);
  }
}

function pageLimit(limit: number): number {
  if ((limit | 0) === NO_LIMIT) return ALL_PAGES;
  return Math.ceil(((limit >>> 0) * FOOTPRINT) / PAGE_BYTES) + SPARE_PAGES;
}
