/**
 * Services (semantics section 7): processes that the deployment itself starts, each as soon as all that it requires runs,
 * keeps running, and stops in the reverse order. Entries of kind `process.service` and `process.supervisor`.
 */
import type { LogSink } from '../logger.ts';
import type { Entry } from '../registry/entry.ts';
import type { Runtime } from '../runtime.ts';
import { Requirements } from './requirements.ts';
import { Service, type ServiceStatus } from './service.ts';
import { cannotStart, noSuchService, notStarted, overtaken, ranBySupervisor } from './service_errors.ts';
import { type ServiceEntries, servicesOf } from './service_settings.ts';
import type { Standing } from './service_wait.ts';

/** A service whose process still runs by what its entry said before. */
export interface RestartNeeded {
  readonly id: string;
  /** Keys of the entry that have changed. */
  readonly why: readonly string[];
}

/** A start or stop that was asked for. */
interface Order {
  readonly starts: boolean;
}

/** From best to worst. */
const STANDINGS: readonly Standing[] = ['met', 'coming', 'down', 'lost'];

export class Services {
  readonly #runtime: Runtime;
  readonly #log: LogSink;
  readonly #services = new Map<string, Service>();
  #children: ServiceEntries['children'];
  #requirements: Requirements;
  /** Those whose entries are gone while their processes end. */
  #leaving: Promise<void> = Promise.resolve();
  readonly #left = new Set<Service>();
  /** Which start or stop of a service came last. */
  readonly #orders = new Map<string, Order>();
  /** Services that wait, and of which something may have changed. */
  readonly #toLookAt = new Set<Service>();
  #looking = false;
  #closed = false;

  /** `log`: where it is said that a service has ended, and what comes of it. */
  constructor(runtime: Runtime, log: LogSink) {
    this.#runtime = runtime;
    this.#log = log;
    const { entries } = runtime.deployment;
    const { services, children } = servicesOf(entries);
    for (const settings of services.values()) this.#add(settings);
    this.#children = children;
    this.#requirements = new Requirements(entries, services.keys());
  }

  get statuses(): ServiceStatus[] {
    return [...this.#services.values()].map(service => service.status);
  }

  /** Throws NOT_FOUND, INVALID. */
  status(id: string): ServiceStatus {
    return this.#known(id).status;
  }

  /**
   * Start every service with `auto_start` and all that they and hosts require. Resolves when each one runs, or has failed
   * its first try, or waits for one that has. Rejects where one cannot even be spawned and trying again could not help.
   */
  async start(): Promise<void> {
    const automatic = new Set([...this.#services.values()].filter(service => service.autoStart).map(({ id }) => id));
    const begun = this.#begin(automatic, [...automatic, ...this.#requirements.ofHosts]);
    await Promise.all(
      begun.map(async service => {
        const hitch = await service.outcome();
        if (hitch?.isMistake && !this.#closed) throw cannotStart(service.id, hitch.error);
      }),
    );
  }

  /**
   * Stop all, each after those that require it, as many at once as that allows. None is started again from now on.
   */
  async stop(reason: string): Promise<void> {
    this.#closed = true;
    for (const service of this.#services.values()) service.retire();
    await Promise.all([
      stopInOrder(this.#requirements, this.#services, service => service.stop(reason)),
      this.#leaving,
    ]);
  }

  /** No service is started again by itself; those that run are left as they are. */
  abandon(): void {
    this.#closed = true;
    for (const service of this.#all()) service.abandon();
  }

  /** Services whose processes live. */
  get alive(): ServiceStatus[] {
    return this.#all()
      .map(service => service.status)
      .filter(({ pid }) => pid !== undefined);
  }

  // --- one service ------------------------------------------------------------------------------------------------

  /** Start a service and what it requires. Resolves when it runs; rejects with why it does not (yet). */
  async startService(id: string): Promise<void> {
    const service = this.#known(id);
    const order = this.#newOrder(id, true);
    await Promise.all(this.#requirements.withRequired([id]).map(other => this.#stopped(other)));
    if (!this.#isLatest(id, order)) throw overtaken(id);
    this.#begin(new Set([id]), [id]);
    const hitch = await service.outcome();
    if (hitch !== undefined) throw notStarted(id, hitch.error);
  }

  /** What is to run now and is being stopped has to end before; one whose turn to stop has not come goes on. */
  async #stopped(id: string): Promise<void> {
    const service = this.#services.get(id)!;
    if (service.state === 'stopping') await service.stop('');
    else if (this.#orders.get(id)?.starts === false) this.#newOrder(id, true);
  }

  /** Stop a service after those that require it. Answers the ids of all that were stopped, in their order. */
  async stopService(id: string, reason = 'service stopping'): Promise<readonly string[]> {
    this.#known(id);
    const affected = new Map(this.#requirements.withDependents([id]).map(other => [other, this.#services.get(other)!]));
    const active = [...affected.values()].filter(service => service.isActive).map(service => service.id);
    const orders = new Map([...affected.keys()].map(other => [other, this.#newOrder(other, false)]));
    // One that is started while it waits for its turn goes on.
    await stopInOrder(this.#requirements, affected, async service => {
      if (this.#isLatest(service.id, orders.get(service.id)!)) await service.stop(reason);
    });
    return active.reverse();
  }

  /** Stop one service in order and start it anew, by what its entry says now. Those that require it stay as they are. */
  async restartService(id: string): Promise<void> {
    const service = this.#known(id);
    const order = this.#newOrder(id, true);
    await service.stop('service stopping');
    if (!this.#isLatest(id, order)) throw overtaken(id);
    await this.startService(id);
  }

  #known(id: string): Service {
    const service = this.#services.get(id);
    if (service !== undefined) return service;
    const supervisor = this.#children.get(id);
    if (supervisor !== undefined) throw ranBySupervisor(id, supervisor);
    throw noSuchService(id, [...this.#services.keys(), ...this.#children.keys()]);
  }

  #newOrder(id: string, starts: boolean): Order {
    const order: Order = { starts };
    this.#orders.set(id, order);
    return order;
  }

  #isLatest(id: string, order: Order): boolean {
    return !this.#closed && this.#orders.get(id) === order && this.#services.has(id);
  }

  // --- live edits -------------------------------------------------------------------------------------------------

  /**
   * The entries of the deployment are these now. What is gone is stopped in order, then what is new with `auto_start`
   * starts; `lifecycle` counts from now on; what only a restart can bring is answered.
   */
  update(entries: ReadonlyMap<string, Entry>): readonly RestartNeeded[] {
    const { services, children } = servicesOf(entries);
    const before = this.#requirements;
    const gone = [...this.#services.keys()].filter(id => !services.has(id));
    this.#leave(before, gone);
    this.#children = children;
    this.#requirements = new Requirements(entries, services.keys());
    const needsRestart: RestartNeeded[] = [];
    const automatic = new Set<string>();
    const wanted: string[] = [];
    for (const settings of services.values()) {
      const service = this.#services.get(settings.id);
      if (service === undefined) {
        if (this.#add(settings).autoStart) automatic.add(settings.id);
        continue;
      }
      const { autoStart } = service;
      const why = service.update(settings);
      if (why.length > 0) needsRestart.push({ id: settings.id, why });
      if (!autoStart && service.autoStart) automatic.add(settings.id);
      if (service.isWanted) wanted.push(settings.id);
      this.#toLookAt.add(service);
    }
    this.#lookAround();
    void this.#beginNew(automatic, wanted);
    return needsRestart;
  }

  /** What `update` would answer. */
  foresee(entries: ReadonlyMap<string, Entry>): readonly RestartNeeded[] {
    return [...servicesOf(entries).services.values()]
      .map(settings => ({ id: settings.id, why: this.#services.get(settings.id)?.foresee(settings) ?? [] }))
      .filter(({ why }) => why.length > 0);
  }

  /** Their processes end; another service of the same id, or with the same name, has to wait for that. */
  #leave(requirements: Requirements, ids: readonly string[]): void {
    const leaving = new Map(ids.map(id => [id, this.#services.get(id)!]));
    for (const [id, service] of leaving) {
      this.#services.delete(id);
      this.#orders.delete(id);
      this.#toLookAt.delete(service);
      this.#left.add(service);
    }
    const stopped = stopInOrder(requirements, leaving, service => service.stop('service stopping')).then(() => {
      for (const service of leaving.values()) this.#left.delete(service);
    });
    this.#leaving = Promise.all([this.#leaving, stopped]).then(() => undefined);
  }

  /** What is new, and what those that shall run require since now. */
  async #beginNew(automatic: ReadonlySet<string>, wanted: readonly string[]): Promise<void> {
    await this.#leaving;
    if (this.#closed) return;
    const all = [...automatic, ...wanted, ...this.#requirements.ofHosts].filter(id => this.#services.has(id));
    this.#begin(automatic, all, true);
  }

  // --- parts ------------------------------------------------------------------------------------------------------

  #add(settings: ConstructorParameters<typeof Service>[2]): Service {
    const service = new Service(this.#runtime, this.#log, settings, changed => this.#changed(changed));
    this.#services.set(service.id, service);
    return service;
  }

  #all(): Service[] {
    return [...this.#services.values(), ...this.#left];
  }

  /**
   * Start these, and of what `all` require whatever does not go by itself (`never`: was never started). Answers all of
   * them, in the order of their start.
   */
  #begin(named: ReadonlySet<string>, all: Iterable<string>, never = false): Service[] {
    const reached = this.#requirements.withRequired(all).map(id => this.#services.get(id)!);
    const begun = reached.filter(service => named.has(service.id) || (never ? isNew(service) : isAtRest(service)));
    // All of them wait before the first one begins, so that none is taken for one that nobody starts.
    this.#looking = true;
    for (const service of begun) service.begin();
    this.#looking = false;
    this.#lookAround();
    return begun;
  }

  /** Something about a service has changed: those that wait for it are looked at, and it itself. */
  #changed(service: Service): void {
    if (service.isWaiting) this.#toLookAt.add(service);
    for (const id of this.#requirements.dependentsOf(service.id)) {
      const dependent = this.#services.get(id);
      if (dependent?.isWaiting) this.#toLookAt.add(dependent);
    }
    this.#lookAround();
  }

  /** One after the other, however long a chain of services is. */
  #lookAround(): void {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const service of this.#toLookAt) {
        this.#toLookAt.delete(service);
        if (service.isWaiting && !this.#closed) this.#look(service);
      }
    } finally {
      this.#looking = false;
    }
  }

  #look(service: Service): void {
    const missing: Service[] = [];
    let worst: Standing = 'met';
    for (const id of this.#requirements.of(service.id)) {
      const required = this.#services.get(id);
      if (required === undefined || required.standing === 'met') continue;
      missing.push(required);
      if (STANDINGS.indexOf(required.standing) > STANDINGS.indexOf(worst)) worst = required.standing;
    }
    if (worst === 'met') service.spawn();
    else service.hold(missing, worst);
  }
}

function isAtRest(service: Service): boolean {
  return !service.isActive && service.standing !== 'met';
}

function isNew({ state }: Service): boolean {
  return state === 'unknown';
}

/** Each after those that require it, as many at once as that allows. */
async function stopInOrder(
  requirements: Requirements,
  services: ReadonlyMap<string, Service>,
  stop: (service: Service) => Promise<void>,
): Promise<void> {
  const stops = new Map<string, Promise<void>>();
  for (const id of requirements.order.toReversed()) {
    const service = services.get(id);
    if (service === undefined) continue;
    const before = requirements.dependentsOf(id).flatMap(dependent => stops.get(dependent) ?? []);
    stops.set(id, before.length === 0 ? stop(service) : Promise.all(before).then(() => stop(service)));
  }
  await Promise.all(stops.values());
}
