/**
 * What times, durations and locations hold. Whoever gets one in a message gets its number of nanoseconds: of a time,
 * those since 1970.
 */
import type { Moment } from '../../../runtime/capabilities/time_text.ts';
import type { Memory } from '../vm/memory.ts';

/** A time: nanoseconds within its second, and unix seconds as a float. Its value is its location; nil is UTC. */
const TIME_NANOSECONDS = 4;
const TIME_SECONDS = 8;
/** A duration: the two halves of a 64-bit number of nanoseconds. */
const DURATION_LOW = 8;
const DURATION_HIGH = 12;
/** A location: whether its offset never changes, and that offset in seconds. Its value is its name. */
const LOCATION_FIXED = 4;
const LOCATION_OFFSET = 8;

const SECOND = 1_000_000_000n;

export function readMoment(memory: Memory, data: number): Moment {
  return {
    seconds: memory.f64[(data + TIME_SECONDS) >>> 3],
    nanoseconds: memory.i32[(data + TIME_NANOSECONDS) >>> 2],
  };
}

export function writeMoment(memory: Memory, data: number, { seconds, nanoseconds }: Moment): void {
  memory.f64[(data + TIME_SECONDS) >>> 3] = seconds;
  memory.i32[(data + TIME_NANOSECONDS) >>> 2] = nanoseconds;
}

export function nanosecondsOf({ seconds, nanoseconds }: Moment): bigint {
  return BigInt(seconds) * SECOND + BigInt(nanoseconds);
}

export function momentAt(nanoseconds: bigint): Moment {
  let seconds = nanoseconds / SECOND;
  let rest = nanoseconds % SECOND;
  if (rest < 0n) {
    seconds -= 1n;
    rest += SECOND;
  }
  return { seconds: Number(seconds), nanoseconds: Number(rest) };
}

export function readDuration(memory: Memory, data: number): bigint {
  const low = memory.i32[(data + DURATION_LOW) >>> 2] >>> 0;
  return (BigInt(memory.i32[(data + DURATION_HIGH) >>> 2]) << 32n) | BigInt(low);
}

/** What is longer than 64 bits hold, some 292 years, becomes the longest duration that there is. */
export function writeDuration(memory: Memory, data: number, nanoseconds: bigint): void {
  const longest = 2n ** 63n - 1n;
  const kept = nanoseconds > longest ? longest : nanoseconds < -longest ? -longest : nanoseconds;
  memory.i32[(data + DURATION_LOW) >>> 2] = Number(BigInt.asIntN(32, kept));
  memory.i32[(data + DURATION_HIGH) >>> 2] = Number(kept >> 32n);
}

/** The offset in seconds; undefined where the name must be looked up. */
export function readFixedOffset(memory: Memory, data: number): number | undefined {
  const isFixed = memory.i32[(data + LOCATION_FIXED) >>> 2] !== 0;
  return isFixed ? memory.i32[(data + LOCATION_OFFSET) >>> 2] : undefined;
}

export function writeFixedOffset(memory: Memory, data: number, offset: number | undefined): void {
  memory.i32[(data + LOCATION_FIXED) >>> 2] = offset === undefined ? 0 : 1;
  memory.i32[(data + LOCATION_OFFSET) >>> 2] = offset ?? 0;
}

/** As a number where that is exact, else as a 64-bit integer; times some centuries away lose digits. */
export function nanosecondsNumber(nanoseconds: bigint): number | bigint {
  const number = Number(nanoseconds);
  if (Number.isSafeInteger(number)) return number;
  return nanoseconds === BigInt.asIntN(64, nanoseconds) ? nanoseconds : number;
}
