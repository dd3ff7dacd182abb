/** What is said of a service of a running deployment. */
import type { ServiceState, ServiceStatus } from '../supervision/service.ts';
import type { ShownError } from './protocol.ts';

export interface ServiceRow {
  readonly id: string;
  readonly state: ServiceState;
  /** Unix time in seconds at which it came into this state; null where it was never started. */
  readonly since: number | null;
  readonly pid: string | null;
  /** Since it last ran for `stable_threshold`. */
  readonly restarts: number;
  /** With which its process ended last, or why it cannot begin. */
  readonly error: ShownError | null;
  /** Ids of the services that must run before it can begin. */
  readonly waits_for: readonly string[];
}

/** How a start went. */
export interface ServiceStarted {
  readonly service: ServiceRow;
  /** Null: it runs, or has returned already. */
  readonly error: ShownError | null;
}

export function serviceRow({ id, state, since, pid, restarts, error, waitsFor }: ServiceStatus): ServiceRow {
  return {
    id,
    state,
    since: since ?? null,
    pid: pid ?? null,
    restarts,
    error: error === undefined ? null : { kind: error.kind, message: error.message },
    waits_for: waitsFor,
  };
}
