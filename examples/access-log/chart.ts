/** Requests over time as columns of blocks. */
import { countText } from './text.ts';

const HEIGHT = 8;
const BLOCKS = ['', '\u2581', '\u2582', '\u2583', '\u2584', '\u2585', '\u2586', '\u2587', '\u2588'];
const MINUTE = 60_000;

/**
 * A chart of at most `width` columns; each stands for the same number of minutes, which the last line tells. `minutes` is
 * ascending; minutes that it does not list had no request.
 */
export function minuteChart(minutes: readonly (readonly [iso: string, count: number])[], width: number): string {
  if (minutes.length === 0) return '  (no requests)';
  const first = Date.parse(minutes[0][0]) / MINUTE;
  const last = Date.parse(minutes[minutes.length - 1][0]) / MINUTE;
  const scale = Math.max(1, Math.ceil((last - first + 1) / Math.max(1, width - 12)));
  const columns = new Array<number>(Math.floor((last - first) / scale) + 1).fill(0);
  for (const [iso, count] of minutes) columns[Math.floor((Date.parse(iso) / MINUTE - first) / scale)] += count;
  const most = Math.max(...columns);
  const lines: string[] = [];
  for (let row = HEIGHT - 1; row >= 0; row--) {
    const label = row === HEIGHT - 1 ? countText(most) : row === 0 ? '0' : '';
    // Whoever has requests at all is seen, by an eighth of a block if need be.
    const bars = columns.map(count => {
      const eighths = count === 0 ? 0 : Math.max(1, Math.round((count / most) * HEIGHT * 8));
      return BLOCKS[Math.max(0, Math.min(8, eighths - row * 8))] || ' ';
    });
    lines.push(`${label.padStart(9)} \u2502${bars.join('').trimEnd()}`);
  }
  lines.push(`${' '.repeat(10)}\u2514${'\u2500'.repeat(columns.length)}`);
  const unit = scale === 1 ? 'one minute' : `${scale} minutes`;
  lines.push(`${' '.repeat(11)}${minutes[0][0]} to ${minutes[minutes.length - 1][0]}, each column ${unit}`);
  return lines.join('\n');
}
