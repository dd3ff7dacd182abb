/**
 * The root actor of a process: runs a machine with XState's pure core.
 *
 * XState's own root costs four times as much to make, reads the real clock and reports errors by a timer that nothing
 * can catch.
 */
import type * as xstate from 'xstate';
import type { Process } from '../../../sdk/typescript/process.ts';
import { slice } from '../../../sdk/typescript/slice.ts';
import type { Machine } from './library.ts';
import { recordSnapshot, restoreSnapshot, type SnapshotRecord } from './snapshot_record.ts';
import { type Event, type Ref, System, type SystemRecord } from './system.ts';

/** What XState's core is given with each transition. It overwrites `actionExecutor` meanwhile, so that is its own. */
export class Scope {
  readonly self: RootActor;
  readonly id: string;
  readonly sessionId: string;
  readonly system: System;
  actionExecutor: (action: xstate.ExecutableActionObject) => void;

  constructor(self: RootActor) {
    this.self = self;
    this.id = self.id;
    this.sessionId = self.sessionId;
    this.system = self.system;
    this.actionExecutor = action => self.execute(action);
  }

  get logger(): (...args: unknown[]) => void {
    return this.system._logger;
  }

  defer(effect: () => void): void {
    this.self.deferred.push(effect);
  }

  stopChild(child: { _parent?: unknown; id: string; _stop(): void }): void {
    if (child._parent !== this.self)
      throw new Error(`Cannot stop child actor ${child.id} of ${this.id} because it is not a child`);
    child._stop();
  }

  /** Emitted events are for listeners outside of the machine, and a process has none: it sends messages. */
  emit(): void {}
}

/** A root actor without others, as data as far as its context and events are. */
export interface ActorRecord {
  readonly snapshot: SnapshotRecord;
  /** Events that came between steps. */
  readonly queue: readonly Event[];
  readonly system: SystemRecord;
}

const hearing = new WeakMap<Machine, boolean>();

/** Whether some state of a machine does something on process events, which are its events `pid.*`. */
function hearsProcesses(machine: Machine): boolean {
  let hears = hearing.get(machine);
  if (hears === undefined) {
    hears = machine.events.some(event => event === '*' || event.startsWith('pid.'));
    hearing.set(machine, hears);
  }
  return hears;
}

export class RootActor {
  readonly id: string;
  readonly sessionId: string;
  readonly system: System;
  readonly logic: Machine;
  readonly src: Machine;
  readonly ref = this;
  readonly _parent = undefined;
  readonly #process: Process;
  readonly #scope: Scope;
  #observers: Set<Partial<xstate.Observer<unknown>>> | undefined = undefined;
  /** Events that came while another was being handled, or between steps. */
  readonly #queue: Event[] = [];
  #busy = true;
  #running = false;
  #snapshot: xstate.AnyMachineSnapshot;
  /** Effects of the current transition. */
  readonly deferred: (() => void)[] = [];

  /**
   * Computes the initial state, with the user's code for context and guards; effects wait for `start`. With a record, goes
   * on where that was made.
   */
  constructor(process: Process, machine: Machine, input: unknown, record?: ActorRecord) {
    this.#process = process;
    this.logic = machine;
    this.src = machine;
    this.system = new System(process);
    this.sessionId = this.system._bookId();
    this.id = this.sessionId;
    this.#scope = new Scope(this);
    if (record === undefined) {
      this.#snapshot = machine.getInitialSnapshot(this.#scope as never, input);
      return;
    }
    this.#snapshot = restoreSnapshot(machine, this.#scope, record.snapshot);
    this.system.restore(this as unknown as Ref, record.system);
    this.#queue.push(...record.queue);
    this.#running = true;
    this.#busy = false;
  }

  /** All that it is between two steps; undefined where it has children or somebody looks on. */
  record(): ActorRecord | undefined {
    if (this.#busy || this.status !== 'active' || (this.#observers !== undefined && this.#observers.size > 0)) {
      return undefined;
    }
    for (const _child in this.#snapshot.children) return undefined;
    const system = this.system.record(this as unknown as Ref);
    if (system === undefined) return undefined;
    return { snapshot: recordSnapshot(this.#snapshot), queue: [...this.#queue], system };
  }

  /** A machine that does nothing on process events does not ask for them. */
  get hearsProcesses(): boolean {
    return hearsProcesses(this.logic);
  }

  /** `active`, `done` (with an output), `error` (with an error) or `stopped`. */
  get status(): string {
    return this.#snapshot.status;
  }

  get output(): unknown {
    return this.#snapshot.output;
  }

  get error(): unknown {
    return this.#snapshot.error;
  }

  /** Do what entering the initial state asks for, then handle what came meanwhile. */
  start(): this {
    if (this.#running) return this;
    this.#running = true;
    if (this.status === 'active') this.#guarded(() => this.logic.start(this.#snapshot));
    else if (this.status === 'error') this.deferred.length = 0;
    this.#settle();
    this.#busy = false;
    this.flush();
    return this;
  }

  /** Programs take it out of its object. */
  get send(): (event: Event) => void {
    return event => this._send(event);
  }

  _send(event: Event): void {
    if (this.status !== 'active') return;
    this.#queue.push(event);
    if (this.#busy) return;
    // Promises of children settle between steps; the machine itself moves in steps only.
    if (slice.stepping === this.#process) this.flush();
    else this.#process.output?.wake();
  }

  /** Handle what is in the queue. */
  flush(): void {
    if (this.#busy) return;
    this.#busy = true;
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      if (this.status !== 'active') break;
      this.#take(event);
    }
    this.#busy = false;
  }

  #take(event: Event): void {
    try {
      this.#snapshot = this.logic.transition(this.#snapshot, event, this.#scope as never);
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#settle();
  }

  /** Carry out the effects of a transition, then tell observers. */
  #settle(): void {
    for (let effect = this.deferred.shift(); effect !== undefined; effect = this.deferred.shift()) {
      const run = effect;
      this.#guarded(run);
    }
    if (this.#observers !== undefined) this.#tellObservers(this.#observers);
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.deferred.length = 0;
    this.#snapshot = { ...this.#snapshot, status: 'error', error } as xstate.AnyMachineSnapshot;
  }

  #tellObservers(observers: ReadonlySet<Partial<xstate.Observer<unknown>>>): void {
    for (const observer of [...observers]) {
      this.#guarded(() => {
        if (this.status === 'error') observer.error?.(this.error);
        else observer.next?.(this.#snapshot);
        if (this.status === 'done') observer.complete?.();
      });
    }
  }

  /** A custom action: at once, or after the initial state is known. */
  execute(action: xstate.ExecutableActionObject): void {
    const { exec, info, params } = action as {
      exec?: (info: unknown, params: unknown) => void;
      info: unknown;
      params: unknown;
    };
    if (exec === undefined) return;
    if (this.#running) exec(info, params);
    else this.deferred.push(() => exec(info, params));
  }

  // What programs may ask of the `self` that their actions get.

  getSnapshot(): xstate.AnyMachineSnapshot {
    return this.#snapshot;
  }

  getPersistedSnapshot(): unknown {
    return this.logic.getPersistedSnapshot(this.#snapshot);
  }

  subscribe(
    next?: ((value: unknown) => void) | Partial<xstate.Observer<unknown>>,
    error?: (error: unknown) => void,
  ): xstate.Subscription {
    const observer = typeof next === 'function' ? { next, error } : (next ?? {});
    this.#observers ??= new Set();
    this.#observers.add(observer);
    return { unsubscribe: () => void this.#observers?.delete(observer) };
  }

  on(): xstate.Subscription {
    return { unsubscribe() {} };
  }

  toJSON(): object {
    return { xstate$$type: 1, id: this.id };
  }
}
