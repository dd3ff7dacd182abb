import { Instructions } from '../../../wasm/binary/instructions.ts';
import { IMMEDIATES, Immediate, Op } from '../../../wasm/binary/opcodes.ts';
import { Reader } from '../../../wasm/binary/reader.ts';

/** An instruction in the code of a function. */
export interface Instruction {
  readonly op: number;
  /**
   * The one immediate that matters: an index, an `i32.const`'s constant, the offset of a load or store, a block's type
   * (negative: no index), the number after a prefix; 0 for all others.
   */
  readonly value: number;
  /** Of `br_table`: all labels. */
  readonly labels: Uint32Array | undefined;
  /** Byte range. */
  readonly start: number;
  readonly end: number;
}

/** Decodes `bytes[start, end)`. Throws on anything that is no instruction of core WebAssembly. */
export function decodeInstructions(bytes: Uint8Array, start: number, end: number): Instruction[] {
  const cursor = new Instructions(bytes);
  const reader = new Reader(bytes);
  const decoded: Instruction[] = [];
  cursor.open(start, end);
  while (cursor.next()) {
    decoded.push({
      op: cursor.op,
      value: immediateOf(cursor, reader),
      labels: cursor.op === Op.BrTable ? cursor.labels : undefined,
      start: cursor.start,
      end: cursor.end,
    });
  }
  return decoded;
}

function immediateOf(cursor: Instructions, reader: Reader): number {
  if (cursor.op === Op.I32Const) {
    reader.at = cursor.start + 1;
    return reader.signed();
  }
  switch (IMMEDIATES[cursor.op]) {
    case Immediate.Index:
    case Immediate.TwoIndices:
    case Immediate.BlockType:
      return cursor.first;
    case Immediate.Prefixed:
      return cursor.number;
    case Immediate.Address:
      reader.at = cursor.start + 1;
      reader.skipNumber(); // the alignment
      return reader.unsigned();
    default:
      return 0;
  }
}
