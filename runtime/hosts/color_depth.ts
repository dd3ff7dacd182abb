/** How many colours an output shows, in bits a colour; 0: none, and no other style either. */
export type ColorDepth = 0 | 4 | 8 | 24;

type Environment = { readonly [name: string]: string | undefined };

/**
 * `FORCE_COLOR` says it whatever the output is (`0` or `false` none, `2` 256 colours, `3` all, anything else 16); then
 * `NO_COLOR`, if it is not empty, and an output that is no terminal mean none; else it is what the terminal says of itself.
 */
export function colorDepth(environment: Environment, isTty: boolean): ColorDepth {
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined) return FORCED.get(forced) ?? 4;
  if (!isTty || (environment.NO_COLOR ?? '') !== '') return 0;
  const { TERM: term = '', COLORTERM: colors = '' } = environment;
  if (term === 'dumb') return 0;
  if (colors === 'truecolor' || colors === '24bit' || term.endsWith('-direct')) return 24;
  return term.includes('256color') ? 8 : 4;
}

const FORCED: ReadonlyMap<string, ColorDepth> = new Map([
  ['0', 0],
  ['false', 0],
  ['2', 8],
  ['3', 24],
]);
