// Reading and writing entries of the page map. Pages and regions are numbers here, never addresses.
import {
  ENTRY_NEXT,
  ENTRY_PREVIOUS,
  ENTRY_SHIFT,
  HEAP_STATE,
  PAGE_MAP,
  REGION_SHIFT,
  REGIONS_OWNED,
  RUN_PAGES_MASK,
  SMALL,
  STATE_SHIFT,
  USED,
} from '../memory_map';

// @ts-ignore: decorator
@inline
export function entryOf(page: u32): usize {
  return PAGE_MAP + (page << ENTRY_SHIFT);
}

// @ts-ignore: decorator
@inline
export function word(page: u32): u32 {
  return load<u32>(entryOf(page));
}

// @ts-ignore: decorator
@inline
export function setWord(page: u32, state: u32, pages: u32): void {
  store<u32>(entryOf(page), (state << STATE_SHIFT) | pages);
}

// @ts-ignore: decorator
@inline
export function clear(page: u32): void {
  store<u32>(entryOf(page), 0);
}

// @ts-ignore: decorator
@inline
export function stateOf(word: u32): u32 {
  return word >> STATE_SHIFT;
}

// @ts-ignore: decorator
@inline
export function pagesIn(word: u32): u32 {
  return word & RUN_PAGES_MASK;
}

// @ts-ignore: decorator
@inline
export function nextOf(page: u32): u32 {
  return load<u32>(entryOf(page), ENTRY_NEXT);
}

// @ts-ignore: decorator
@inline
export function previousOf(page: u32): u32 {
  return load<u32>(entryOf(page), ENTRY_PREVIOUS);
}

// @ts-ignore: decorator
@inline
export function setNext(page: u32, next: u32): void {
  store<u32>(entryOf(page), next, ENTRY_NEXT);
}

// @ts-ignore: decorator
@inline
export function setPrevious(page: u32, previous: u32): void {
  store<u32>(entryOf(page), previous, ENTRY_PREVIOUS);
}

// @ts-ignore: decorator
@inline
export function ownsRegion(region: u32): bool {
  return load<u8>(HEAP_STATE + REGIONS_OWNED + region) != 0;
}

// @ts-ignore: decorator
@inline
export function setOwned(region: u32, owned: u32): void {
  store<u8>(HEAP_STATE + REGIONS_OWNED + region, owned);
}

/** Whether the page lies in a region of this machine. */
// @ts-ignore: decorator
@inline
export function owned(page: u32): bool {
  return ownsRegion(page >> REGION_SHIFT);
}

/** Marks a run as one of small blocks, so that each of its pages leads to the first. */
export function markSmall(page: u32, pages: u32): void {
  setWord(page, USED, SMALL | pages);
  for (let i: u32 = 1; i < pages; i++) setNext(page + i, page);
}

/** First page of the run of small blocks that holds this address. */
// @ts-ignore: decorator
@inline
export function runOf(address: u32): u32 {
  const page = address >> 12;
  return stateOf(word(page)) == USED ? page : nextOf(page);
}
