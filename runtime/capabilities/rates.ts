/**
 * How often the operations of a capability may be called: a setting of every capability, counted for all processes of a
 * host on all threads together.
 *
 *     capabilities: {logger: {rate: {calls: 100, per: 1s}}}
 *
 * So many calls are let through at once, and after them one in each `per / calls`. Whoever comes too early is told how
 * long to wait. What is kept is one number, the moment at which the next call would be due if all were evenly spread:
 * no window begins anew, so nobody gets twice the number by calling at the border of two.
 */
import { z } from 'zod';
import { formatDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import { count, duration } from '../registry/schema.ts';

export const rateSchema = z.strictObject({
  calls: count(1),
  /** Milliseconds. */
  per: duration('positive'),
});

/** The rate of one capability on one host. */
export interface Rate {
  readonly host: string;
  readonly capability: string;
  readonly calls: number;
  /** Milliseconds. */
  readonly per: number;
  /** Its word in the memory of `Rates`. */
  readonly index: number;
}

const NANOSECONDS_PER_MILLISECOND = 1e6;

export class Rates {
  /** By `Rate.index`: unix time in nanoseconds at which the next call is due. */
  readonly #due: BigInt64Array;

  /** `memory` holds one BigInt64 for each capability of each host; shared where there are several threads. */
  constructor(memory: BigInt64Array) {
    this.#due = memory;
  }

  /** Words that so many hosts need, each with so many capabilities. */
  static size(hosts: number, capabilities: number): number {
    return hosts * capabilities;
  }

  /** Count a call, or say why it is one too many. `unix`: milliseconds, of a clock that all threads agree on. */
  enter(rate: Rate, unix: number): TroupeError | undefined {
    const now = BigInt(Math.floor(unix * 1e3)) * 1000n;
    const interval = BigInt(Math.max(1, Math.round((rate.per * NANOSECONDS_PER_MILLISECOND) / rate.calls)));
    const most = interval * BigInt(rate.calls);
    for (;;) {
      const due = Atomics.load(this.#due, rate.index);
      const next = (due > now ? due : now) + interval;
      const early = next - now - most;
      if (early > 0n) return rateExceeded(rate, Number(early) / NANOSECONDS_PER_MILLISECOND);
      if (Atomics.compareExchange(this.#due, rate.index, due, next) === due) return undefined;
    }
  }
}

function rateExceeded({ host, capability, calls, per }: Rate, wait: number): TroupeError {
  const allowed = `${calls} call${calls === 1 ? '' : 's'} per ${formatDuration(per)}`;
  return new TroupeError(
    `${capability}: ${host} lets its processes make ${allowed} together, and they made more; ` +
      `try again in ${formatDuration(wait)}, or raise "rate" under its capabilities: {${capability}: ...}`,
    { kind: 'RATE_LIMITED', retryable: true, details: { capability, host, calls, per, retry_after: wait } },
  );
}
