/**
 * What the host and the transformed Lua binary share (`transform/`): words of memory, and places in the function table.
 * The words lie below everything that the
 * binary itself uses; in the stock binary nothing reads them. Byte addresses, all 32-bit integers.
 */

/** Counts down with every loop and call of Lua code and every loop of C code; below zero the program is preempted. */
export const FUEL = 512;
/** Below this, what runs where it cannot be preempted (a comparator of `table.sort`, a pattern) fails with an error. */
export const MIN_FUEL = 516;
/** Why the coroutine that was resumed has yielded: a `How`. */
export const HOW = 520;
/** 1 while a yield returns through the C functions between. */
export const UNWINDING = 524;
/** Seed of string hashes for states that are made from now on. */
export const HASH_SEED = 528;

/**
 * How far `MIN_FUEL` is lowered by the next error of what runs too long, so that its handlers can run. Less each time, so
 * that what catches these errors in a loop ends all the same.
 */
export const GRACE = 532;
/** What `GRACE` begins with, in each slice. */
export const FIRST_GRACE = 1_000_000;

/**
 * How many results of a host function that waited lie on its stack already, so that nobody has to be asked for them; 0:
 * its continuation leaves them.
 */
export const READY_RESULTS = 544;

export const How = {
  /** The program's own `coroutine.yield`. */
  Yielded: 0,
  /** Its fuel ran out. */
  Preempted: 1,
  /** A host function waits. */
  Waits: 3,
  /** A host function wanted to wait where a coroutine further out cannot yield: it is resumed to raise the error. */
  CannotWait: 4,
} as const;
export type How = (typeof How)[keyof typeof How];

/** Places in the function table, the same in every binary, so that states can go from one instance to another. */
export const CONTINUATION_SLOT = 198;
/** `lua_Alloc` of the slot assembly. Empty where there is none. */
export const ALLOCATOR_SLOT = 199;
