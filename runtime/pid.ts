/**
 * Process identity (semantics section 1): `{host|0x00001}`.
 *
 * The number is `generation * SLOTS + slot`. A slot of the process table is used again after its process ended, with
 * the next generation, so a number is never used twice while the runtime lives: 2^31 lives for each of 2^22 slots.
 * Slots are dealt out to the schedulers in turn (`slot % schedulers` is the one that allocates it), so that every
 * scheduler makes PIDs on its own, and anybody can tell from a PID alone who allocated it.
 */
export const SLOTS = 1 << 22;
/** `number & SLOT_MASK` is the slot; `%` would be a division of doubles once generations pass 2^31. */
export const SLOT_MASK = SLOTS - 1;

/** Hexadecimal texts of 0..4095, three digits each: several times as fast as `toString(16)` and padding. */
const HEX3: readonly string[] = Array.from({ length: 4096 }, (_, n) => n.toString(16).padStart(3, '0'));
/** The same without padding. */
const HEX: readonly string[] = Array.from({ length: 4096 }, (_, n) => n.toString(16));

/** The part of a PID's text that is the same for all processes of a host. */
export function pidPrefix(host: string): string {
  return `{${host}|0x`;
}

export function formatPid(prefix: string, number: number): string {
  // At least five digits: below 2^20 the upper part needs its padding, two digits of it.
  if (number < 1 << 20) return `${prefix}${HEX3[number >> 12].slice(1)}${HEX3[number & 4095]}}`;
  const upper = Math.floor(number / 4096);
  const low = HEX3[number & 4095];
  if (upper < 4096) return `${prefix}${HEX[upper]}${low}}`;
  const top = Math.floor(upper / 4096);
  const middle = HEX3[upper & 4095];
  if (top < 4096) return `${prefix}${HEX[top]}${middle}${low}}`;
  return `${prefix}${Math.floor(top / 4096).toString(16)}${HEX3[top & 4095]}${middle}${low}}`;
}

/** The number in a PID's text; -1 for text that is not a PID. Says nothing about whether the process lives. */
export function parsePid(text: string): number {
  const length = text.length;
  if (length < 10 || text.charCodeAt(0) !== 0x7b || text.charCodeAt(length - 1) !== 0x7d) return -1;
  const bar = text.lastIndexOf('|');
  if (bar < 2 || text.charCodeAt(bar + 1) !== 0x30 || text.charCodeAt(bar + 2) !== 0x78) return -1;
  const digits = length - 1 - (bar + 3);
  if (digits < 5 || digits > 14) return -1;
  let number = 0;
  for (let i = bar + 3; i < length - 1; i++) {
    const c = text.charCodeAt(i);
    const digit = c >= 0x30 && c <= 0x39 ? c - 0x30 : c >= 0x61 && c <= 0x66 ? c - 0x57 : -1;
    if (digit < 0) return -1;
    number = number * 16 + digit;
  }
  return Number.isSafeInteger(number) ? number : -1;
}

/** Whether a destination is written as a PID (otherwise it is a name). */
export function looksLikePid(text: string): boolean {
  return text.charCodeAt(0) === 0x7b;
}
