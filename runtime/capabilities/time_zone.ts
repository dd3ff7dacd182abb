/** Zones: UTC, fixed offsets, and those of the IANA data base, which Node brings along (no tables of our own). */
import { secondsOf, type WallTime } from './calendar.ts';

export interface Zone {
  /** `UTC`, `Europe/Berlin`, or what a fixed one was called. */
  readonly name: string;
  /** The offset in seconds where it never changes. */
  readonly fixed: number | undefined;
  /** Seconds east of Greenwich at these unix seconds. */
  offsetAt(seconds: number): number;
  /** `CET`; where there is none, the offset as `+03`. */
  abbreviationAt(seconds: number): string;
}

export function fixedZone(name: string, offset: number): Zone {
  return {
    name,
    fixed: offset,
    offsetAt: () => offset,
    abbreviationAt: () => (name === '' ? shortOffset(offset) : name),
  };
}

export const UTC = fixedZone('UTC', 0);

/** Milliseconds that a Date can hold. */
const FARTHEST = 8.64e15;
/** Distinct names are as many as a program cares to try. */
const MOST_KEPT = 1000;

const named = new Map<string, Zone>();

/** A zone by its IANA name; undefined where there is none. */
export function namedZone(name: string): Zone | undefined {
  const known = named.get(name);
  if (known !== undefined) return known;
  if (name === 'UTC') return UTC;
  let zone: Zone;
  try {
    // Node also takes offsets such as "+01:00" for names; those are no places.
    if (!/^[A-Za-z]/.test(name)) return undefined;
    zone = new IanaZone(name);
  } catch {
    return undefined;
  }
  if (named.size >= MOST_KEPT) named.clear();
  named.set(name, zone);
  return zone;
}

class IanaZone implements Zone {
  readonly name: string;
  readonly fixed = undefined;
  readonly #offsets: Intl.DateTimeFormat;
  #names: Intl.DateTimeFormat | undefined;

  /** Throws RangeError for what is no zone. */
  constructor(name: string) {
    this.name = name;
    this.#offsets = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  offsetAt(seconds: number): number {
    // GMT, GMT+01:00 or, long ago, GMT+00:53:28
    const [, sign, hours, minutes, rest] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(zonePart(this.#offsets, seconds)) ?? [];
    if (sign === undefined) return 0;
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest ?? 0);
    return sign === '-' ? -size : size;
  }

  abbreviationAt(seconds: number): string {
    this.#names ??= new Intl.DateTimeFormat('en-US', { timeZone: this.name, timeZoneName: 'short' });
    const name = zonePart(this.#names, seconds);
    return /^(GMT|UTC)[+-]/.test(name) ? shortOffset(this.offsetAt(seconds)) : name;
  }
}

function zonePart(format: Intl.DateTimeFormat, seconds: number): string {
  const milliseconds = Math.max(-FARTHEST, Math.min(FARTHEST, seconds * 1e3));
  return format.formatToParts(milliseconds).find(part => part.type === 'timeZoneName')!.value;
}

/**
 * Unix seconds at which a wall clock in the zone shows `wall`. A time that the clock shows twice is the first of the
 * two; one that it skips is read with the offset of after the change.
 */
export function secondsIn(zone: Zone, wall: WallTime): number {
  const shown = secondsOf(wall);
  const first = zone.offsetAt(shown);
  return shown - (first === 0 ? 0 : zone.offsetAt(shown - first));
}

/** `+03`, `-0330`. */
function shortOffset(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  const rest = minutes % 60;
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${rest === 0 ? '' : two(rest)}`;
}
