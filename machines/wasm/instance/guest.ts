import type { TroupeError } from '../../../runtime/errors.ts';
import {
  type Answer,
  type EventQueue,
  type Image,
  type Payload,
  type StateMachine,
  type StepOutput,
  StepStatus,
} from '../../../runtime/machine.ts';
import { packPayload, unpackPayload } from '../../../runtime/payload/messagepack.ts';
import type { EntryPoint } from '../functions/entry_point.ts';
import { ExportName } from '../suspend/control.ts';
import { DriverState } from '../suspend/driver.ts';
import { FuelSpent } from '../suspend/driver_errors.ts';
import type { ArrivalsRecord } from './arrivals.ts';
import { Caller } from './caller.ts';
import { Unwinding } from './ending.ts';
import { Handlers, handlerOf } from './handlers.ts';
import { writeImage } from './image.ts';
import type { Loaded } from './loaded.ts';
import type { WasmProgram } from './program.ts';
import { badAllocation, idleHandlers } from './refusals.ts';
import type { ResultsRecord } from './results.ts';
import type { TagsRecord } from './tags.ts';
import { trapError } from './trap.ts';
import type { WaitRecord } from './wait.ts';

/** Messages and events that a guest may take in one step before others have their turn. */
const STEP_ALLOWANCE = 256;

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
export class Guest extends Caller implements StateMachine {
  /** Its code ended with an exception: the instance is in no defined state. */
  trapped = false;

  readonly #program: WasmProgram;
  #method = '';
  #entry!: EntryPoint | Handlers;
  #phase: Phase = Phase.START;
  /** A call is under way, suspended or preempted. */
  #calling = false;
  /** Where the guest takes records, and how long they may be there. */
  #room = 0;
  #roomLength = 0;
  /** Fuel that was spent in earlier steps. */
  #burnt = 0;
  /** Fuel that this step was given. */
  #given = 0;

  constructor(program: WasmProgram, loaded: Loaded) {
    super(loaded, program.functionName);
    this.#program = program;
  }

  init(method: string, args: readonly Payload[]): void {
    this.#method = method;
    this.#entry = this.#program.entry(method);
    this.args = args;
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    this.events = events;
    this.out = out;
    this.#program.running.guest = this;
    this.allowance = STEP_ALLOWANCE;
    let answer = events.answer();
    while (answer !== undefined) {
      this.#answered(answer);
      answer = events.answer();
    }
    const fuel = Math.min(this.#program.slice, this.#program.fuelLimit - this.#burnt);
    if (fuel <= 0) return this.#spent();
    this.#given = fuel;
    this.driver.fuel = fuel;
    this.budget.begin(this.#program.metered ? fuel : Number.POSITIVE_INFINITY);
    try {
      for (;;) {
        const status = this.#calling ? this.#resume() : this.#next();
        if (status === undefined) continue;
        if (this.#program.metered) this.#burn();
        return status;
      }
    } catch (thrown) {
      return this.#end(thrown);
    }
  }

  #error(thrown: unknown): TroupeError {
    if (!(thrown instanceof FuelSpent)) {
      const error = trapError(thrown, this.functionName);
      return this.driver.growRefused ? this.#program.outOfMemory(error, this.driver.guestBytes) : error;
    }
    this.driver.fuel = 0;
    this.#burn();
    return this.#program.killed(thrown, this.#burnt);
  }

  /** Count what this step has spent. */
  #burn(): void {
    const { spent, exhausted } = this.budget;
    const counted = this.#given - this.driver.fuel;
    // Who has used up the calls is stopped by taking the fuel away, which was not spent on anything else.
    this.#burnt += exhausted ? Math.max(counted, spent) : counted + spent;
  }

  /** `limits.cpu_total` is used up. */
  #spent(): StepStatus {
    this.out.fail(this.#program.cpuTotalSpent(this.driver));
    return StepStatus.Complete;
  }

  close(): void {
    this.#program.released(this);
  }

  suspend(): Image | undefined {
    if (this.trapped) return undefined;
    const { templateIfRoom: template, identity } = this.#program;
    if (template === undefined) return undefined;
    const wasi = this.wasi === undefined ? (this.wasiRecord ?? null) : this.wasi.record();
    if (wasi === undefined) return undefined;
    return writeImage(identity, template, this.loaded, this.#record(wasi));
  }

  #record(wasi: Uint8Array | null): GuestRecord {
    return {
      method: this.#method,
      args: packPayload(this.args),
      phase: this.#phase,
      calling: this.#calling,
      room: this.#room,
      roomLength: this.#roomLength,
      burnt: this.#burnt,
      results: this.results.record(),
      arrivals: this.arrivals.record(),
      wait: this.wait.record(),
      tags: this.tags.record(),
      wasi,
    };
  }

  /** Go on as the guest that left this. Memory, globals and call are in the instance already. */
  restore(record: GuestRecord): void {
    this.init(record.method, unpackPayload(record.args) as Payload[]);
    this.#phase = record.phase as Phase;
    this.#calling = record.calling;
    this.#room = record.room;
    this.#roomLength = record.roomLength;
    this.#burnt = record.burnt;
    this.results.restore(record.results);
    this.arrivals.restore(record.arrivals);
    this.wait.restore(record.wait);
    this.tags.restore(record.tags);
    this.wasiRecord = record.wasi ?? undefined;
  }

  #answered(answer: Answer): void {
    if ((answer.tag & 1) === 1) {
      this.wait.answered(answer);
      return;
    }
    const own = this.tags.answered(answer);
    if (own !== undefined) this.arrivals.answered(own);
  }

  /** Call what is due; a status where the step is over. */
  #next(): StepStatus | undefined {
    switch (this.#phase) {
      case Phase.START:
        if (this.loaded.has(ExportName.Start)) return this.#after(this.driver.start());
        this.#phase = Phase.INITIALIZE;
        return undefined;
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
    if (this.allowance-- === 0 || this.driver.fuel === 0) return StepStatus.Ready;
    const { arrivals } = this;
    const handlers = this.#entry as Handlers;
    if (!arrivals.take(this.events, handlers.sources)) {
      if (!this.canCome(handlers.sources)) throw new Unwinding({ how: 'fail', error: idleHandlers() });
      return handlers.status;
    }
    const length = arrivals.length;
    const at = this.#allocate(length);
    arrivals.writeToRoom(at);
    this.#calling = true;
    this.mayWait = this.#program.suspendable;
    return this.#after(this.driver.callWithTwo(handlerOf(arrivals.kind), at, length));
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
    this.mayWait = this.#program.suspendable;
    return this.#after(this.driver.call(name, args));
  }

  #resume(): StepStatus | undefined {
    const driver = this.driver;
    if (driver.state === DriverState.Suspended && !this.wait.isOver(this.arrivals, this.events, this.out)) {
      return this.wait.status;
    }
    this.mayWait = true;
    return this.#after(driver.resume());
  }

  #after(state: DriverState): StepStatus | undefined {
    const { driver } = this;
    this.mayWait = false;
    // What is left is for the next call of this step.
    if (this.#program.metered) driver.fuel = Math.max(0, driver.fuelLeft);
    if (state === DriverState.Idle) {
      this.#calling = false;
      return this.#returned();
    }
    this.#calling = true;
    if (state === DriverState.Preempted || this.yielded) {
      this.yielded = false;
      return StepStatus.Ready;
    }
    return this.wait.status;
  }

  #returned(): StepStatus | undefined {
    if (this.#phase === Phase.HANDLERS) return undefined;
    const entry = this.#entry;
    if (this.#phase === Phase.ENTRY && !(entry instanceof Handlers)) {
      this.wasi?.end();
      this.out.complete(entry.lift(this.loaded, this.driver.result));
      return StepStatus.Complete;
    }
    this.#phase = (this.#phase + 1) as Phase;
    return undefined;
  }

  #end(thrown: unknown): StepStatus {
    const { out } = this;
    this.wasi?.end();
    if (!(thrown instanceof Unwinding)) {
      // Arguments that do not fit are refused before anything ran.
      this.trapped = this.driver.state === DriverState.Broken;
      out.fail(this.#error(thrown));
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
}

/** What a guest is besides its instance, as plain data that travels in an image. */
export interface GuestRecord {
  readonly method: string;
  readonly args: Uint8Array;
  readonly phase: number;
  readonly calling: boolean;
  readonly room: number;
  readonly roomLength: number;
  readonly burnt: number;
  readonly results: ResultsRecord;
  readonly arrivals: ArrivalsRecord;
  readonly wait: WaitRecord;
  readonly tags: TagsRecord;
  readonly wasi: Uint8Array | null;
}
