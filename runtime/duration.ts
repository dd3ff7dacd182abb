/**
 * Durations as text, in Go's style: `5ms`, `1.5s`, `1h30m`, `-2m`, `100us`.
 *
 *     parseDuration('1h30m')   // 5_400_000 (milliseconds)
 *     formatDuration(90_500)   // '1m30.5s'
 */

const MILLISECONDS_PER_UNIT: { readonly [unit: string]: number } = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  // The micro sign and the Greek letter mu are both in use.
  us: 1e-3,
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ns: 1e-6,
};

const PART = /(\d+\.?\d*|\.\d+)(h|ms|m|us|\u00b5s|\u03bcs|s|ns)/y;

/**
 * Milliseconds (with fraction, sign kept), or undefined where the text is not a duration. Every number needs a unit;
 * `0` alone is the one exception. Spaces are not allowed. Source: Go's `time.ParseDuration`.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0' || text === '+0' || text === '-0') return 0;
  const sign = text.startsWith('-') ? -1 : 1;
  let at = sign < 0 || text.startsWith('+') ? 1 : 0;
  if (at === text.length) return undefined;
  let milliseconds = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const part = PART.exec(text);
    if (part === null) return undefined;
    // Dividing keeps `100us` exactly 0.1; multiplying by 1e-3 would not.
    const scale = MILLISECONDS_PER_UNIT[part[2]];
    const count = Number(part[1]);
    milliseconds += scale < 1 ? count / Math.round(1 / scale) : count * scale;
    at = PART.lastIndex;
  }
  return Number.isFinite(milliseconds) ? sign * milliseconds : undefined;
}

/**
 * A short text that `parseDuration` reads back as the same number of nanoseconds (up to some days, where a double holds
 * no more digits): `1h30m`, `1.5s`, `250ms`, `100us`, `0s`. Milliseconds in; infinite or NaN ones are shown as they are.
 */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return String(milliseconds);
  const sign = milliseconds < 0 ? '-' : '';
  const size = Math.abs(milliseconds);
  const nanoseconds = Math.round(size * 1e6);
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${sign}${decimal(nanoseconds, 1e3)}us`;
  if (nanoseconds < 1e9) return `${sign}${decimal(nanoseconds, 1e6)}ms`;
  const minutes = Math.floor(nanoseconds / 6e10);
  const hours = Math.floor(minutes / 60);
  const seconds = nanoseconds - minutes * 6e10;
  let text = sign;
  if (hours > 0) text += `${hours}h`;
  if (minutes % 60 > 0) text += `${minutes % 60}m`;
  if (seconds > 0) text += `${decimal(seconds, 1e9)}s`;
  return text;
}

/** `nanoseconds / unit` without exponent or trailing zeros. */
function decimal(nanoseconds: number, unit: number): string {
  const whole = Math.floor(nanoseconds / unit);
  const rest = nanoseconds - whole * unit;
  if (rest === 0) return String(whole);
  const digits = String(unit).length - 1;
  return `${whole}.${String(rest).padStart(digits, '0').replace(/0+$/, '')}`;
}
