/**
 * The host's half of a TypeScript process, without the part that drives it: what was given to it, and what its paths
 * wait for. Programs hold objects that keep it in a private field and never see it.
 *
 * Most processes are one generator that waits for its inbox. They need nothing beyond the fields of this class;
 * whatever else a process waits for lives in `Waits`, which is made when it is first needed.
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { EventQueue, ImportTable, StepOutput } from '../../runtime/machine.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Receive } from './command.ts';
import { anyMessage, type Condition } from './condition.ts';
import { raise } from './guest_error.ts';
import { Fork, Path } from './path.ts';
import { slice } from './slice.ts';
import { needRoom } from './stack_room.ts';
import { Waiter } from './waiter.ts';
import { Waits } from './waits.ts';

/** Before the first step and after the end nothing comes: the scheduler's queue is, or may be, another program's by then. */
const NO_EVENTS: EventQueue = Object.freeze({
  waiting: 0,
  answer: () => undefined,
  message: () => undefined,
  messageOn: () => undefined,
  event: () => undefined,
  hear() {},
  listen: () => undefined,
  unlisten() {},
});

export abstract class Process {
  events: EventQueue = NO_EVENTS;
  /** Undefined before the first step and after the end: nothing that still runs then has any effect. */
  output: StepOutput | undefined = undefined;
  /** The main path, as long as it is the only one and has waited for nothing but messages. */
  generator: Generator<unknown, unknown, unknown> | undefined = undefined;
  more: Waits | undefined = undefined;
  private plainReceive: Receive | undefined = undefined;

  /** What its host granted to its entry. */
  abstract readonly imports: ImportTable;

  get receive(): Receive {
    return (this.plainReceive ??= new Receive(this));
  }

  /**
   * What the process can do, with room on the stack to do it; throws CANCELED after its end, which only code that runs on
   * promises can see.
   */
  get out(): StepOutput {
    needRoom();
    return this.output ?? ended();
  }

  /** It goes on as another program, for which everything is that has not been taken yet. */
  upgrades(id: string | null, args: readonly Payload[] | TroupeError): void {
    const { out } = this;
    const waits = this.waits();
    if (!waits.upgrading) out.upgrade(id, args);
    waits.upgrading = true;
    this.events = NO_EVENTS;
    if (slice.stepping !== this) out.wake();
  }

  /** Nothing that still runs has an effect from now on. */
  protected end(): void {
    this.events = NO_EVENTS;
    this.output = undefined;
    this.generator = undefined;
    this.more = undefined;
  }

  waits(): Waits {
    return this.more ?? this.makeWaits();
  }

  private makeWaits(): Waits {
    const generator = this.generator;
    const waits = new Waits(this, generator === undefined ? undefined : new Path(generator, true));
    this.generator = undefined;
    this.more = waits;
    return waits;
  }

  /** What the generator was resumed with, once. */
  takeHanded(): Waiter | undefined {
    const waits = this.more;
    if (waits === undefined) return undefined;
    const { handed } = waits;
    waits.handed = undefined;
    return handed;
  }

  /** The running generator stops for `condition`. */
  stopFor(condition: Condition): Waiter {
    if (slice.running !== this) misuse();
    slice.running = undefined;
    const waits = this.waits();
    return new Waiter(this, condition, waits.running);
  }

  /** `stopFor` for the plain `receive()`, without anything to remember where it is all that the process does. */
  stopForMessage(): void {
    if (slice.running !== this) misuse();
    const waits = this.more;
    if (waits === undefined) {
      slice.running = undefined;
      return;
    }
    if (waits.direct === undefined && !waits.inboxWaited) {
      slice.running = undefined;
      waits.direct = waits.running;
      return;
    }
    const waiter = this.stopFor(anyMessage);
    if (slice.left > 0) anyMessage.arm(waiter);
    else this.tryAgain(waiter);
  }

  /** The slice is spent: let others run, then ask the command once more. */
  tryAgain(waiter: Waiter): void {
    waiter.again = true;
    this.resumeLater(waiter);
  }

  resumeLater(waiter: Waiter): void {
    const waits = this.more;
    // After the end nothing is resumed.
    if (waits === undefined) return;
    waits.runnable.push(waiter);
    if (slice.stepping !== this) this.output?.wake();
  }

  /** Begin another path when the running one next waits. */
  fork(start: (...args: unknown[]) => unknown, args: unknown[]): void {
    const out = this.out;
    this.waits().runnable.push(new Fork(start, args));
    if (slice.stepping !== this) out.wake();
  }

  /** A promise waits for `condition`, which is looked at in the next step. */
  await(condition: Condition, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    if (this.output === undefined) return;
    const waits = this.waits();
    waits.asked.push(new Waiter(this, condition, undefined, resolve, reject));
    if (slice.stepping !== this) this.output.wake();
  }
}

function misuse(): never {
  raise(
    new TroupeError(
      'a command cannot be waited for here: write `yield* self.receive()` in a generator, `await self.receive()` in an async function',
      { kind: 'INVALID', retryable: false },
    ),
  );
}

function ended(): never {
  raise(
    new TroupeError('the process has ended: nothing that it still does has an effect', {
      kind: 'CANCELED',
      retryable: false,
    }),
  );
}
