/** One line that says how far the job is. */
import type { Progress } from './protocol.ts';
import { bytesText, countText } from './text.ts';

const BAR = 24;

export function progressLine(progress: Progress, columns: number): string {
  const { bytes, size, requests, alerts, level, restarts } = progress;
  const parts = [`${countText(requests)} requests`, bytesText(bytes), `level ${level}`];
  if (alerts > 0) parts.push(`${alerts} ${alerts === 1 ? 'alert' : 'alerts'}`);
  if (restarts > 0) parts.push(`${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`);
  if (size === null || size === 0) return parts.join(' \u00b7 ').slice(0, columns - 1);
  const share = Math.min(1, bytes / size);
  const full = Math.round(share * BAR);
  const bar = '\u2588'.repeat(full) + '\u2591'.repeat(BAR - full);
  return `${bar} ${`${Math.floor(share * 100)}%`.padStart(4)} ${parts.join(' \u00b7 ')}`.slice(0, columns - 1);
}
