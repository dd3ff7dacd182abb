/**
 * One TypeScript process: drives the generators and promises of its body through the steps of the scheduler.
 *
 * A process that is one generator and waits for nothing but messages, the most frequent kind, is resumed directly; one
 * that has several paths or waits for other things goes through `Waits`.
 */
import { isGeneratorObject, isPromise } from 'node:util/types';
import { TroupeError, toTroupeError } from '../../runtime/errors.ts';
import type { EventQueue, ImportTable, Payload, StateMachine, StepOutput } from '../../runtime/machine.ts';
import { StepStatus } from '../../runtime/machine.ts';
import { copyPayload } from '../../runtime/payload/copy.ts';
import { type Command, isCommand } from '../../sdk/typescript/command.ts';
import { bodyOf, isGenerator } from '../../sdk/typescript/define.ts';
import { Fork, Path } from '../../sdk/typescript/path.ts';
import { Process } from '../../sdk/typescript/process.ts';
import { Self } from '../../sdk/typescript/self.ts';
import { SLICE, slice } from '../../sdk/typescript/slice.ts';
import type { Waiter } from '../../sdk/typescript/waiter.ts';
import type { Waits } from '../../sdk/typescript/waits.ts';
import { beginContained, endContained } from './contained/guest_stacks.ts';
import type { TypeScriptProgram } from './program.ts';

type Guest = Generator<unknown, unknown, unknown>;

/**
 * The methods of the language, captured before any program runs: a program that gives its generator or promise a
 * method of the same name is not asked.
 */
const next: (generator: Guest) => IteratorResult<unknown, unknown> = Function.prototype.call.bind(
  Object.getPrototypeOf(function* () {}).prototype.next,
);
const then: (
  promise: Promise<unknown>,
  fulfilled: (value: unknown) => void,
  rejected: (error: unknown) => void,
) => void = Function.prototype.call.bind(Promise.prototype.then);

/** What resuming a path answers where the process goes on. */
const GO_ON = -1;

/** What can go on in a process of several paths: the one that waits directly, those that can run, those for whom something has come. */
const KINDS = 3;

export class TypeScriptProcess extends Process implements StateMachine {
  private readonly program: TypeScriptProgram;
  private method = '';
  private args: readonly Payload[] | undefined = undefined;

  constructor(program: TypeScriptProgram) {
    super();
    this.program = program;
  }

  override get imports(): ImportTable {
    return this.program.imports;
  }

  init(method: string, args: readonly Payload[]): void {
    this.method = method;
    this.args = args;
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    slice.left = SLICE;
    slice.stepping = this;
    const { contained } = this.program;
    if (contained) beginContained();
    let status: StepStatus;
    if (this.output === undefined) {
      this.events = events;
      this.output = out;
      status = this.begin();
    } else {
      status = this.more === undefined ? this.resumeMain() : this.runPaths(this.more);
    }
    slice.running = undefined;
    slice.stepping = undefined;
    if (contained) endContained();
    return status;
  }

  close(): void {
    this.end();
    this.args = undefined;
  }

  private begin(): StepStatus {
    const args = this.args!;
    this.args = undefined;
    let started: unknown;
    let generator: boolean;
    try {
      const definition = this.program.body(this.method);
      const body = bodyOf(definition);
      const self = new Self(this);
      // Spreading is slow, and most bodies take few arguments.
      started = args.length === 0 ? body(self) : args.length === 1 ? body(self, args[0]) : body(self, ...args);
      generator = isGenerator(definition) || isGeneratorObject(started);
    } catch (thrown) {
      return this.failed(thrown);
    }
    if (generator) {
      if (this.more === undefined) {
        this.generator = started as Guest;
        return this.resumeMain();
      }
      // A plain function that answers a generator may have forked before.
      const status = this.resume(this.more, new Path(started as Guest, true), undefined);
      return status === GO_ON ? this.runPaths(this.more) : status;
    }
    if (!isPromise(started)) return this.finished(started);
    const waits = this.waits();
    this.follow(waits, started, true);
    return this.runPaths(waits);
  }

  /** The only path goes on until it waits or ends. */
  private resumeMain(): StepStatus {
    slice.running = this;
    let done: boolean | undefined;
    let value: unknown;
    try {
      const result = next(this.generator!);
      done = result.done;
      if (done) value = result.value;
    } catch (thrown) {
      return this.failed(thrown);
    }
    if (done) return this.finished(value);
    if (slice.running === this) return this.failed(notACommand());
    if (this.more !== undefined) return this.more.upgrading ? StepStatus.Upgrade : this.runPaths(this.more);
    return slice.left > 0 ? StepStatus.Idle : StepStatus.Ready;
  }

  /** Every path that can go on does, until all wait, the slice is spent or the process ends. */
  private runPaths(waits: Waits): StepStatus {
    do {
      waits.collect(this.events);
      const { ending } = waits;
      if (ending !== undefined) {
        return ending.thrown !== undefined ? this.failed(ending.thrown.error) : this.finished(ending.value);
      }
      if (waits.upgrading) return StepStatus.Upgrade;
      // Each can spend a whole slice, so they take turns at being first.
      waits.turn = (waits.turn + 1) % KINDS;
      for (let i = 0; i < KINDS; i++) {
        if (waits.onItsWay) return StepStatus.Blocked;
        const status = this.runKind(waits, (waits.turn + i) % KINDS);
        if (status !== GO_ON) return status;
        if (slice.left <= 0) return StepStatus.Ready;
      }
    } while (waits.runnable.length > 0);
    if (waits.onItsWay) return StepStatus.Blocked;
    if (waits.forMessages) return StepStatus.Idle;
    return waits.forAnything ? StepStatus.Blocked : this.failed(deadlock());
  }

  private runKind(waits: Waits, kind: number): StepStatus | typeof GO_ON {
    if (kind === 0) return this.resumeDirect(waits);
    return kind === 1 ? this.runBatch(waits) : this.passMail(waits);
  }

  /** The path that waits by the plain `receive()`, if there is one. */
  private resumeDirect(waits: Waits): StepStatus | typeof GO_ON {
    const { direct } = waits;
    if (direct === undefined) return GO_ON;
    waits.direct = undefined;
    return this.resume(waits, direct, undefined);
  }

  /** Who waits for messages and events gets them one after the other: none is taken before a path can see it. */
  private passMail(waits: Waits): StepStatus | typeof GO_ON {
    for (const source of waits.mail) {
      for (let waiter = source.pass(); waiter !== undefined; waiter = slice.left > 0 ? source.pass() : undefined) {
        slice.left--;
        if (waiter.path === undefined) {
          waits.deliver(waiter);
          return GO_ON;
        }
        const status = this.resume(waits, waiter.path, waiter);
        if (status !== GO_ON) return status;
      }
      if (slice.left <= 0) return StepStatus.Ready;
    }
    return GO_ON;
  }

  /** The paths that can go on now; what they make runnable comes after. */
  private runBatch(waits: Waits): StepStatus | typeof GO_ON {
    const batch = waits.runnable;
    if (batch.length === 0) return GO_ON;
    waits.runnable = [];
    for (let i = 0; i < batch.length; i++) {
      if (slice.left <= 0) {
        waits.runnable = batch.slice(i).concat(waits.runnable);
        return StepStatus.Ready;
      }
      slice.left--;
      const status = this.goOn(waits, batch[i]);
      if (status !== GO_ON) return status;
    }
    return GO_ON;
  }

  private goOn(waits: Waits, what: Waiter | Fork): StepStatus | typeof GO_ON {
    return what instanceof Fork ? this.start(waits, what) : this.resume(waits, what.path!, what);
  }

  private start(waits: Waits, fork: Fork): StepStatus | typeof GO_ON {
    slice.running = undefined;
    let started: unknown;
    try {
      started = fork.start(...fork.args);
    } catch (thrown) {
      return this.failed(thrown);
    }
    if (isGeneratorObject(started)) return this.resume(waits, new Path(started as unknown as Guest, false), undefined);
    if (isPromise(started)) this.follow(waits, started, false);
    return waits.upgrading ? StepStatus.Upgrade : GO_ON;
  }

  private resume(waits: Waits, path: Path, handed: Waiter | undefined): StepStatus | typeof GO_ON {
    waits.running = path;
    waits.handed = handed;
    slice.running = this;
    let done: boolean | undefined;
    let value: unknown;
    try {
      const result = next(path.generator);
      done = result.done;
      if (done) value = result.value;
    } catch (thrown) {
      return this.failed(thrown);
    }
    if (!done && slice.running === this) return this.failed(notACommand());
    slice.running = undefined;
    waits.handed = undefined;
    if (done && path.main) return this.finished(value);
    return waits.upgrading ? StepStatus.Upgrade : GO_ON;
  }

  /** A path that runs on a promise: its end is looked at in a step. */
  private follow(waits: Waits, promise: Promise<unknown>, main: boolean): void {
    waits.promises++;
    then(
      promise,
      value => {
        waits.promises--;
        if (main) waits.ending ??= { value };
        this.output?.wake();
      },
      error => {
        waits.promises--;
        waits.ending ??= { thrown: { error } };
        this.output?.wake();
      },
    );
  }

  private finished(value: unknown): StepStatus {
    slice.running = undefined;
    if (this.more?.upgrading) return StepStatus.Upgrade;
    if (isCommand(value)) {
      // `return self.call(...)`: the result is that of the command.
      const waits = this.waits();
      const status = this.resume(waits, new Path(resultOf(value), true), undefined);
      return status === GO_ON ? this.runPaths(waits) : status;
    }
    let result: Payload;
    try {
      result = copyPayload(value, 'result');
    } catch (refused) {
      return this.failed(toTroupeError(refused, 'INVALID'));
    }
    // Nothing is what the scheduler takes for the result in any case, and saying so costs memory.
    if (result !== undefined) this.out.complete(result);
    return StepStatus.Complete;
  }

  private failed(thrown: unknown): StepStatus {
    slice.running = undefined;
    this.out.fail(this.program.errorOf(thrown));
    return StepStatus.Complete;
  }
}

function* resultOf(command: Command<unknown>): Guest {
  return yield* command;
}

function notACommand(): TroupeError {
  return new TroupeError('a body may only yield commands: write `yield*`, with the star, before what waits', {
    kind: 'INVALID',
    retryable: false,
  });
}

function deadlock(): TroupeError {
  return new TroupeError(
    'deadlock: every path of the process waits for a channel that nothing can send to any more; let one path wait for messages, events or a timer, or close the channel',
    { retryable: false },
  );
}
