import { Unsupported, type UnsupportedPlace } from '../binary/unsupported.ts';
import type { FlatCode } from './flat_code.ts';

/** In words of sets of locals. Real modules of 10 MB need a few million. */
const MOST_WORK = 2 ** 28;
/** What a local costs besides the sets, in the same unit. */
const WORK_PER_LOCAL = 64;
/** What an operand costs that stands at a block, a loop or a call. */
const WORK_PER_OPERAND = 16;
/** A set that is kept for a block, loop or if costs more than to look at it: so all sets together stay below 64 MiB. */
const WORK_PER_STRUCTURE = 16;

/**
 * Bounds the analysis of one module. It looks at every local of a function at every branch, and a few bytes can declare
 * fifty thousand locals: without a bound a small hostile module would take hours.
 */
export class AnalysisWork {
  #left = MOST_WORK;

  /** A function with so many locals is looked at. */
  forLocals(locals: number, place: UnsupportedPlace): void {
    this.#spend(locals * WORK_PER_LOCAL, place);
  }

  /** In a function's code so many operands stand at its structures and targets. */
  forOperands(code: FlatCode, place: UnsupportedPlace): void {
    this.#left -= code.remembered * WORK_PER_OPERAND;
    if (this.#left < 0) {
      throw new Unsupported('too many operands at too many blocks', 'Keep values in local variables.', place);
    }
  }

  /** A function's code is walked with a set of so many words. */
  forPass(code: FlatCode, words: number, place: UnsupportedPlace): void {
    this.#spend((code.length + code.labelCount + code.structures * WORK_PER_STRUCTURE) * words, place);
  }

  #spend(work: number, place: UnsupportedPlace): void {
    this.#left -= work;
    if (this.#left < 0) {
      throw new Unsupported('too many local variables in large functions', 'Split the functions, or optimize.', place);
    }
  }
}
