/**
 * What has to be waited for: `receive`, `sleep`, `exec`, a channel, a `select`. A command is one object for both kinds
 * of bodies: generators write `yield* command`, async functions `await command`.
 *
 * `yield*` asks the command for its next result. Where the command can finish at once it answers `done` with the value
 * and the generator never stops; otherwise it enters itself where it will be found, answers PENDING, and the generator
 * is resumed later with the settled `Waiter`.
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { Message } from '../../runtime/message.ts';
import { rethrow } from './guest_error.ts';
import type { Process } from './process.ts';
import { slice } from './slice.ts';
import { NOTHING } from './source.ts';
import { Waiter } from './waiter.ts';

/** What a body's generator yields while it waits. Nothing but commands makes it. */
export interface Pending {
  readonly troupe: 'pending';
}

/** Shared by all: frozen, so that no program can leave anything in it for another. */
const PENDING: IteratorYieldResult<Pending> = Object.freeze({
  done: false,
  value: Object.freeze({ troupe: 'pending' }),
});

/** The process that a command belongs to: for this library alone, since programs hold commands. */
export let processOf: (command: Command<unknown>) => Process;

/** `yield* command` in a generator, `await command` in an async function. */
export abstract class Command<T> implements PromiseLike<T> {
  readonly #process: Process;

  static {
    processOf = command => command.#process;
  }

  constructor(process: Process) {
    this.#process = process;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** For `yield*` alone. */
  next(handed?: unknown): IteratorResult<Pending, T> {
    if (handed instanceof Waiter && !handed.again) return { done: true, value: this.finish(handed) };
    const process = this.#process;
    if (slice.left > 0) {
      slice.left--;
      const value = this.poll();
      if (value !== NOTHING) return { done: true, value: value as T };
    }
    const waiter = process.stopFor(this);
    if (slice.left > 0) this.arm(waiter);
    else process.tryAgain(waiter);
    return PENDING;
  }

  // biome-ignore lint/suspicious/noThenProperty: a command can be awaited
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return new Promise<T>((resolve, reject) => {
      this.#process.await(this, resolve as (value: unknown) => void, reject);
    }).then(fulfilled, rejected);
  }

  /** The value where it is there now, else NOTHING; throws what failed. @internal */
  abstract poll(): T | typeof NOTHING;
  /** Enter `waiter` wherever its end can come from. @internal */
  abstract arm(waiter: Waiter): void;
  /** What a settled waiter stands for; throws what failed. @internal */
  finish(waiter: Waiter): T {
    if (waiter.error !== undefined) rethrow(waiter.error);
    return waiter.value as T;
  }
}

/**
 * `self.receive()` without a timeout: the one that has to be fast. There is one a process; it has no state, so it
 * stands for every such wait.
 */
export class Receive extends Command<Message> {
  override next(handed?: unknown): IteratorResult<Pending, Message> {
    if (handed !== undefined) return super.next(handed);
    const process = processOf(this);
    if (slice.left > 0) {
      const message = process.events.message();
      if (message !== undefined) {
        slice.left--;
        return { done: true, value: message };
      }
    }
    process.stopForMessage(this);
    return PENDING;
  }

  override poll(): Message | typeof NOTHING {
    return processOf(this).events.message() ?? NOTHING;
  }

  override arm(waiter: Waiter): void {
    waiter.receiveFrom(processOf(this).waits().inbox(), 0);
  }
}

/** A tagged command of the scheduler that has begun: `exec`, `call`, `sleep`, an asynchronous operation. */
export class Running<T> extends Command<T> {
  readonly #waiters: Waiter[] = [];
  #tag = 0;
  #settled = false;
  #value: unknown = undefined;
  #error: unknown = undefined;

  /** Give it a tag, under which its answer will come. @internal */
  begin(): number {
    this.#tag = processOf(this).waits().expect(this);
    return this.#tag;
  }

  /** Whether the answer has come. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Forget it: a child that runs for it is cancelled, and whoever waits for it gets CANCELED. */
  cancel(): void {
    if (this.#settled) return;
    if (this.#tag !== 0) processOf(this).waits().abandon(this.#tag);
    this.answered(undefined, new TroupeError('canceled by the process itself', { kind: 'CANCELED' }));
  }

  /** @internal */
  answered(value: unknown, error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#value = value;
    this.#error = error;
    const waiters = this.#waiters;
    for (let i = 0; i < waiters.length; i++) {
      if (error !== undefined) waiters[i].fail(error);
      else waiters[i].settle(0, value, true);
    }
    waiters.length = 0;
  }

  override poll(): T | typeof NOTHING {
    if (!this.#settled) return NOTHING;
    if (this.#error !== undefined) rethrow(this.#error);
    return this.#value as T;
  }

  override arm(waiter: Waiter): void {
    if (!this.#settled) this.#waiters.push(waiter);
    else if (this.#error !== undefined) waiter.fail(this.#error);
    else waiter.settle(0, this.#value, true);
  }
}
