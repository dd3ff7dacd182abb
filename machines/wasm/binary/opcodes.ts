/**
 * What each instruction of core WebAssembly 2.0 (with SIMD, threads and the extended constant expressions) looks like:
 * its immediates and its effect on the operand stack. Source: core specification 5.4 and the appendix of opcodes.
 */
import { ValueType } from './value_type.ts';

const { I32, I64, F32, F64, V128, FuncRef } = ValueType;

/** The opcodes that code here names. */
export const Op = {
  Unreachable: 0x00,
  Nop: 0x01,
  Block: 0x02,
  Loop: 0x03,
  If: 0x04,
  Else: 0x05,
  End: 0x0b,
  Br: 0x0c,
  BrIf: 0x0d,
  BrTable: 0x0e,
  Return: 0x0f,
  Call: 0x10,
  CallIndirect: 0x11,
  Drop: 0x1a,
  Select: 0x1b,
  SelectTyped: 0x1c,
  LocalGet: 0x20,
  LocalSet: 0x21,
  LocalTee: 0x22,
  GlobalGet: 0x23,
  GlobalSet: 0x24,
  TableGet: 0x25,
  TableSet: 0x26,
  I32Load: 0x28,
  I64Load: 0x29,
  F32Load: 0x2a,
  F64Load: 0x2b,
  I32Store: 0x36,
  I64Store: 0x37,
  F32Store: 0x38,
  F64Store: 0x39,
  MemorySize: 0x3f,
  MemoryGrow: 0x40,
  I32Const: 0x41,
  I64Const: 0x42,
  F32Const: 0x43,
  F64Const: 0x44,
  I32Eqz: 0x45,
  I32Eq: 0x46,
  I32LtS: 0x48,
  I32LtU: 0x49,
  I32GtS: 0x4a,
  I32GtU: 0x4b,
  I32GeU: 0x4f,
  I32Add: 0x6a,
  I32Sub: 0x6b,
  I32Or: 0x72,
  I32Shl: 0x74,
  I32ShrU: 0x76,
  RefNull: 0xd0,
  RefIsNull: 0xd1,
  RefFunc: 0xd2,
  /** Followed by a number: saturating truncation, bulk memory, tables. */
  PrefixBulk: 0xfc,
  /** Followed by a number: SIMD. */
  PrefixSimd: 0xfd,
  /** Followed by a number: atomics. */
  PrefixAtomic: 0xfe,
} as const;

/** Numbers after `PrefixBulk`. */
export const Bulk = {
  MemoryInit: 8,
  DataDrop: 9,
  MemoryCopy: 10,
  MemoryFill: 11,
  TableInit: 12,
  ElemDrop: 13,
  TableCopy: 14,
  TableGrow: 15,
  TableSize: 16,
  TableFill: 17,
} as const;

/** Whether the instruction with this number takes time in proportion to the operand on top of the stack. */
export function isBulkWork(number: number): boolean {
  return number >= Bulk.MemoryInit && number !== Bulk.DataDrop && number !== Bulk.ElemDrop && number !== Bulk.TableSize;
}

/** Numbers after `PrefixSimd`. */
export const Simd = { Load: 0, Store: 11, Const: 12 } as const;

/** Numbers after `PrefixAtomic`. */
export const Atomic = { Wait32: 1, Wait64: 2, Fence: 3 } as const;

/** In a block type: no parameters and no result. */
export const EMPTY_BLOCK = 0x40;

/** What follows an opcode. */
export const Immediate = {
  /** Not an instruction of this set. */
  Unknown: 0,
  None: 1,
  /** One index, into `first`. */
  Index: 2,
  /** Two indices, into `first` and `second`. */
  TwoIndices: 3,
  /** A block type, into `first`. */
  BlockType: 4,
  Labels: 5,
  /** A LEB128 number that nobody needs. */
  Number: 6,
  Bytes4: 7,
  Bytes8: 8,
  /** Alignment and offset. */
  Address: 9,
  /** The types of a typed `select`; the last into `first`. */
  Types: 10,
  /** A reference type, into `first`. */
  RefType: 11,
  Prefixed: 12,
} as const;

/** The `Immediate` of each one-byte opcode. */
export const IMMEDIATES = new Uint8Array(256);

/** The effect of each one-byte opcode whose effect does not depend on its immediates; see `EFFECT_UNKNOWN`. */
const EFFECTS = new Int16Array(256);

/** Effects are `pops | pushed type << 8`; a pushed type of 0 is none. */
export const EFFECT_UNKNOWN = -1;

export function effectPops(effect: number): number {
  return effect & 0xff;
}

export function effectPushes(effect: number): number {
  return effect >> 8;
}

const NOTHING = 0;

{
  const immediates = (first: number, last: number, kind: number) => IMMEDIATES.fill(kind, first, last + 1);
  immediates(Op.Unreachable, Op.Nop, Immediate.None);
  immediates(Op.Block, Op.If, Immediate.BlockType);
  immediates(Op.Else, Op.Else, Immediate.None);
  immediates(Op.End, Op.End, Immediate.None);
  immediates(Op.Br, Op.BrIf, Immediate.Index);
  immediates(Op.BrTable, Op.BrTable, Immediate.Labels);
  immediates(Op.Return, Op.Return, Immediate.None);
  immediates(Op.Call, Op.Call, Immediate.Index);
  immediates(Op.CallIndirect, Op.CallIndirect, Immediate.TwoIndices);
  immediates(Op.Drop, Op.Select, Immediate.None);
  immediates(Op.SelectTyped, Op.SelectTyped, Immediate.Types);
  immediates(Op.LocalGet, Op.TableSet, Immediate.Index);
  immediates(Op.I32Load, 0x3e, Immediate.Address);
  immediates(Op.MemorySize, Op.MemoryGrow, Immediate.Index);
  immediates(Op.I32Const, Op.I64Const, Immediate.Number);
  immediates(Op.F32Const, Op.F32Const, Immediate.Bytes4);
  immediates(Op.F64Const, Op.F64Const, Immediate.Bytes8);
  immediates(Op.I32Eqz, 0xc4, Immediate.None);
  immediates(Op.RefNull, Op.RefNull, Immediate.RefType);
  immediates(Op.RefIsNull, Op.RefIsNull, Immediate.None);
  immediates(Op.RefFunc, Op.RefFunc, Immediate.Index);
  immediates(Op.PrefixBulk, Op.PrefixAtomic, Immediate.Prefixed);
}

{
  EFFECTS.fill(EFFECT_UNKNOWN);
  const effects = (first: number, last: number, pops: number, pushes: number) =>
    EFFECTS.fill(pops | (pushes << 8), first, last + 1);
  effects(Op.Nop, Op.Nop, 0, NOTHING);
  effects(Op.Drop, Op.Drop, 1, NOTHING);
  effects(0x28, 0x28, 1, I32); // loads
  effects(0x29, 0x29, 1, I64);
  effects(0x2a, 0x2a, 1, F32);
  effects(0x2b, 0x2b, 1, F64);
  effects(0x2c, 0x2f, 1, I32);
  effects(0x30, 0x35, 1, I64);
  effects(0x36, 0x3e, 2, NOTHING); // stores
  effects(Op.MemorySize, Op.MemorySize, 0, I32);
  effects(Op.MemoryGrow, Op.MemoryGrow, 1, I32);
  effects(Op.I32Const, Op.I32Const, 0, I32);
  effects(Op.I64Const, Op.I64Const, 0, I64);
  effects(Op.F32Const, Op.F32Const, 0, F32);
  effects(Op.F64Const, Op.F64Const, 0, F64);
  effects(0x45, 0x45, 1, I32); // comparisons
  effects(0x46, 0x4f, 2, I32);
  effects(0x50, 0x50, 1, I32);
  effects(0x51, 0x66, 2, I32);
  effects(0x67, 0x69, 1, I32); // i32 arithmetic
  effects(0x6a, 0x78, 2, I32);
  effects(0x79, 0x7b, 1, I64); // i64 arithmetic
  effects(0x7c, 0x8a, 2, I64);
  effects(0x8b, 0x91, 1, F32); // f32 arithmetic
  effects(0x92, 0x98, 2, F32);
  effects(0x99, 0x9f, 1, F64); // f64 arithmetic
  effects(0xa0, 0xa6, 2, F64);
  effects(0xa7, 0xab, 1, I32); // conversions
  effects(0xac, 0xb1, 1, I64);
  effects(0xb2, 0xb6, 1, F32);
  effects(0xb7, 0xbb, 1, F64);
  effects(0xbc, 0xbc, 1, I32); // reinterpretations
  effects(0xbd, 0xbd, 1, I64);
  effects(0xbe, 0xbe, 1, F32);
  effects(0xbf, 0xbf, 1, F64);
  effects(0xc0, 0xc1, 1, I32); // sign extension
  effects(0xc2, 0xc4, 1, I64);
  effects(Op.RefIsNull, Op.RefIsNull, 1, I32);
  effects(Op.RefFunc, Op.RefFunc, 0, FuncRef);
}

const BULK_EFFECTS = [
  ...Array<number>(4).fill(1 | (I32 << 8)), // i32.trunc_sat
  ...Array<number>(4).fill(1 | (I64 << 8)), // i64.trunc_sat
  3, // memory.init
  0, // data.drop
  3, // memory.copy
  3, // memory.fill
  3, // table.init
  0, // elem.drop
  3, // table.copy
  2 | (I32 << 8), // table.grow
  0 | (I32 << 8), // table.size
  3, // table.fill
];

const SIMD_EFFECTS = new Int16Array(256);
{
  const effects = (pops: number, pushes: number, ...ranges: readonly (number | readonly [number, number])[]) => {
    for (const range of ranges) {
      const [first, last] = typeof range === 'number' ? [range, range] : range;
      SIMD_EFFECTS.fill(pops | (pushes << 8), first, last + 1);
    }
  };
  effects(2, V128, [0, 255]); // binary operations and shifts; what differs follows
  effects(1, V128, [0, 10], 92, 93); // loads
  effects(2, NOTHING, 11); // v128.store
  effects(0, V128, 12); // v128.const
  effects(1, V128, [15, 20]); // splats
  effects(1, I32, 21, 22, 24, 25, 27); // extract_lane
  effects(1, I64, 29);
  effects(1, F32, 31);
  effects(1, F64, 33);
  effects(3, V128, 82); // v128.bitselect
  effects(1, I32, 83, 99, 100, 131, 132, 163, 164, 195, 196); // any_true, all_true, bitmask
  effects(2, V128, [84, 87]); // load_lane
  effects(2, NOTHING, [88, 91]); // store_lane
  // Unary: not, demote, promote, abs, neg, popcnt, rounding, extadd_pairwise, extend, sqrt, conversions.
  effects(1, V128, 77, [94, 98], [103, 106], 116, 117, 122, [124, 129], [135, 138], 148, 160, 161, [167, 170]);
  effects(1, V128, 192, 193, [199, 202], 224, 225, 227, 236, 237, 239, [248, 255]);
}

/** The value types in the order in which every family of atomic instructions lists them. */
const ATOMIC_TYPES = [I32, I64, I32, I32, I64, I64, I64];

function atomicEffect(number: number): number {
  if (number === 0) return 2 | (I32 << 8); // notify
  if (number === Atomic.Wait32 || number === Atomic.Wait64) return 3 | (I32 << 8);
  if (number === Atomic.Fence) return 0;
  if (number >= 0x10 && number <= 0x16) return 1 | (ATOMIC_TYPES[number - 0x10] << 8); // load
  if (number >= 0x17 && number <= 0x1d) return 2; // store
  if (number >= 0x1e && number <= 0x47) return 2 | (ATOMIC_TYPES[(number - 0x1e) % 7] << 8); // read-modify-write
  if (number >= 0x48 && number <= 0x4e) return 3 | (ATOMIC_TYPES[number - 0x48] << 8); // compare-exchange
  return EFFECT_UNKNOWN;
}

/**
 * The effect on the operand stack of an instruction whose effect depends on nothing else; `EFFECT_UNKNOWN` for the
 * others (control, calls, locals, globals, tables, `select`, `ref.null`) and for what is no instruction.
 */
export function effectOf(op: number, number: number): number {
  switch (op) {
    case Op.PrefixBulk:
      return number < BULK_EFFECTS.length ? BULK_EFFECTS[number] : EFFECT_UNKNOWN;
    case Op.PrefixSimd:
      return number < 256 ? SIMD_EFFECTS[number] : EFFECT_UNKNOWN;
    case Op.PrefixAtomic:
      return atomicEffect(number);
    default:
      return EFFECTS[op];
  }
}
