/**
 * Templates: a program's state, prepared once, of which each new process is a copy.
 *
 * A state is prepared ("booted") at several addresses in the same way. Where the bytes are equal they can be copied;
 * where they differ exactly as the addresses do, they are addresses, to be shifted in a copy; anything else cannot be
 * copied, and the template is refused.
 */
import { PAGE_BYTES } from './memory_map.ts';
import { NO_LIMIT, SLOT_BUMP, SLOT_CHUNKS } from './slot_header.ts';
import type { Slots } from './slots.ts';

/** What a boot leaves in its slot. All of them are addresses in it. */
export interface Booted {
  /** The main `lua_State`. */
  readonly state: number;
  /** The `lua_State` of the thread that will run the process. */
  readonly thread: number;
  /** The 32 bytes of `math.random`'s state, which every clone seeds anew; 0: leave it alone. */
  readonly random: number;
}

/**
 * Makes a state in an empty slot and leaves it at rest: nothing running, garbage collected. It must do exactly the same
 * every time, C strings at the same addresses included. `round` counts from 0.
 */
export type Boot = (slot: number, round: number) => Booted;

/** `noRoom`: it may be possible later. */
export type TemplateResult = { readonly ok: Template } | { readonly refused: string; readonly noRoom?: true };

/** Where boots begin; a power of two, as all lengths of homes of boots are. */
const FIRST_PAGES = 32;
/** 16 MiB: what needs more at its start is no template. */
const MOST_PAGES = 4096;
/** Room that a clone has before it needs more pages: for the stack and the first values of a small program. */
const ROOM = 1024;
const PLACES = 3;

export class Template {
  readonly address: number;
  /** Of the state, as it is copied. */
  readonly bytes: number;
  /** How many words of it are addresses. */
  readonly addresses: number;
  /** Pages that every clone begins with. */
  readonly homePages: number;
  readonly #pages: number;

  constructor(address: number, bytes: number, addresses: number, homePages: number, pages: number) {
    this.address = address;
    this.bytes = bytes;
    this.addresses = addresses;
    this.homePages = homePages;
    this.#pages = pages;
  }

  /** Its clones are not affected; there can be no more. */
  free(slots: Slots): void {
    slots.freePages(this.address, this.#pages);
  }
}

/**
 * Boots four times or more, and compares. The first boots are thrown away: they find out how much room it takes, and
 * leave the same rubbish on the C stack for all others. An exception of `boot` is passed on; nothing is left behind.
 */
export function makeTemplate(slots: Slots, boot: Boot): TemplateResult {
  let round = 0;
  let pages = FIRST_PAGES;
  for (let needed = 0; ; pages = 2 ** Math.ceil(Math.log2(needed + 1))) {
    if (pages > MOST_PAGES) {
      return { refused: `the prepared state is larger than ${(MOST_PAGES * PAGE_BYTES) / 2 ** 20} MiB` };
    }
    const slot = slots.allocatePages(pages);
    if (slot === 0) return noRoom;
    slots.format(slot, pages, NO_LIMIT, true);
    try {
      boot(slot, round++);
      needed = slots.pagesOf(slot);
    } finally {
      slots.drop(slot);
    }
    if (needed <= pages) break;
  }

  // The second place is at a distance that is a power of two: a table with objects as keys, which are placed by their
  // address modulo 2^n - 1, then differs for every n above 1. The third is at no multiple of that, in case of chance.
  const all = PLACES * pages + 1;
  const first = slots.allocatePages(all);
  if (first === 0) return noRoom;
  const places = [first, first + pages * PAGE_BYTES, first + (2 * pages + 1) * PAGE_BYTES] as const;
  for (const place of places) slots.format(place, pages, NO_LIMIT, true);
  try {
    const booted = places.map(place => {
      const made = boot(place, round++);
      slots.setStates(place, made.state, made.thread);
      slots.exports.slot_scrub(place);
      return made;
    });
    return compare(slots, places, booted);
  } finally {
    for (const place of places) slots.drop(place);
    slots.freePages(places[2] - PAGE_BYTES, 1);
  }
}

const noRoom: TemplateResult = { refused: 'no memory is left for another template', noRoom: true };

function compare(slots: Slots, places: readonly [number, number, number], booted: readonly Booted[]): TemplateResult {
  const { i32 } = slots.memory;
  const lengths = places.map(place => i32[(place + SLOT_BUMP) >>> 2] - place);
  if (lengths.some(length => length !== lengths[0]) || places.some(place => i32[(place + SLOT_CHUNKS) >>> 2] !== 0)) {
    return {
      refused: `the prepared state differs in size from one preparation to the next (${lengths.join(', ')} bytes): it must not depend on time, chance or what was prepared before`,
    };
  }
  const randoms = booted.map(({ random }, i) => (random === 0 ? 0 : random - places[i]));
  if (randoms.some(random => random !== randoms[0])) {
    return { refused: 'the state of math.random is at another place in each preparation' };
  }

  const [first, second, third] = places;
  const bytes = (lengths[0] + 7) & ~7;
  const distances = slots.exports.slot_compare(first, second, third, bytes, 0);
  if (distances < 0) return { refused: describe(slots, places, -1 - distances, bytes) };
  const homePages = Math.ceil((bytes + ROOM) / PAGE_BYTES);
  const address = slots.exports.slot_template(first, second, third, bytes, distances, homePages, randoms[0]);
  if (address === 0) return noRoom;
  const pages = slots.exports.slot_template_pages(bytes, distances);
  return { ok: new Template(address, bytes, distances, homePages, pages) };
}

/** What is wrong with the word at `offset`, the first of those, for the developer of what is prepared. */
function describe(slots: Slots, places: readonly number[], offset: number, bytes: number): string {
  const { i32, u8 } = slots.memory;
  const words = (at: number) => places.map(place => i32[(place + at) >>> 2]);
  let text = '';
  for (let at = offset; at < bytes && text === ''; at += 4) {
    const [first, second, third] = words(at);
    if (first === second && first === third) continue;
    if (second - first === places[1] - places[0] && third - first === places[2] - places[0]) continue;
    text = textAround(u8, (places[0] + at) >>> 0);
  }
  const values = words(offset).map(value => `0x${(value >>> 0).toString(16)}`);
  return [
    `the prepared state cannot be copied to another address: byte ${offset} of ${bytes} differs from one preparation to the next, but not as the addresses do (${values.join(', ')})`,
    text === '' ? '' : `; so does the text ${JSON.stringify(text)}`,
    '. While it is prepared, a program must not keep a table with tables or functions as keys, an address as text (tostring of a table), random numbers or the time',
  ].join('');
}

const LONGEST_QUOTE = 24;

/** The printable characters round this address, if the word there is made of them. */
function textAround(u8: Uint8Array, address: number): string {
  const printable = (at: number) => u8[at] >= 0x20 && u8[at] < 0x7f;
  for (let i = 0; i < 4; i++) if (!printable(address + i)) return '';
  let begin = address;
  while (begin > address - LONGEST_QUOTE && printable(begin - 1)) begin--;
  let end = address + 4;
  while (end < address + LONGEST_QUOTE && printable(end)) end++;
  return Buffer.from(u8.slice(begin, end)).toString('latin1');
}
