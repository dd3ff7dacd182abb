// A template: the bytes of a slot in which a state has been prepared, relative to its address, and a list of the words
// that are addresses. A clone of it is a copy of the bytes with the new address added to these words.
//
// It lies in a run of its own: this header, the bytes, then the list as 16-bit distances from one such word to the next.
import { PAGE_SHIFT } from '../memory_map';
import {
  SLOT_BUMP_END,
  SLOT_CHUNKS,
  SLOT_CLEAN,
  SLOT_HOME_PAGES,
  SLOT_LIMIT,
  SLOT_PAGES,
  SLOT_PAGE_LIMIT,
} from '../slot_header';
import { allocatePages } from './page_heap';

const BYTES = 0;
const DISTANCES = 4;
const HOME_PAGES = 8;
/** Offset of the 32 bytes that are the state of `math.random`; 0: unknown. */
const RANDOM = 12;
const HEADER_BYTES = 16;

/** Goes on by so many words to no address, where the next one is further. */
const FURTHER: u32 = 0xffff;

/**
 * Compares three slots word by word: equal words are kept, words that differ as the slots' addresses do are addresses,
 * and any other word cannot be in a template. Writes the bytes and the list from `image` on; with `image` = 0 it only
 * counts. Answers the number of distances, or -1 - the offset of the first word that is neither.
 */
export function compare(first: u32, second: u32, third: u32, bytes: u32, image: u32): i32 {
  const toSecond = second - first;
  const toThird = third - first;
  let count = 0;
  let last: u32 = 0;
  for (let at: u32 = 0; at < bytes; at += 4) {
    let value = load<u32>(first + at);
    const other = load<u32>(second + at);
    const another = load<u32>(third + at);
    if (value != other || value != another) {
      if (other - value != toSecond || another - value != toThird) return -1 - <i32>at;
      value -= first;
      let distance = (at - last) >> 2;
      last = at;
      for (; distance >= FURTHER; distance -= FURTHER) {
        if (image) store<u16>(image + bytes + (count << 1), <u16>FURTHER);
        count++;
      }
      if (image) store<u16>(image + bytes + (count << 1), <u16>distance);
      count++;
    }
    if (image) store<u32>(image + at, value);
  }
  return count;
}

/** Makes a template of three slots that `compare` accepted; 0 where there is no room. */
export function template(
  first: u32,
  second: u32,
  third: u32,
  bytes: u32,
  distances: u32,
  homePages: u32,
  random: u32,
): u32 {
  const page = allocatePages(templatePages(bytes, distances));
  if (!page) return 0;
  const at = page << PAGE_SHIFT;
  store<u32>(at, bytes, BYTES);
  store<u32>(at, distances, DISTANCES);
  store<u32>(at, homePages, HOME_PAGES);
  store<u32>(at, random, RANDOM);
  compare(first, second, third, bytes, at + HEADER_BYTES);
  return at;
}

/** Pages that a template has. */
export function templatePages(bytes: u32, distances: u32): u32 {
  return (HEADER_BYTES + bytes + (distances << 1) + 4095) >> PAGE_SHIFT;
}

/** splitmix64, as xoshiro's authors recommend for seeding it. */
function seedRandom(at: u32, seed: u64): void {
  for (let i: u32 = 0; i < 32; i += 8) {
    seed += 0x9e3779b97f4a7c15;
    let mixed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    store<u64>(at + i, mixed ^ (mixed >> 31));
  }
}

/** A slot that is like those the template was made of; 0 where there is no room. */
export function clone(from: u32, limit: u32, pageLimit: u32, seedLow: u32, seedHigh: u32): u32 {
  const pages = load<u32>(from, HOME_PAGES);
  const slot = allocatePages(pages) << PAGE_SHIFT;
  if (!slot) return 0;
  const bytes = load<u32>(from, BYTES);
  memory.copy(slot, from + HEADER_BYTES, bytes);

  let at = slot;
  let distance: usize = from + HEADER_BYTES + bytes;
  const end = distance + (load<u32>(from, DISTANCES) << 1);
  for (; distance < end; distance += 2) {
    const words: u32 = load<u16>(distance);
    at += words << 2;
    if (words != FURTHER) store<u32>(at, load<u32>(at) + slot);
  }

  const random = load<u32>(from, RANDOM);
  if (random) seedRandom(slot + random, ((<u64>seedHigh) << 32) | <u64>seedLow);
  store<u32>(slot, limit, SLOT_LIMIT);
  store<u32>(slot, pageLimit, SLOT_PAGE_LIMIT);
  store<u32>(slot, slot + (pages << PAGE_SHIFT), SLOT_BUMP_END);
  store<u32>(slot, pages, SLOT_PAGES);
  store<u32>(slot, pages, SLOT_HOME_PAGES);
  store<u32>(slot, 0, SLOT_CHUNKS);
  store<u32>(slot, 0, SLOT_CLEAN);
  return slot;
}
