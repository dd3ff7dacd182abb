// Runs of pages for slots and for the host: exact bins, neighbours joined by boundary tags, then the wilderness, then
// another region from the host. All of its data is in the page map and the heap's state, none in the pages: so a run can
// be exactly as long as what it holds, and a moving process carries nothing that is not its own.
//
// A run lies within one region, so that a region that is wholly free can be given back; only one that is longer than a
// region spans several, and it comes apart when it is freed.
import {
  FREE,
  FREED_ELSEWHERE,
  FREE_END,
  HEAP_STATE,
  LAST_PAGE_END,
  LIVE_PAGES,
  LOOK_AGAIN,
  PAGE_SHIFT,
  REGION_COUNT,
  REGION_PAGES,
  REGION_SHIFT,
  TOUCHED_END,
  USED,
  WILD_END,
  WILD_TOP,
} from '../memory_map';
import { findRun, putRun, removeRun } from './bins';
import {
  clear,
  owned,
  ownsRegion,
  pagesIn,
  setOwned,
  setWord,
  stateOf,
  word,
} from './page_map';

/** The binary's own import for a larger memory. Negative: see the end of `memory_map.ts`; answers the lowest region, or 0. */
@external("lua", "emscripten_resize_heap")
declare function askHost(negated: i32): u32;

/** Looks at so many runs before it prefers to split a longer one. */
const QUICK_SEARCH: u32 = 32;
const FULL_SEARCH: u32 = 0xffffffff;
const WITHIN_REGION: u32 = REGION_PAGES - 1;

// @ts-ignore: decorator
@inline
function addLive(pages: u32): void {
  store<u32>(HEAP_STATE, load<u32>(HEAP_STATE, LIVE_PAGES) + pages, LIVE_PAGES);
}

// @ts-ignore: decorator
@inline
function regionEnd(region: u32): u32 {
  return region == REGION_COUNT - 1 ? LAST_PAGE_END : (region + 1) << REGION_SHIFT;
}

/** Makes the region the wilderness; what was left of the old one is kept as a free run. */
export function addRegion(region: u32): void {
  setOwned(region, 1);
  const top = load<u32>(HEAP_STATE, WILD_TOP);
  const end = load<u32>(HEAP_STATE, WILD_END);
  if (end > top) putRun(top, end - top);
  const begin = region << REGION_SHIFT;
  store<u32>(HEAP_STATE, begin, WILD_TOP);
  store<u32>(HEAP_STATE, regionEnd(region), WILD_END);
  store<u32>(HEAP_STATE, begin, TOUCHED_END);
}

/** Gives a region up if nothing in it is in use; answers whether it did. */
export function removeRegion(region: u32): bool {
  if (!ownsRegion(region)) return false;
  const begin = region << REGION_SHIFT;
  const end = regionEnd(region);
  if (load<u32>(HEAP_STATE, WILD_TOP) == begin && load<u32>(HEAP_STATE, WILD_END) == end) {
    store<u32>(HEAP_STATE, 0, WILD_TOP);
    store<u32>(HEAP_STATE, 0, WILD_END);
    store<u32>(HEAP_STATE, 0, TOUCHED_END);
  } else {
    const found = word(begin);
    if (stateOf(found) != FREE || pagesIn(found) != end - begin) return false;
    removeRun(begin, end - begin);
  }
  setOwned(region, 0);
  return true;
}

function allocateSpanning(pages: u32): u32 {
  // The last region has some pages less, so ask for enough even if it is among them.
  const count = (pages + (REGION_COUNT << REGION_SHIFT) - LAST_PAGE_END + WITHIN_REGION) >> REGION_SHIFT;
  if (count >= <u32>REGION_COUNT) return 0;
  const region = askHost(-(<i32>count));
  if (!region) return 0;
  for (let i: u32 = 0; i < count; i++) setOwned(region + i, 1);
  const page = region << REGION_SHIFT;
  const all = regionEnd(region + count - 1) - page;
  addLive(all);
  setWord(page, USED, pages);
  if (all > pages) freePages(page + pages, all - pages);
  return page;
}

/** Takes the first pages of a free run. */
function useRun(page: u32, pages: u32): u32 {
  const found = pagesIn(word(page));
  removeRun(page, found);
  if (found > pages) putRun(page + pages, found - pages);
  setWord(page, USED, pages);
  addLive(pages);
  return page;
}

/** First page of a run of so many pages; 0 where there is no room. */
export function allocatePages(pages: u32): u32 {
  if (!pages) return 0;
  if (pages > <u32>REGION_PAGES) return allocateSpanning(pages);
  let found = findRun(pages, QUICK_SEARCH);
  if (found) return useRun(found, pages);
  let page = load<u32>(HEAP_STATE, WILD_TOP);
  while (page + pages > load<u32>(HEAP_STATE, WILD_END)) {
    found = findRun(pages, FULL_SEARCH);
    if (found) return useRun(found, pages);
    const region = askHost(-1);
    if (!region) return 0;
    if (region != <u32>LOOK_AGAIN) addRegion(region);
    page = load<u32>(HEAP_STATE, WILD_TOP);
  }
  store<u32>(HEAP_STATE, page + pages, WILD_TOP);
  setWord(page, USED, pages);
  addLive(pages);
  return page;
}

function freeWithin(page: u32, pages: u32): void {
  clear(page);
  if (page & WITHIN_REGION) {
    const before = word(page - 1);
    const state = stateOf(before);
    if (state == FREE_END || state == FREE) {
      const count = pagesIn(before);
      page -= count;
      pages += count;
      removeRun(page, count);
    }
  }
  const end = page + pages;
  if (end & WITHIN_REGION) {
    if (end == load<u32>(HEAP_STATE, WILD_TOP)) {
      store<u32>(HEAP_STATE, page, WILD_TOP);
      return;
    }
    const after = word(end);
    if (stateOf(after) == FREE) {
      const count = pagesIn(after);
      removeRun(end, count);
      pages += count;
    }
  }
  putRun(page, pages);
}

/** What lies in a region that is not this machine's is sent home by the host. */
function freePart(page: u32, pages: u32): void {
  if (owned(page)) {
    addLive(-pages);
    freeWithin(page, pages);
  } else {
    setWord(page, USED, pages);
    askHost(-<i32>(FREED_ELSEWHERE + page));
  }
}

/** The regions of a long run may have come to different owners, where a thread has died. */
export function freePages(page: u32, pages: u32): void {
  for (;;) {
    const room: u32 = REGION_PAGES - (page & WITHIN_REGION);
    if (pages <= room) break;
    freePart(page, room);
    page += room;
    pages -= room;
  }
  freePart(page, pages);
}

/** Lengthens a run in place where the pages behind it are free. Never across the end of a region. */
export function growRun(page: u32, pages: u32, wanted: u32): bool {
  const end = page + pages;
  if (!owned(end) || !(end & WITHIN_REGION)) return false;
  const more = wanted - pages;
  if (end == load<u32>(HEAP_STATE, WILD_TOP)) {
    if (more > load<u32>(HEAP_STATE, WILD_END) - end) return false;
    store<u32>(HEAP_STATE, end + more, WILD_TOP);
  } else {
    const after = word(end);
    const found = pagesIn(after);
    if (stateOf(after) != FREE || found < more) return false;
    removeRun(end, found);
    if (found > more) putRun(end + more, found - more);
  }
  setWord(page, USED, wanted);
  addLive(more);
  return true;
}

// @ts-ignore: decorator
@inline
function inWilderness(page: u32): bool {
  return page >= load<u32>(HEAP_STATE, WILD_TOP) && page < load<u32>(HEAP_STATE, WILD_END);
}

/** The free run that holds all of these pages, which lie in one region and not in the wilderness; 0: some are in use. */
function covering(page: u32, pages: u32): u32 {
  let at = page;
  if (stateOf(word(at)) == FREE_END) at -= pagesIn(word(at)) - 1;
  while (!word(at)) {
    if (!(at & WITHIN_REGION)) return 0;
    at--;
  }
  const found = word(at);
  return stateOf(found) == FREE && at + pagesIn(found) >= page + pages ? at : 0;
}

function carve(page: u32, pages: u32): void {
  const end = page + pages;
  if (inWilderness(page)) {
    const top = load<u32>(HEAP_STATE, WILD_TOP);
    if (page > top) putRun(top, page - top);
    store<u32>(HEAP_STATE, end, WILD_TOP);
  } else {
    const run = covering(page, pages);
    const found = pagesIn(word(run));
    removeRun(run, found);
    if (page > run) putRun(run, page - run);
    if (run + found > end) putRun(end, run + found - end);
  }
}

/** Whether these pages, in regions of this machine, are all free. */
export function areFree(page: u32, pages: u32): bool {
  while (pages) {
    const room: u32 = REGION_PAGES - (page & WITHIN_REGION);
    const part = pages < room ? pages : room;
    if (!owned(page)) return false;
    if (inWilderness(page) ? page + part > load<u32>(HEAP_STATE, WILD_END) : !covering(page, part)) return false;
    page += part;
    pages -= part;
  }
  return true;
}

/** Takes exactly these pages, for which `areFree` holds. */
export function reservePages(page: u32, pages: u32): void {
  addLive(pages);
  let at = page;
  let left = pages;
  while (left) {
    const room: u32 = REGION_PAGES - (at & WITHIN_REGION);
    const part = left < room ? left : room;
    carve(at, part);
    at += part;
    left -= part;
  }
  setWord(page, USED, pages);
}

/** Touches the next pages of the wilderness, so that the system gives them their memory now; answers how many were new. */
export function prefault(pages: u32): u32 {
  const top = load<u32>(HEAP_STATE, WILD_TOP);
  const touched = load<u32>(HEAP_STATE, TOUCHED_END);
  const last = min<u32>(top + pages, load<u32>(HEAP_STATE, WILD_END));
  let page = max<u32>(top, touched);
  if (page >= last) return 0;
  const count = last - page;
  for (; page < last; page++) store<u8>(page << PAGE_SHIFT, 0);
  store<u32>(HEAP_STATE, last, TOUCHED_END);
  return count;
}
