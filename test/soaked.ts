import { systemClock } from '../runtime/clock.ts';

/** Parameters of a property: as given in an ordinary run; more runs with other seeds under `npm run soak`. */
export function soaked(parameters: { readonly seed: number; readonly numRuns: number }): {
  seed?: number;
  numRuns: number;
} {
  const factor = Number(process.env.TROUPE_SOAK) || 0;
  return factor === 0 ? parameters : { numRuns: parameters.numRuns * factor };
}

/** Seeds of `count` runs: 1, 2, ... in an ordinary run; more of them, and others, under `npm run soak`. */
export function* seeds(count: number): Generator<number> {
  const factor = Number(process.env.TROUPE_SOAK) || 0;
  const first = factor === 0 ? 1 : Math.floor(systemClock.random() * 2 ** 30);
  for (let i = 0; i < count * Math.max(1, factor); i++) yield first + i;
}
