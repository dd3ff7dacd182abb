import { EMPTY_BLOCK, Op, Simd } from '../binary/opcodes.ts';
import { ValueType, valueTypeName } from '../binary/value_type.ts';
import { Writer } from '../binary/writer.ts';
import type { TypeTable } from './type_table.ts';

/** V8's limit for one function body. */
export const MAX_BODY_BYTES = 7_654_321;

const NO_RESULTS: readonly number[] = [];

/** Alignment of 32-bit words, as the exponent that memory instructions state. */
const WORD_ALIGNMENT = 2;

/**
 * Writes instructions. A label is the depth of its structure counted from the function (1 is the outermost), so that it
 * stays valid while more structures are opened inside.
 */
export class CodeWriter extends Writer {
  readonly #types: TypeTable;
  depth = 0;

  constructor(types: TypeTable, capacity?: number) {
    super(capacity);
    this.#types = types;
  }

  override clear(): void {
    super.clear();
    this.depth = 0;
  }

  /** An opcode with one index. */
  indexed(op: number, index: number): void {
    this.byte(op);
    this.unsigned(index);
  }

  constant(value: number): void {
    this.byte(Op.I32Const);
    this.signed(value);
  }

  get(local: number): void {
    this.indexed(Op.LocalGet, local);
  }

  set(local: number): void {
    this.indexed(Op.LocalSet, local);
  }

  tee(local: number): void {
    this.indexed(Op.LocalTee, local);
  }

  getGlobal(global: number): void {
    this.indexed(Op.GlobalGet, global);
  }

  setGlobal(global: number): void {
    this.indexed(Op.GlobalSet, global);
  }

  call(index: number): void {
    this.indexed(Op.Call, index);
  }

  /** `i32.load` of a word; the address is on the stack. */
  loadWord(offset: number): void {
    this.byte(Op.I32Load);
    this.byte(WORD_ALIGNMENT);
    this.unsigned(offset);
  }

  /** `i32.store` of a word; address and value are on the stack. */
  storeWord(offset: number): void {
    this.byte(Op.I32Store);
    this.byte(WORD_ALIGNMENT);
    this.unsigned(offset);
  }

  /** Load any number type; the address is on the stack. */
  load(type: number, offset: number): void {
    if (type === ValueType.V128) this.raw([Op.PrefixSimd, Simd.Load]);
    else this.byte(Op.I32Load + numberIndex(type));
    this.byte(WORD_ALIGNMENT);
    this.unsigned(offset);
  }

  /** Store any number type; address and value are on the stack. */
  store(type: number, offset: number): void {
    if (type === ValueType.V128) this.raw([Op.PrefixSimd, Simd.Store]);
    else this.byte(Op.I32Store + numberIndex(type));
    this.byte(WORD_ALIGNMENT);
    this.unsigned(offset);
  }

  /** A value of each type: zero, or null. */
  zeros(types: readonly number[]): void {
    for (const type of types) {
      switch (type) {
        case ValueType.I32:
          this.raw([Op.I32Const, 0]);
          break;
        case ValueType.I64:
          this.raw([Op.I64Const, 0]);
          break;
        case ValueType.F32:
          this.raw([Op.F32Const, 0, 0, 0, 0]);
          break;
        case ValueType.F64:
          this.raw([Op.F64Const, 0, 0, 0, 0, 0, 0, 0, 0]);
          break;
        case ValueType.V128:
          this.raw([Op.PrefixSimd, Simd.Const, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
          break;
        default:
          this.raw([Op.RefNull, type]);
      }
    }
  }

  /** Begin a structure; answers its label. */
  open(op: number, results: readonly number[] = NO_RESULTS): number {
    this.byte(op);
    if (results.length === 0) this.byte(EMPTY_BLOCK);
    else if (results.length === 1) this.byte(results[0]);
    else this.signed(this.#types.indexOf(NO_RESULTS, results));
    return ++this.depth;
  }

  /** Begin a structure whose parameters and results are those of a function type. */
  openTyped(op: number, type: number): void {
    this.byte(op);
    this.signed(type);
    this.depth++;
  }

  close(): void {
    this.byte(Op.End);
    this.depth--;
  }

  /** `br` or `br_if` to a label. */
  branch(op: number, label: number): void {
    this.byte(op);
    this.unsigned(this.depth - label);
  }
}

/** The declarations that a body begins with: all of `types` beyond the parameters. */
export function declareLocals(out: Writer, types: readonly number[], params: number): void {
  const runs: { count: number; readonly type: number }[] = [];
  for (let i = params; i < types.length; i++) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last.type === types[i]) last.count++;
    else runs.push({ count: 1, type: types[i] });
  }
  out.unsigned(runs.length);
  for (const run of runs) {
    out.unsigned(run.count);
    out.byte(run.type);
  }
}

/** Position among the families of loads and stores, which stand in the order i32, i64, f32, f64. */
function numberIndex(type: number): number {
  if (type < ValueType.F64 || type > ValueType.I32) throw new RangeError(`${valueTypeName(type)} is not a number`);
  return ValueType.I32 - type;
}
