import { TroupeError } from '../../../runtime/errors.ts';
import {
  Answer,
  type BoundOperation,
  type EventQueue,
  type Payload,
  type SpawnRequest,
  type StateMachine,
  type StepOutput,
  StepStatus,
} from '../../../runtime/machine.ts';
import { packPayload } from '../../../runtime/payload/messagepack.ts';
import { Sources } from '../abi/codes.ts';
import type { EntryPoint } from '../functions/entry_point.ts';
import type { DriverState, SuspendDriver } from '../suspend/driver.ts';
import { ArgumentReader } from './argument_reader.ts';
import { Arrivals } from './arrivals.ts';
import { Unwinding } from './ending.ts';
import { Handlers, handlerOf } from './handlers.ts';
import type { Loaded } from './loaded.ts';
import type { WasmProgram } from './program.ts';
import { badAllocation, badLimit, badSources, cannotWait, deadlock, timeLimit } from './refusals.ts';
import { Results } from './results.ts';
import { Tags } from './tags.ts';
import { type FunctionName, trapError } from './trap.ts';
import { Outcome, Wait } from './wait.ts';

/** Messages and events that a guest may take in one step before others have their turn. */
const STEP_ALLOWANCE = 256;
/** Loop rounds and recursive calls of one step: one to five milliseconds. */
const STEP_FUEL = 1_000_000;

const NEVER = Number.POSITIVE_INFINITY;
const NO_ARGS: readonly unknown[] = [];

/** An import function as JavaScript sees it; its parameters are what the ABI's table says. */
export type HostCall = (...args: any[]) => unknown;
export type HostCalls = { [name: string]: HostCall };

/** Who calls: set for the time of a step. One for each program, so that its import functions are made once. */
export interface Running {
  guest: Guest;
}

/** What the guest is in the middle of, or what is to be called next. */
const Phase = {
  /** A start function that can wait; any other has run when the instance was made. */
  START: 0,
  /** `_initialize`, which a module exports instead of a start function. */
  INITIALIZE: 1,
  /** The method, or `on_start`. */
  ENTRY: 2,
  /** One handler after the other. */
  HANDLERS: 3,
} as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** A process that runs an instance of a module. */
export class Guest implements StateMachine {
  readonly loaded: Loaded;
  readonly read: ArgumentReader;
  readonly results: Results;
  readonly arrivals: Arrivals;
  events!: EventQueue;
  out!: StepOutput;
  args: readonly Payload[] = [];

  /** Its code ended with an exception: the instance is in no defined state. */
  trapped = false;

  readonly #program: WasmProgram;
  readonly #driver: SuspendDriver;
  readonly #wait = new Wait();
  readonly #tags = new Tags();
  #entry!: EntryPoint | Handlers;
  #phase: Phase = Phase.START;
  /** A call is under way, suspended or preempted. */
  #calling = false;
  #allowance = 0;
  /** The guest stopped to give others their turn, not because there was nothing for it. */
  #yielded = false;
  /** Where the guest takes records, and how long they may be there. */
  #room = 0;
  #roomLength = 0;
  /** The guest runs where it may wait: not in its allocator. */
  #mayWait = false;

  constructor(program: WasmProgram, loaded: Loaded) {
    this.#program = program;
    this.#driver = loaded.driver;
    this.loaded = loaded;
    this.read = new ArgumentReader(loaded.memory);
    this.results = new Results(loaded.memory);
    this.arrivals = new Arrivals(loaded.memory);
  }

  // --- the process ----------------------------------------------------------------------------------------------

  init(method: string, args: readonly Payload[]): void {
    this.#entry = this.#program.entry(method);
    this.args = args;
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    this.events = events;
    this.out = out;
    this.#program.running.guest = this;
    this.#allowance = STEP_ALLOWANCE;
    this.#driver.fuel = STEP_FUEL;
    let answer = events.answer();
    while (answer !== undefined) {
      this.#answered(answer);
      answer = events.answer();
    }
    try {
      for (;;) {
        const status = this.#calling ? this.#resume() : this.#next();
        if (status !== undefined) return status;
      }
    } catch (thrown) {
      return this.#end(thrown);
    }
  }

  close(): void {
    this.#program.released(this);
  }

  #answered(answer: Answer): void {
    if ((answer.tag & 1) === 1) {
      this.#wait.answered(answer);
      return;
    }
    const own = this.#tags.answered(answer);
    if (own !== undefined) this.arrivals.answered(own);
  }

  /** Call what is due; a status where the step is over. */
  #next(): StepStatus | undefined {
    switch (this.#phase) {
      case Phase.START:
        return this.#after(this.#driver.start());
      case Phase.INITIALIZE:
        if (this.loaded.has('_initialize')) return this.#call('_initialize', NO_ARGS);
        this.#phase = Phase.ENTRY;
        return undefined;
      case Phase.ENTRY:
        return this.#enter();
      default:
        return this.#handle();
    }
  }

  #enter(): StepStatus | undefined {
    const entry = this.#entry;
    if (!(entry instanceof Handlers)) return this.#call(entry.exportName, entry.lower(this.loaded, this.args));
    if (entry.start === 'plain') return this.#call('on_start', NO_ARGS);
    if (entry.start === 'with arguments') {
      const packed = packPayload(this.args);
      const at = this.#allocate(packed.length);
      this.loaded.memory.write(at, packed);
      return this.#call('on_start', [at, packed.length]);
    }
    this.#phase = Phase.HANDLERS;
    return undefined;
  }

  #handle(): StepStatus | undefined {
    if (this.#allowance-- === 0) return StepStatus.Ready;
    const { arrivals } = this;
    const handlers = this.#entry as Handlers;
    if (!arrivals.take(this.events, handlers.sources)) return handlers.status;
    const length = arrivals.length;
    const at = this.#allocate(length);
    arrivals.writeToRoom(at);
    return this.#call(handlerOf(arrivals.kind), [at, length]);
  }

  /** Room in the guest's memory for what a handler is given: asked for once, and again for something longer. */
  #allocate(length: number): number {
    if (length <= this.#roomLength) return this.#room;
    const at = (this.loaded.within('troupe_alloc', length) as number) >>> 0;
    if (!this.loaded.memory.holds(at, length)) throw badAllocation(length, at);
    this.#room = at;
    this.#roomLength = length;
    return at;
  }

  #call(name: string, args: readonly unknown[]): StepStatus | undefined {
    this.#calling = true;
    this.#mayWait = this.#program.suspendable;
    return this.#after(this.#driver.call(name, args));
  }

  #resume(): StepStatus | undefined {
    const driver = this.#driver;
    if (driver.state === 'suspended' && !this.#wait.isOver(this.arrivals, this.events, this.out)) {
      return this.#wait.status;
    }
    this.#mayWait = true;
    return this.#after(driver.resume());
  }

  #after(state: DriverState): StepStatus | undefined {
    this.#mayWait = false;
    if (state === 'idle') {
      this.#calling = false;
      return this.#returned();
    }
    this.#calling = true;
    if (state === 'preempted' || this.#yielded) {
      this.#yielded = false;
      return StepStatus.Ready;
    }
    return this.#wait.status;
  }

  #returned(): StepStatus | undefined {
    if (this.#phase === Phase.HANDLERS) return undefined;
    const entry = this.#entry;
    if (this.#phase === Phase.ENTRY && !(entry instanceof Handlers)) {
      this.out.complete(entry.lift(this.loaded, this.#driver.result));
      return StepStatus.Complete;
    }
    this.#phase = (this.#phase + 1) as Phase;
    return undefined;
  }

  #end(thrown: unknown): StepStatus {
    const { out } = this;
    if (!(thrown instanceof Unwinding)) {
      this.trapped = true;
      out.fail(trapError(thrown, this.#program.functionName));
      return StepStatus.Complete;
    }
    const { ending } = thrown;
    switch (ending.how) {
      case 'exit':
        out.complete(ending.value);
        return StepStatus.Complete;
      case 'fail':
        out.fail(ending.error);
        return StepStatus.Complete;
      default:
        out.upgrade(ending.id, ending.args);
        return StepStatus.Upgrade;
    }
  }

  // --- what calls are made of -----------------------------------------------------------------------------------

  /** Name of a function by its index, for errors. */
  get functionName(): FunctionName {
    return this.#program.functionName;
  }

  /** The code of what `read` refused. */
  refused(): number {
    return this.results.refuse(this.read.fault);
  }

  /** 0, or the code of an error. */
  code(error: TroupeError | undefined): number {
    return error === undefined ? 0 : this.results.refuse(error);
  }

  give(value: Payload, area: number, capacity: number): number {
    return this.results.give(packPayload(value), area, capacity);
  }

  /** The next arrival without waiting; 0: there is none. */
  poll(sources: number, area: number, capacity: number): number {
    if ((sources & ~Sources.ALL) !== 0) return this.results.refuse(badSources);
    return this.arrivals.take(this.events, sources) ? this.arrivals.give(this.results, area, capacity) : 0;
  }

  /** Whether a blocking call was made again to get what it waited for: its body then answers with `finish`. */
  isResuming(): boolean {
    return this.#mayWait && this.#driver.shouldRewind();
  }

  /** The next arrival on `topic`, or else from `sources`; waits for it up to `limit` milliseconds. */
  receive(sources: number, topic: string | undefined, limit: number, area: number, capacity: number): number {
    if (!(limit >= 0)) return this.results.refuse(badLimit);
    if ((sources & ~Sources.ALL) !== 0) return this.results.refuse(badSources);
    this.#yielded = this.#allowance <= 0 && limit > 0 && this.#mayWait;
    if (!this.#yielded) {
      this.#allowance--;
      const { arrivals, events } = this;
      if (topic === undefined ? arrivals.take(events, sources) : arrivals.takeOn(events, topic)) {
        return arrivals.give(this.results, area, capacity);
      }
      if (limit === 0) return this.results.refuse(timeLimit);
      if (!this.#mayWait) return this.results.refuse(cannotWait);
      if (limit === NEVER && topic === undefined && !this.#canCome(sources)) {
        throw new Unwinding({ how: 'fail', error: deadlock() });
      }
    }
    let tag = 0;
    if (limit !== NEVER) {
      tag = this.#tags.own();
      this.out.timer(tag, limit);
    }
    this.#wait.forArrival(sources, topic, tag);
    return this.#suspend();
  }

  #canCome(sources: number): boolean {
    return (sources & ~Sources.ANSWERS) !== 0 || (sources !== 0 && this.#tags.anyOpen);
  }

  /** Run another program and wait for its end. */
  exec(request: SpawnRequest): number {
    if (!this.#mayWait) return this.results.refuse(cannotWait);
    const tag = this.#tags.own();
    this.out.exec(tag, request);
    this.#wait.forAnswer(tag);
    return this.#suspend();
  }

  /** An operation of a capability: its result, or undefined when the guest was suspended until there is one. */
  operate(operation: BoundOperation, args: readonly Payload[]): Payload | TroupeError {
    if (!this.#mayWait && operation.definition.mode !== 'sync') return cannotWait;
    const tag = this.#tags.own();
    const result = this.out.invoke(tag, operation, args);
    if (result === undefined) {
      this.#wait.forAnswer(tag);
      this.#suspend();
    }
    return result;
  }

  #suspend(): number {
    this.#driver.suspend();
    return 0;
  }

  /** How the wait of a call ended, as the call's result. */
  finish(area: number, capacity: number): number {
    const wait = this.#wait;
    switch (wait.outcome) {
      case Outcome.ARRIVAL:
        return this.arrivals.give(this.results, area, capacity);
      case Outcome.TIMEOUT:
        return this.results.refuse(timeLimit);
      default:
        return wait.error === undefined ? this.give(wait.value, area, capacity) : this.results.refuse(wait.error);
    }
  }

  /** `finish` of a call that answers with a code only. */
  finishCode(): number {
    return this.code(this.#wait.error);
  }

  /** The kernel's tag for a command of the guest's own; undefined where it is refused. */
  openTag(tag: number): number | undefined {
    const open = this.#tags.open(tag);
    if (typeof open === 'number') return open;
    this.read.fault = open;
    return undefined;
  }

  /** The guest's command was answered at once. */
  answerNow(tag: number, result: Payload | TroupeError): void {
    this.#tags.close(tag);
    const error = result instanceof TroupeError ? result : undefined;
    this.arrivals.answered(new Answer(tag, error === undefined ? result : undefined, error));
  }

  abandon(tag: number): void {
    const open = this.#tags.close(tag);
    if (open !== undefined) this.out.abandon(open);
  }
}
