import { Instructions } from '../binary/instructions.ts';
import { readLocals } from '../binary/locals.ts';
import { Bulk, Op } from '../binary/opcodes.ts';
import type { Additions } from './additions.ts';
import type { CodeWriter } from './code_writer.ts';
import { declareLocals } from './code_writer.ts';
import { writeMemorySize } from './generated_functions.ts';

/** Whether an instruction is written differently in a suspendable module, wherever it stands. */
export function isSubstituted(additions: Additions, op: number, number: number, first: number): boolean {
  switch (op) {
    case Op.MemorySize:
    case Op.MemoryGrow:
      return true;
    case Op.RefFunc:
      return additions.waits.has(first);
    case Op.PrefixBulk:
      return additions.fuel && isBulkWork(number);
    default:
      return false;
  }
}

/** Instructions that take time in proportion to the operand on top of the stack. */
function isBulkWork(number: number): boolean {
  return number >= Bulk.MemoryInit && number !== Bulk.DataDrop && number !== Bulk.ElemDrop && number !== Bulk.TableSize;
}

/** Write what stands for an instruction for which `isSubstituted` holds; `start` and `end` are its own bytes. */
export function writeSubstitute(
  out: CodeWriter,
  additions: Additions,
  op: number,
  first: number,
  start: number,
  end: number,
): void {
  switch (op) {
    case Op.MemorySize:
      writeMemorySize(out, additions);
      break;
    case Op.MemoryGrow:
      out.call(additions.grow);
      break;
    case Op.RefFunc:
      out.indexed(Op.RefFunc, additions.replacement(first));
      break;
    default:
      out.call(additions.charge);
      out.copy(additions.module.bytes, start, end);
  }
}

/** The body of a function that cannot be suspended itself but has instructions to substitute. */
export function writePatchedBody(out: CodeWriter, additions: Additions, index: number): void {
  const { module } = additions;
  const { bytes } = module;
  const body = module.bodies[index - module.importedFunctions];
  const params = module.types[module.functions[index]].params;
  const locals = [...params];
  let copied = readLocals(bytes, body, locals);
  declareLocals(out, locals, params.length);
  const code = new Instructions(bytes);
  code.open(copied, body.end);
  while (code.next()) {
    if (!isSubstituted(additions, code.op, code.number, code.first)) continue;
    out.copy(bytes, copied, code.start);
    copied = code.end;
    writeSubstitute(out, additions, code.op, code.first, code.start, code.end);
  }
  out.copy(bytes, copied, body.end);
}
