/**
 * Short names of instructions, for patterns. Every name is followed by a dot and the immediate where there is one: index,
 * constant, or offset of a load or store. Only what patterns mention has a name; the rest is `op_` and its opcode.
 */
const NAMED = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  br_table: 0x0e,
  return: 0x0f,
  call: 0x10,
  call_indirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  global_get: 0x23,
  global_set: 0x24,
  load: 0x28,
  load64: 0x29,
  load8_s: 0x2c,
  load8_u: 0x2d,
  load16_s: 0x2e,
  load16_u: 0x2f,
  store: 0x36,
  store64: 0x37,
  store8: 0x3a,
  store16: 0x3b,
  const: 0x41,
  eqz: 0x45,
  eq: 0x46,
  ne: 0x47,
  lt_s: 0x48,
  lt_u: 0x49,
  gt_s: 0x4a,
  gt_u: 0x4b,
  le_s: 0x4c,
  le_u: 0x4d,
  ge_s: 0x4e,
  ge_u: 0x4f,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shr_s: 0x75,
  shr_u: 0x76,
} as const;

export type Mnemonic = keyof typeof NAMED;

const BY_NAME: ReadonlyMap<string, number> = new Map(Object.entries(NAMED));
const BY_OPCODE: ReadonlyMap<number, string> = new Map(Object.entries(NAMED).map(([name, op]) => [op, name]));

/** The opcode of a name; undefined for one that does not exist. */
export function opcodeOf(name: string): number | undefined {
  return BY_NAME.get(name);
}

export function mnemonicOf(op: number): string {
  return BY_OPCODE.get(op) ?? `op_${op.toString(16)}`;
}
