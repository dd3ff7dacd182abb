/**
 * Services (semantics section 7): processes that the deployment itself starts, in the order of what they require, keeps
 * running, and stops in the reverse order.
 */
import { TroupeError } from '../errors.ts';
import type { LogSink } from '../logger.ts';
import type { Runtime } from '../runtime.ts';
import { Service, type ServiceStatus } from './service.ts';

export class Services {
  readonly #services = new Map<string, Service>();
  /** In the order of their start. */
  readonly #started: Service[] = [];

  /** `log`: where it is said that a service has ended, and what comes of it. */
  constructor(runtime: Runtime, log: LogSink) {
    for (const entry of runtime.deployment.entries.values()) {
      if (entry.kind === 'process.service') this.#services.set(entry.id, new Service(runtime, log, entry));
    }
  }

  get statuses(): ServiceStatus[] {
    return [...this.#services.values()].map(service => service.status);
  }

  /** Start every service with `auto_start`, each after those that it requires. Throws if one cannot be started. */
  start(): void {
    for (const service of this.#startOrder()) {
      try {
        service.start();
      } catch (thrown) {
        const error = thrown as TroupeError;
        throw new TroupeError(`service ${service.id} cannot start: ${error.message}`, {
          kind: error.kind,
          retryable: error.retryable,
          details: error.details,
        });
      }
      this.#started.push(service);
    }
  }

  /** One after the other, each before those that it requires. None is started again from now on. */
  async stop(reason: string): Promise<void> {
    this.abandon();
    for (const service of this.#started.reverse()) await service.stop(reason);
    this.#started.length = 0;
  }

  /** No service is started again by itself; those that run are left as they are. */
  abandon(): void {
    for (const service of this.#started) service.abandon();
  }

  #startOrder(): Service[] {
    const order: Service[] = [];
    const visited = new Set<string>();
    // The registry has refused cycles, so a depth-first walk ends.
    const visit = (service: Service): void => {
      if (visited.has(service.id)) return;
      visited.add(service.id);
      for (const id of service.requires) {
        const required = this.#services.get(id);
        if (required !== undefined) visit(required);
      }
      order.push(service);
    };
    for (const service of this.#services.values()) if (service.autoStart) visit(service);
    return order;
  }
}
