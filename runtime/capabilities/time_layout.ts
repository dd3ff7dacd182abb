/**
 * Layouts in Go's manner: how the moment "Mon Jan 2 15:04:05 MST 2006" would be written. What is not a part of that
 * moment stands for itself. Source: the layouts of Go's package `time`.
 *
 *     formatTime('2006-01-02 15:04', { ... })       // '2026-03-01 09:30'
 *     parseTime('Jan 2, 2006', 'Mar 1, 2026')       // { year: 2026, month: 3, day: 1, ... }
 */

/** Layouts by the names that programs know them by. */
export const LAYOUTS = {
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339NANO: '2006-01-02T15:04:05.999999999Z07:00',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  KITCHEN: '3:04PM',
  STAMP: 'Jan _2 15:04:05',
  STAMP_MILLI: 'Jan _2 15:04:05.000',
  STAMP_MICRO: 'Jan _2 15:04:05.000000',
  STAMP_NANO: 'Jan _2 15:04:05.000000000',
  DATE_TIME: '2006-01-02 15:04:05',
  DATE_ONLY: '2006-01-02',
  TIME_ONLY: '15:04:05',
} as const;

export const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
] as const;

export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** Parts of the moment, as they are written, longest first where one begins another. */
const PARTS = [
  ...['January', 'Jan', 'Monday', 'Mon', 'MST', '2006', '__2', '_2', '002'],
  ...['01', '02', '03', '04', '05', '06', '15', '1', '2', '3', '4', '5', 'PM', 'pm'],
  ...['-07:00:00', '-070000', '-07:00', '-0700', '-07', 'Z07:00:00', 'Z070000', 'Z07:00', 'Z0700', 'Z07'],
] as const;
export type Part = (typeof PARTS)[number];

export type Piece =
  | { readonly literal: string }
  | { readonly part: Part }
  /** `.000` or `,999`: so many digits, those after the last that counts left out. */
  | { readonly fraction: number; readonly point: string; readonly trimmed: boolean };

/** Characters of a layout; layouts are short, and each is kept. */
export const LONGEST_LAYOUT = 1000;
const MOST_KEPT = 500;
const kept = new Map<string, readonly Piece[]>();

/** The pieces of a layout in their order. */
export function piecesOf(layout: string): readonly Piece[] {
  const known = kept.get(layout);
  if (known !== undefined) return known;
  const pieces: Piece[] = [];
  let literal = '';
  for (let at = 0; at < layout.length; ) {
    const fraction = fractionAt(layout, at);
    const part = fraction === undefined ? partAt(layout, at) : undefined;
    if (fraction === undefined && part === undefined) {
      literal += layout[at++];
      continue;
    }
    if (literal !== '') pieces.push({ literal });
    literal = '';
    if (fraction === undefined) pieces.push({ part: part! });
    else pieces.push(fraction);
    at += fraction === undefined ? part!.length : fraction.fraction + 1;
  }
  if (literal !== '') pieces.push({ literal });
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(layout, pieces);
  return pieces;
}

function partAt(layout: string, at: number): Part | undefined {
  // An underscore in front of a year is only that.
  if (layout.startsWith('_2006', at)) return undefined;
  const part = PARTS.find(candidate => layout.startsWith(candidate, at));
  // "Janus" and "Month" are words.
  if ((part === 'Jan' || part === 'Mon') && /[a-z]/.test(layout[at + 3] ?? '')) return undefined;
  return part;
}

function fractionAt(layout: string, at: number): Extract<Piece, { point: string }> | undefined {
  const [, point, digits] = /^([.,])(0+|9+)(?!\d)/.exec(layout.slice(at, at + 12)) ?? [];
  return point === undefined ? undefined : { fraction: digits.length, point, trimmed: digits[0] === '9' };
}
