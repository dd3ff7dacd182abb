// Free runs by length: lists in the page map, with a bit for every list that is not empty.
import {
  BINS,
  DOUBLING_BITS,
  EXACT_BINS,
  EXACT_BITS,
  FREE,
  FREE_END,
  HEAP_STATE,
} from '../memory_map';
import { clear, nextOf, pagesIn, previousOf, setNext, setPrevious, setWord, word } from './page_map';

/** Runs of 64 to 127 pages are in bin 64, of 128 to 255 in bin 65, and so on. */
// @ts-ignore: decorator
@inline
function binOf(pages: u32): u32 {
  return pages < <u32>EXACT_BINS ? pages : EXACT_BINS - 6 + (31 - clz<u32>(pages));
}

// @ts-ignore: decorator
@inline
function first(bin: u32): u32 {
  return load<u32>(HEAP_STATE + BINS + (bin << 2));
}

function setFirst(bin: u32, page: u32): void {
  store<u32>(HEAP_STATE + BINS + (bin << 2), page);
  if (bin < <u32>EXACT_BINS) {
    const bit = (<u64>1) << bin;
    const bits = load<u64>(HEAP_STATE, EXACT_BITS);
    store<u64>(HEAP_STATE, page ? bits | bit : bits & ~bit, EXACT_BITS);
  } else {
    const bit = (<u32>1) << (bin - EXACT_BINS);
    const bits = load<u32>(HEAP_STATE, DOUBLING_BITS);
    store<u32>(HEAP_STATE, page ? bits | bit : bits & ~bit, DOUBLING_BITS);
  }
}

export function putRun(page: u32, pages: u32): void {
  setWord(page, FREE, pages);
  if (pages > 1) setWord(page + pages - 1, FREE_END, pages);
  const bin = binOf(pages);
  const next = first(bin);
  setNext(page, next);
  setPrevious(page, 0);
  if (next) setPrevious(next, page);
  setFirst(bin, page);
}

export function removeRun(page: u32, pages: u32): void {
  const next = nextOf(page);
  const previous = previousOf(page);
  if (next) setPrevious(next, previous);
  if (previous) setNext(previous, next);
  else setFirst(binOf(pages), next);
  clear(page);
  if (pages > 1) clear(page + pages - 1);
}

/**
 * A free run of at least so many pages, the shortest as far as the bins tell; 0: none. In the bin where runs may be
 * shorter than wanted, no more than `tries` are looked at.
 */
export function findRun(pages: u32, tries: u32): u32 {
  let doubling: u32 = 0;
  if (pages < <u32>EXACT_BINS) {
    const fitting = load<u64>(HEAP_STATE, EXACT_BITS) >> pages;
    if (fitting) return first(pages + <u32>ctz<u64>(fitting));
  } else {
    const bin = binOf(pages);
    let page = first(bin);
    while (page && tries--) {
      if (pagesIn(word(page)) >= pages) return page;
      page = nextOf(page);
    }
    doubling = bin - EXACT_BINS + 1;
  }
  const fitting = load<u32>(HEAP_STATE, DOUBLING_BITS) >> doubling;
  return fitting ? first(EXACT_BINS + doubling + ctz<u32>(fitting)) : 0;
}
