/** Counts by text and by number within one chunk. Texts are addresses in the chunk: nothing is copied. */

/** A key is cut to so many bytes, so that no table of the job can be blown up by long ones. */
export const LONGEST_KEY: u32 = 512;

/** Length of a text cut to `most` bytes, not within a UTF-8 character. */
export function cutLength(at: usize, length: u32, most: u32): u32 {
  if (length <= most) return length;
  let cut = most;
  while (cut > most - 3 && (load<u8>(at + cut) & 0xc0) == 0x80) cut--;
  return cut;
}

/** Open addressing, doubled when half full. */
export class TextCounts {
  private hashes: StaticArray<u32> = new StaticArray<u32>(2048);
  private addresses: StaticArray<usize> = new StaticArray<usize>(2048);
  private lengths: StaticArray<u32> = new StaticArray<u32>(2048);
  private counts: StaticArray<u32> = new StaticArray<u32>(2048);
  private mask: u32 = 2047;
  size: u32 = 0;

  add(at: usize, length: u32): void {
    length = cutLength(at, length, LONGEST_KEY);
    const hash = hashOf(at, length);
    let slot = hash & this.mask;
    // A count of 0 marks a free slot.
    while (unchecked(this.counts[slot]) != 0) {
      if (
        unchecked(this.hashes[slot]) == hash &&
        unchecked(this.lengths[slot]) == length &&
        memory.compare(unchecked(this.addresses[slot]), at, length) == 0
      ) {
        unchecked((this.counts[slot] += 1));
        return;
      }
      slot = (slot + 1) & this.mask;
    }
    this.put(slot, hash, at, length, 1);
    if (++this.size * 2 > this.mask) this.grow();
  }

  /** Slots to walk over; those whose `count` is 0 are free. */
  get slots(): u32 {
    return this.mask + 1;
  }

  count(slot: u32): u32 {
    return this.counts[slot];
  }

  address(slot: u32): usize {
    return this.addresses[slot];
  }

  length(slot: u32): u32 {
    return this.lengths[slot];
  }

  clear(): void {
    this.counts.fill(0);
    this.size = 0;
  }

  private put(slot: u32, hash: u32, at: usize, length: u32, count: u32): void {
    unchecked((this.hashes[slot] = hash));
    unchecked((this.addresses[slot] = at));
    unchecked((this.lengths[slot] = length));
    unchecked((this.counts[slot] = count));
  }

  private grow(): void {
    const hashes = this.hashes;
    const addresses = this.addresses;
    const lengths = this.lengths;
    const counts = this.counts;
    const slots = (this.mask + 1) * 2;
    this.hashes = new StaticArray<u32>(slots);
    this.addresses = new StaticArray<usize>(slots);
    this.lengths = new StaticArray<u32>(slots);
    this.counts = new StaticArray<u32>(slots);
    this.mask = slots - 1;
    for (let old = 0; old < counts.length; old++) {
      if (counts[old] == 0) continue;
      let slot = hashes[old] & this.mask;
      while (this.counts[slot] != 0) slot = (slot + 1) & this.mask;
      this.put(slot, hashes[old], addresses[old], lengths[old], counts[old]);
    }
  }
}

/** The same for numbers. */
export class NumberCounts {
  private keys: StaticArray<i64> = new StaticArray<i64>(2048);
  private counts: StaticArray<u32> = new StaticArray<u32>(2048);
  private mask: u32 = 2047;
  size: u32 = 0;

  add(key: i64): void {
    const slot = this.slotOf(key);
    if (unchecked(this.counts[slot]) == 0) {
      unchecked((this.keys[slot] = key));
      this.size++;
    }
    unchecked((this.counts[slot] += 1));
    if (this.size * 2 > this.mask) this.grow();
  }

  get slots(): u32 {
    return this.mask + 1;
  }

  count(slot: u32): u32 {
    return this.counts[slot];
  }

  key(slot: u32): i64 {
    return this.keys[slot];
  }

  clear(): void {
    this.counts.fill(0);
    this.size = 0;
  }

  /** The slot of a key, or the free one where it belongs. */
  private slotOf(key: i64): u32 {
    // Fibonacci hashing: the high bits of the product are well mixed.
    let slot = u32((u64(key) * 0x9e3779b97f4a7c15) >> 32) & this.mask;
    while (unchecked(this.counts[slot]) != 0 && unchecked(this.keys[slot]) != key) slot = (slot + 1) & this.mask;
    return slot;
  }

  private grow(): void {
    const keys = this.keys;
    const counts = this.counts;
    const slots = (this.mask + 1) * 2;
    this.keys = new StaticArray<i64>(slots);
    this.counts = new StaticArray<u32>(slots);
    this.mask = slots - 1;
    for (let old = 0; old < counts.length; old++) {
      if (counts[old] == 0) continue;
      const slot = this.slotOf(keys[old]);
      this.keys[slot] = keys[old];
      this.counts[slot] = counts[old];
    }
  }
}

/** FNV-1a. */
function hashOf(at: usize, length: u32): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(at + i)) * 0x01000193;
  return hash;
}
