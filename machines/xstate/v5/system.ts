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
class Delayed implements Expecting {
  readonly source: Ref | undefined;
  readonly id: string;
  tag = 0;
  readonly #fire: () => void;

  constructor(source: Ref | undefined, id: string, fire: () => void) {
    this.source = source;
    this.id = id;
    this.#fire = fire;
  }

  answered(): void {
    this.#fire();
  }
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
      setTimeout: (wake, milliseconds) => arm(this.#process, new Delayed(undefined, '', wake), milliseconds),
      clearTimeout: timer => {
        if (timer instanceof Delayed) disarm(this.#process, timer);
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
    const key = `${source.sessionId}.${id}`;
    const delayed = new Delayed(source, id, () => {
      this.#delayed?.delete(key);
      this._relay(source, target as never, event);
    });
    this.#delayed ??= new Map();
    this.#delayed.set(key, arm(this.#process, delayed, delay));
  }

  cancel(source: Ref, id: string): void {
    const key = `${source.sessionId}.${id}`;
    const delayed = this.#delayed?.get(key);
    if (delayed === undefined) return;
    this.#delayed?.delete(key);
    disarm(this.#process, delayed);
  }

  cancelAll(source: Ref): void {
    if (this.#delayed === undefined) return;
    for (const delayed of [...this.#delayed.values()]) if (delayed.source === source) this.cancel(source, delayed.id);
  }
}

// Actions are given it: nobody may change it for others.
Object.freeze(System.prototype);
Object.freeze(Delayed.prototype);

function arm(process: Process, delayed: Delayed, milliseconds: number): Delayed {
  // XState allows a delay of 0, which still comes after what is being done; the scheduler's timers are longer than 0.
  delayed.tag = process.waits().startTimer(Math.max(milliseconds, 1e-6), delayed);
  return delayed;
}

function disarm(process: Process, delayed: Delayed): void {
  process.more?.abandon(delayed.tag);
}

function log(process: Process, args: unknown[]): void {
  if (!process.imports.has('logger')) return;
  const [first, ...rest] = args;
  const logger = capabilityOf(process, 'logger') as Logger;
  logger.info(first, rest.length === 0 ? undefined : { value: rest.length === 1 ? rest[0] : rest });
}
