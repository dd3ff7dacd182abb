/**
 * Channels: how the paths of one process wait for messages, events, timers and each other.
 *
 *     const orders = self.listen('order');            // payloads of the topic "order"
 *     const order = yield* orders.receive();
 *
 *     const results = self.channel<number>(10);        // between paths of this process
 *     self.fork(function* () { yield* results.send(1); });
 *     const first = yield* results.receive();
 */
import { Alarm } from './alarm.ts';
import { Command, noPromises } from './command.ts';
import { Condition } from './condition.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import { raise } from './guest_error.ts';
import type { Process } from './process.ts';
import { needRoom } from './stack_room.ts';
import { CLOSED, MailSource, MemorySource, NOTHING, type Source } from './source.ts';
import { TIMED_OUT, type Waiter } from './waiter.ts';

export interface ReceiveOptions {
  /** How long to wait; then the result is undefined. */
  timeout?: Duration;
}

/** What is behind a channel: for this library alone, since programs hold channels. */
export let sourceOf: (channel: Incoming<unknown>) => Source;
export let holderOf: (channel: Incoming<unknown>) => Process;
/** For timers: what is in place of the source. */
let stateOf: (channel: Incoming<unknown>) => Source | TimerState;
let setState: (channel: Incoming<unknown>, state: TimerState) => void;

/** Of a timer that nobody has waited for: the scheduler's tag, RECEIVED or STOPPED. */
export type TimerState = number;
/** Its value was received: none comes any more. */
const RECEIVED = -1;
/** It was stopped before there was a value. */
const STOPPED = -2;

/** A channel to receive from: the inbox, a topic, the process events, a timer, or a `Channel`. */
export class Incoming<T> {
  readonly #process: Process;
  /** One field for both, because there are many timers: what is not there need not be collected. */
  #source: Source | TimerState;

  static {
    sourceOf = channel => {
      const source = channel.#source;
      return typeof source === 'object' ? source : (channel.#source = alarmOf(channel.#process, source));
    };
    stateOf = channel => channel.#source;
    setState = (channel, state) => {
      channel.#source = state;
    };
    holderOf = channel => channel.#process;
  }

  constructor(process: Process, source: Source | TimerState) {
    this.#process = process;
    this.#source = source;
  }

  /** Wait for the next value; undefined when the channel is closed and empty, or at the timeout. */
  receive(options?: ReceiveOptions): Command<T | undefined> {
    const timeout = options?.timeout;
    const milliseconds = timeout === undefined ? 0 : toMilliseconds(timeout, 'receive: timeout');
    return take<T>(this.#process, sourceOf(this), milliseconds);
  }

  /** The next value if it is there now, else undefined. */
  tryReceive(): T | undefined {
    const value = sourceOf(this).take();
    return value === NOTHING || value === CLOSED ? undefined : (value as T);
  }

  /** `for await (const value of channel)` in async functions: until the channel is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    if (!this.#process.imports.trusted) raise(noPromises());
    return valuesOf(this);
  }
}

async function* valuesOf<T>(channel: Incoming<T>): AsyncGenerator<T, void, undefined> {
  for (;;) {
    const value = await channel.receive();
    if (value === undefined) return;
    yield value;
  }
}

/**
 * A channel between paths of one process. With `size` 0 a send waits until somebody receives; else up to `size` values
 * are kept. Values are handed over as they are: both paths belong to the same process.
 */
export class Channel<T> extends Incoming<T> {
  constructor(process: Process, size: number) {
    super(process, new MemorySource(size));
  }

  /** Wait until the value is received or kept; throws INVALID where the channel is closed. */
  send(value: T): Command<true> {
    return new Command<true>(holderOf(this), new PutCondition(memoryOf(this), value));
  }

  /** Whether the value could be handed over without waiting; throws INVALID where the channel is closed. */
  trySend(value: T): boolean {
    return memoryOf(this).offer(value);
  }

  /** As a case of `select`: wins when the value could be sent. */
  sending(value: T): Sending<T> {
    return new Sending(this, value);
  }

  /** No more sends. What is kept can still be received. Closing twice is harmless. */
  close(): void {
    memoryOf(this).close();
  }

  get closed(): boolean {
    return memoryOf(this).closed;
  }

  /** Values kept now. */
  get length(): number {
    return memoryOf(this).length;
  }
}

/** A send, as a case of `select`. Made by `channel.sending(value)`. */
export class Sending<T> {
  readonly channel: Channel<T>;
  readonly value: T;
  constructor(channel: Channel<T>, value: T) {
    this.channel = channel;
    this.value = value;
  }
}

/**
 * Values that come by themselves, at a time; stop it when they are no longer wanted.
 *
 * Most timers are stopped before anybody waits for them, and there can be a hundred thousand: until then this is all that
 * there is of one, and the scheduler is asked whether it has fired.
 */
export class Timer<T> extends Incoming<T> {
  // Not left out: V8 compiles this one, and looks for an implicit one anew at each call.
  constructor(process: Process, source: Alarm | TimerState) {
    super(process, source);
  }

  override tryReceive(): T | undefined {
    const state = stateOf(this);
    if (typeof state === 'object') return super.tryReceive();
    needRoom();
    const { output } = holderOf(this);
    if (state < 0 || output === undefined || output.isOutstanding(state)) return undefined;
    setState(this, RECEIVED);
    return true as T;
  }

  /** No more values come. Stopping twice is harmless. */
  stop(): void {
    needRoom();
    const state = stateOf(this);
    if (typeof state === 'number' && (state < 0 || holderOf(this).output?.abandon(state) === true)) {
      setState(this, STOPPED);
    } else (sourceOf(this) as Alarm).stop();
  }
}

function alarmOf(process: Process, state: TimerState): Alarm {
  if (state > 0) return Alarm.of(process, state);
  const alarm = Alarm.over(process);
  if (state === STOPPED) alarm.stop();
  return alarm;
}

function memoryOf(channel: Channel<any>): MemorySource {
  return sourceOf(channel) as MemorySource;
}

/** Wait for one source, with or without a limit. */
class TakeCondition extends Condition {
  readonly #source: Source;
  readonly #milliseconds: number;

  constructor(source: Source, milliseconds: number) {
    super();
    this.#source = source;
    this.#milliseconds = milliseconds;
  }

  override get takesMail(): boolean {
    return this.#source instanceof MailSource;
  }

  override poll(): unknown {
    const value = this.#source.take();
    return value === CLOSED ? undefined : value;
  }

  override arm(waiter: Waiter): void {
    waiter.receiveFrom(this.#source, 0);
    if (this.#milliseconds > 0) waiter.within(this.#milliseconds);
  }

  override finish(waiter: Waiter): unknown {
    return waiter.index === TIMED_OUT || !waiter.ok ? undefined : waiter.value;
  }
}

/** `milliseconds` 0: without limit. Gives undefined at the limit, and where the source is closed. */
export function take<T>(process: Process, source: Source, milliseconds: number): Command<T | undefined> {
  return new Command(process, new TakeCondition(source, milliseconds));
}

class PutCondition extends Condition {
  readonly #source: MemorySource;
  readonly #value: unknown;

  constructor(source: MemorySource, value: unknown) {
    super();
    this.#source = source;
    this.#value = value;
  }

  override poll(): unknown {
    return this.#source.offer(this.#value) ? true : NOTHING;
  }

  override arm(waiter: Waiter): void {
    waiter.sendTo(this.#source, 0, this.#value);
  }
}
