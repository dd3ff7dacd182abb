/**
 * What the transform keeps in page zero, the first KiB of memory, in which neither Lua nor its C library has anything:
 * the words of `words.ts`, one word more, and the texts of new errors. A data segment fills it, so that the binary can be
 * used before its host has written anything.
 */
import { FIRST_GRACE, FUEL, GRACE, MIN_FUEL } from '../words.ts';
import { check } from './refusal.ts';
import type { WasmModule } from './wasm_module.ts';

/** How many exceptions the binary has thrown so far: errors, and yields that could not return. For tests and probes. */
export const THROWN = 536;

/** Address of the text of the error for what runs too long where it cannot be preempted. */
export const TOO_LONG = 600;

const TOO_LONG_TEXT = 'runs too long where it cannot be interrupted';
const END_OF_PAGE = 1024;

/** No preemption, and no limits, until the host says otherwise. */
const UNLIMITED_FUEL = 0x7fff_ffff;
const NO_MIN_FUEL = -0x8000_0000;

export function fillPageZero(module: WasmModule): void {
  const words = new DataView(new ArrayBuffer(8));
  words.setInt32(0, UNLIMITED_FUEL, true);
  words.setInt32(MIN_FUEL - FUEL, NO_MIN_FUEL, true);
  module.addData(FUEL, new Uint8Array(words.buffer));
  const grace = new DataView(new ArrayBuffer(4));
  grace.setInt32(0, FIRST_GRACE, true);
  module.addData(GRACE, new Uint8Array(grace.buffer));
  const text = new TextEncoder().encode(`${TOO_LONG_TEXT}\0`);
  check(TOO_LONG + text.length <= END_OF_PAGE, 'the texts do not fit into page zero');
  module.addData(TOO_LONG, text);
}
