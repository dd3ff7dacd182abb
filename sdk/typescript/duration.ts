/**
 * Durations as programs write them: a number of nanoseconds, or text in Go's style (`'5ms'`, `'1h30m'`).
 *
 *     yield* self.time.sleep('250ms');
 *     yield* self.time.sleep(2 * SECOND);
 */
import { parseDuration } from '../../runtime/duration.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { raise } from './guest_error.ts';

/** Nanoseconds, or text such as `'5ms'`, `'1.5s'`, `'1h30m'`. */
export type Duration = number | string;

export const NANOSECOND = 1;
export const MICROSECOND = 1e3;
export const MILLISECOND = 1e6;
export const SECOND = 1e9;
export const MINUTE = 60e9;
export const HOUR = 3600e9;

const NANOSECONDS_PER_MILLISECOND = 1e6;

/** Milliseconds, above 0. INVALID for anything else; `what` names the argument in the message. */
export function toMilliseconds(duration: unknown, what: string): number {
  let milliseconds: number | undefined;
  if (typeof duration === 'number') milliseconds = duration / NANOSECONDS_PER_MILLISECOND;
  else if (typeof duration === 'string') milliseconds = parseDuration(duration);
  if (milliseconds === undefined || !(milliseconds > 0 && milliseconds < Infinity)) {
    raise(
      new TroupeError(
        `${what}: ${show(duration)} is not a duration above zero; write text such as "250ms" or "1h30m", or a number of nanoseconds`,
        { kind: 'INVALID', retryable: false },
      ),
    );
  }
  return milliseconds;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'number' || value === undefined || value === null ? String(value) : `a ${typeof value}`;
}
