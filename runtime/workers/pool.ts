/** The worker threads of a runtime: starting them, stopping them, and the scheduler of the main thread beside them. */
import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { serveServices, snapshotServices } from '../capabilities/remote_services.ts';
import type { Services } from '../capabilities/services.ts';
import type { Clock } from '../clock.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { DeployedData, Deployed } from '../hosts/deployed.ts';
import { LOG_LEVELS, type LogFields } from '../logger.ts';
import { unpackPayload } from '../payload/messagepack.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { join, type MeshData } from './mesh.ts';
import { Ring } from './ring.ts';
import { NAMES_BYTES } from './shared_names.ts';
import { allocateSharedMemory } from './shared_state.ts';
import type { WorkerReport, WorkerStart } from './worker_main.ts';

const RING_BYTES = 1 << 19;
/** Milliseconds that a worker has to start, and to stop by itself. */
const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 5_000;

export interface PoolOptions {
  readonly workers: number;
  /** What each language shares between threads, in the order of the languages. */
  readonly shared: readonly unknown[];
  readonly machinesModule: string;
  readonly placement: 'least-loaded' | 'round-robin';
  readonly restless: boolean;
  readonly services: Services;
  readonly clock: Clock;
  readonly onCrash: ((pid: string, id: string, error: TroupeError) => void) | undefined;
  /** A worker thread died: nothing that lived on it can go on. */
  readonly onLost: (worker: number, error: TroupeError) => void;
}

export class WorkerPool {
  /** The scheduler of the main thread: index 0. */
  readonly scheduler: Scheduler;
  readonly #workers: Worker[];
  readonly #ports: MessagePort[];
  #stopping = false;

  private constructor(scheduler: Scheduler, workers: Worker[], ports: MessagePort[], options: PoolOptions) {
    this.scheduler = scheduler;
    this.#workers = workers;
    this.#ports = ports;
    workers.forEach((worker, i) => {
      worker.on('message', (message: unknown) => report(message, options));
      const lost = (cause: unknown): void => {
        if (this.#stopping) return;
        options.onLost(i + 1, toTroupeError(cause, 'UNAVAILABLE'));
      };
      worker.on('error', lost);
      worker.on('exit', code =>
        lost(new TroupeError(`worker ${i + 1} has ended with code ${code}`, { kind: 'UNAVAILABLE' })),
      );
    });
  }

  static async start(data: DeployedData, deployed: Deployed, options: PoolOptions): Promise<WorkerPool> {
    const schedulers = options.workers + 1;
    const memory = allocateSharedMemory(schedulers, data.hosts.length, NAMES_BYTES);
    const rings: (SharedArrayBuffer | undefined)[][] = [];
    for (let from = 0; from < schedulers; from++) {
      rings.push(Array.from({ length: schedulers }, (_, to) => (from === to ? undefined : Ring.allocate(RING_BYTES))));
    }
    const ports: (MessagePort | undefined)[][] = Array.from({ length: schedulers }, () => new Array(schedulers));
    for (let a = 0; a < schedulers; a++) {
      for (let b = a + 1; b < schedulers; b++) {
        const { port1, port2 } = new MessageChannel();
        ports[a][b] = port1;
        ports[b][a] = port2;
      }
    }
    const meshOf = (index: number): MeshData => ({
      index,
      memory,
      rings,
      ports: ports[index],
      placement: options.placement,
      restless: options.restless,
    });
    const snapshot = snapshotServices(options.services);
    const workers: Worker[] = [];
    const servicePorts: MessagePort[] = [];
    for (let index = 1; index < schedulers; index++) {
      const { port1, port2 } = new MessageChannel();
      serveServices(port1, options.services);
      servicePorts.push(port1);
      const start: WorkerStart = {
        mesh: meshOf(index),
        data: withoutSources(data),
        machinesModule: options.machinesModule,
        shared: options.shared,
        logLevel: LOG_LEVELS.find(level => options.services.log.enabled(level)) ?? 'error',
        services: { port: port2, snapshot },
      };
      const transferList = [port2, ...ports[index].filter(port => port !== undefined)];
      workers.push(
        new Worker(new URL('./worker_main.js', import.meta.url), {
          workerData: start,
          transferList: transferList as MessagePort[],
          // Suspended wasm frames are rebuilt on the native stack, which needs more than the default of 1 MB.
          resourceLimits: { stackSizeMb: 4, maxYoungGenerationSizeMb: 64 },
        }),
      );
    }
    try {
      await Promise.all(workers.map(started));
    } catch (thrown) {
      await Promise.all(workers.map(worker => worker.terminate()));
      throw thrown;
    }
    const scheduler = join(meshOf(0), deployed, options.clock, options.services);
    const own = ports[0].filter(port => port !== undefined);
    return new WorkerPool(scheduler, workers, [...own, ...servicePorts], options);
  }

  /** Ask every worker to end what lives on it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#workers.map(async worker => {
        worker.postMessage('stop');
        await said(worker, 'stopped', STOP_TIMEOUT).catch(() => undefined);
      }),
    );
  }

  async terminate(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers.map(worker => worker.terminate()));
    for (const port of this.#ports) port.close();
  }
}

/** Programs are compiled already: workers need to know where a source comes from, not its text. */
function withoutSources(data: DeployedData): DeployedData {
  return {
    ...data,
    entries: data.entries.map(entry =>
      entry.source === undefined ? entry : { ...entry, source: { ...entry.source, bytes: new Uint8Array(0) } },
    ),
  };
}

/** Wait for a word of a worker's own; reports may come before it. */
async function said(worker: Worker, word: string, timeout: number): Promise<void> {
  const signal = AbortSignal.timeout(timeout);
  for (;;) {
    const [message] = (await once(worker, 'message', { signal })) as [unknown];
    if (message === word) return;
    if (typeof message === 'string') throw new TroupeError(message, { kind: 'UNAVAILABLE' });
  }
}

async function started(worker: Worker): Promise<void> {
  await said(worker, 'ready', START_TIMEOUT).catch((cause: Error) => {
    throw new TroupeError(`a worker thread could not start: ${cause.message}`, { kind: 'UNAVAILABLE' });
  });
}

function report(message: unknown, options: PoolOptions): void {
  if (typeof message !== 'object' || message === null) return;
  const told = message as WorkerReport;
  if (told.report === 'crash') {
    options.onCrash?.(told.pid, told.id, toTroupeError(unpackPayload(told.error)));
  } else {
    const fields = told.fields === undefined ? undefined : (unpackPayload(told.fields) as LogFields);
    options.services.log.log(told.level, told.message, fields, told.origin);
  }
}
