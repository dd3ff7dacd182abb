import { TroupeError } from '../../../runtime/errors.ts';
import { Command, CONTROL_BYTES, ExportName, PAGE_BYTES, resumeExport, Word } from './control.ts';
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
  /** Something was thrown through the guest, or its saved stack is damaged: the instance must be thrown away. */
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

const NO_CONTROL = new Int32Array(0);

/**
 * Runs one instance of a module that `suspendTransform` made. One call at a time; it can stop and be resumed, here or,
 * by `save` and `restore`, in another instance.
 *
 * Where the saved stack lives: in whole pages at the end of the guest's memory, its area. A memory of the module's own
 * begins with one such page, all others are added by `attach`, when the instance has been made and its own start function
 * has run. The guest does not see them: its `memory.size` does not count them, its `memory.grow` moves them to the new
 * end and neither succeeds nor fails otherwise than before. So the host must
 * grow the memory through `grow` only, and the guest's memory is what lies below `guestBytes`.
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
   * How many checks (iterations of loops, mostly) the next call or resumption may pass before it is preempted: 0 to
   * `ENDLESS_FUEL`. Modules without fuel ignore it.
   */
  fuel = ENDLESS_FUEL;
  /** What the last call or resumption returned, when it came to its end (`state` is `idle`). */
  result: unknown;

  #state: DriverState = DriverState.Idle;
  #instance: WebAssembly.Instance | undefined;
  #memory: WebAssembly.Memory | undefined;
  #shared = false;
  #areaBytes = 0;
  /** The control block. A view of length 0 once the memory has grown. */
  #control: Int32Array = NO_CONTROL;
  /** Address of the control block. */
  #base = 0;
  #entry = '';
  #resume: (() => unknown) | undefined;
  #resumeOf = '';
  /** Calls of the host inside of the running call. */
  #depth = 0;
  /** An import's body asked to stop. */
  #asked = false;

  get state(): DriverState {
    return this.#state;
  }

  /** Length in bytes of the memory as the guest knows it. */
  get guestBytes(): number {
    return this.#memory === undefined ? 0 : this.#memory.buffer.byteLength - this.#areaBytes;
  }

  /** Fuel that was left when the guest last stopped. */
  get fuelLeft(): number {
    return this.#areaBytes === 0 ? 0 : Math.max(0, this.#view()[Word.FuelLeft]);
  }

  /**
   * Take over a new instance, before any of its exports is called. Then `start` is due.
   *
   * @param memory the memory that the module uses; undefined: it is taken from the exports
   * @param areaBytes room for the saved stack, rounded up to whole pages of 64 KiB, at least one; ordinary programs need 1 to 10 KiB,
   *   interpreters up to 100 KiB
   * @throws UNAVAILABLE if the memory cannot grow by that much
   */
  attach(instance: WebAssembly.Instance, memory: WebAssembly.Memory | undefined, areaBytes: number): void {
    const { exports } = instance;
    this.#instance = instance;
    this.#memory = memory ?? (exports[ExportName.Memory] as WebAssembly.Memory | undefined);
    const control = exports[ExportName.Control] as WebAssembly.Global<number> | undefined;
    // A module in which nothing can be suspended has no control block and needs no area.
    if (control === undefined) return;
    const own = this.#memory!;
    const areaPages = exports[ExportName.AreaPages] as WebAssembly.Global<number>;
    const builtIn = areaPages.value;
    const pages = Math.max(1, builtIn, Math.ceil(areaBytes / PAGE_BYTES));
    try {
      if (pages > builtIn) {
        const former = own.grow(pages - builtIn);
        if (builtIn === 0) control.value = (former * PAGE_BYTES) | 0;
      }
    } catch {
      throw new TroupeError(
        `no room for the saved stack of a WebAssembly process: its memory cannot grow by ${pages} pages (64 KiB each). ` +
          'Give the memory a larger maximum, or the process a smaller area.',
        { kind: 'UNAVAILABLE', details: { pages } },
      );
    }
    this.#areaBytes = pages * PAGE_BYTES;
    areaPages.value = pages;
    this.#shared = !(own.buffer instanceof ArrayBuffer);
    const view = this.#view();
    view.fill(0);
    view[Word.Top] = this.#base + CONTROL_BYTES;
    view[Word.Limit] = this.#base + this.#areaBytes;
  }

  /** Run the start function, where it is one that can be suspended: it has not run yet. Otherwise nothing. */
  start(): DriverState {
    if (this.#exports[ExportName.Start] === undefined) return this.#state;
    return this.call(ExportName.Start, []);
  }

  /**
   * Call an export. Answers the state afterwards: `idle` (see `result`), `suspended` or `preempted` (see `resume`).
   *
   * @throws NOT_FOUND, or CONFLICT when a call is under way, or whatever is thrown through the guest
   */
  call(name: string, args: readonly unknown[]): DriverState {
    if (this.#state !== DriverState.Idle) this.#refuseCall(name);
    const entry = this.#function(name);
    this.#entry = name;
    if (this.#areaBytes !== 0) {
      const view = this.#view();
      view[Word.Command] = Command.Run;
      view[Word.Fuel] = this.fuel;
    }
    this.#state = DriverState.Running;
    try {
      this.result = args.length === 0 ? entry() : entry(...args);
    } catch (error) {
      this.#break(error);
    }
    return this.#stopped();
  }

  /** Go on with the suspended or preempted call. Answers the state afterwards, as `call`. */
  resume(): DriverState {
    const state = this.#state;
    if (state !== DriverState.Suspended && state !== DriverState.Preempted) {
      throw new TroupeError(`a WebAssembly call cannot be resumed: it is ${state}.`, { kind: 'CONFLICT' });
    }
    this.#checkTop();
    this.#control[Word.Fuel] = this.fuel;
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
    const view = this.#view();
    if (view[Word.Command] !== Command.Rewind) return false;
    view[Word.Command] = Command.Run;
    return true;
  }

  /** In the body of a blocking import: stop the guest when the body returns. What it returns is ignored. */
  suspend(): void {
    if (this.#state !== DriverState.Running) {
      throw new TroupeError('only a running WebAssembly call can wait.', { kind: 'CONFLICT' });
    }
    if (this.#depth > 0) {
      throw new TroupeError(
        'a WebAssembly function that the host calls inside of another call cannot wait: the host would have to wait too.',
        { kind: 'CONFLICT', retryable: false },
      );
    }
    this.#view()[Word.Command] = Command.Suspend;
    this.#asked = true;
  }

  /**
   * Call an export while another call is under way: in the body of an import, or while the guest is suspended (its
   * allocator, for example). It can neither wait nor be preempted; `fuel` bounds it.
   *
   * @returns what the export returns
   * @throws TIMEOUT when the fuel is spent; then, and when anything else is thrown, the instance is broken
   */
  callWithin(name: string, args: readonly unknown[], fuel = ENDLESS_FUEL): unknown {
    if (this.#state === DriverState.Broken) this.#refuseCall(name);
    const entry = this.#function(name);
    if (this.#areaBytes === 0) return entry(...args);
    const outer = this.#state;
    let view = this.#view();
    const command = view[Word.Command];
    const outerFuel = view[Word.Fuel];
    const top = this.#topOffset(view);
    view[Word.Command] = Command.Run;
    view[Word.Fuel] = fuel;
    this.#depth++;
    this.#state = DriverState.Running;
    let result: unknown;
    try {
      result = entry(...args);
    } catch (error) {
      this.#break(error);
    } finally {
      this.#depth--;
    }
    view = this.#view();
    if (view[Word.Command] === Command.Preempted) {
      this.#state = DriverState.Broken;
      throw new TroupeError(
        `the WebAssembly function '${name}' took too long: it may not wait or be interrupted here.`,
        {
          kind: 'TIMEOUT',
          place: name,
        },
      );
    }
    view[Word.Command] = command;
    view[Word.Fuel] = outerFuel;
    view[Word.Top] = this.#base + top;
    this.#state = outer;
    return result;
  }

  /** The guest's own `memory.grow`, for the host: former size in pages, or -1. */
  grow(pages: number): number {
    const grow = this.#exports[ExportName.Grow] as ((pages: number) => number) | undefined;
    if (grow !== undefined) return grow(pages);
    try {
      return this.#memory === undefined ? -1 : this.#memory.grow(pages);
    } catch {
      return -1;
    }
  }

  /** Bytes of the saved frames. */
  get savedBytes(): number {
    return this.#areaBytes === 0 ? 0 : this.#topOffset(this.#view()) - CONTROL_BYTES;
  }

  /** A copy of the saved frames of a suspended or preempted call. */
  save(): SavedCall {
    const state = this.#state;
    if (state !== DriverState.Suspended && state !== DriverState.Preempted) {
      throw new TroupeError(`a WebAssembly call cannot be saved: it is ${state}.`, { kind: 'CONFLICT' });
    }
    const start = this.#checkTop();
    const stack = new Uint8Array(this.#memory!.buffer, start, this.savedBytes).slice();
    return { entry: this.#entry, state, stack };
  }

  /**
   * Take over a call that was saved in another instance of the same module, before `resume`. Memory and globals are the
   * caller's business.
   *
   * @param table `frames` of the transform's result: the stack is checked against it
   * @throws INVALID if the stack is damaged or of another module, UNAVAILABLE if it does not fit the area
   */
  restore(saved: SavedCall, table: FrameTable): void {
    if (this.#state !== DriverState.Idle) this.#refuseCall(saved.entry);
    readSavedStack(saved.stack, table);
    this.#function(resumeExport(saved.entry));
    if (saved.stack.byteLength > this.#areaBytes - CONTROL_BYTES) this.#overflow(saved.entry);
    const view = this.#view();
    const start = this.#base + CONTROL_BYTES;
    new Uint8Array(this.#memory!.buffer, start, saved.stack.byteLength).set(saved.stack);
    view[Word.Top] = start + saved.stack.byteLength;
    view[Word.Command] = saved.state === DriverState.Preempted ? Command.Preempted : Command.Suspend;
    this.#entry = saved.entry;
    this.#state = saved.state;
  }

  /**
   * Forget the call that is under way or was broken off by an import, so that the instance can be used for another
   * process, which finds nothing of this one in the area. Memory, globals and tables are the caller's business. Not for an
   * instance that trapped.
   */
  reset(): void {
    this.#state = 'idle';
    this.#depth = 0;
    this.#asked = false;
    this.result = undefined;
    if (this.#areaBytes === 0) return;
    const view = this.#view();
    new Uint8Array(this.#memory!.buffer, this.#base, this.#areaBytes).fill(0);
    view[Word.Top] = this.#base + CONTROL_BYTES;
    view[Word.Limit] = this.#base + this.#areaBytes;
  }

  /** Indices of the functions that a suspended or preempted call is in, outermost first. */
  functions(table: FrameTable): number[] {
    return readSavedStack(this.save().stack, table);
  }

  get #exports(): WebAssembly.Exports {
    if (this.#instance === undefined) {
      throw new TroupeError('attach a WebAssembly instance before it is called.', { kind: 'INTERNAL' });
    }
    return this.#instance.exports;
  }

  #function(name: string): (...args: readonly unknown[]) => unknown {
    const exported = this.#exports[name];
    if (typeof exported === 'function') return exported as (...args: readonly unknown[]) => unknown;
    const known = Object.keys(this.#exports).filter(
      key => typeof this.#exports[key] === 'function' && !key.startsWith('troupe:'),
    );
    throw new TroupeError(
      `the WebAssembly module has no function '${name}'. It exports ${known.length > 0 ? known.join(', ') : 'none'}.`,
      { kind: 'NOT_FOUND', retryable: false },
    );
  }

  /** The control block, found again if the memory has grown. */
  #view(): Int32Array {
    if (this.#control.length !== 0 && !this.#shared) return this.#control;
    const { buffer } = this.#memory!;
    const base = buffer.byteLength - this.#areaBytes;
    if (this.#control.length !== 0 && base === this.#base) return this.#control;
    const control = this.#exports[ExportName.Control] as WebAssembly.Global<number>;
    if (control.value >>> 0 !== base) {
      this.#state = DriverState.Broken;
      throw new TroupeError(
        'the memory of a WebAssembly process was grown without its driver: call grow of the driver.',
        {
          kind: 'INTERNAL',
        },
      );
    }
    this.#base = base;
    this.#control = new Int32Array(buffer, base, CONTROL_BYTES / 4);
    return this.#control;
  }

  /** End of the saved stack from the beginning of the area; what the guest left there is not to be trusted. */
  #topOffset(view: Int32Array): number {
    const offset = (view[Word.Top] >>> 0) - this.#base;
    if (offset >= CONTROL_BYTES && offset <= this.#areaBytes) return offset;
    this.#state = DriverState.Broken;
    throw new TroupeError(
      'the saved stack of a suspended WebAssembly process is damaged: the program wrote outside of its own memory.',
      { kind: 'INVALID', retryable: false },
    );
  }

  /** Before frames are used; answers their address. */
  #checkTop(): number {
    const view = this.#view();
    this.#topOffset(view);
    // The limit lies within the guest's reach as well.
    view[Word.Limit] = this.#base + this.#areaBytes;
    return this.#base + CONTROL_BYTES;
  }

  /** Why the guest returned. */
  #stopped(): DriverState {
    if (this.#areaBytes === 0) return (this.#state = DriverState.Idle);
    switch (this.#view()[Word.Command]) {
      case Command.Suspend:
        // An export that is not prepared for it went on to its end.
        if (this.savedBytes === 0 && this.#exports[resumeExport(this.#entry)] === undefined) this.#notBlocking();
        this.#asked = false;
        return (this.#state = DriverState.Suspended);
      case Command.Preempted:
        return (this.#state = DriverState.Preempted);
      default:
        if (this.#asked) this.#notBlocking();
        return (this.#state = DriverState.Idle);
    }
  }

  #notBlocking(): never {
    this.#state = DriverState.Broken;
    throw new TroupeError(
      'an import asked a WebAssembly process to wait, but was not named as blocking when the module was transformed.',
      { kind: 'INTERNAL', place: this.#entry },
    );
  }

  #refuseCall(name: string): never {
    throw new TroupeError(
      this.#state === DriverState.Broken
        ? `'${name}' cannot be called: an earlier error went through this WebAssembly instance, make a new one.`
        : `'${name}' cannot be called: the WebAssembly instance is ${this.#state} in '${this.#entry}'.`,
      { kind: 'CONFLICT' },
    );
  }

  #overflow(entry: string): never {
    throw new TroupeError(
      `the call stack of a WebAssembly process did not fit the ${this.#areaBytes} bytes that are set aside for it when ` +
        'it waits or is preempted: give it a larger area, or call less deeply.',
      { kind: 'UNAVAILABLE', retryable: false, place: entry },
    );
  }

  /** Something was thrown through the guest: its globals and the area are in no defined state any more. */
  #break(error: unknown): never {
    this.#state = DriverState.Broken;
    if (error instanceof WebAssembly.RuntimeError && this.#areaBytes !== 0) {
      const command = this.#view()[Word.Command];
      if (command === Command.Overflow) this.#overflow(this.#entry);
      if (command === Command.Corrupt) this.#corrupt(error);
    }
    throw error;
  }

  #corrupt(error: Error): never {
    throw new TroupeError(
      'a suspended WebAssembly function could not be resumed: its frame is missing or belongs to another function. The ' +
        'program wrote outside of its own memory, or replaced a table entry that it was being called through.',
      { kind: 'INVALID', retryable: false, place: this.#entry, stack: error.stack },
    );
  }
}
