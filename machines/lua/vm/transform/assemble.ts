/**
 * A small assembler: every function answers the bytes of what its name says. Code is put together with `code(...)`, in
 * the order in which it runs. Values are i32 unless said otherwise.
 */

/** Bytes of instructions. */
export type Bytes = readonly number[];

export const code = (...parts: readonly Bytes[]): number[] => parts.flat();

/** Unsigned LEB128 of a 32-bit number. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  value >>>= 0;
  while (value > 0x7f) {
    bytes.push((value & 0x7f) | 0x80);
    value >>>= 7;
  }
  bytes.push(value);
  return bytes;
}

/** Signed LEB128 of a 32-bit number. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  value |= 0;
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    if ((value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

export const unreachable: Bytes = [0x00];
export const answer: Bytes = [0x0f];
export const drop: Bytes = [0x1a];
export const equal: Bytes = [0x46];
export const notEqual: Bytes = [0x47];
export const lessSigned: Bytes = [0x48];
export const greaterOrEqualUnsigned: Bytes = [0x4f];
export const add: Bytes = [0x6a];
export const subtract: Bytes = [0x6b];
export const and: Bytes = [0x71];
export const or: Bytes = [0x72];
export const shiftRightUnsigned: Bytes = [0x76];
export const not: Bytes = [0x45];

/** The low half of an i64. */
export const lowWord: Bytes = [0xa7];

export const constant = (value: number): Bytes => [0x41, ...signed(value)];
export const get = (local: number): Bytes => [0x20, ...unsigned(local)];
export const set = (local: number): Bytes => [0x21, ...unsigned(local)];
export const tee = (local: number): Bytes => [0x22, ...unsigned(local)];
export const getGlobal = (global: number): Bytes => [0x23, ...unsigned(global)];
export const setGlobal = (global: number): Bytes => [0x24, ...unsigned(global)];
export const call = (index: number): Bytes => [0x10, ...unsigned(index)];
/** Calls through the function table; the slot is on the stack, above the arguments. */
export const callIndirect = (type: number): Bytes => [0x11, ...unsigned(type), 0];

/** Loads from the address on the stack. */
export const load = (offset: number): Bytes => [0x28, 2, ...unsigned(offset)];
export const loadByte = (offset: number): Bytes => [0x2d, 0, ...unsigned(offset)];
/** Stores what is on the stack at the address below it. */
export const store = (offset: number): Bytes => [0x36, 2, ...unsigned(offset)];
export const storeByte = (offset: number): Bytes => [0x3a, 0, ...unsigned(offset)];

/** A word of memory at a fixed address. */
export const word = (address: number): Bytes => code(constant(0), load(address));
export const setWord = (address: number, value: Bytes): Bytes => code(constant(0), value, store(address));

/** Takes a condition from the stack. Inside, labels count one more. */
export const when = (...then: readonly Bytes[]): Bytes => [0x04, 0x40, ...code(...then), 0x0b];
export const whenElse = (then: Bytes, otherwise: Bytes): Bytes => [0x04, 0x40, ...then, 0x05, ...otherwise, 0x0b];
/** Runs once, unless `branch` to its label goes back. */
export const loop = (...body: readonly Bytes[]): Bytes => [0x03, 0x40, ...code(...body), 0x0b];
/** Blocks without results. */
export const block: Bytes = [0x02, 0x40];
export const endOfBlock: Bytes = [0x0b];
export const branchIf = (label: number): Bytes => [0x0d, ...unsigned(label)];
export const branch = (label: number): Bytes => [0x0c, ...unsigned(label)];

/**
 * Exceptions, in the encoding that every engine since 2021 runs (opcodes `try`, `catch`, `throw`, `rethrow`). The
 * handler begins with what was thrown on the stack.
 */
export const attempt = (body: Bytes, tag: number, handler: Bytes): Bytes => [
  0x06,
  0x40,
  ...body,
  0x07,
  ...unsigned(tag),
  ...handler,
  0x0b,
];
export const raise = (tag: number): Bytes => [0x08, ...unsigned(tag)];
export const raiseAgain = (label: number): Bytes => [0x09, ...unsigned(label)];
