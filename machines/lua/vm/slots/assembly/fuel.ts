// Work of the allocator that a process pays for by its fuel.

/** The word of page zero that counts down as a process computes. */
const FUEL = 512;
/** Below this no more is burnt, so that the word cannot wrap round. */
const LEAST_FUEL: i32 = -1_000_000_000;

export function burn(fuel: i32): void {
  const left = load<i32>(FUEL);
  if (left > LEAST_FUEL) store<i32>(FUEL, left - fuel);
}
