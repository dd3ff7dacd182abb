/**
 * What a runtime shares out to the operations of its capabilities. One object a runtime; in a worker thread the
 * terminal, the store, the events and the registry are served by the main thread (`remote_services.ts`).
 */
import { EventBus, type Events } from '../event_bus.ts';
import { type Clock, systemClock } from '../clock.ts';
import { StreamTerminal } from '../hosts/stream_terminal.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { LineLog, type LogSink, writeStderr } from '../logger.ts';
import { NO_REGISTRY, type RegistryService } from '../live/registry_service.ts';
import { MemoryStore, type Store } from '../store.ts';
import type { CallContext } from './capability.ts';
import { type Resolve, resolveHost } from './http_client_resolve.ts';

export interface Services {
  /** Absolute path of the deployment's folder: relative roots in settings start here. */
  readonly root: string;
  readonly terminal: Terminal;
  readonly log: LogSink;
  readonly store: Store;
  /** Connected where a runtime runs, which has a bus of its own. */
  readonly events: Events;
  /** Of the deployment that runs; `NO_REGISTRY` until it does. */
  readonly registry: RegistryService;
  /** The environment that `env` picks from. */
  readonly environment: { readonly [name: string]: string | undefined };
  /** What a host's name stands for, for `http_client`; in a worker thread always the system's. */
  readonly resolve: Resolve;
}

/** Services with this process's own terminal, stderr, environment and an empty store for whatever is not given. */
export function createServices(given: Partial<Services> = {}, clock: Clock = systemClock): Services {
  return {
    root: given.root ?? process.cwd(),
    terminal: given.terminal ?? new StreamTerminal([]),
    log: given.log ?? new LineLog({ level: 'info', format: 'text', clock, write: writeStderr }),
    store: given.store ?? new MemoryStore(clock),
    events: given.events ?? new EventBus(),
    registry: given.registry ?? NO_REGISTRY,
    environment: given.environment ?? process.env,
    resolve: given.resolve ?? resolveHost,
  };
}

let ofThread: Services | undefined;

/** The services of a call; this thread's own where the embedder gave none. */
export function servicesOf(context: CallContext): Services {
  return context.services ?? (ofThread ??= createServices());
}
