/** Parameters of a property: as given in an ordinary run; more runs with other seeds under `npm run soak`. */
export function soaked(parameters: { readonly seed: number; readonly numRuns: number }): {
  seed?: number;
  numRuns: number;
} {
  const factor = Number(process.env.TROUPE_SOAK) || 0;
  return factor === 0 ? parameters : { numRuns: parameters.numRuns * factor };
}
