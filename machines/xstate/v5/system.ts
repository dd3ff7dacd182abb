/**
 * The actor system of one process, in place of XState's own: names, delayed events and routing, on the clock of the
 * scheduler and without anything real.
 */
import type * as xstate from 'xstate';
import { capabilityOf, type Logger } from '../../../sdk/typescript/capabilities.ts';
import type { Process } from '../../../sdk/typescript/process.ts';
import type { Expecting } from '../../../sdk/typescript/waits.ts';

export type Event = xstate.AnyEventObject;
export type Ref = xstate.AnyActorRef;

/** The process behind what actions are given as `system`; undefined for a system of another kind. */
export let processOf: (system: unknown) => Process | undefined;

/** A delayed event; XState finds it again by its source and id. */
export class Delayed implements Expecting {
  readonly source: Ref;
  readonly id: string;
  readonly target: Ref;
  readonly event: Event;
  tag = 0;
  readonly #fire: (delayed: Delayed) => void;

  constructor(source: Ref, id: string, target: Ref, event: Event, fire: (delayed: Delayed) => void) {
    this.source = source;
    this.id = id;
    this.target = target;
    this.event = event;
    this.#fire = fire;
  }

  answered(): void {
    this.#fire(this);
  }
}

/** What runs on XState's idea of a clock: actors that programs bring along. */
export class Alarm implements Expecting {
  tag = 0;
  readonly #wake: () => void;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  answered(): void {
    this.#wake();
  }
}

/** What a system without actors but the root is beside them, as data. */
export interface SystemRecord {
  /** How many ids it has given. */
  readonly ids: number;
  /** Events that the root has delayed for itself. */
  readonly delayed: readonly (readonly [id: string, tag: number, event: Event])[];
}

/** What XState asks of a clock. */
interface Clock {
  setTimeout(wake: () => void, milliseconds: number): unknown;
  clearTimeout(timer: unknown): void;
}

export class System {
  readonly #process: Process;
  #named: Map<string, Ref> | undefined = undefined;
  #delayed: Map<string, Delayed> | undefined = undefined;
  #ids = 0;

  static {
    processOf = system =>
      typeof system === 'object' && system !== null && #process in system ? system.#process : undefined;
  }

  constructor(process: Process) {
    this.#process = process;
  }

  get scheduler(): this {
    return this;
  }

  get _clock(): Clock {
    return {
      setTimeout: (wake, milliseconds) => arm(this.#process, new Alarm(wake), milliseconds),
      clearTimeout: timer => {
        if (timer instanceof Alarm) disarm(this.#process, timer);
      },
    };
  }

  get _logger(): (...args: unknown[]) => void {
    return (...args) => log(this.#process, args);
  }

  _bookId(): string {
    return `x:${this.#ids++}`;
  }

  _register(id: string): string {
    return id;
  }

  _unregister(actor: Ref): void {
    if (this.#named === undefined) return;
    for (const [name, holder] of this.#named) if (holder === actor) this.#named.delete(name);
  }

  _set(name: string, actor: Ref): void {
    this.#named ??= new Map();
    const holder = this.#named.get(name);
    if (holder !== undefined && holder !== actor) throw new Error(`Actor with system ID '${name}' already exists.`);
    this.#named.set(name, actor);
  }

  get(name: string): Ref | undefined {
    return this.#named?.get(name);
  }

  getAll(): { [name: string]: Ref } {
    return Object.fromEntries(this.#named ?? []);
  }

  /** Nothing inspects these actors from outside: the runtime has tools of its own. */
  inspect(): xstate.Subscription {
    return { unsubscribe() {} };
  }

  _sendInspectionEvent(): void {}

  getSnapshot(): { _scheduledEvents: object } {
    return { _scheduledEvents: {} };
  }

  start(): void {}

  _relay(_source: Ref | undefined, target: { _send(event: Event): void }, event: Event): void {
    target._send(event);
  }

  schedule(source: Ref, target: Ref, event: Event, delay: number, id = `${this.#ids++}`): void {
    this.cancel(source, id);
    this.#keep(arm(this.#process, this.#delay(source, id, target, event), delay));
  }

  #delay(source: Ref, id: string, target: Ref, event: Event): Delayed {
    return new Delayed(source, id, target, event, delayed => {
      this.#delayed?.delete(keyOf(source, id));
      this._relay(delayed.source, delayed.target as never, delayed.event);
    });
  }

  #keep(delayed: Delayed): void {
    this.#delayed ??= new Map();
    this.#delayed.set(keyOf(delayed.source, delayed.id), delayed);
  }

  cancel(source: Ref, id: string): void {
    const key = keyOf(source, id);
    const delayed = this.#delayed?.get(key);
    if (delayed === undefined) return;
    this.#delayed?.delete(key);
    disarm(this.#process, delayed);
  }

  cancelAll(source: Ref): void {
    if (this.#delayed === undefined) return;
    for (const delayed of [...this.#delayed.values()]) if (delayed.source === source) this.cancel(source, delayed.id);
  }

  /** Undefined where there is more in it than its root and what that has delayed for itself. */
  record(root: Ref): SystemRecord | undefined {
    if (this.#named !== undefined && this.#named.size > 0) return undefined;
    for (const target of this.#process.more?.outstanding.values() ?? []) {
      if (!(target instanceof Delayed) || target.source !== root || target.target !== root) return undefined;
    }
    const delayed = [...(this.#delayed?.values() ?? [])];
    return { ids: this.#ids, delayed: delayed.map(({ id, tag, event }) => [id, tag, event] as const) };
  }

  /** The scheduler's timers of delayed events run on, under the same tags. */
  restore(root: Ref, { ids, delayed }: SystemRecord): void {
    this.#ids = ids;
    for (const [id, tag, event] of delayed) {
      const one = this.#delay(root, id, root, event);
      one.tag = tag;
      this.#process.waits().redirect(tag, one);
      this.#keep(one);
    }
  }
}

function keyOf(source: Ref, id: string): string {
  return `${source.sessionId}.${id}`;
}

function arm<T extends Delayed | Alarm>(process: Process, timer: T, milliseconds: number): T {
  // XState allows a delay of 0, which still comes after what is being done; the scheduler's timers are longer than 0.
  timer.tag = process.waits().startTimer(Math.max(milliseconds, 1e-6), timer);
  return timer;
}

function disarm(process: Process, timer: Delayed | Alarm): void {
  process.more?.abandon(timer.tag);
}

function log(process: Process, args: unknown[]): void {
  if (!process.imports.has('logger')) return;
  const [first, ...rest] = args;
  const logger = capabilityOf(process, 'logger') as Logger;
  logger.info(first, rest.length === 0 ? undefined : { value: rest.length === 1 ? rest[0] : rest });
}
