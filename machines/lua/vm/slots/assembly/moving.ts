// A slot leaves this machine for another one, or comes here. Its bytes are copied by the host; this keeps the page map
// true. The addresses stay the same; the host sees to it that nobody else has them.
import { PAGE_SHIFT, RUN_PAGES_MASK, SMALL, USED } from '../memory_map';
import { SLOT_CHUNKS } from '../slot_header';
import { clear, markSmall, nextOf, setNext, setPrevious, setWord } from './page_map';

/** The slot has been copied and will go on elsewhere: its pages here stay reserved until they are freed there. */
export function depart(slot: u32): void {
  for (let page = load<u32>(slot, SLOT_CHUNKS); page; ) {
    const next = nextOf(page);
    clear(page);
    page = next;
  }
  clear(slot >> PAGE_SHIFT);
}

/**
 * Enters a run of pages that are not free here, behind `previous` in its slot's list of chunks; the home, which is in no list, has
 * itself as `previous`. `pages` has the flag SMALL where the run holds small blocks.
 */
export function arrive(slot: u32, page: u32, pages: u32, previous: u32): void {
  const count = pages & RUN_PAGES_MASK;
  if (pages & SMALL) markSmall(page, count);
  else setWord(page, USED, count);
  if (previous == page) return;
  setNext(page, 0);
  setPrevious(page, previous);
  if (previous) setNext(previous, page);
  else store<u32>(slot, page, SLOT_CHUNKS);
}
