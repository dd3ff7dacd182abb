/**
 * What ends a wait: a message, an answer, a channel. Behind every command there is one; programs hold commands and never
 * see these, so that nothing of the scheduler can be reached through what they hold.
 */
import type { TroupeError } from '../../runtime/errors.ts';
import { rethrow } from './guest_error.ts';
import type { Process } from './process.ts';
import { NOTHING } from './source.ts';
import type { Waiter } from './waiter.ts';
import type { Expecting } from './waits.ts';

export abstract class Condition {
  /** The result where it is there now, else NOTHING; throws what failed. */
  abstract poll(process: Process): unknown;

  /** Whether its result can be a message or an event. */
  get takesMail(): boolean {
    return false;
  }

  /** Enter `waiter` wherever its end can come from. */
  abstract arm(waiter: Waiter): void;

  /** The result that a settled waiter stands for; throws what failed. */
  finish(waiter: Waiter): unknown {
    if (waiter.error !== undefined) rethrow(waiter.error);
    return waiter.value;
  }
}

/** A message of the inbox. */
class MessageCondition extends Condition {
  override get takesMail(): boolean {
    return true;
  }

  override poll(process: Process): unknown {
    return process.events.message() ?? NOTHING;
  }

  override arm(waiter: Waiter): void {
    waiter.receiveFrom(waiter.process.waits().inbox(), 0);
  }
}

/** It has no state: one serves all. */
export const anyMessage: Condition = new MessageCondition();

/** The answer of the scheduler to a command with a tag. */
export class AnswerCondition extends Condition {
  readonly #waiters: Waiter[] = [];
  #settled = false;
  #value: unknown = undefined;
  #error: unknown = undefined;

  get settled(): boolean {
    return this.#settled;
  }

  answered(value: unknown, error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#value = value;
    this.#error = error;
    for (const waiter of this.#waiters) this.#settle(waiter);
    this.#waiters.length = 0;
  }

  /** The answer that has come, to somebody else. */
  handTo(target: Expecting): void {
    target.answered(this.#value, this.#error as TroupeError | undefined);
  }

  override poll(): unknown {
    if (!this.#settled) return NOTHING;
    if (this.#error !== undefined) rethrow(this.#error);
    return this.#value;
  }

  override arm(waiter: Waiter): void {
    if (this.#settled) this.#settle(waiter);
    else this.#waiters.push(waiter);
  }

  #settle(waiter: Waiter): void {
    if (this.#error !== undefined) waiter.fail(this.#error);
    else waiter.settle(0, this.#value, true);
  }
}

/** What never ends: the process goes on as another program. */
class NeverCondition extends Condition {
  override poll(): unknown {
    return NOTHING;
  }

  override arm(): void {
    // Nothing will settle it.
  }
}

export const never: Condition = new NeverCondition();
