import { Unsupported, type UnsupportedPlace } from '../binary/unsupported.ts';

/** In words of sets of locals. Real modules of 10 MB need a few million. */
const MOST_WORK = 2 ** 28;
/** What a local costs besides the sets, in the same unit. */
const WORK_PER_LOCAL = 64;

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

  /** So many instructions are walked with a set of so many words. */
  forPass(instructions: number, words: number, place: UnsupportedPlace): void {
    this.#spend(instructions * words, place);
  }

  #spend(work: number, place: UnsupportedPlace): void {
    this.#left -= work;
    if (this.#left < 0) {
      throw new Unsupported('too many local variables in large functions', 'Split the functions, or optimize.', place);
    }
  }
}
