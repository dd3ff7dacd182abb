// Size classes of blocks: every 8 bytes up to 256, four to each doubling from there to 4096 bytes, and one for all above.
import { PAGE_BYTES, PAGE_SHIFT } from '../memory_map';
import { CLASS_COUNT, LARGEST_SMALL } from '../slot_header';

/** The class of all large blocks. */
export const LARGE: u32 = CLASS_COUNT;
const SMALL_BYTES: u32 = LARGEST_SMALL;

// @ts-ignore: decorator
@inline
export function classOf(bytes: u32): u32 {
  if (bytes <= 256) return (bytes + 7) >> 3;
  if (bytes > SMALL_BYTES) return LARGE;
  const doubling = 31 - clz<u32>(bytes - 1);
  return 33 + ((doubling - 8) << 2) + (((bytes - 1) >> (doubling - 2)) & 3);
}

// @ts-ignore: decorator
@inline
export function classBytes(size: u32): u32 {
  return size <= 32 ? size << 3 : (((size - 33) & 3) + 5) << (6 + ((size - 33) >> 2));
}

/** The largest class whose blocks are no longer than this. */
export function classWithin(bytes: u32): u32 {
  if (bytes >= SMALL_BYTES) return CLASS_COUNT - 1;
  if (bytes <= 256) return bytes >> 3;
  const size = classOf(bytes);
  return classBytes(size) > bytes ? size - 1 : size;
}

// @ts-ignore: decorator
@inline
export function roundUp(bytes: u32): u32 {
  return (bytes + 7) & ~7;
}

// @ts-ignore: decorator
@inline
export function pagesFor(bytes: u32): u32 {
  return (bytes + (PAGE_BYTES - 1)) >> PAGE_SHIFT;
}
