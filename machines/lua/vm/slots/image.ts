/**
 * Images: a slot as bytes, to move a process to another machine at the same addresses, or to keep it.
 *
 * The process must be suspended: nothing of it runs, and its machine does not resume it afterwards. Once it is
 * extracted it is no longer here; its pages stay reserved until it is freed, wherever it is then.
 *
 *     0   MAGIC
 *     4   version of the layout
 *     8   bytes of the image
 *     12  number of runs
 *     16  ticket, see `whereabouts.ts`; 0 where the process has not left
 *     20  for each run, the home first: page, number of pages with the flag SMALL, bytes that follow of it
 *     ..  the bytes of the runs, from the next multiple of 16 on
 *
 * All words are little-endian, 32 bits. Of the run that holds the slot's bump region only what was used is there.
 */
import { TroupeError } from '../../../../runtime/errors.ts';
import {
  ENTRY_NEXT,
  ENTRY_SHIFT,
  LAST_PAGE_END,
  PAGE_BYTES,
  PAGE_MAP,
  PAGE_SHIFT,
  REGION_PAGES,
  REGION_SHIFT,
  RUN_PAGES_MASK,
  SMALL,
} from './memory_map.ts';
import { LAYOUT_VERSION, SLOT_BUMP, SLOT_CHUNKS, SLOT_HOME_PAGES } from './slot_header.ts';
import type { Membership } from './region_claims.ts';
import type { Slots } from './slots.ts';
import { type Whereabouts, WITH_OWNER } from './whereabouts.ts';

/** "LuaS" */
const MAGIC = 0x5361_754c;
const HEADER_WORDS = 5;
const RUN_WORDS = 3;
const NO_TICKET = 0;

/** Bytes that an image of the slot has now. */
export function imageBytes(slots: Slots, slot: number): number {
  const { i32 } = slots.memory;
  const bump = i32[(slot + SLOT_BUMP) >>> 2];
  let runs = 1;
  let bytes = usedBytes(slot, i32[(slot + SLOT_HOME_PAGES) >>> 2], bump);
  for (let page = i32[(slot + SLOT_CHUNKS) >>> 2]; page !== 0; page = nextChunk(i32, page)) {
    runs++;
    bytes += usedBytes(page << PAGE_SHIFT, chunkWord(i32, page) & RUN_PAGES_MASK, bump);
  }
  return headBytes(runs) + bytes;
}

/** The image of a slot, which leaves this machine by it. */
export function extractSlot(slots: Slots, membership: Membership, slot: number): Uint8Array {
  const image = new Uint8Array(imageBytes(slots, slot));
  extractInto(slots, membership, slot, image, 0);
  return image;
}

/**
 * The same into a buffer that is used again and again: a new one costs more than the whole extraction. `at` must be a
 * multiple of 4 in the underlying buffer, and the rest long enough (`imageBytes`), else RangeError. Answers the bytes.
 */
export function extractInto(
  slots: Slots,
  membership: Membership,
  slot: number,
  target: Uint8Array,
  at: number,
): number {
  const ticket = membership.table.whereabouts.ticket();
  const length = write(slots, slot, target, at, ticket);
  leave(slots, membership, slot, ticket);
  slots.tidy();
  return length;
}

/** The image of a slot that stays, for a record of what it was like. */
export function copySlot(slots: Slots, slot: number, target: Uint8Array, at: number): number {
  return write(slots, slot, target, at, NO_TICKET);
}

function write(slots: Slots, slot: number, target: Uint8Array, at: number, ticket: number): number {
  const { i32 } = slots.memory;
  const bump = i32[(slot + SLOT_BUMP) >>> 2];
  const chunks = i32[(slot + SLOT_CHUNKS) >>> 2];
  let runs = 1;
  for (let page = chunks; page !== 0; page = nextChunk(i32, page)) runs++;

  const head = headBytes(runs);
  const words = new Int32Array(target.buffer, target.byteOffset + at, head >>> 2);
  words[0] = MAGIC;
  words[1] = LAYOUT_VERSION;
  words[3] = runs;
  words[4] = ticket;
  let word = HEADER_WORDS;
  let end = at + head;
  let page = slot >>> PAGE_SHIFT;
  let run = i32[(slot + SLOT_HOME_PAGES) >>> 2];
  for (;;) {
    const address = (page << PAGE_SHIFT) >>> 0;
    const bytes = usedBytes(address, run & RUN_PAGES_MASK, bump);
    words[word] = page;
    words[word + 1] = run;
    words[word + 2] = bytes;
    word += RUN_WORDS;
    target.set(slots.memory.u8.subarray(address, address + bytes), end);
    end += bytes;
    page = word === HEADER_WORDS + RUN_WORDS ? chunks : nextChunk(i32, page);
    if (page === 0) break;
    run = chunkWord(i32, page) & (SMALL | RUN_PAGES_MASK);
  }
  words[2] = end - at;
  return end - at;
}

/** The slot is in the image of this ticket and no longer here. */
function leave(slots: Slots, { table }: Membership, slot: number, ticket: number): void {
  const { i32 } = slots.memory;
  const { whereabouts } = table;
  const home = slot >>> PAGE_SHIFT;
  let page = home;
  let pages = i32[(slot + SLOT_HOME_PAGES) >>> 2];
  for (let next = i32[(slot + SLOT_CHUNKS) >>> 2]; ; next = nextChunk(i32, page)) {
    for (let part = page; part < page + pages; part = partEnd(part, page + pages)) {
      // Those of others are marked already.
      if (slots.owns(part >>> REGION_SHIFT)) whereabouts.leave(part, partEnd(part, page + pages) - part, home);
    }
    if (next === 0) break;
    page = next;
    pages = chunkWord(i32, page) & RUN_PAGES_MASK;
  }
  slots.exports.slot_depart(slot);
  whereabouts.seal(home, ticket);
}

/**
 * Puts a slot where it was: back here, or here after it was extracted in another machine of this runtime. Answers the
 * slot. Each image can be put back once.
 *
 * Throws INVALID for what is no image of this layout or has been put back or given up before, UNAVAILABLE where a process
 * of another runtime has one of its addresses here.
 */
export function injectSlot(slots: Slots, membership: Membership, image: Uint8Array, at = 0): number {
  const { runs, ticket } = readHead(image, at);
  const { table, owner } = membership;
  const { whereabouts } = table;
  if (!whereabouts.claim(runs[0], ticket, owner)) {
    throw new TroupeError(
      'the Lua process of this image cannot be resumed: it goes on elsewhere, or has ended; an image can be resumed once',
      { kind: 'INVALID', retryable: false },
    );
  }
  if (!isWhole(whereabouts, runs)) {
    whereabouts.seal(runs[0], ticket);
    throw notAnImage('it has pages that are not its own');
  }
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    if (!slots.regions.isTaken(table, runs[i], runs[i + 1] & RUN_PAGES_MASK)) continue;
    whereabouts.seal(runs[0], ticket);
    throw inUse(runs[i]);
  }
  arrive(slots, runs, image, at);
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    const end = runs[i] + (runs[i + 1] & RUN_PAGES_MASK);
    for (let part = runs[i]; part < end; part = partEnd(part, end)) {
      if (slots.owns(part >>> REGION_SHIFT)) whereabouts.arrive(part, partEnd(part, end) - part, runs[0]);
    }
  }
  whereabouts.seal(runs[0], slots.owns(runs[0] >>> REGION_SHIFT) ? WITH_OWNER : owner);
  slots.tidy();
  return runs[0] << PAGE_SHIFT;
}

/** Nobody will put this image back: its pages are free. Nothing happens where it was put back or given up before. */
export function discardSlot(slots: Slots, { table, owner }: Membership, image: Uint8Array, at = 0): void {
  const { runs, ticket } = readHead(image, at);
  const { whereabouts } = table;
  if (!isWhole(whereabouts, runs) || !whereabouts.claim(runs[0], ticket, owner)) return;
  // The home comes last.
  for (let i = runs.length - RUN_WORDS; i >= 0; i -= RUN_WORDS) {
    const end = runs[i] + (runs[i + 1] & RUN_PAGES_MASK);
    for (let part = runs[i]; part < end; part = partEnd(part, end)) {
      whereabouts.free(part, partEnd(part, end) - part);
    }
  }
  slots.tidy();
}

/** Whether all of these pages belong to the process whose home comes first. */
function isWhole(whereabouts: Whereabouts, runs: Int32Array): boolean {
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    if (!whereabouts.belong(runs[i], runs[i + 1] & RUN_PAGES_MASK, runs[0])) return false;
  }
  return true;
}

/**
 * Puts back a slot that was kept while its runtime was gone. As its pages are reserved nowhere, its regions must be this
 * machine's or nobody's, and they must be free: else UNAVAILABLE.
 */
export function restoreSlot(slots: Slots, image: Uint8Array, at = 0): number {
  const { runs } = readHead(image, at);
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    const pages = runs[i + 1] & RUN_PAGES_MASK;
    const last = (runs[i] + pages - 1) >>> REGION_SHIFT;
    for (let region = runs[i] >>> REGION_SHIFT; region <= last; region++) {
      if (!slots.owns(region) && slots.regions.take(region)) slots.exports.slot_add_region(region);
    }
    if (slots.exports.slot_are_free(runs[i], pages) === 0) {
      for (let back = 0; back < i; back += RUN_WORDS) {
        slots.exports.slot_free_pages(runs[back], runs[back + 1] & RUN_PAGES_MASK);
      }
      throw inUse(runs[i]);
    }
    slots.exports.slot_reserve_pages(runs[i], pages);
  }
  arrive(slots, runs, image, at);
  return runs[0] << PAGE_SHIFT;
}

function arrive(slots: Slots, runs: Int32Array, image: Uint8Array, at: number): void {
  const slot = runs[0] << PAGE_SHIFT;
  let from = at + headBytes(runs.length / RUN_WORDS);
  let previous = runs[0];
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    const page = runs[i];
    const bytes = runs[i + 2];
    slots.memory.u8.set(image.subarray(from, from + bytes), (page << PAGE_SHIFT) >>> 0);
    from += bytes;
    slots.exports.slot_arrive(slot, page, runs[i + 1], previous);
    previous = i === 0 ? 0 : page;
  }
}

/** Where the part of a run ends that lies in the same region as `page`. */
function partEnd(page: number, end: number): number {
  return Math.min(end, ((page >>> REGION_SHIFT) + 1) << REGION_SHIFT);
}

/** The words that describe the runs, checked. */
function readHead(image: Uint8Array, at: number): { readonly runs: Int32Array; readonly ticket: number } {
  const start = image.byteOffset + at;
  const available = image.length - at;
  if (available < HEADER_WORDS * 4) throw notAnImage('it is cut off');
  const view = new DataView(image.buffer, start, available);
  if (view.getInt32(0, true) !== MAGIC) throw notAnImage('it does not begin as one');
  const version = view.getInt32(4, true);
  if (version !== LAYOUT_VERSION) {
    throw notAnImage(`it has layout version ${version}, this runtime has ${LAYOUT_VERSION}`);
  }
  const bytes = view.getUint32(8, true);
  const count = view.getUint32(12, true);
  if (bytes > available || headBytes(count) > bytes || count === 0) throw notAnImage('it is cut off');
  const runs = new Int32Array(count * RUN_WORDS);
  let data = headBytes(count);
  for (let i = 0; i < runs.length; i++) {
    runs[i] = view.getInt32((HEADER_WORDS + i) * 4, true);
    if (i % RUN_WORDS === 1) checkPages(runs[i - 1], runs[i] & RUN_PAGES_MASK);
    if (i % RUN_WORDS === 2) {
      if (runs[i] >>> 0 > (runs[i - 1] & RUN_PAGES_MASK) * PAGE_BYTES)
        throw notAnImage('a run is longer than its pages');
      data += runs[i] >>> 0;
    }
  }
  if (data !== bytes) throw notAnImage('its runs do not add up to its length');
  return { runs, ticket: view.getInt32(16, true) };
}

/** The pages must be such as slots can have. */
function checkPages(page: number, pages: number): void {
  if (pages === 0 || page < REGION_PAGES || page + pages > LAST_PAGE_END)
    throw notAnImage('it has no sensible addresses');
}

function nextChunk(i32: Int32Array, page: number): number {
  return i32[(PAGE_MAP + (page << ENTRY_SHIFT) + ENTRY_NEXT) >>> 2];
}

function chunkWord(i32: Int32Array, page: number): number {
  return i32[(PAGE_MAP + (page << ENTRY_SHIFT)) >>> 2];
}

/** Bytes of a run up to the bump region's beginning, where that is in it; in words of 16 bytes. */
function usedBytes(address: number, pages: number, bump: number): number {
  const all = pages * PAGE_BYTES;
  const used = (bump - address) >>> 0;
  return used > 0 && used < all ? (used + 15) & ~15 : all;
}

function headBytes(runs: number): number {
  return ((HEADER_WORDS + runs * RUN_WORDS) * 4 + 15) & ~15;
}

function notAnImage(why: string): TroupeError {
  return new TroupeError(`this is no image of a Lua process: ${why}`, { kind: 'INVALID', retryable: false });
}

function inUse(page: number): TroupeError {
  const address = ((page << PAGE_SHIFT) >>> 0).toString(16);
  return new TroupeError(
    `the Lua process cannot be put back now: its memory at 0x${address} is in use here; try again when what uses it has ended, or on another thread`,
    { kind: 'UNAVAILABLE', retryable: true },
  );
}
