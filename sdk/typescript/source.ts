/**
 * What a path can wait for: queues that values come out of. Programs hold channels; these are behind them and never
 * reach a program.
 *
 * A receiver that waits is served before anything is buffered, in the order in which receivers came.
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { EventQueue } from '../../runtime/machine.ts';
import { raise } from './guest_error.ts';
import type { Process } from './process.ts';
import type { Branch, Waiter } from './waiter.ts';

/** `take` answers it where there is nothing now. */
export const NOTHING: unique symbol = Symbol('nothing');
/** `take` answers it where nothing will ever come again. */
export const CLOSED: unique symbol = Symbol('closed');

export abstract class Source {
  protected readonly receivers: Branch[] = [];

  /** The next value, NOTHING or CLOSED. */
  abstract take(): unknown;

  /** Whether a message that arrives can end the wait, so that the process is Idle and not Blocked. */
  abstract readonly byMessage: boolean;

  get waited(): boolean {
    return this.receivers.length > 0;
  }

  addReceiver(branch: Branch): void {
    this.receivers.push(branch);
  }

  addSender(_branch: Branch): void {
    raise(
      new TroupeError('this channel only receives: messages, events and timers cannot be sent into', {
        kind: 'INVALID',
        retryable: false,
      }),
    );
  }

  remove(branch: Branch): void {
    const at = this.receivers.indexOf(branch);
    if (at >= 0) this.receivers.splice(at, 1);
  }

  /** Hand `value` to the receiver that has waited longest; false where none waits. */
  protected handOver(value: unknown): boolean {
    const branch = this.receivers.shift();
    if (branch === undefined) return false;
    branch.waiter.settle(branch.index, value, true);
    return true;
  }
}

/** Values that paths of one process give to one another. */
export class MemorySource extends Source {
  readonly byMessage = false;
  readonly #size: number;
  readonly #buffer: unknown[] = [];
  readonly #senders: Branch[] = [];
  #closed = false;

  constructor(size: number) {
    super();
    this.#size = size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get length(): number {
    return this.#buffer.length;
  }

  override take(): unknown {
    if (this.#buffer.length > 0) {
      const value = this.#buffer.shift();
      const sender = this.#senders.shift();
      if (sender !== undefined) {
        this.#buffer.push(sender.value);
        sender.waiter.settle(sender.index, true, true);
      }
      return value;
    }
    const sender = this.#senders.shift();
    if (sender !== undefined) {
      sender.waiter.settle(sender.index, true, true);
      return sender.value;
    }
    return this.#closed ? CLOSED : NOTHING;
  }

  /** Whether the value found a receiver or room. INVALID where the channel is closed. */
  offer(value: unknown): boolean {
    if (this.#closed) raise(sendOnClosed());
    if (this.handOver(value)) return true;
    if (this.#buffer.length >= this.#size) return false;
    this.#buffer.push(value);
    return true;
  }

  override addSender(branch: Branch): void {
    this.#senders.push(branch);
  }

  override remove(branch: Branch): void {
    super.remove(branch);
    const at = this.#senders.indexOf(branch);
    if (at >= 0) this.#senders.splice(at, 1);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (let branch = this.receivers.shift(); branch !== undefined; branch = this.receivers.shift()) {
      branch.waiter.settle(branch.index, undefined, false);
    }
    for (let branch = this.#senders.shift(); branch !== undefined; branch = this.#senders.shift()) {
      branch.waiter.fail(sendOnClosed());
    }
  }
}

function sendOnClosed(): TroupeError {
  return new TroupeError('send on closed channel', { kind: 'INVALID', retryable: false });
}

/** A source whose values lie with the scheduler until a path sees them, because those that no path has seen survive an upgrade. */
export abstract class MailSource extends Source {
  protected readonly process: Process;

  constructor(process: Process) {
    super();
    this.process = process;
  }

  protected get events(): EventQueue {
    return this.process.events;
  }

  override addReceiver(branch: Branch): void {
    super.addReceiver(branch);
    this.process.waits().mail.add(this);
  }

  override remove(branch: Branch): void {
    super.remove(branch);
    if (this.receivers.length === 0) this.process.waits().mail.delete(this);
  }

  /**
   * Give the next value to who has waited longest, and say who that is: it must go on before anything else of the process
   * does. Undefined where nobody waits or nothing has come. Runs in a step.
   */
  pass(): Waiter | undefined {
    if (this.receivers.length === 0) return undefined;
    const value = this.take();
    if (value === NOTHING) return undefined;
    const { waiter, index } = this.receivers[0];
    if (value === CLOSED) waiter.accept(index, undefined, false);
    else waiter.accept(index, value, true);
    return waiter;
  }
}

/** Messages on topics that nothing listens on. */
export class InboxSource extends MailSource {
  readonly byMessage = true;

  override take(): unknown {
    return this.events.message() ?? NOTHING;
  }
}

/** Messages on one topic; their payloads, or the messages themselves. */
export class TopicSource extends MailSource {
  readonly byMessage = true;
  readonly topic: string;
  /** Whether it gives messages, not payloads. */
  readonly whole: boolean;
  #closed = false;

  constructor(process: Process, topic: string, whole: boolean) {
    super(process);
    this.topic = topic;
    this.whole = whole;
  }

  override take(): unknown {
    const message = this.events.messageOn(this.topic);
    if (message === undefined) return this.#closed ? CLOSED : NOTHING;
    return this.whole ? message : message.payload;
  }

  /** What was routed here stays readable; then receivers see the end, when they are next looked after. */
  close(): void {
    this.#closed = true;
    this.process.events.unlisten(this.topic);
    if (this.waited) this.process.output?.wake();
  }
}

/** CANCEL, EXIT, LINK_DOWN and OUTDATED. */
export class EventSource extends MailSource {
  readonly byMessage = false;

  override take(): unknown {
    return this.events.event() ?? NOTHING;
  }
}
