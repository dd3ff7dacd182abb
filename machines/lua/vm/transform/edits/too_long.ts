/** The error of what runs too long where it cannot be preempted. */
import { FUEL, GRACE, MIN_FUEL } from '../../words.ts';
import * as asm from '../assemble.ts';
import { TOO_LONG } from '../page_zero.ts';

/** Whether the budget is used up, as a condition on the stack. */
export const isOverdrawn: asm.Bytes = asm.code(asm.word(FUEL), asm.word(MIN_FUEL), asm.lessSigned);

/** Whether it is overdrawn by so much, where it is known to be overdrawn: then the sum cannot overflow. */
export const isOverdrawnBy = (extra: number): asm.Bytes =>
  asm.code(asm.word(FUEL), asm.constant(extra), asm.add, asm.word(MIN_FUEL), asm.lessSigned);

/**
 * Comes before the error is raised: what handles it gets `GRACE` more. The next one gets 2 to the power of `shift` times
 * less, so the sum is bounded, and code that catches the error and begins anew meets it at every further step until it
 * gives up.
 */
export const grantGrace = (shift = 1): asm.Bytes =>
  asm.code(
    asm.setWord(MIN_FUEL, asm.code(asm.word(FUEL), asm.word(GRACE), asm.subtract)),
    asm.setWord(GRACE, asm.code(asm.word(GRACE), asm.constant(shift), asm.shiftRightUnsigned)),
  );

/** Raises it in the state of this local, by one of the functions that take a text and arguments for it. */
export const raiseTooLong = (L: number, raise: number): asm.Bytes =>
  asm.code(grantGrace(), asm.get(L), asm.constant(TOO_LONG), asm.constant(0), asm.call(raise), asm.unreachable);
