import { Bulk, isBulkWork, Op } from '../binary/opcodes.ts';
import type { Additions } from './additions.ts';
import type { CodeWriter } from './code_writer.ts';
import { addTableCharge, writeMemorySize } from './generated_functions.ts';

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

/** Write what stands for an instruction for which `isSubstituted` holds; `start` and `end` are its own bytes. */
export function writeSubstitute(
  out: CodeWriter,
  additions: Additions,
  op: number,
  number: number,
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
      out.call(chargeOf(additions, number));
      out.copy(additions.module.bytes, start, end);
  }
}

/** What takes the fuel for a bulk instruction. */
function chargeOf(additions: Additions, number: number): number {
  switch (number) {
    case Bulk.TableGrow:
      return (additions.tableGrowCharge ??= addTableCharge(additions, true));
    case Bulk.TableInit:
    case Bulk.TableCopy:
    case Bulk.TableFill:
      return (additions.tableCharge ??= addTableCharge(additions, false));
    default:
      return additions.charge;
  }
}
