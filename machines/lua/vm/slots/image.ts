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
 *     16  for each run, the home first: page, number of pages with the flag SMALL, bytes that follow of it
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
import type { Slots } from './slots.ts';

/** "LuaS" */
const MAGIC = 0x5361_754c;
const HEADER_WORDS = 4;
const RUN_WORDS = 3;

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
export function extractSlot(slots: Slots, slot: number): Uint8Array {
  const image = new Uint8Array(imageBytes(slots, slot));
  extractInto(slots, slot, image, 0);
  return image;
}

/**
 * The same into a buffer that is used again and again: a new one costs more than the whole extraction. `at` must be a
 * multiple of 4 in the underlying buffer, and the rest long enough (`imageBytes`), else RangeError. Answers the bytes.
 */
export function extractInto(slots: Slots, slot: number, target: Uint8Array, at: number): number {
  const length = copySlot(slots, slot, target, at);
  slots.exports.slot_depart(slot);
  return length;
}

/** The image of a slot that stays, for a record of what it was like. */
export function copySlot(slots: Slots, slot: number, target: Uint8Array, at: number): number {
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

/**
 * Puts a slot where it was: back here, or here after it was extracted in another machine of this runtime. Its regions may
 * also be nobody's yet. Answers the slot.
 *
 * Throws INVALID for what is no image of this layout, CONFLICT where one of its addresses is in use here.
 */
export function injectSlot(slots: Slots, image: Uint8Array, at = 0): number {
  return inject(slots, readRuns(image, at), image, at);
}

/**
 * Puts back a slot that was kept while its runtime was gone. As its pages are reserved nowhere, its regions must be this
 * machine's or nobody's: CONFLICT where they are another machine's.
 */
export function restoreSlot(slots: Slots, image: Uint8Array, at = 0): number {
  const runs = readRuns(image, at);
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    claimRegions(slots, runs[i], runs[i + 1]);
    if (!slots.owns(runs[i] >>> REGION_SHIFT)) throw inUse(runs[i]);
  }
  return inject(slots, runs, image, at);
}

function inject(slots: Slots, runs: Int32Array, image: Uint8Array, at: number): number {
  const { exports, memory } = slots;
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    claimRegions(slots, runs[i], runs[i + 1]);
    if (exports.slot_admits(runs[i], runs[i + 1] & RUN_PAGES_MASK) === 0) throw inUse(runs[i]);
  }
  const home = runs[0];
  const slot = home << PAGE_SHIFT;
  let from = at + headBytes(runs.length / RUN_WORDS);
  let previous = home;
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    const page = runs[i];
    const bytes = runs[i + 2];
    memory.u8.set(image.subarray(from, from + bytes), (page << PAGE_SHIFT) >>> 0);
    from += bytes;
    exports.slot_arrive(slot, page, runs[i + 1], previous);
    previous = i === 0 ? 0 : page;
  }
  return slot;
}

function claimRegions(slots: Slots, page: number, run: number): void {
  const last = (page + (run & RUN_PAGES_MASK) - 1) >>> REGION_SHIFT;
  for (let region = page >>> REGION_SHIFT; region <= last; region++) {
    if (!slots.owns(region) && slots.regions.take(region)) slots.exports.slot_add_region(region);
  }
}

/** The words that describe the runs, checked. */
function readRuns(image: Uint8Array, at: number): Int32Array {
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
  return runs;
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
    `the Lua process cannot be put back: its memory at 0x${address} is in use here; restart the runtime before it is restored, or leave it where it is`,
    { kind: 'CONFLICT', retryable: false },
  );
}
