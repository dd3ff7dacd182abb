/**
 * Positions in strings. Lua's string functions cut the 64 bits of a position down to the 32 of an address here, so that
 * `("abc"):sub(1 << 53, 6)` would begin before the string. No string is that long: what is beyond is the end.
 *
 * WebAssembly code that brings arguments of a Lua function into range, for the module in `adapter.ts`. Parameter 0 is the
 * state, local 1 a word.
 */
import { CALL_FUNCTION, STATE_CALL, STATE_TOP, Tag, VALUE_SIZE, VALUE_TAG } from './layout.ts';
import { signed } from './transform/assemble.ts';

/** Arguments that are positions, by function of the string library. */
export const POSITIONS: { readonly [name: string]: readonly number[] } = {
  byte: [2, 3],
  find: [3],
  gmatch: [3],
  match: [3],
  sub: [2, 3],
  unpack: [3],
};

const LIMIT = 2 ** 31 - 1;
/** Beyond this a float is no integer at all, which the function itself says. */
const INTEGERS = 2 ** 63;

const IF = [0x04, 0x40];
const END = 0x0b;
const GET_STATE = [0x20, 0];
const GET = [0x20, 1];
const TEE = [0x22, 1];
const ADD = 0x6a;
const AND = 0x71;
const EQUAL = 0x46;
const BELOW = 0x49;

const load = (offset: number) => [0x28, 2, offset];
const constant = (value: number) => [0x41, ...signed(value)];

/** What comes before the function's own code. */
export function clampCode(name: string): number[] {
  return (POSITIONS[name] ?? []).flatMap(clamp);
}

function clamp(argument: number): number[] {
  return [
    ...[...GET_STATE, ...load(STATE_CALL), ...load(CALL_FUNCTION), ...constant(argument * VALUE_SIZE), ADD, ...TEE],
    ...[...GET_STATE, ...load(STATE_TOP), BELOW, ...IF],
    ...[...hasTag(Tag.Integer), ...IF, ...int64(), END],
    ...[...hasTag(Tag.Float), ...IF, ...float64(), END],
    END,
  ];
}

const hasTag = (tag: number) => [...GET, 0x2d, 0, VALUE_TAG, ...constant(tag), EQUAL];

function int64(): number[] {
  const value = [...GET, 0x29, 3, 0];
  const number = (of: number) => [0x42, ...signed(of)];
  const store = (of: number) => [...GET, ...number(of), 0x37, 3, 0];
  return [
    ...[...value, ...number(LIMIT), 0x55, ...IF, ...store(LIMIT), END],
    ...[...value, ...number(-LIMIT), 0x53, ...IF, ...store(-LIMIT), END],
  ];
}

function float64(): number[] {
  const value = [...GET, 0x2b, 3, 0];
  const number = (of: number) => [0x44, ...new Uint8Array(new Float64Array([of]).buffer)];
  const store = (of: number) => [...GET, ...number(of), 0x39, 3, 0];
  const [greater, less] = [0x64, 0x63];
  return [
    ...[...value, ...number(LIMIT), greater, ...value, ...number(INTEGERS), less, AND, ...IF, ...store(LIMIT), END],
    ...[...value, ...number(-LIMIT), less, ...value, ...number(-INTEGERS), greater, AND, ...IF, ...store(-LIMIT), END],
  ];
}
