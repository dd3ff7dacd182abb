import { optionalNumber } from '../arguments.ts';
import type { Engine } from '../engine.ts';

/** A whole number; a float without a fraction counts as one. `otherwise` for nil and nothing, where it is given. */
export function wholeArgument(engine: Engine, L: number, index: number, otherwise?: number): number {
  const number = optionalNumber(engine, L, index) ?? otherwise;
  if (number === undefined) return engine.vm.badType(L, index, 'number');
  if (Number.isSafeInteger(number)) return number;
  return engine.vm.badArgument(L, index, 'number has no integer representation');
}
