/**
 * The first words of a slot, which is what a process has of memory: a home (a run of pages that begins with this
 * header), and chunks (further runs) as needed. The slot's address is the `ud` of its state's allocator. Everything in
 * it moves with the process.
 *
 * Offsets in bytes. This file is compiled by TypeScript and by AssemblyScript, as `memory_map.ts` is.
 */

/** Bytes that Lua holds, exactly as it counts them. */
export const SLOT_USED = 0;
/** Most bytes that it may hold. */
export const SLOT_LIMIT = 4;
/** Where the next new block comes from, and where that ends; both 0 where there is nothing left. */
export const SLOT_BUMP = 8;
export const SLOT_BUMP_END = 12;
/** First page of the first chunk; the rest of the list is in the page map. */
export const SLOT_CHUNKS = 16;
/** The main `lua_State` and the thread that runs the process. */
export const SLOT_STATE = 20;
export const SLOT_THREAD = 24;
/** Pages of home and chunks, and most that there may be. */
export const SLOT_PAGES = 28;
export const SLOT_PAGE_LIMIT = 32;
export const SLOT_HOME_PAGES = 36;
/**
 * 1: blocks are zeroed as they are taken, 0: they are not. What Lua leaves between its values then does not depend on what
 * was there before, by which slots that were prepared in the same way could differ (`template.ts`).
 */
export const SLOT_CLEAN = 40;
/** Free blocks by size class, from class 1: the word of class `c` is at `SLOT_FREE + 4 * c`. */
export const SLOT_FREE = 44;

/**
 * Size classes: every 8 bytes up to 256, then four to each doubling up to 4096 bytes. A block of a class above is
 * large: it has pages of its own.
 */
export const CLASS_COUNT = 49;
export const LARGEST_SMALL = 4096;

/** Blocks begin here. */
export const SLOT_HEADER_BYTES = 240;

/** No limit of bytes or of pages, as an unsigned and as a signed word. */
export const NO_LIMIT = -1;

/** Changes with every change of this header, of the classes or of what an image holds: images of another are refused. */
export const LAYOUT_VERSION = 2;
