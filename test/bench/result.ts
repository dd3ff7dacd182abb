/** What a measurement came to, and how it compares. Figures are rounded where they are made, so that all show the same. */
import type { Figure, Measurement } from './measurement.ts';

/** Of several rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** A rival's figures beside ours, from the same rounds. */
export interface Beside {
  readonly name: string;
  readonly figures: Spread;
  /** How many times better ours is, by medians; `least` and `most` are those of single rounds. */
  readonly ratio: Spread;
  /** What `ratio` is to be. */
  readonly target: number | undefined;
}

export interface Result
  extends Pick<Measurement, 'name' | 'machine' | 'what' | 'unit' | 'target'>,
    Required<Pick<Measurement, 'atLeast'>>,
    Pick<Figure, 'note' | 'doubt'> {
  readonly figures: Spread;
  readonly beside: readonly Beside[];
}

/** Of at least one value. */
export function spreadOf(values: readonly number[], digits = 1): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (value: number): number => Number(value.toFixed(digits));
  return { median: round(sorted[sorted.length >> 1]), least: round(sorted[0]), most: round(sorted[sorted.length - 1]) };
}

/** `theirs` and `ours` by rounds; less is better. */
export function compare(
  name: string,
  ours: readonly number[],
  theirs: readonly number[],
  target: number | undefined,
): Beside {
  const rounds = spreadOf(
    theirs.map((value, i) => value / ours[i]),
    2,
  );
  const median = Number((spreadOf(theirs, 6).median / spreadOf(ours, 6).median).toFixed(2));
  return { name, figures: spreadOf(theirs), ratio: { ...rounds, median }, target };
}

export function reached(value: number, target: number, atLeast: boolean): boolean {
  return atLeast ? value >= target : value <= target;
}
