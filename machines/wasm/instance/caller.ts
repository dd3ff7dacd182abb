import { TroupeError } from '../../../runtime/errors.ts';
import {
  Answer,
  type BoundOperation,
  type EventQueue,
  type Payload,
  type SpawnRequest,
  type StepOutput,
} from '../../../runtime/machine.ts';
import { packPayload } from '../../../runtime/payload/messagepack.ts';
import { Sources } from '../abi/codes.ts';
import type { SuspendDriver } from '../suspend/driver.ts';
import type { WasiProcess } from '../wasi/wasi_process.ts';
import { ArgumentReader } from './argument_reader.ts';
import { Arrivals } from './arrivals.ts';
import { CallBudget } from './call_budget.ts';
import { Unwinding } from './ending.ts';
import type { Loaded } from './loaded.ts';
import { badLimit, badSources, cannotWait, deadlock, notListened, timeLimit } from './refusals.ts';
import { Results } from './results.ts';
import { Tags } from './tags.ts';
import type { FunctionName } from './trap.ts';
import { Outcome, Wait } from './wait.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** A guest as its import functions see it: what it gave, what has come for it, what it waits for. */
export abstract class Caller {
  readonly loaded: Loaded;
  readonly read: ArgumentReader;
  readonly results: Results;
  readonly arrivals: Arrivals;
  events!: EventQueue;
  out!: StepOutput;
  args: readonly Payload[] = [];
  /** What it has of WASI; made by the first call. */
  wasi: WasiProcess | undefined;
  /** What it had of WASI where it comes from. */
  wasiRecord: Uint8Array | undefined;
  /** Name of a function by its index, for errors. */
  readonly functionName: FunctionName;

  protected readonly driver: SuspendDriver;
  protected readonly budget: CallBudget;
  protected readonly wait = new Wait();
  protected readonly tags = new Tags();
  /** Messages and events that it may take in this step. */
  protected allowance = 0;
  /** It stopped to give others their turn, not because there was nothing for it. */
  protected yielded = false;
  /** It runs where it may wait: not in its allocator. */
  protected mayWait = false;

  constructor(loaded: Loaded, functionName: FunctionName) {
    this.loaded = loaded;
    this.functionName = functionName;
    this.driver = loaded.driver;
    this.budget = new CallBudget(loaded.driver);
    this.read = new ArgumentReader(loaded.memory, this.budget);
    this.results = new Results(loaded.memory, this.budget);
    this.arrivals = new Arrivals(loaded.memory);
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
    this.budget.spend();
    return this.arrivals.take(this.events, sources) ? this.arrivals.give(this.results, area, capacity) : 0;
  }

  /** Whether a blocking call was made again to get what it waited for: its body then answers with `finish`. */
  isResuming(): boolean {
    return this.mayWait && this.driver.shouldRewind();
  }

  /** The next arrival on `topic`, or else from `sources`; waits for it up to `limit` milliseconds. */
  receive(sources: number, topic: string | undefined, limit: number, area: number, capacity: number): number {
    if (!(limit >= 0)) return this.results.refuse(badLimit);
    if ((sources & ~Sources.ALL) !== 0) return this.results.refuse(badSources);
    const canCome = topic === undefined || this.arrivals.listens(topic);
    this.yielded = this.allowance <= 0 && limit > 0 && this.mayWait && canCome;
    if (!this.yielded) {
      this.allowance--;
      const { arrivals, events } = this;
      if (topic === undefined ? arrivals.take(events, sources) : arrivals.takeOn(events, topic)) {
        return arrivals.give(this.results, area, capacity);
      }
      if (!canCome) return this.results.refuse(notListened(topic));
      if (limit === 0) return this.results.refuse(timeLimit);
      if (!this.mayWait) return this.results.refuse(cannotWait);
      if (limit === NEVER && topic === undefined && !this.canCome(sources)) {
        throw new Unwinding({ how: 'fail', error: deadlock() });
      }
    }
    let tag = 0;
    if (limit !== NEVER) {
      tag = this.tags.own();
      this.out.timer(tag, limit);
    }
    this.wait.forArrival(sources, topic, tag);
    return this.#suspend();
  }

  /** Whether anything can still come from these sources. */
  protected canCome(sources: number): boolean {
    return (sources & ~Sources.ANSWERS) !== 0 || (sources !== 0 && this.tags.anyOpen);
  }

  /** Run another program and wait for its end. */
  exec(request: SpawnRequest): number {
    if (!this.mayWait) return this.results.refuse(cannotWait);
    const tag = this.tags.own();
    this.out.exec(tag, request);
    this.wait.forAnswer(tag);
    return this.#suspend();
  }

  /** An operation of a capability: its result, or undefined when the guest was suspended until there is one. */
  operate(operation: BoundOperation, args: readonly Payload[]): Payload | TroupeError {
    if (!this.mayWait && operation.definition.mode !== 'sync') return cannotWait;
    const tag = this.tags.own();
    const result = this.out.invoke(tag, operation, args);
    this.chargeWork();
    if (result === undefined) {
      this.wait.forAnswer(tag);
      this.#suspend();
    }
    return result;
  }

  /** After a call: what it took of the host's time is the guest's. */
  chargeWork(): void {
    const milliseconds = this.out.takeWork();
    if (milliseconds > 0) this.budget.spendTime(milliseconds);
  }

  /** Suspend the guest for so many milliseconds, above 0 (infinity: for ever); the error where it cannot be. */
  pause(milliseconds: number): TroupeError | undefined {
    if (!this.mayWait) return cannotWait;
    const tag = milliseconds === NEVER ? 0 : this.tags.own();
    if (tag !== 0) this.out.timer(tag, milliseconds);
    this.wait.forAnswer(tag);
    this.#suspend();
    return undefined;
  }

  /** Suspend the guest until others had their turn; false where it cannot be. */
  yieldTurn(): boolean {
    if (!this.mayWait) return false;
    this.yielded = true;
    this.wait.forTurn();
    this.#suspend();
    return true;
  }

  /** What a command answered for which the guest was suspended: `null` for nothing. */
  answered(): Payload | TroupeError {
    return this.wait.error ?? this.wait.value ?? null;
  }

  #suspend(): number {
    this.driver.suspend();
    return 0;
  }

  /** How the wait of a call ended, as the call's result. */
  finish(area: number, capacity: number): number {
    const wait = this.wait;
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
    return this.code(this.wait.error);
  }

  /** The kernel's tag for a command of the guest's own; undefined where it is refused. */
  openTag(tag: number): number | undefined {
    this.budget.spend();
    const open = this.tags.open(tag);
    if (typeof open === 'number') return open;
    this.read.fault = open;
    return undefined;
  }

  /** The guest's command was answered at once. */
  answerNow(tag: number, result: Payload | TroupeError): void {
    this.tags.close(tag);
    const error = result instanceof TroupeError ? result : undefined;
    this.arrivals.answered(new Answer(tag, error === undefined ? result : undefined, error));
  }

  abandon(tag: number): void {
    this.budget.spend();
    const open = this.tags.close(tag);
    if (open !== undefined) this.out.abandon(open);
  }
}
