/** The worker threads of a runtime: starting them, stopping them, and the scheduler of the main thread beside them. */
import { once } from 'node:events';
import { MessageChannel, type MessagePort, type Transferable, Worker } from 'node:worker_threads';
import { Rates } from '../capabilities/rates.ts';
import { serveServices, snapshotServices } from '../capabilities/remote_services.ts';
import type { Services } from '../capabilities/services.ts';
import { type Clock, systemClock } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { DeployedData, Deployed } from '../hosts/deployed.ts';
import type { AnswerTo, Question } from '../inspect/thread_questions.ts';
import { LOG_LEVELS, type LogFields } from '../logger.ts';
import type { Shared } from '../machine.ts';
import { unpackPayload } from '../payload/messagepack.ts';
import { pidPrefix } from '../pid.ts';
import type { Entry } from '../registry/entry.ts';
import type { Crashed, Scheduler } from '../scheduler/scheduler.ts';
import { type AuditRecord, unpackAudit } from '../security/audit.ts';
import { type Loss, Losses } from './losses.ts';
import { LocalMember, type Member, type Obeyed, RemoteMember } from './member.ts';
import { join, type MeshData } from './mesh.ts';
import { Questions, type Told } from './questions.ts';
import { Ring } from './ring.ts';
import { MORE_HOSTS } from '../hosts/host.ts';
import { NAMES_CAPACITY } from '../lifecycle/names.ts';
import { bytesForNames, SharedNames } from './shared_names.ts';
import { allocateSharedMemory, type SharedMemory } from './shared_state.ts';
import type { ChangeMade, ChangeOrder } from './thread_changes.ts';
import { Watchdog } from './watchdog.ts';
import type { WorkerReport, WorkerStart } from './worker_main.ts';

const RING_BYTES = 1 << 19;
/** Milliseconds that a worker has to start, and to stop by itself. */
const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 5_000;
/** How often a thread is started in the place of a lost one before that is given up. */
const START_ATTEMPTS = 3;

export interface PoolOptions {
  readonly workers: number;
  /** What each language shares between threads, in the order of the languages. */
  readonly shares: readonly (Shared | undefined)[];
  readonly machinesModule: string;
  readonly placement: 'least-loaded' | 'round-robin';
  readonly restless: boolean;
  /** Bytes of JavaScript objects in a thread. */
  readonly heap: number | undefined;
  readonly services: Services;
  /** How many capabilities there are. */
  readonly capabilities: number;
  readonly clock: Clock;
  /** Milliseconds that a step may take on a worker; 0: any time. */
  readonly watchdog: number;
  readonly onCrash: Crashed | undefined;
  readonly onAudit: (record: AuditRecord) => void;
  /** A worker thread has died; what lived on it has ended, and another thread takes its place. */
  readonly onLoss: (loss: Loss) => void;
  /** No thread could be started in its place: what runs there cannot go on. */
  readonly onDisabled: (worker: number, error: TroupeError) => void;
}

/** A worker thread and what belongs to it alone. */
interface Running {
  readonly worker: Worker;
  readonly thread: number;
  readonly member: RemoteMember;
  readonly questions: Questions;
  /** For its services, and for the watchdog's notices. */
  readonly ports: readonly MessagePort[];
  /** Why it was ended from here. */
  cause: string | undefined;
  /** It has said so; before that its end is the business of who started it. */
  ready: boolean;
}

export class WorkerPool {
  /** The scheduler of the main thread: index 0. */
  readonly scheduler: Scheduler;
  readonly #options: PoolOptions;
  #data: DeployedData;
  readonly #memory: SharedMemory;
  /** `rings[from][to]` and `ports[at][to]`, as they were given to the threads that live now. */
  readonly #rings: (SharedArrayBuffer | undefined)[][];
  readonly #ports: (MessagePort | undefined)[][];
  /** As `#ports`, for the memory of Bytes. */
  readonly #bytesPorts: (MessagePort | undefined)[][];
  /** By scheduler. */
  readonly #running: (Running | undefined)[] = [];
  /** How often in a row a thread could not be started in the place of a lost one. */
  readonly #failures: number[] = [];
  /** Of PIDs, by the number of the host. */
  readonly #prefixes: string[] = [];
  readonly #local: Member;
  readonly #losses: Losses;
  readonly #watchdog: Watchdog | undefined;
  #stopping = false;

  private constructor(data: DeployedData, deployed: Deployed, options: PoolOptions) {
    this.#options = options;
    this.#data = withoutSources(data);
    const schedulers = options.workers + 1;
    const hosts = data.hosts.length + MORE_HOSTS;
    const rates = Rates.size(hosts, options.capabilities);
    const names = bytesForNames(NAMES_CAPACITY);
    this.#memory = allocateSharedMemory(schedulers, hosts, rates, names);
    this.#rings = Array.from({ length: schedulers }, () => new Array(schedulers));
    this.#ports = Array.from({ length: schedulers }, () => new Array(schedulers));
    this.#bytesPorts = Array.from({ length: schedulers }, () => new Array(schedulers));
    for (let a = 0; a < schedulers; a++) for (let b = a + 1; b < schedulers; b++) this.#connect(a, b);
    const { scheduler, post } = join(this.#meshOf(0), deployed, options.clock, options.services);
    this.scheduler = scheduler;
    this.#local = new LocalMember(post);
    for (const host of deployed.hosts.values()) this.#prefixes[host.index] = pidPrefix(host.id);
    this.#losses = new Losses({
      memory: this.#memory,
      names: new SharedNames(this.#memory.names, 0),
      counters: scheduler.counters,
      post,
      prefixes: this.#prefixes,
      members: () => [this.#local, ...this.#running.flatMap(running => running?.member ?? [])],
      replace: index => void this.#replace(index),
    });
    this.#watchdog = this.#watch(options);
  }

  #watch(options: PoolOptions): Watchdog | undefined {
    if (!(options.watchdog > 0)) return undefined;
    return new Watchdog({
      limit: options.watchdog,
      beats: this.#memory.beats,
      // Other threads run in real time.
      clock: systemClock,
      log: options.services.log,
      onStuck: (index, culprit) => {
        const running = this.#running[index];
        if (running === undefined) return;
        running.cause = `a step did not return within ${formatDuration(options.watchdog)}: it hangs in ${culprit}`;
        void running.worker.terminate();
      },
    });
  }

  static async start(data: DeployedData, deployed: Deployed, options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(data, deployed, options);
    try {
      await Promise.all(Array.from({ length: options.workers }, (_, i) => pool.#startWorker(i + 1)));
    } catch (thrown) {
      await pool.terminate();
      throw thrown;
    }
    return pool;
  }

  /** Rings and ports between two schedulers. */
  #connect(a: number, b: number): void {
    this.#rings[a][b] = Ring.allocate(RING_BYTES);
    this.#rings[b][a] = Ring.allocate(RING_BYTES);
    for (const ports of [this.#ports, this.#bytesPorts]) {
      const { port1, port2 } = new MessageChannel();
      ports[a][b] = port1;
      ports[b][a] = port2;
    }
  }

  /** A thread is gone: whoever starts before another one is in its place finds no way there. */
  #disconnect(index: number): void {
    for (const table of [this.#rings, this.#ports, this.#bytesPorts]) {
      table[index].fill(undefined);
      for (const row of table) row[index] = undefined;
    }
  }

  #meshOf(index: number): MeshData {
    return {
      index,
      memory: this.#memory,
      rings: this.#rings,
      ports: this.#ports[index],
      bytesPorts: this.#bytesPorts[index],
      placement: this.#options.placement,
      restless: this.#options.restless,
    };
  }

  async #startWorker(index: number): Promise<void> {
    const { services, shares, machinesModule, heap } = this.#options;
    const { port1, port2 } = new MessageChannel();
    serveServices(port1, services);
    const notices = new MessageChannel();
    const start: WorkerStart = {
      mesh: this.#meshOf(index),
      data: this.#data,
      machinesModule,
      shared: shares.map(share => share?.data),
      logLevel: LOG_LEVELS.find(level => services.log.enabled(level)) ?? 'error',
      services: { port: port2, snapshot: snapshotServices(services) },
      notices: notices.port2,
    };
    const ports = [...this.#ports[index], ...this.#bytesPorts[index]];
    const transferList = [port2, notices.port2, ...ports.filter(port => port !== undefined)] as Transferable[];
    const worker = new Worker(new URL('./worker_main.js', import.meta.url), {
      workerData: start,
      transferList,
      // Suspended wasm frames are rebuilt on the native stack, which needs more than the default of 1 MB.
      resourceLimits: {
        stackSizeMb: 4,
        maxYoungGenerationSizeMb: 64,
        ...(heap === undefined ? {} : { maxOldGenerationSizeMb: Math.max(8, Math.round(heap / 2 ** 20)) }),
      },
    });
    const member = new RemoteMember((order, transfer) => worker.postMessage(order, transfer));
    const running: Running = {
      worker,
      thread: worker.threadId,
      member,
      questions: new Questions(asked => worker.postMessage(asked)),
      ports: [port1, notices.port1],
      cause: undefined,
      ready: false,
    };
    this.#running[index] = running;
    let cause: unknown;
    worker.on('message', (message: unknown) => this.#heard(running, message));
    worker.on('error', error => {
      cause = error;
    });
    worker.on('exit', code => this.#ended(index, running, cause, `its thread ended with code ${code}`));
    await started(worker).catch(async (thrown: unknown) => {
      // It may come yet, and must not: there would be two of it.
      await worker.terminate();
      throw thrown;
    });
    running.ready = true;
    this.#watchdog?.watch(index, worker, notices.port1);
  }

  #heard(running: Running, message: unknown): void {
    if (typeof message !== 'object' || message === null) return;
    if ('obeyed' in message) running.member.obeyed(message as Obeyed);
    else if ('told' in message) running.questions.told(message as Told);
    else report(message as WorkerReport, this.#options);
  }

  /** A thread has ended. */
  /** `end` is what is said where there is no `cause`. */
  #ended(index: number, running: Running, cause: unknown, end: string): void {
    for (const port of running.ports) port.close();
    running.member.gone();
    running.questions.gone();
    if (this.#running[index] !== running) return;
    this.#watchdog?.forget(index);
    this.#running[index] = undefined;
    if (this.#stopping || !running.ready) return;
    const why = running.cause ?? (cause === undefined ? end : toTroupeError(cause).message);
    this.#lost(index, running.thread, why, stackOf(cause));
  }

  #lost(index: number, thread: number | undefined, cause: string, stack?: string): void {
    this.#disconnect(index);
    void this.#losses.lost(index, cause, stack).then(done => {
      if (thread !== undefined) for (const share of this.#options.shares) share?.lost?.(thread);
      this.#options.onLoss(done);
    });
  }

  /** Start a thread in the place of one that was lost, and tell the others how to reach it. */
  async #replace(index: number): Promise<void> {
    if (this.#stopping) return;
    for (let other = 0; other < this.#rings.length; other++) {
      // One that is gone too finds the way here when it is replaced.
      if (other === index || (other > 0 && this.#running[other] === undefined)) continue;
      this.#connect(other, index);
      const rejoin = {
        scheduler: index,
        to: this.#rings[other][index]!,
        from: this.#rings[index][other]!,
        port: this.#ports[other][index]!,
        bytesPort: this.#bytesPorts[other][index]!,
      };
      if (other === 0) this.#local.rejoin(rejoin);
      else this.#running[other]!.member.rejoin(rejoin);
    }
    const starting = this.#startWorker(index);
    const thread = this.#running[index]?.thread;
    try {
      await starting;
      this.#failures[index] = 0;
    } catch (thrown) {
      if (this.#stopping) return;
      this.#failures[index] = (this.#failures[index] ?? 0) + 1;
      // Others may have sent there already.
      if (this.#failures[index] < START_ATTEMPTS) this.#lost(index, thread, toTroupeError(thrown).message);
      else this.#options.onDisabled(index, toTroupeError(thrown));
    }
  }

  /**
   * What a worker says to a question about its processes. Undefined: it is gone, and what lived there with it. Rejects with
   * TIMEOUT where it does not answer within `timeout` milliseconds, and with what it failed with.
   */
  async ask<Q extends Question>(index: number, question: Q, timeout: number): Promise<AnswerTo<Q> | undefined> {
    return this.#running[index]?.questions.ask(question, timeout);
  }

  /** As `ask`, for a change of the deployment. */
  async change<O extends ChangeOrder>(index: number, order: O, timeout: number): Promise<ChangeMade<O> | undefined> {
    return this.#running[index]?.questions.ask(order, timeout);
  }

  /** What threads get that start from now on in the place of others. */
  set data(data: DeployedData) {
    this.#data = withoutSources(data);
    for (const { id, index } of data.hosts) this.#prefixes[index] = pidPrefix(id);
  }

  /** Without the sources, as it goes to workers. */
  get data(): DeployedData {
    return this.#data;
  }

  /** PID of the process that a worker is stepping; undefined while it steps none. */
  steppedOn(index: number): string | undefined {
    return this.#losses.running(index);
  }

  /** End a worker's thread at once, as if it had crashed. */
  async lose(index: number): Promise<void> {
    await this.#running[index]?.worker.terminate();
  }

  /** Ask every worker to end what lives on it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#running.map(async running => {
        if (running === undefined) return;
        running.worker.postMessage('stop');
        // One that has just died says nothing any more.
        const ended = once(running.worker, 'exit');
        await Promise.race([said(running.worker, 'stopped', STOP_TIMEOUT), ended]).catch(() => undefined);
      }),
    );
  }

  async terminate(): Promise<void> {
    this.#stopping = true;
    this.#watchdog?.stop();
    await Promise.all(this.#running.map(running => running?.worker.terminate()));
    for (const port of [...this.#ports[0], ...this.#bytesPorts[0]]) port?.close();
  }
}

/** Of an exception that left the scheduler's loop, which is a mistake of the runtime; not of one that says that memory is spent. */
function stackOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { stack, code } = cause as { stack?: string; code?: string };
  return code === undefined ? stack : undefined;
}

/** Programs are compiled already: workers need to know where a source comes from, not its text. */
function withoutSources(data: DeployedData): DeployedData {
  return {
    ...data,
    entries: data.entries.map(withoutSource),
    older: data.older?.map(definition => ({ ...definition, entry: withoutSource(definition.entry) })),
  };
}

function withoutSource(entry: Entry): Entry {
  return entry.source === undefined ? entry : { ...entry, source: { ...entry.source, bytes: new Uint8Array(0) } };
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
  const ended = once(worker, 'exit').then(([code]) => {
    throw new Error(`its thread ended with code ${code}`);
  });
  ended.catch(() => undefined);
  await Promise.race([said(worker, 'ready', START_TIMEOUT), ended]).catch((cause: Error) => {
    throw new TroupeError(`a worker thread could not start: ${cause.message}`, { kind: 'UNAVAILABLE' });
  });
}

function report(told: WorkerReport, options: PoolOptions): void {
  if (told.report === 'crash') {
    options.onCrash?.(told.pid, told.id, toTroupeError(unpackPayload(told.error)), told.revision);
  } else if (told.report === 'audit') {
    options.onAudit(unpackAudit(told.record));
  } else {
    const fields = told.fields === undefined ? undefined : (unpackPayload(told.fields) as LogFields);
    options.services.log.log(told.level, told.message, fields, told.origin);
  }
}
