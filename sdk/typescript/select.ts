/**
 * Wait for the first of several things.
 *
 *     const got = yield* self.select({ order: orders, stop: self.events() }, { timeout: '1s' });
 *     if (got.key === 'order') handle(got.value);
 *     else if (got.key === 'timeout') beat();
 */
import { TroupeError } from '../../runtime/errors.ts';
import { type Channel, Incoming, Sending, sourceOf } from './channel.ts';
import { Command } from './command.ts';
import { Condition } from './condition.ts';
import type { Duration } from './duration.ts';
import { raise, rethrow } from './guest_error.ts';
import type { Process } from './process.ts';
import { CLOSED, MailSource, type MemorySource, NOTHING, type Source } from './source.ts';
import { TIMED_OUT, type Waiter } from './waiter.ts';

/** What can be waited for, by a name of the program's choice. Cases are tried in the order listed. */
export interface Cases {
  readonly [key: string]: Incoming<any> | Sending<any>;
}

export interface SelectOptions {
  /** Wait no longer; then `key` is `'timeout'`. */
  timeout?: Duration;
  /** Do not wait at all: where nothing is there now, `key` is `'default'`. */
  default?: boolean;
}

/** The case that won: `key` tells which. `ok` is false where its channel was closed and empty. */
export type Selected<C extends Cases, O extends SelectOptions = Record<never, never>> =
  | { [K in keyof C & string]: CaseResult<K, C[K]> }[keyof C & string]
  | (O extends { timeout: Duration } ? { key: 'timeout'; value: undefined; ok: false } : never)
  | (O extends { default: true } ? { key: 'default'; value: undefined; ok: true } : never);

type CaseResult<K extends string, Case> =
  Case extends Sending<any>
    ? { key: K; value: true; ok: true }
    : Case extends Incoming<infer T>
      ? { key: K; value: T; ok: true } | { key: K; value: undefined; ok: false }
      : never;

function notChannel(key: string): TroupeError {
  return new TroupeError(
    `select: case "${key}" is not a channel; give what inbox(), listen(), events(), after() or channel() answered`,
    { kind: 'INVALID', retryable: false },
  );
}

/** What `Selected` is without its types. */
export interface Outcome {
  key: string;
  value: unknown;
  ok: boolean;
}

class SelectCondition extends Condition {
  readonly #keys: readonly string[];
  readonly #sources: Source[] = [];
  /** Cases that send; undefined where a case receives. */
  readonly #sends: (Sending<unknown> | undefined)[] = [];
  readonly #milliseconds: number;
  readonly #immediate: boolean;

  /** `milliseconds` 0: without limit. Throws INVALID for what is not a channel. */
  constructor(cases: Cases, milliseconds: number, immediate: boolean) {
    super();
    this.#keys = Object.keys(cases);
    this.#milliseconds = milliseconds;
    this.#immediate = immediate;
    for (const key of this.#keys) {
      const one: unknown = cases[key];
      if (one instanceof Sending) {
        this.#sources.push(sourceOf(one.channel as Channel<unknown>));
        this.#sends.push(one);
      } else if (one instanceof Incoming) {
        this.#sources.push(sourceOf(one));
        this.#sends.push(undefined);
      } else {
        raise(notChannel(key));
      }
    }
  }

  override get takesMail(): boolean {
    return this.#sources.some(source => source instanceof MailSource);
  }

  override poll(): Outcome | typeof NOTHING {
    for (let i = 0; i < this.#sources.length; i++) {
      const source = this.#sources[i];
      const sending = this.#sends[i];
      if (sending !== undefined) {
        if ((source as MemorySource).offer(sending.value)) return { key: this.#keys[i], value: true, ok: true };
        continue;
      }
      const value = source.take();
      if (value === CLOSED) return { key: this.#keys[i], value: undefined, ok: false };
      if (value !== NOTHING) return { key: this.#keys[i], value, ok: true };
    }
    return this.#immediate ? { key: 'default', value: undefined, ok: true } : NOTHING;
  }

  override arm(waiter: Waiter): void {
    for (let i = 0; i < this.#sources.length; i++) {
      const sending = this.#sends[i];
      if (sending === undefined) waiter.receiveFrom(this.#sources[i], i);
      else waiter.sendTo(this.#sources[i], i, sending.value);
    }
    if (this.#milliseconds > 0) waiter.within(this.#milliseconds);
  }

  override finish(waiter: Waiter): Outcome {
    if (waiter.error !== undefined) rethrow(waiter.error);
    if (waiter.index === TIMED_OUT) return { key: 'timeout', value: undefined, ok: false };
    return { key: this.#keys[waiter.index], value: waiter.value, ok: waiter.ok };
  }
}

/** `milliseconds` 0: without limit. Throws INVALID for what is not a channel. */
export function select(process: Process, cases: Cases, milliseconds: number, immediate: boolean): Command<Outcome> {
  return new Command(process, new SelectCondition(cases, milliseconds, immediate));
}
