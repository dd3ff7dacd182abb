/**
 * The host's half of a TypeScript process, without the part that drives it: what was given to it, and what its paths
 * wait for. Programs hold objects that keep it in a private field and never see it.
 *
 * Most processes are one generator that waits for its inbox. They need nothing beyond the fields of this class;
 * whatever else a process waits for lives in `Waits`, which is made when it is first needed.
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { EventQueue, ImportTable, StepOutput } from '../../runtime/machine.ts';
import { type Command, Receive } from './command.ts';
import { raise } from './guest_error.ts';
import { Fork, Path } from './path.ts';
import { slice } from './slice.ts';
import { Waiter } from './waiter.ts';
import { Waits } from './waits.ts';

/** Before the first step and after the end there is no scheduler to ask. */
const NO_EVENTS = undefined as unknown as EventQueue;

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

  /** What the process can do; throws CANCELED after its end, which only code that runs on promises can see. */
  get out(): StepOutput {
    return this.output ?? ended();
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

  /** The running generator stops for `command`. */
  stopFor(command: Command<unknown>): Waiter {
    if (slice.running !== this) misuse();
    slice.running = undefined;
    const waits = this.waits();
    return new Waiter(this, command, waits.running);
  }

  /** `stopFor` for the plain `receive()`, without anything to remember where it is all that the process does. */
  stopForMessage(receive: Receive): void {
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
    const waiter = this.stopFor(receive);
    if (slice.left > 0) receive.arm(waiter);
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

  /** A promise waits for `command`; it is looked at in the next step. */
  await(command: Command<unknown>, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    if (this.output === undefined) return;
    const waits = this.waits();
    waits.asked.push(new Waiter(this, command, undefined, resolve, reject));
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
