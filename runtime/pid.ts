/**
 * Process identity (semantics section 1): `{host|0x00001}`.
 *
 * A process has a slot of the process table, and a generation: a slot is used again after its process ended, with the
 * next generation. The PID's number is `generation * SLOTS + slot`, so it is never used twice while the runtime lives:
 * 2^29 lives for each of 2^24 slots. Slots are dealt out to the schedulers in turn (`slot % schedulers` is the one that
 * allocates it), so that every scheduler makes PIDs on its own, and anybody can tell from a PID who allocated it.
 *
 * Slot and generation are small integers and are kept apart wherever a spawn or an exit passes: their number soon is
 * none, and doubles on that way cost a third of a spawn.
 */
export const SLOT_BITS = 24;
export const SLOTS = 1 << SLOT_BITS;
/** `number & SLOT_MASK` is the slot. */
export const SLOT_MASK = SLOTS - 1;
/** A slot whose generations are spent is not used again. */
export const LAST_GENERATION = 2 ** 29 - 1;

export function numberOf(slot: number, generation: number): number {
  return generation * SLOTS + slot;
}

export function generationOf(number: number): number {
  return Math.floor(number / SLOTS);
}

/** Hexadecimal texts of 0..4095, three digits each: several times as fast as `toString(16)` and padding. */
const HEX3: readonly string[] = Array.from({ length: 4096 }, (_, n) => n.toString(16).padStart(3, '0'));
/** The same without padding. */
const HEX: readonly string[] = Array.from({ length: 4096 }, (_, n) => n.toString(16));
/** With padding, and the end of a PID. */
const LAST3: readonly string[] = HEX3.map(digits => `${digits}}`);
/** The same without padding beyond two digits, so that the first generation has five digits or more. */
const FIRST: readonly string[] = Array.from({ length: 4096 }, (_, n) => n.toString(16).padStart(2, '0'));

/** The part of a PID's text that is the same for all processes of a host. */
export function pidPrefix(host: string): string {
  return `{${host}|0x`;
}

export function formatPid(prefix: string, slot: number, generation: number): string {
  const upper = slot >> 12;
  const last = LAST3[slot & 4095];
  if (generation === 0) return prefix + FIRST[upper] + last;
  if (generation < 1 << 12) return prefix + HEX[generation] + HEX3[upper] + last;
  if (generation < 1 << 24) return prefix + HEX[generation >> 12] + HEX3[generation & 4095] + HEX3[upper] + last;
  return prefix + generation.toString(16) + HEX3[upper] + last;
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

/** The host that the text of a PID names; says nothing about whether there is such a process. */
export function hostOfPid(pid: string): string {
  return pid.slice(1, Math.max(1, pid.lastIndexOf('|')));
}

/** Whether a destination is written as a PID (otherwise it is a name). */
export function looksLikePid(text: string): boolean {
  return text.charCodeAt(0) === 0x7b;
}
