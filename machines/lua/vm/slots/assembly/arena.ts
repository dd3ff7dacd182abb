// The memory of one process: `alloc` is the `lua_Alloc` of its state, and the slot is its `ud`.
//
// Small blocks come from free lists by size class, or off the bump region; a chunk's blocks are never joined again, but
// a chunk of which all are free goes back as a whole (`trim`). Large blocks are runs of pages of their own that grow and
// shrink in place where they can, or, while the home has room for them, part of the home: so that a template can hold
// a large program.
//
// Every byte of a run of small blocks is in a block, in a free list or in the bump region, always: `trim` counts on it.
import { PAGE_BYTES, PAGE_SHIFT, REGION_COUNT, REGION_PAGES, USED } from '../memory_map';
import {
  SLOT_BUMP,
  SLOT_BUMP_END,
  SLOT_CHUNKS,
  SLOT_CLEAN,
  SLOT_HEADER_BYTES,
  SLOT_HOME_PAGES,
  SLOT_LIMIT,
  SLOT_PAGES,
  SLOT_PAGE_LIMIT,
  SLOT_USED,
} from '../slot_header';
import { addChunk, dropChunk, trim } from './chunks';
import { atHome, freeList, pushFree, scatter } from './free_lists';
import { burn } from './fuel';
import { freePages, growRun } from './page_heap';
import { markSmall, nextOf, pagesIn, setWord, word } from './page_map';
import { classBytes, classOf, LARGE, pagesFor, roundUp } from './size_classes';

/** A refused request costs as much as so many loops: who lives at its limit makes way for others soon. */
const REFUSAL_FUEL: i32 = 1000;
/** More than any block can have; sums of it and a page do not wrap round. */
const LARGEST_BLOCK: u32 = (REGION_COUNT - 1) * REGION_PAGES * PAGE_BYTES;
/** Pages. The shorter a chunk, the likelier it is that all of its blocks are free one day. */
const LARGEST_CHUNK: u32 = 8;
/** Up to here blocks are copied by words: a bulk copy is a call into the engine. */
const COPIED_BY_WORDS: u32 = 192;

function refuse(): u32 {
  burn(REFUSAL_FUEL);
  return 0;
}

/** The bump region is too short: keeps its rest as free blocks, and takes a chunk that grows with the process. */
function refill(slot: u32, bytes: u32): u32 {
  const bump = load<u32>(slot, SLOT_BUMP);
  scatter(slot, bump, load<u32>(slot, SLOT_BUMP_END) - bump);
  store<u32>(slot, 0, SLOT_BUMP);
  store<u32>(slot, 0, SLOT_BUMP_END);

  let pages = min<u32>(max<u32>(load<u32>(slot, SLOT_PAGES) >> 2, 1), LARGEST_CHUNK);
  let page = addChunk(slot, pages);
  if (!page && pages > 1) {
    pages = 1;
    page = addChunk(slot, pages);
  }
  if (!page && trim(slot)) page = addChunk(slot, pages);
  if (!page) return 0;
  markSmall(page, pages);
  const block = page << PAGE_SHIFT;
  store<u32>(slot, block + bytes, SLOT_BUMP);
  store<u32>(slot, block + (pages << PAGE_SHIFT), SLOT_BUMP_END);
  return block;
}

function takeLarge(slot: u32, bytes: u32): u32 {
  if (bytes > LARGEST_BLOCK) return 0;
  const bump = load<u32>(slot, SLOT_BUMP);
  const length = roundUp(bytes);
  if (length <= load<u32>(slot, SLOT_BUMP_END) - bump && atHome(slot, bump)) {
    store<u32>(slot, bump + length, SLOT_BUMP);
    return bump;
  }
  const pages = pagesFor(bytes);
  let page = addChunk(slot, pages);
  if (!page && trim(slot)) page = addChunk(slot, pages);
  return page << PAGE_SHIFT;
}

// @ts-ignore: decorator
@inline
function take(slot: u32, bytes: u32): u32 {
  const size = classOf(bytes);
  if (size == LARGE) return takeLarge(slot, bytes);
  const list = freeList(slot, size);
  const block = load<u32>(list);
  if (block) {
    store<u32>(list, load<u32>(block));
    if (load<u32>(slot, SLOT_CLEAN)) memory.fill(block, 0, classBytes(size));
    return block;
  }
  const length = classBytes(size);
  const bump = load<u32>(slot, SLOT_BUMP);
  if (length > load<u32>(slot, SLOT_BUMP_END) - bump) return refill(slot, length);
  store<u32>(slot, bump + length, SLOT_BUMP);
  return bump;
}

/** Frees the end of something at home: back to the bump region where it borders on it. */
function freeAtHome(slot: u32, at: u32, bytes: u32): void {
  if (at + bytes != load<u32>(slot, SLOT_BUMP)) {
    scatter(slot, at, bytes);
    return;
  }
  store<u32>(slot, at, SLOT_BUMP);
  if (load<u32>(slot, SLOT_CLEAN)) memory.fill(at, 0, bytes);
}

function giveLarge(slot: u32, block: u32, bytes: u32): void {
  if (atHome(slot, block)) freeAtHome(slot, block, roundUp(bytes));
  else dropChunk(slot, block >> PAGE_SHIFT);
}

// @ts-ignore: decorator
@inline
function give(slot: u32, block: u32, bytes: u32): void {
  const size = classOf(bytes);
  if (size == LARGE) giveLarge(slot, block, bytes);
  else pushFree(slot, size, block);
}

/** Changes the length of a large block in place; answers whether it could. Shrinking always can. */
function resizeLarge(slot: u32, block: u32, from: u32, to: u32): bool {
  if (atHome(slot, block)) {
    const old = roundUp(from);
    const wanted = roundUp(to);
    if (wanted <= old) {
      freeAtHome(slot, block + wanted, old - wanted);
      return true;
    }
    if (block + old != load<u32>(slot, SLOT_BUMP)) return false;
    if (wanted - old > load<u32>(slot, SLOT_BUMP_END) - (block + old)) return false;
    store<u32>(slot, block + wanted, SLOT_BUMP);
    return true;
  }
  const page = block >> PAGE_SHIFT;
  const old = pagesFor(from);
  const wanted = pagesFor(to);
  if (wanted == old) return true;
  const total = load<u32>(slot, SLOT_PAGES) + wanted - old;
  if (wanted < old) {
    setWord(page, USED, wanted);
    freePages(page + wanted, old - wanted);
  } else if (total > load<u32>(slot, SLOT_PAGE_LIMIT) || !growRun(page, old, wanted)) {
    return false;
  }
  store<u32>(slot, total, SLOT_PAGES);
  return true;
}

/** Makes a block one of a smaller class where it is: what is left of it becomes free blocks. */
function cutDown(slot: u32, block: u32, from: u32, to: u32): void {
  const kept = classBytes(classOf(to));
  if (classOf(from) != LARGE) {
    scatter(slot, block + kept, classBytes(classOf(from)) - kept);
  } else if (atHome(slot, block)) {
    freeAtHome(slot, block + kept, roundUp(from) - kept);
  } else {
    resizeLarge(slot, block, from, PAGE_BYTES);
    markSmall(block >> PAGE_SHIFT, 1);
    scatter(slot, block + kept, PAGE_BYTES - kept);
  }
}

/** All blocks are a multiple of eight bytes long, so the last word may be copied whole. */
function copyBlock(to: u32, from: u32, bytes: u32): void {
  if (bytes > COPIED_BY_WORDS) {
    memory.copy(to, from, bytes);
    return;
  }
  for (let at: u32 = 0; at < bytes; at += 8) store<u64>(to + at, load<u64>(from + at));
}

function resize(slot: u32, block: u32, from: u32, to: u32): u32 {
  const used = load<u32>(slot, SLOT_USED);
  if (to > from) {
    const total = used + (to - from);
    if (total > load<u32>(slot, SLOT_LIMIT) || total < used) return refuse();
  }
  const size = classOf(from);
  let result = block;
  if (classOf(to) != size || (size == LARGE && !resizeLarge(slot, block, from, to))) {
    result = take(slot, to);
    if (result) {
      copyBlock(result, block, min<u32>(from, to));
      give(slot, block, from);
    } else {
      if (to > from) return refuse();
      cutDown(slot, block, from, to);
      result = block;
    }
  }
  store<u32>(slot, used + to - from, SLOT_USED);
  return result;
}

/**
 * Lua's allocator: takes, resizes or frees (`to` = 0) a block, and answers where it is now. 0: refused; then Lua
 * collects garbage and asks once more before it raises "not enough memory". Making a block smaller is never refused.
 * Without a block `from` is not a length, but tells what the block is for.
 */
export function alloc(slot: u32, block: u32, from: u32, to: u32): u32 {
  if (block) {
    if (to) return resize(slot, block, from, to);
    store<u32>(slot, load<u32>(slot, SLOT_USED) - from, SLOT_USED);
    give(slot, block, from);
    return 0;
  }
  if (!to) return 0;
  const used = load<u32>(slot, SLOT_USED);
  const total = used + to;
  if (total > load<u32>(slot, SLOT_LIMIT) || total < used) return refuse();
  const result = take(slot, to);
  if (!result) return refuse();
  store<u32>(slot, total, SLOT_USED);
  return result;
}

/** Makes an empty slot of these pages, all zero but its header. */
export function format(slot: u32, pages: u32, limit: u32, pageLimit: u32, clean: u32): void {
  memory.fill(slot, 0, pages << PAGE_SHIFT);
  store<u32>(slot, limit, SLOT_LIMIT);
  store<u32>(slot, pageLimit, SLOT_PAGE_LIMIT);
  store<u32>(slot, clean, SLOT_CLEAN);
  store<u32>(slot, slot + SLOT_HEADER_BYTES, SLOT_BUMP);
  store<u32>(slot, slot + (pages << PAGE_SHIFT), SLOT_BUMP_END);
  store<u32>(slot, pages, SLOT_PAGES);
  store<u32>(slot, pages, SLOT_HOME_PAGES);
}

/** Frees all that the slot has. */
export function drop(slot: u32): void {
  for (let page = load<u32>(slot, SLOT_CHUNKS); page; ) {
    const next = nextOf(page);
    freePages(page, pagesIn(word(page)));
    page = next;
  }
  freePages(slot >> PAGE_SHIFT, load<u32>(slot, SLOT_HOME_PAGES));
}
