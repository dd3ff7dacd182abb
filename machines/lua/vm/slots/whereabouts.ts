/**
 * Where the pages are that are not with the owner of their region, for all threads of a runtime to see. A machine alone
 * knows which of its pages are free; this says what it cannot know.
 *
 * There is a word for each page:
 *
 *     0              it is with its owner, in use or not
 *     FREE           whoever had it has freed it: its owner may take it
 *     BELONGS | h    it belongs to the process whose home begins at page h, and goes where that goes
 *
 * and in the first page of a home, the only one of these words that two threads may want to change at once:
 *
 *     n > 0          the process is on the thread of owner n
 *     n < FREE       the process is in an image, and this is its ticket
 *
 * What holds at any time:
 *
 * - Only who has a process writes the words of its pages. In the first page of a home that is who changed a ticket into its
 *   own number (`claim`), which succeeds once for each ticket: an image is resumed or given up once.
 * - Only its owner makes a word 0, and only the owner's process in leaving makes it another: a page is never free here and
 *   in use there.
 * - A home is the last page of its process that is freed, and the last that is marked where it leaves.
 * - `RETURNED` is a hint. It is raised after the words are written, and its reader takes it before it reads them: what is
 *   free is found by this or by a later look. It may be too high.
 */
import { REGION_COUNT, REGION_PAGES, REGION_SHIFT } from './memory_map.ts';

export const WITH_OWNER = 0;
const FREE = -1;
const BELONGS = 0x4000_0000;
const PAGE_MASK = 0xf_ffff;
/** Tickets begin again after so many. */
const TICKET_MASK = 0x3fff_ffff;

const RETURNED = 0;
const TICKETS = REGION_COUNT;
const ID = TICKETS + 1;
const PAGES = ID + 1;

export class Whereabouts {
  static readonly WORDS = PAGES + (REGION_COUNT - 1) * REGION_PAGES;

  readonly #words: Int32Array;
  readonly #pages: Int32Array;

  /** Lies in `buffer` from this word on. */
  constructor(buffer: SharedArrayBuffer, word: number) {
    this.#words = new Int32Array(buffer, word * 4, PAGES);
    this.#pages = new Int32Array(buffer, (word + PAGES) * 4);
  }

  get id(): number {
    return this.#words[ID];
  }

  set id(id: number) {
    this.#words[ID] = id;
  }

  /** The word of a page. */
  at(page: number): number {
    return this.#pages[page - REGION_PAGES];
  }

  /** First page of the home of the process that has this one, which is not free. */
  homeOf(page: number): number {
    const word = this.at(page);
    return word >= BELONGS ? word & PAGE_MASK : page;
  }

  /** Whether all of these pages are away, and belong to the process of this home. */
  belong(page: number, pages: number, home: number): boolean {
    for (let i = page; i < page + pages; i++) if (i !== home && this.at(i) !== (BELONGS | home)) return false;
    return true;
  }

  ticket(): number {
    return FREE - 1 - (Atomics.add(this.#words, TICKETS, 1) & TICKET_MASK);
  }

  /** Pages of its owner leave with the process of this home. `seal` has to follow. */
  leave(page: number, pages: number, home: number): void {
    const words = this.#pages;
    for (let i = page; i < page + pages; i++) if (i !== home) words[i - REGION_PAGES] = BELONGS | home;
  }

  /** From now on the process is in the image of this ticket, or with this owner. */
  seal(home: number, holder: number): void {
    Atomics.store(this.#pages, home - REGION_PAGES, holder);
  }

  /** The process of an image is the owner's; false where it has been resumed or given up already. */
  claim(home: number, ticket: number, owner: number): boolean {
    const at = home - REGION_PAGES;
    return ticket < FREE && Atomics.compareExchange(this.#pages, at, ticket, owner) === ticket;
  }

  /** Pages that are their owner's have come home with the process of this home, which says so itself last of all. */
  arrive(page: number, pages: number, home: number): void {
    for (let i = page; i < page + pages; i++) if (i !== home) this.#pages[i - REGION_PAGES] = WITH_OWNER;
  }

  /** From now on pages are with their owner. */
  clear(page: number, pages: number): void {
    this.#pages.fill(0, page - REGION_PAGES, page - REGION_PAGES + pages);
  }

  /** Pages of one region are free, and not with their owner. */
  free(page: number, pages: number): void {
    // From the end: a thread can die in between, and the home, by which the others are judged, comes first.
    for (let at = page + pages - 1; at >= page; at--) this.#pages[at - REGION_PAGES] = FREE;
    Atomics.add(this.#words, RETURNED + (page >>> REGION_SHIFT), pages);
  }

  /** Pages of the region that wait for their owner, about. */
  returned(region: number): number {
    return Atomics.load(this.#words, RETURNED + region);
  }

  /** Lets the owner look through its region. */
  hint(region: number): void {
    Atomics.add(this.#words, RETURNED + region, 1);
  }

  /** For the region's owner: takes what is free, as page and number of pages by turns. */
  takeReturned(region: number, into: number[]): void {
    if (this.returned(region) === 0) return;
    Atomics.store(this.#words, RETURNED + region, 0);
    const words = this.#pages;
    const begin = (region << REGION_SHIFT) - REGION_PAGES;
    const end = begin + REGION_PAGES;
    for (let at = begin; at < end; at++) {
      if (words[at] !== FREE) continue;
      const first = at;
      while (at < end && words[at] === FREE) words[at++] = 0;
      into.push(first + REGION_PAGES, at - first);
    }
  }

  /** Whether a page of the region is in an image, or with another than its owner. */
  hasOutstanding(region: number): boolean {
    const words = this.#pages;
    const begin = (region << REGION_SHIFT) - REGION_PAGES;
    for (let at = begin; at < begin + REGION_PAGES; at++) if (isOutstanding(words[at])) return true;
    return false;
  }
}

export function isOutstanding(word: number): boolean {
  return word !== 0 && word !== FREE;
}
