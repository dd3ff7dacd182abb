/**
 * `self` of a process that is handlers: everything that `self` of a body can do and that does not wait, and what takes
 * the place of waiting.
 */
import { captureStack, TroupeError } from '../../runtime/errors.ts';
import { type Command, isRunning } from './command.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import { raise } from './guest_error.ts';
import type { HandledProcess } from './handled_process.ts';
import { Done } from './handlers.ts';
import { Self } from './self.ts';

/** What waits, or holds what a process of handlers never has. */
const WAITING = [
  'receive',
  'tryReceive',
  'inbox',
  'listen',
  'unlisten',
  'events',
  'fork',
  'channel',
  'select',
  'after',
] as const;

export class SelfOfHandlers extends Self {
  readonly #process: HandledProcess;

  constructor(process: HandledProcess) {
    super(process);
    this.#process = process;
  }

  /** What a handler returns to end the process with this result. */
  done<Result>(value?: Result): Done<Result> {
    return new Done(value as Result);
  }

  /**
   * The answer to a command that has begun (`self.call`, `self.exec`, an operation that takes time) goes to the handler
   * of this name in `answers`, with the note. Several can be outstanding under one name. Throws INVALID.
   */
  expect(name: string, command: Command<any>, note?: unknown): void {
    if (!isRunning(command)) {
      raise(invalid('expect takes what self.call, self.exec or an operation that takes time has answered'));
    }
    this.#process.expect(name, command, note);
  }

  /** No answer under this name will be handled: children that run for them are cancelled. */
  forget(name: string): void {
    this.#process.forget(name);
  }

  /**
   * After the duration the handler of this name in `timers` is called, with the note. There is one timer of a name: it
   * begins anew where it runs already. Throws INVALID.
   */
  timer(name: string, duration: Duration, note?: unknown): void {
    this.#process.startTimer(name, toMilliseconds(duration, 'timer'), note);
  }

  /** Whether it ran: its handler will not be called. */
  stopTimer(name: string): boolean {
    return this.#process.stopTimer(name);
  }
}

for (const name of WAITING) {
  Object.defineProperty(SelfOfHandlers.prototype, name, {
    value: function refuse(): never {
      const error = invalid(
        `self.${name} is not for handlers: messages, events, answers and the ends of timers come to them by themselves`,
      );
      captureStack(error, refuse);
      throw error;
    },
  });
}

/** `self` of a process that is handlers. */
export interface HandlerSelf extends Omit<SelfOfHandlers, (typeof WAITING)[number]> {}

function invalid(text: string): TroupeError {
  return new TroupeError(text, { kind: 'INVALID', retryable: false });
}
