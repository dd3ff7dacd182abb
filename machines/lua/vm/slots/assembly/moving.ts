// A slot leaves this machine for another one, or comes here. Its bytes are copied by the host; this keeps the page map
// true. The addresses stay the same, so a run that comes lies either in a region of this machine (it has come home, or
// its pages are free) or in one of another machine.
import { AWAY, PAGE_SHIFT, RUN_PAGES_MASK, SMALL, USED } from '../memory_map';
import { SLOT_CHUNKS } from '../slot_header';
import { areFree, reservePages } from './page_heap';
import {
  clear,
  entryOf,
  markSmall,
  nextOf,
  owned,
  pagesIn,
  setNext,
  setPrevious,
  setWord,
  stateOf,
  word,
} from './page_map';

function leaveRun(page: u32): void {
  if (owned(page)) store<u32>(entryOf(page), word(page) | AWAY);
  else clear(page);
}

/** The slot has been copied and will go on elsewhere: its pages here stay reserved until they are freed there. */
export function depart(slot: u32): void {
  for (let page = load<u32>(slot, SLOT_CHUNKS); page; ) {
    const next = nextOf(page);
    leaveRun(page);
    page = next;
  }
  leaveRun(slot >> PAGE_SHIFT);
}

/** Whether a run can come to these pages. */
export function admits(page: u32, pages: u32): bool {
  const found = word(page);
  if (!owned(page)) return stateOf(found) != USED;
  if (stateOf(found) == USED) return (found & AWAY) != 0 && pages <= pagesIn(found);
  return areFree(page, pages);
}

/**
 * Enters a run that `admits` allowed, behind `previous` in its slot's list of chunks; the home, which is in no list, has
 * itself as `previous`. `pages` has the flag SMALL where the run holds small blocks.
 */
export function arrive(slot: u32, page: u32, pages: u32, previous: u32): void {
  const count = pages & RUN_PAGES_MASK;
  if (owned(page) && stateOf(word(page)) != USED) reservePages(page, count);
  if (pages & SMALL) markSmall(page, count);
  else setWord(page, USED, count);
  if (previous == page) return;
  setNext(page, 0);
  setPrevious(page, previous);
  if (previous) setNext(previous, page);
  else store<u32>(slot, page, SLOT_CHUNKS);
}
