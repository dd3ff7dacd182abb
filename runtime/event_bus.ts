/**
 * Events inside of one runtime: who publishes does not know who hears it. A subscriber gets what it asked for as
 * ordinary messages from the publisher. The bus is on the main thread, where all events pass, so that those of one
 * publisher arrive in their order; it knows subscribers by their PIDs, so they may move, and become another program.
 */
import { TroupeError } from './errors.ts';
import type { Payload } from './payload/payload.ts';
import { matchesGlob } from './security/decision.ts';

export interface Event {
  /** PID of the publisher. */
  readonly from: string;
  readonly system: string;
  readonly kind: string;
  readonly path: string | undefined;
  readonly data: Payload;
}

export interface Subscription {
  readonly pid: string;
  /** Registry id of the entry that subscribed. */
  readonly entry: string;
  readonly system: string;
  /** A glob. */
  readonly kind: string;
  /** Of the messages. */
  readonly topic: string;
  /** The identity that the subscriber had: see `EventTransport.permits`. */
  readonly identity: { readonly [key: string]: Payload };
}

export interface Events {
  /** To how many subscriptions it was given. */
  publish(event: Event): Promise<number>;
  /** Its id. Rejects RATE_LIMITED where the process has `most` already, UNAVAILABLE where nothing runs. */
  subscribe(subscription: Subscription, most: number): Promise<number>;
  /** Whether the process had it. */
  unsubscribe(pid: string, id: number): Promise<boolean>;
}

/** What the bus needs of a running runtime. */
export interface EventTransport {
  /** The error says why the event was not taken; what is dropped is counted there. */
  deliver(event: Event, pid: string, topic: string): TroupeError | undefined;
  /** Call `ended` once when the process has ended. The error: it cannot be watched. */
  watch(pid: string, ended: () => void): TroupeError | undefined;
  /** Whether a subscriber may hear one kind, where it has asked for several by a glob. */
  permits(subscription: Subscription, kind: string): boolean;
}

interface Kept extends Subscription {
  readonly id: number;
  readonly several: boolean;
}

export class EventBus implements Events {
  #transport: EventTransport | undefined;
  /** By system, in the order in which they were made. */
  readonly #bySystem = new Map<string, Kept[]>();
  /** Of every process that has subscribed and lives. */
  readonly #byPid = new Map<string, Kept[]>();
  #last = 0;

  /** From now on it is the bus of a runtime. */
  connect(transport: EventTransport): void {
    this.#transport = transport;
  }

  async publish(event: Event): Promise<number> {
    const transport = this.#connected();
    let reached = 0;
    // A subscriber that is found dead is taken from the list while it is gone through.
    for (const subscription of [...(this.#bySystem.get(event.system) ?? [])]) {
      if (!matchesGlob(subscription.kind, event.kind)) continue;
      if (subscription.several && !transport.permits(subscription, event.kind)) continue;
      const error = transport.deliver(event, subscription.pid, subscription.topic);
      if (error === undefined) reached++;
      else if (error.kind === 'NOT_FOUND') this.#forget(subscription.pid);
    }
    return reached;
  }

  async subscribe(subscription: Subscription, most: number): Promise<number> {
    const transport = this.#connected();
    const { pid, system, kind } = subscription;
    let own = this.#byPid.get(pid);
    if (own === undefined) {
      const error = transport.watch(pid, () => this.#forget(pid));
      if (error !== undefined) throw error;
      this.#byPid.set(pid, (own = []));
    }
    if (own.length >= most) throw tooMany(most);
    const kept: Kept = { ...subscription, id: ++this.#last, several: kind.includes('*') };
    own.push(kept);
    const others = this.#bySystem.get(system);
    if (others === undefined) this.#bySystem.set(system, [kept]);
    else others.push(kept);
    return kept.id;
  }

  async unsubscribe(pid: string, id: number): Promise<boolean> {
    const own = this.#byPid.get(pid);
    const at = own?.findIndex(kept => kept.id === id) ?? -1;
    if (at < 0) return false;
    this.#drop(own!.splice(at, 1)[0]);
    return true;
  }

  #forget(pid: string): void {
    const own = this.#byPid.get(pid);
    if (own === undefined) return;
    this.#byPid.delete(pid);
    for (const kept of own) this.#drop(kept);
  }

  #drop(kept: Kept): void {
    const all = this.#bySystem.get(kept.system)!;
    all.splice(all.indexOf(kept), 1);
    if (all.length === 0) this.#bySystem.delete(kept.system);
  }

  #connected(): EventTransport {
    if (this.#transport !== undefined) return this.#transport;
    throw new TroupeError('events: there is no runtime that could carry them', { kind: 'UNAVAILABLE' });
  }
}

function tooMany(most: number): TroupeError {
  return new TroupeError(
    `events.subscribe: the process has ${most} subscriptions already; end some, or raise max_subscriptions of the host's events capability`,
    { kind: 'RATE_LIMITED', retryable: true },
  );
}
