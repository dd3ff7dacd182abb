// The free blocks of a slot, one list a class. A free block's first word is the address of the next one.
import { PAGE_SHIFT } from '../memory_map';
import { SLOT_FREE, SLOT_HOME_PAGES } from '../slot_header';
import { classBytes, classWithin, LARGE } from './size_classes';

// @ts-ignore: decorator
@inline
export function freeList(slot: u32, size: u32): usize {
  return slot + SLOT_FREE + (size << 2);
}

// @ts-ignore: decorator
@inline
export function pushFree(slot: u32, size: u32, block: u32): void {
  const list = freeList(slot, size);
  store<u32>(block, load<u32>(list));
  store<u32>(list, block);
}

/** Cuts bytes of a small run, or of the home, into free blocks. */
export function scatter(slot: u32, at: u32, bytes: u32): void {
  while (bytes >= 8) {
    const size = classWithin(bytes);
    const length = classBytes(size);
    pushFree(slot, size, at);
    at += length;
    bytes -= length;
  }
}

// @ts-ignore: decorator
@inline
export function atHome(slot: u32, address: u32): bool {
  return (address >> PAGE_SHIFT) - (slot >> PAGE_SHIFT) < load<u32>(slot, SLOT_HOME_PAGES);
}

/** Overwrites what is in free blocks, which is left from earlier and may differ between slots that are alike. */
export function scrub(slot: u32): void {
  for (let size: u32 = 1; size < LARGE; size++) {
    for (let block = load<u32>(freeList(slot, size)); block; block = load<u32>(block)) {
      memory.fill(block + 4, 0, classBytes(size) - 4);
    }
  }
}
