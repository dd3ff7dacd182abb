/** Runs one measurement, and the rivals' rounds between ours. */
import { startBench } from './bench_runtime.ts';
import type { Figure, Measurement } from './measurement.ts';
import { compare, type Result, spreadOf } from './result.ts';
import type { Rival, RivalWorkload } from './rival.ts';

export interface Opponent extends RivalWorkload {
  readonly rival: Rival;
}

/** Rounds before those that count, so that what is measured is compiled code. */
const WARM_UP = 2;

export async function measure(
  measurement: Measurement,
  rounds: number,
  opponents: readonly Opponent[],
): Promise<Result> {
  const { name, machine, what, unit, target, count, atLeast = false } = measurement;
  const runtime = await startBench({
    workers: measurement.workers,
    placement: measurement.placement ?? 'round-robin',
  });
  const ours: number[] = [];
  const theirs: number[][] = opponents.map(() => []);
  let last: Figure | undefined;
  const once = measurement.once === true || unit === 'bytes';
  const counted = once ? 1 : Math.min(rounds, measurement.rounds ?? rounds);
  for (let round = once ? 0 : -WARM_UP; round < counted; round++) {
    const figure = asFigure(await measurement.run(runtime, count));
    if (round >= 0) {
      ours.push(figure.value);
      last = figure;
    }
    for (const [i, opponent] of opponents.entries()) {
      const value = await opponent.rival.run(opponent.workload, opponent.count ?? count);
      if (round >= 0) theirs[i].push(value);
    }
  }
  await measurement.stop?.();
  await runtime.halt();
  const beside = opponents.map(({ rival, ratio }, i) => compare(rival.name, ours, theirs[i], ratio));
  const figures = spreadOf(ours, unit === 'x' ? 2 : 1);
  return { name, machine, what, unit, target, atLeast, figures, note: last?.note, doubt: last?.doubt, beside };
}

function asFigure(measured: number | Figure): Figure {
  return typeof measured === 'number' ? { value: measured } : measured;
}
