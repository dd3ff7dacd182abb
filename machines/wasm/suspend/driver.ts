import { Area } from './area.ts';
import { Command, ExportName, resumeExport, Word } from './control.ts';
import {
  areaTooSmall,
  boundlessWork,
  cannotBe,
  cannotCall,
  cannotWaitWithin,
  damagedStack,
  FuelSpent,
  foreignFrame,
  notAttached,
  notBlocking,
  notRunning,
  tookTooLong,
  unknownExport,
} from './driver_errors.ts';
import { type FrameTable, readSavedStack } from './saved_stack.ts';

export const DriverState = {
  /** Nothing is running, a call may begin. */
  Idle: 'idle',
  /** The guest is on the host's stack. */
  Running: 'running',
  /** A blocking import waits for its answer. */
  Suspended: 'suspended',
  /** Out of fuel. */
  Preempted: 'preempted',
  /**
   * Something was thrown through the guest, its fuel was spent where that kills, or its saved stack is damaged: the
   * instance must be thrown away.
   */
  Broken: 'broken',
} as const;
export type DriverState = (typeof DriverState)[keyof typeof DriverState];

/** A suspended call without its memory and globals: what another instance of the same module needs to go on. */
export interface SavedCall {
  /** The export that was called. */
  readonly entry: string;
  readonly state: typeof DriverState.Suspended | typeof DriverState.Preempted;
  /** The saved frames; the same bytes at any address. */
  readonly stack: Uint8Array;
}

/** Fuel that lasts "for ever": hours of loops. */
export const ENDLESS_FUEL = 0x7fffffff;

const NOTHING = new Uint8Array(0);

/**
 * Runs one instance of a module that `suspendTransform` made. One call at a time; it can stop and be resumed, here or,
 * by `save` and `restore`, in another instance.
 *
 * The saved stack lives in the area behind the guest's own memory (`area.ts`). So the host must grow the memory through
 * `grow` only, and the guest's memory is what lies below `guestBytes`.
 *
 * The body of a blocking import:
 *
 *     receive: () => {
 *       if (driver.shouldRewind()) return answer;   // the guest was resumed and asks again
 *       driver.suspend();
 *       return 0;                                   // ignored, but must fit the type: 0n for i64
 *     }
 */
export class SuspendDriver {
  /**
   * How many checks (iterations of loops, mostly) the next call or resumption may pass: 0 to `ENDLESS_FUEL`. At the next
   * one it is preempted, if the module was transformed with `preempt: 'resume'`, or killed: then the call throws a
   * TIMEOUT. Each call and each resumption begins with what stands here, so whoever has a budget for several sets it
   * to what is left before each. Modules without fuel ignore it.
   */
  fuel = ENDLESS_FUEL;
  /** What the last call or resumption returned, when it came to its end (`state` is `idle`). */
  result: unknown;

  #state: DriverState = DriverState.Idle;
  #instance: WebAssembly.Instance | undefined;
  #area = new Area({});
  #entry = '';
  #resume: (() => unknown) | undefined;
  #resumeOf = '';
  /** The global that the guest counts down. Reading it takes ten times as long as reading the control block. */
  #fuelInGuest: WebAssembly.Global<number> | undefined;
  /** Broken by what an import threw, not by a trap: `reset` makes it usable again. */
  #brokenOff = false;
  /** The export that was called last, so that calling it again looks nothing up. */
  #calledName = '';
  #called: ((...args: readonly unknown[]) => unknown) | undefined;
  /** Calls of the host inside of the running call. */
  #depth = 0;
  /** Resumed after a suspension, and the import that waited has not been reached yet. The guest cannot forge this. */
  #waiting = false;
  /** An import's body asked to stop. */
  #asked = false;
  /** An import's body took the fuel away. */
  #exhausted = false;

  get state(): DriverState {
    return this.#area.damaged ? DriverState.Broken : this.#state;
  }

  /** Length in bytes of the memory as the guest knows it. */
  get guestBytes(): number {
    return this.#area.guestBytes;
  }

  /**
   * What was left of `fuel` when the guest last stopped, for whatever reason: it returned, waits, was preempted, trapped,
   * was killed, or an import threw. `fuel - fuelLeft` is what the call or resumption has cost, exactly: the sum over all of
   * a call's slices depends neither on how long they were nor on how the module was transformed. Calls within it that the
   * host makes by `callWithin` are not part of it.
   *
   * -1 after preemption or death, because the check at which it stops is paid for then, and not when it is resumed. Less
   * than that if a piece of bulk work (`memory.fill` and the like, 16 bytes a unit) was larger than what was left.
   */
  get fuelLeft(): number {
    const left = this.#area.bytes === 0 ? this.fuel : this.#area.control()[Word.FuelLeft];
    return this.#exhausted && left > 0 ? 0 : left;
  }

  /**
   * Take over a new instance, before any of its exports is called. Then `start` is due.
   *
   * @param memory the memory that the module uses; undefined: it is taken from the exports
   * @param areaBytes room for the saved stack to begin with, rounded up to whole pages of 64 KiB, at least one; ordinary
   *   programs need 1 to 10 KiB, interpreters up to 100 KiB, and it grows when it must. What is more than the module's
   *   memory begins with (`builtInPages` of the transform) is added here, which takes 10 to 40 microseconds.
   * @throws UNAVAILABLE if the memory cannot grow by that much
   */
  attach(instance: WebAssembly.Instance, memory: WebAssembly.Memory | undefined, areaBytes: number): void {
    this.#instance = instance;
    this.#calledName = '';
    this.#fuelInGuest = instance.exports[ExportName.Fuel] as WebAssembly.Global<number> | undefined;
    this.#area = new Area(instance.exports, memory, areaBytes);
  }

  /**
   * Forget the call that was suspended or preempted, if there is one, and every byte of the area: what remains is an
   * instance as after `attach`. Memory and globals are the caller's business. An instance that trapped cannot be reset, one
   * whose call was broken off by an exception of an import can.
   */
  reset(): void {
    const broken = this.#area.damaged || (this.#state === DriverState.Broken && !this.#brokenOff);
    if (broken || this.#state === DriverState.Running) throw cannotBe('reset', this.state);
    this.#brokenOff = false;
    this.#state = DriverState.Idle;
    this.#waiting = false;
    this.#exhausted = false;
    this.result = undefined;
    this.fuel = ENDLESS_FUEL;
    if (this.#area.bytes !== 0) this.#area.clear();
  }

  /** Run the start function, where it is one that can be suspended: it has not run yet. Otherwise nothing. */
  start(): DriverState {
    if (this.#exports[ExportName.Start] === undefined) return this.state;
    return this.call(ExportName.Start, []);
  }

  /**
   * Call an export. Answers the state afterwards: `idle` (see `result`), `suspended` or `preempted` (see `resume`).
   *
   * @throws NOT_FOUND, or CONFLICT when a call is under way, or TIMEOUT when the fuel is spent and that kills, or whatever
   *   is thrown through the guest
   */
  call(name: string, args: readonly unknown[]): DriverState {
    const entry = this.#begin(name);
    try {
      this.result = args.length === 0 ? entry() : entry(...args);
    } catch (error) {
      this.#break(error);
    }
    return this.#stopped();
  }

  /** `call` with two numbers, for the calls of which there are many: no list is made of them. */
  callWithTwo(name: string, first: number, second: number): DriverState {
    const entry = this.#begin(name);
    try {
      this.result = entry(first, second);
    } catch (error) {
      this.#break(error);
    }
    return this.#stopped();
  }

  /** What is called by this name; from here on the guest runs. */
  #begin(name: string): (...args: readonly unknown[]) => unknown {
    if (this.state !== DriverState.Idle) throw cannotCall(name, this.state, this.#entry);
    if (name !== this.#calledName) {
      this.#called = this.#function(name);
      this.#calledName = name;
    }
    const entry = this.#called!;
    this.#entry = name;
    if (this.#area.bytes !== 0) {
      const view = this.#area.control();
      view[Word.Command] = Command.Run;
      view[Word.Fuel] = this.fuel;
      view[Word.FuelLeft] = this.fuel;
      view[Word.GrowRefused] = 0;
      this.#area.empty(view);
    }
    this.#waiting = false;
    this.#exhausted = false;
    this.#state = DriverState.Running;
    return entry;
  }

  /** Go on with the suspended or preempted call. Answers the state afterwards, as `call`. */
  resume(): DriverState {
    const { state } = this;
    if (state !== DriverState.Suspended && state !== DriverState.Preempted) throw cannotBe('resumed', state);
    const view = this.#area.control();
    this.#area.top(view);
    view[Word.Limit] = this.#area.base + this.#area.bytes;
    view[Word.Fuel] = this.fuel;
    view[Word.FuelLeft] = this.fuel;
    this.#waiting = state === DriverState.Suspended;
    this.#exhausted = false;
    if (this.#resumeOf !== this.#entry) {
      this.#resume = this.#function(resumeExport(this.#entry));
      this.#resumeOf = this.#entry;
    }
    this.#state = DriverState.Running;
    try {
      this.result = this.#resume!();
    } catch (error) {
      this.#break(error);
    }
    return this.#stopped();
  }

  /**
   * First thing in the body of a blocking import: whether this is the call of before the suspension, made again. Then
   * the body answers what the guest waited for, or suspends once more.
   */
  shouldRewind(): boolean {
    if (!this.#waiting) return false;
    const view = this.#area.control();
    if (view[Word.Command] !== Command.Rewind) return false;
    this.#waiting = false;
    view[Word.Command] = Command.Run;
    return true;
  }

  /** In the body of a blocking import: stop the guest when the body returns. What it returns is ignored. */
  suspend(): void {
    if (this.#state !== DriverState.Running) throw notRunning();
    if (this.#depth > 0) throw cannotWaitWithin();
    this.#area.control()[Word.Command] = Command.Suspend;
    this.#asked = true;
  }

  /**
   * Call an export while another call is under way: in the body of an import, or while the guest is suspended (its
   * allocator, for example). It can neither wait nor be preempted; `fuel` bounds it. What is left of it is `fuelLeft`
   * afterwards, unless a call is running.
   *
   * @returns what the export returns
   * @throws TIMEOUT when the fuel is spent; then, and when anything else is thrown, the instance is broken
   */
  callWithin(name: string, args: readonly unknown[], fuel = ENDLESS_FUEL): unknown {
    if (this.state === DriverState.Broken) throw cannotCall(name, this.state, this.#entry);
    const entry = this.#function(name);
    if (this.#area.bytes === 0) return entry(...args);
    const outer = this.#state;
    let view = this.#area.control();
    if (outer === DriverState.Idle) this.#area.empty(view);
    const command = view[Word.Command];
    const outerFuel = view[Word.Fuel];
    const outerLeft = view[Word.FuelLeft];
    const outerInGuest = outer === DriverState.Running ? this.#fuelInGuest?.value : undefined;
    const top = this.#area.top(view);
    view[Word.Command] = Command.Run;
    view[Word.Fuel] = fuel;
    view[Word.FuelLeft] = fuel;
    this.#depth++;
    this.#state = DriverState.Running;
    let result: unknown;
    try {
      result = entry(...args);
    } catch (error) {
      this.#break(error, name);
    } finally {
      this.#depth--;
      if (outerInGuest !== undefined) this.#fuelInGuest!.value = outerInGuest;
    }
    view = this.#area.control();
    if (view[Word.Command] === Command.Preempted) {
      this.#state = DriverState.Broken;
      throw tookTooLong(name);
    }
    view[Word.Command] = command;
    view[Word.Fuel] = outerFuel;
    if (outer === DriverState.Running) view[Word.FuelLeft] = outerLeft;
    view[Word.Top] = this.#area.base + top;
    this.#state = outer;
    return result;
  }

  /** The guest's own `memory.grow`, for the host: former size in pages, or -1. */
  grow(pages: number): number {
    const grow = this.#exports[ExportName.Grow] as ((pages: number) => number) | undefined;
    if (grow !== undefined) return grow(pages);
    try {
      return this.#area.memory?.grow(pages) ?? -1;
    } catch {
      return -1;
    }
  }

  /** Whether a `memory.grow` has failed since the call began: what a trap that follows may come from. */
  get growRefused(): boolean {
    return this.#area.bytes !== 0 && this.#area.control()[Word.GrowRefused] !== 0;
  }

  /**
   * In the body of an import: let the guest be preempted, or killed, at its next check, whatever fuel it has left. Where none
   * comes before it stops, nothing is left of its fuel.
   */
  exhaust(): void {
    if (this.#fuelInGuest !== undefined) this.#fuelInGuest.value = 0;
    this.#exhausted = true;
  }

  /**
   * The mutable globals as bytes, `globalBytes` of the transform's result. Undefined where the saved stack leaves no room
   * for them in the area. Not while a call is running.
   */
  saveGlobals(length: number): Uint8Array | undefined {
    if (length === 0) return NOTHING;
    const passed = this.#area.spare(length);
    if (passed === undefined) return undefined;
    this.#function(ExportName.SaveGlobals)(passed.byteOffset);
    const bytes = passed.slice();
    // What is left in the area, the guest could read.
    passed.fill(0);
    return bytes;
  }

  /** Set them to what `saveGlobals` of another instance gave. Before `restore`, whose stack takes room. */
  loadGlobals(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const passed = this.#area.spare(bytes.length)!;
    passed.set(bytes);
    this.#function(ExportName.LoadGlobals)(passed.byteOffset);
    passed.fill(0);
  }

  /** Bytes of the saved frames. */
  get savedBytes(): number {
    return this.#area.savedBytes;
  }

  /** A copy of the saved frames of a suspended or preempted call. */
  save(): SavedCall {
    const { state } = this;
    if (state !== DriverState.Suspended && state !== DriverState.Preempted) throw cannotBe('saved', state);
    return { entry: this.#entry, state, stack: this.#area.savedStack() };
  }

  /**
   * Take over a call that was saved in another instance of the same module, before `resume`. Memory and globals are the
   * caller's business.
   *
   * @param table `frames` of the transform's result: the stack is checked against it
   * @throws INVALID if the stack is damaged or of another module, UNAVAILABLE if it does not fit the area
   */
  restore(saved: SavedCall, table: FrameTable): void {
    if (this.state !== DriverState.Idle) throw cannotCall(saved.entry, this.state, this.#entry);
    readSavedStack(saved.stack, table);
    this.#function(resumeExport(saved.entry));
    if (!this.#area.putStack(saved.stack)) throw areaTooSmall(this.#area.bytes, saved.entry);
    const preempted = saved.state === DriverState.Preempted;
    this.#area.control()[Word.Command] = preempted ? Command.Preempted : Command.Suspend;
    this.#entry = saved.entry;
    this.#state = saved.state;
  }

  /** Indices of the functions that a suspended or preempted call is in, outermost first. */
  functions(table: FrameTable): number[] {
    return readSavedStack(this.save().stack, table);
  }

  get #exports(): WebAssembly.Exports {
    if (this.#instance === undefined) throw notAttached();
    return this.#instance.exports;
  }

  #function(name: string): (...args: readonly unknown[]) => unknown {
    const exported = this.#exports[name];
    if (typeof exported === 'function') return exported as (...args: readonly unknown[]) => unknown;
    const known = Object.keys(this.#exports).filter(
      key => typeof this.#exports[key] === 'function' && !key.startsWith('troupe:'),
    );
    throw unknownExport(name, known);
  }

  /** Why the guest returned. */
  #stopped(): DriverState {
    if (this.#area.bytes === 0) return (this.#state = DriverState.Idle);
    switch (this.#area.control()[Word.Command]) {
      case Command.Suspend:
        // An export that is not prepared for it went on to its end.
        if (this.savedBytes === 0 && this.#exports[resumeExport(this.#entry)] === undefined) this.#refuseWait();
        if (!this.#asked) {
          // The guest wrote the command itself: there is nothing that it waits for.
          this.#state = DriverState.Broken;
          throw damagedStack();
        }
        this.#asked = false;
        return (this.#state = DriverState.Suspended);
      case Command.Preempted:
        return (this.#state = DriverState.Preempted);
      default:
        if (this.#asked) this.#refuseWait();
        return (this.#state = DriverState.Idle);
    }
  }

  #refuseWait(): never {
    this.#state = DriverState.Broken;
    throw notBlocking(this.#entry);
  }

  /** Something was thrown through the guest: its globals and the area are in no defined state any more. */
  #break(error: unknown, name = this.#entry): never {
    const trapped = error instanceof WebAssembly.RuntimeError;
    // What the host throws in the body of an import (an exit) unwinds the guest between two instructions of it. If it
    // passes on what a call within threw, that call decides.
    const brokenBefore = this.#area.damaged || (this.#state === DriverState.Broken && !this.#brokenOff);
    this.#brokenOff = !brokenBefore && !trapped && !(error instanceof RangeError);
    this.#state = DriverState.Broken;
    if (this.#area.bytes === 0) throw error;
    const view = this.#area.control();
    const command = view[Word.Command];
    const fuel = this.#fuelInGuest?.value;
    if (fuel !== undefined) view[Word.FuelLeft] = fuel;
    if (!trapped) throw error;
    if (command === Command.Overflow) throw areaTooSmall(this.#area.bytes, this.#entry);
    if (command === Command.Endless) throw boundlessWork(this.#entry, error.stack);
    if (command === Command.Corrupt) throw foreignFrame(this.#entry, error.stack);
    if (fuel !== undefined && fuel < 0 && error.message === 'unreachable') {
      throw this.#depth > 0 ? tookTooLong(name) : new FuelSpent(name, error.stack);
    }
    throw error;
  }
}
