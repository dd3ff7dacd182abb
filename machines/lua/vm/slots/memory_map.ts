/**
 * The address space of a Lua machine's memory: 4 GiB, of which only what is touched costs anything.
 *
 *     0x00000000  page zero: words shared by the binary and its host, then the binary's data, C stack and C heap
 *     0x01FF0000  state of the page heap                                                  (64 KiB)
 *     0x02000000  page map: one entry for each 4 KiB page of the whole address space      (16 MiB)
 *     0x03000000  unused
 *     0x04000000  regions 1 to 63, 64 MiB each, in which the slots of processes lie
 *
 * The C heap belongs to the host alone, Lua states never touch it. Nothing stops it at its end: what is large has to
 * come from the page heap.
 *
 * This file is compiled twice: by TypeScript for the host, and by AssemblyScript as part of the allocator. So it holds
 * nothing but integers that fit 32 bits.
 */

/**
 * WebAssembly pages of 64 KiB that the memory is grown to, once. It is one less than there could be: with all of them
 * the size in bytes is 0 in 32 bits, by which the binary's C heap would believe that it has no memory at all.
 */
export const MEMORY_PAGES = 65_535;

/** First address after the host's C heap. */
export const HOST_HEAP_END = 0x01ff_0000;

/** A page is the unit of the page heap: 4 KiB. Its number is its address divided by this. */
export const PAGE_BYTES = 4096;
export const PAGE_SHIFT = 12;

/** Regions are numbered by their place: region `r` begins at page `r << REGION_SHIFT`. */
export const REGION_COUNT = 64;
export const REGION_SHIFT = 14;
export const REGION_PAGES = 16_384;
/** Where the memory ends, in the last region: 16 pages are missing there (see `MEMORY_PAGES`). */
export const LAST_PAGE_END = 0xffff0;

// The page map ------------------------------------------------------------------------------------------------------

export const PAGE_MAP = 0x0200_0000;
/** An entry has four words: what it is and how long, next and previous of its list, and a count for trimming. */
export const ENTRY_SHIFT = 4;
export const ENTRY_NEXT = 4;
export const ENTRY_PREVIOUS = 8;
export const ENTRY_COUNT = 12;

/**
 * The first word of an entry is `state << STATE_SHIFT | flags | pages`. It is 0 in every entry but the first of a run in
 * use here and the first and last of a free one; all decisions rely on that. Pages of this machine's that are away are
 * neither: nothing here touches them. In regions of other machines only runs of processes that are here have entries.
 */
export const STATE_SHIFT = 28;
export const RUN_PAGES_MASK = 0xf_ffff;
export const USED = 1;
export const FREE = 2;
/** Last page of a free run of two or more. */
export const FREE_END = 3;
/** A run cut into small blocks: `ENTRY_NEXT` of its other pages is the run's first. */
export const SMALL = 0x0100_0000;

// State of the page heap --------------------------------------------------------------------------------------------

export const HEAP_STATE = 0x01ff_0000;
/** The wilderness: pages never used since their region came, the last resort. First page, page after the last. */
export const WILD_TOP = 0;
export const WILD_END = 4;
/** Pages in use in this machine's own regions. */
export const LIVE_PAGES = 12;
/** Pages of the wilderness below this one have been touched already. */
export const TOUCHED_END = 16;
/** Which of the bins hold a run: bit `n` for runs of `n` pages (1 to 63), then one for each doubling. */
export const EXACT_BITS = 24;
export const DOUBLING_BITS = 32;
export const BINS = 64;
/** Bins for exact lengths: 1 to 63. */
export const EXACT_BINS = 64;
export const BIN_COUNT = 73;
/** One byte for each region: 1 where it is this machine's. */
export const REGIONS_OWNED = 512;

// What the page heap asks its host by one number -----------------------------------------------------------------------

/** `-n`, up to this: `n` adjacent regions. Below, `-FREED_ELSEWHERE - page`: this run of another machine's is free. */
export const FREED_ELSEWHERE = REGION_COUNT;
/** Answer: there is no further region, but the machine's own have more room than before. */
export const LOOK_AGAIN = -1;
