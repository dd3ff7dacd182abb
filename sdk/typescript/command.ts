/**
 * What has to be waited for: `receive`, `sleep`, `exec`, a channel, a `select`. A command is one object for both kinds
 * of bodies: generators write `yield* command`, async functions `await command`.
 *
 * `yield*` asks the command for its next result. Where the command can finish at once it answers `done` with the value
 * and the generator never stops; otherwise a `Waiter` is entered where it will be found, the answer is PENDING, and the
 * generator is resumed, and asks again, when the waiter is settled.
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { Message } from '../../runtime/message.ts';
import { AnswerCondition, anyMessage, type Condition } from './condition.ts';
import { raise } from './guest_error.ts';
import type { Process } from './process.ts';
import { slice } from './slice.ts';
import { NOTHING } from './source.ts';
import type { Expecting } from './waits.ts';

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
let processOf: (command: Command<any>) => Process;
/**
 * Tell how a command of this process ends, in one of its steps: for what waits without being a path. Throws INVALID for the
 * command of another process.
 */
export let whenSettled: (
  command: Command<unknown>,
  process: Process,
  fulfilled: (value: unknown) => void,
  rejected: (error: unknown) => void,
) => void;
/** Whether it is one, and not what only looks like one. */
export let isCommand: (value: unknown) => value is Command<unknown>;

/** `yield* command` in a generator, `await command` in an async function. */
export class Command<T> implements PromiseLike<T> {
  readonly #process: Process;
  readonly #condition: Condition;

  static {
    processOf = command => command.#process;
    whenSettled = (command, process, fulfilled, rejected) => {
      if (command.#process !== process) raise(otherProcess());
      process.await(command.#condition, fulfilled, rejected);
      process.out.wake();
    };
    isCommand = (value): value is Command<unknown> => typeof value === 'object' && value !== null && #process in value;
  }

  constructor(process: Process, condition: Condition) {
    this.#process = process;
    this.#condition = condition;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** For `yield*` alone. */
  next(): IteratorResult<Pending, T> {
    const process = this.#process;
    const condition = this.#condition;
    const handed = process.takeHanded();
    if (handed !== undefined && handed.condition === condition && !handed.again) {
      return { done: true, value: condition.finish(handed) as T };
    }
    if (slice.left > 0) {
      slice.left--;
      const value = condition.poll(process);
      if (value !== NOTHING) return { done: true, value: value as T };
    }
    const waiter = process.stopFor(condition);
    if (slice.left > 0) condition.arm(waiter);
    else process.tryAgain(waiter);
    return PENDING;
  }

  // biome-ignore lint/suspicious/noThenProperty: a command can be awaited
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const process = this.#process;
    if (!process.imports.trusted) raise(noPromises());
    return new Promise<T>((resolve, reject) => {
      process.await(this.#condition, resolve as (value: unknown) => void, reject);
    }).then(fulfilled, rejected);
  }
}

/** What runs on promises runs when Node pleases, between the steps of its process. */
export function noPromises(): TroupeError {
  return new TroupeError(
    'promises are for hosts with `trusted: true`: wait with `yield*` in a generator, instead of `await` or `then`',
    { kind: 'PERMISSION_DENIED', retryable: false },
  );
}

/** `self.receive()` without a timeout: the one that has to be fast. There is one a process. */
export class Receive extends Command<Message> {
  constructor(process: Process) {
    super(process, anyMessage);
  }

  override next(): IteratorResult<Pending, Message> {
    const process = processOf(this);
    if (process.more !== undefined && process.more.handed !== undefined) return super.next();
    if (slice.left > 0) {
      const message = process.events.message();
      if (message !== undefined) {
        slice.left--;
        return { done: true, value: message };
      }
    }
    process.stopForMessage();
    return PENDING;
  }
}

/** Whether it is a command that has begun. */
export let isRunning: (value: unknown) => value is Running<unknown>;

/** From now on the answer of a command goes to `target`, of the same process; at once where it is there. */
export let redirect: (command: Running<any>, process: Process, target: Expecting) => void;

/** A command of the scheduler that has begun: `exec`, `call`, `sleep`, an asynchronous operation. */
export class Running<T> extends Command<T> {
  readonly #answer: AnswerCondition;
  readonly #tag: number;

  static {
    isRunning = (value): value is Running<unknown> => typeof value === 'object' && value !== null && #tag in value;
    redirect = (command, process, target) => {
      if (processOf(command) !== process) raise(otherProcess());
      if (command.#answer.settled) command.#answer.handTo(target);
      else process.waits().redirect(command.#tag, target);
    };
  }

  /** `tag`: under which its answer will come to `answer`. */
  constructor(process: Process, answer: AnswerCondition, tag: number) {
    super(process, answer);
    this.#answer = answer;
    this.#tag = tag;
  }

  /** Whether the answer has come. */
  get settled(): boolean {
    return this.#answer.settled;
  }

  /** Forget it: a child that runs for it is cancelled, and whoever waits for it gets CANCELED. */
  cancel(): void {
    if (this.#answer.settled) return;
    processOf(this).waits().abandon(this.#tag);
    this.#answer.answered(undefined, new TroupeError('canceled by the process itself', { kind: 'CANCELED' }));
  }
}

/** Begin a command of the scheduler: `start` gives it to the scheduler under the tag, and may answer it at once. */
export function begin<T>(process: Process, start: (tag: number, answer: AnswerCondition) => void): Running<T> {
  const answer = new AnswerCondition();
  const tag = process.waits().expect(answer);
  start(tag, answer);
  return new Running<T>(process, answer, tag);
}

function otherProcess(): TroupeError {
  return new TroupeError('this command was begun by another process', { kind: 'INVALID', retryable: false });
}
