/** The figures of the whole log, put together from those of its chunks. Everything in here is bounded; see the README. */
import type { Alert, Counted, LevelChange, Report } from './protocol.ts';
import { Sizes } from './sizes.ts';
import { TopTable } from './top_table.ts';

const MOST_KEYS = 50_000;
const MOST_SIZES = 50_000;
/** Ten weeks of minutes. */
const MOST_MINUTES = 100_000;

export class Totals {
  lines = 0;
  malformed = 0;
  requests = 0;
  bytes = 0;
  /** Time of the first request in file order, and the latest of all; 0 while there is none. */
  first = 0;
  latest = 0;
  readonly #status = new Map<number, number>();
  readonly #minutes = new Map<number, number>();
  /** Requests of minutes that found no room. */
  #outside = 0;
  readonly #sizes = new Sizes(MOST_SIZES);
  readonly #paths = new TopTable(MOST_KEYS);
  readonly #clients = new TopTable(MOST_KEYS);

  /** Chunks must come in file order, each once. */
  add(counted: Counted): void {
    this.lines += counted.lines;
    this.malformed += counted.malformed;
    this.bytes += counted.bytes;
    if (counted.requests > 0) {
      this.latest = this.requests === 0 ? counted.latest : Math.max(this.latest, counted.latest);
      if (this.requests === 0) this.first = counted.first;
    }
    this.requests += counted.requests;
    const { status, minutes, sizes, paths, clients } = counted;
    for (let i = 0; i < status.length; i += 2) add(this.#status, status[i], status[i + 1]);
    for (let i = 0; i < minutes.length; i += 2) this.#addMinute(minutes[i], minutes[i + 1]);
    for (let i = 0; i < sizes.length; i += 2) this.#sizes.add(sizes[i], sizes[i + 1]);
    for (let i = 0; i < paths.length; i += 2) this.#paths.add(paths[i] as string, paths[i + 1] as number);
    for (let i = 0; i < clients.length; i += 2) this.#clients.add(clients[i] as string, clients[i + 1] as number);
  }

  report(alerts: readonly Alert[], level: readonly LevelChange[], top: number): Report {
    const approximate = this.#approximate();
    return {
      lines: this.lines,
      malformed: this.malformed,
      requests: this.requests,
      bytes: this.bytes,
      status: Object.fromEntries([...this.#status].sort((a, b) => a[0] - b[0])),
      minutes: [...this.#minutes].sort((a, b) => a[0] - b[0]).map(([minute, count]) => [isoTime(minute * 60), count]),
      top_paths: this.#paths.top(top),
      top_clients: this.#clients.top(top),
      size_percentiles: {
        p50: this.#sizes.percentile(0.5),
        p90: this.#sizes.percentile(0.9),
        p99: this.#sizes.percentile(0.99),
      },
      alerts: alerts.map(alert => ({ ...alert, first: isoTime(alert.first) })),
      level: level.map(({ at, state }) => ({ at: isoTime(at), state })),
      ...(Object.keys(approximate).length > 0 ? { approximate } : {}),
    };
  }

  #addMinute(minute: number, count: number): void {
    if (this.#minutes.size < MOST_MINUTES || this.#minutes.has(minute)) add(this.#minutes, minute, count);
    else this.#outside += count;
  }

  #approximate(): { [figure: string]: string } {
    const found: { [figure: string]: string } = {};
    if (this.#paths.missed > 0) found.top_paths = `counts may be too low by up to ${this.#paths.missed}`;
    if (this.#clients.missed > 0) found.top_clients = `counts may be too low by up to ${this.#clients.missed}`;
    if (this.#sizes.error > 0) found.size_percentiles = `may be too low by up to 1/${1 / this.#sizes.error}`;
    if (this.#outside > 0) found.minutes = `${this.#outside} requests lie in minutes that found no room`;
    return found;
  }
}

/** Unix seconds as `2026-01-02T03:04:05Z`. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

function add(counts: Map<number, number>, key: number, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
