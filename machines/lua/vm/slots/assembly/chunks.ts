// The runs of pages that a slot has beside its home: taken as it grows, given back when all in them is free.
import { ENTRY_COUNT, PAGE_SHIFT, SMALL } from '../memory_map';
import { SLOT_BUMP, SLOT_BUMP_END, SLOT_CHUNKS, SLOT_PAGES, SLOT_PAGE_LIMIT } from '../slot_header';
import { atHome, freeList } from './free_lists';
import { burn } from './fuel';
import { allocatePages, freePages } from './page_heap';
import { entryOf, nextOf, pagesIn, previousOf, runOf, setNext, setPrevious, word } from './page_map';
import { classBytes, LARGE } from './size_classes';

function linkChunk(slot: u32, page: u32): void {
  const next = load<u32>(slot, SLOT_CHUNKS);
  setNext(page, next);
  setPrevious(page, 0);
  if (next) setPrevious(next, page);
  store<u32>(slot, page, SLOT_CHUNKS);
}

/** A further run for the slot: its first page, or 0 where its limit or the page heap is exhausted. */
export function addChunk(slot: u32, pages: u32): u32 {
  const total = load<u32>(slot, SLOT_PAGES) + pages;
  if (total > load<u32>(slot, SLOT_PAGE_LIMIT)) return 0;
  const page = allocatePages(pages);
  if (!page) return 0;
  store<u32>(slot, total, SLOT_PAGES);
  linkChunk(slot, page);
  return page;
}

export function dropChunk(slot: u32, page: u32): void {
  const pages = pagesIn(word(page));
  const next = nextOf(page);
  const previous = previousOf(page);
  if (next) setPrevious(next, previous);
  if (previous) setNext(previous, next);
  else store<u32>(slot, next, SLOT_CHUNKS);
  store<u32>(slot, load<u32>(slot, SLOT_PAGES) - pages, SLOT_PAGES);
  freePages(page, pages);
}

// @ts-ignore: decorator
@inline
function freeBytesIn(page: u32): u32 {
  return load<u32>(entryOf(page), ENTRY_COUNT);
}

// @ts-ignore: decorator
@inline
function setFreeBytesIn(page: u32, bytes: u32): void {
  store<u32>(entryOf(page), bytes, ENTRY_COUNT);
}

/** Counts the free bytes of every small chunk into the page map; answers how many blocks it looked at. */
function countFree(slot: u32): u32 {
  for (let page = load<u32>(slot, SLOT_CHUNKS); page; page = nextOf(page)) setFreeBytesIn(page, 0);
  let blocks: u32 = 0;
  for (let size: u32 = 1; size < LARGE; size++) {
    const bytes = classBytes(size);
    for (let block = load<u32>(freeList(slot, size)); block; block = load<u32>(block)) {
      blocks++;
      if (atHome(slot, block)) continue;
      const run = runOf(block);
      setFreeBytesIn(run, freeBytesIn(run) + bytes);
    }
  }
  const bump = load<u32>(slot, SLOT_BUMP);
  const end = load<u32>(slot, SLOT_BUMP_END);
  if (end > bump && !atHome(slot, bump)) {
    const run = runOf(bump);
    setFreeBytesIn(run, freeBytesIn(run) + (end - bump));
  }
  return blocks;
}

/** Gives back the chunks of which every block is free; answers how many pages those were. */
export function trim(slot: u32): u32 {
  burn(<i32>(countFree(slot) >> 3));
  // From here on the count is a mark: not 0 in the chunks that go.
  let going: u32 = 0;
  for (let page = load<u32>(slot, SLOT_CHUNKS); page; page = nextOf(page)) {
    const run = word(page);
    if (run & SMALL && freeBytesIn(page) == pagesIn(run) << PAGE_SHIFT) going++;
    else setFreeBytesIn(page, 0);
  }
  if (!going) return 0;

  for (let size: u32 = 1; size < LARGE; size++) {
    let link = freeList(slot, size);
    for (let block = load<u32>(link); block; ) {
      const next = load<u32>(block);
      if (!atHome(slot, block) && freeBytesIn(runOf(block))) store<u32>(link, next);
      else link = block;
      block = next;
    }
  }
  const bump = load<u32>(slot, SLOT_BUMP);
  if (load<u32>(slot, SLOT_BUMP_END) > bump && !atHome(slot, bump) && freeBytesIn(runOf(bump))) {
    store<u32>(slot, 0, SLOT_BUMP);
    store<u32>(slot, 0, SLOT_BUMP_END);
  }
  const before = load<u32>(slot, SLOT_PAGES);
  for (let page = load<u32>(slot, SLOT_CHUNKS); page; ) {
    const next = nextOf(page);
    if (freeBytesIn(page)) dropChunk(slot, page);
    page = next;
  }
  return before - load<u32>(slot, SLOT_PAGES);
}
