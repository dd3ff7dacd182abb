/**
 * A running deployment: the schedulers, the hosts, and the way in for the program that embeds them.
 *
 *     const runtime = await Runtime.start({ deployment, machines });
 *     const sum = await runtime.exec({ id: 'app:add', args: [1, 2] });
 *     await runtime.stop();
 */
import type { CapabilityDefinition } from './capabilities/capability.ts';
import { capabilityDefinitions } from './capabilities/index.ts';
import { Rates } from './capabilities/rates.ts';
import { createServices, type Services as CapabilityServices } from './capabilities/services.ts';
import { deploymentReplaced, runtimeStopped } from './catalogue.ts';
import { type Clock, systemClock } from './clock.ts';
import { TroupeError, toTroupeError } from './errors.ts';
import { formatDuration } from './duration.ts';
import { EventBus } from './event_bus.ts';
import { eventTransport } from './event_transport.ts';
import { builtInEntry } from './hosts/built_in.ts';
import { type DeployedData, Deployed } from './hosts/deployed.ts';
import { MORE_HOSTS, SYSTEM_HOST } from './hosts/host.ts';
import { Preparations } from './hosts/preparations.ts';
import { prepareDeployment } from './hosts/prepare.ts';
import { RootMachine } from './hosts/root_process.ts';
import { LocalNames } from './lifecycle/names.ts';
import { answerRequest } from './inspect/requests.ts';
import { InspectServer } from './inspect/server.ts';
import { Survey } from './inspect/survey.ts';
import { LiveRegistry } from './live/live_registry.ts';
import { LiveService } from './live/live_service.ts';
import { Rollout, type Rolled, type RolloutOptions } from './live/rollout.ts';
import { type Changed, Transition } from './live/transition.ts';
import { type UpgradeReport, type UpgradeRequest, Upgrades } from './live/upgrade.ts';
import type { LogSink } from './logger.ts';
import type { MachineType, Message, Payload, ProcessEvent, Shared, SpawnRequest } from './machine.ts';
import { copiedBytes, copyPayload, copyPayloads } from './payload/copy.ts';
import type { Deployment } from './registry/load.ts';
import { Counters } from './scheduler/counters.ts';
import { NOTHING_INHERITED } from './scheduler/inherited.ts';
import { Process } from './scheduler/process.ts';
import { type Crashed, Scheduler } from './scheduler/scheduler.ts';
import { Audit, type AuditRecord, logAudit } from './security/audit.ts';
import type { ServiceStatus } from './supervision/service.ts';
import { type RestartNeeded, Services } from './supervision/services.ts';
import { SUPERVISOR_CALL } from './supervision/built_in_ids.ts';
import { callOfSupervisor } from './supervision/supervisor_call.ts';
import { WorkerPool } from './workers/pool.ts';

export interface RuntimeOptions {
  readonly deployment: Deployment;
  readonly machines: readonly MachineType[];
  /**
   * Module whose export `machineTypes` a worker thread loads; needed where `workers` > 0, because machines are code and
   * cannot be sent.
   */
  readonly machinesModule?: string;
  /** Threads besides the calling one. 0: everything runs on the calling thread. */
  readonly workers?: number;
  readonly clock?: Clock;
  /**
   * Milliseconds that a step of a process may take on a worker thread before it is ended (default: `watchdog` of the
   * deployment's settings, 5000); 0: any time.
   */
  readonly watchdog?: number;
  /** Terminal, log and store; this process's own where left out. */
  readonly services?: CapabilityServices;
  readonly capabilities?: ReadonlyMap<string, CapabilityDefinition>;
  /** How spawns are spread over workers; `round-robin` is for tests that must cross workers. */
  readonly placement?: 'least-loaded' | 'round-robin';
  /** Bytes that the JavaScript objects of one worker thread may take; Node's own limit where left out. A thread that needs more is lost. */
  readonly workerHeap?: number;
  /** For tests: workers give processes to one another at random all the time, whatever they do. */
  readonly restless?: boolean;
  /**
   * Open a local socket for `troupe ps`, `inspect`, `send` and the like, which only the user of this program can open.
   * Where that fails the log says why, and the runtime goes on without.
   */
  readonly inspect?: boolean;
  /**
   * Gets the runtime before its services start, for which `Runtime.start` waits: from now on it can be stopped. One that is
   * stopped before they all run is what `Runtime.start` resolves with.
   */
  readonly onStarting?: (runtime: Runtime) => void;
  /** Told about each process that ended with an error. */
  readonly onCrash?: (pid: string, id: string, error: TroupeError) => void;
  /** Told about each denial, and about grants where `security.audit.grants` says so. */
  readonly onAudit?: (record: AuditRecord) => void;
}

const ROOT_ENTRY = builtInEntry('system:root', 'registry.entry');

export interface Watched {
  readonly pid: string;
  readonly started: Promise<void>;
  readonly exit: Promise<ProcessEvent>;
}

export class Runtime {
  readonly scheduler: Scheduler;
  /** To change entries while it runs, and what became of them. */
  readonly registry: LiveRegistry;
  readonly #transition: Transition;
  readonly #crashes: Set<Crashed>;
  readonly #survey: Survey;
  readonly #rollout: Rollout;
  readonly #upgrades: Upgrades;
  #deployment: Deployment;
  /** The change that was asked for last. */
  #lastChange: Promise<unknown> = Promise.resolve();
  readonly #root: Process;
  readonly #machine: RootMachine;
  readonly #pool: WorkerPool | undefined;
  readonly #services: Services;
  readonly #log: LogSink;
  /** A runtime keeps the program alive until it is stopped: its processes may all wait for something from outside. */
  readonly #release: () => void;
  #socket: InspectServer | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(
    deployment: Deployment,
    scheduler: Scheduler,
    root: Process,
    machine: RootMachine,
    pool: WorkerPool | undefined,
    shares: readonly (Shared | undefined)[],
    log: LogSink,
    transition: Transition,
    crashes: Set<Crashed>,
    capabilities: ReadonlyMap<string, CapabilityDefinition>,
  ) {
    this.#deployment = deployment;
    this.#transition = transition;
    this.#crashes = crashes;
    this.#survey = new Survey(scheduler, pool);
    this.#rollout = new Rollout(this, transition);
    this.#upgrades = new Upgrades(this, transition, this.#rollout, capabilities);
    this.scheduler = scheduler;
    this.#root = root;
    this.#machine = machine;
    this.#pool = pool;
    this.#services = new Services(this, log);
    this.registry = new LiveRegistry(this, scheduler.clock);
    this.#log = log;
    const letGo = scheduler.clock.hold();
    this.#release = () => {
      letGo();
      this.#socket?.close();
      for (const share of shares) share?.release();
    };
  }

  /** Prepare and start a deployment. Rejects with a DeploymentError, and nothing was started, if anything is wrong. */
  static async start(options: RuntimeOptions): Promise<Runtime> {
    const capabilities = options.capabilities ?? capabilityDefinitions;
    const preparations = new Preparations();
    const data = await prepareDeployment(options.deployment, {
      machines: options.machines,
      capabilities,
      preparations,
    });
    return Runtime.startPrepared(data, options, preparations);
  }

  /** Start what `prepareDeployment` made. `preparations`: what that has kept. */
  static async startPrepared(
    data: DeployedData,
    options: RuntimeOptions,
    preparations = new Preparations(),
  ): Promise<Runtime> {
    const capabilities = options.capabilities ?? capabilityDefinitions;
    const clock = options.clock ?? systemClock;
    const workers = options.workers ?? 0;
    const shares = options.machines.map(machine => machine.share?.());
    const shared = shares.map(share => share?.data);
    const deployed = new Deployed(data, options.machines, capabilities, shared);
    const bus = new EventBus();
    const live = new LiveService();
    const services = {
      ...(options.services ?? createServices({ root: options.deployment.root }, clock)),
      events: bus,
      registry: live,
    };
    const onAudit = (record: AuditRecord): void => {
      if (options.deployment.settings.security.audit.log) logAudit(services.log, record);
      options.onAudit?.(record);
    };
    const crashes = new Set<Crashed>();
    const crashed: Crashed = (pid, id, error, revision) => {
      // What a supervisor was asked and refused is told to who asked.
      if (id === SUPERVISOR_CALL) return;
      options.onCrash?.(pid, id, error);
      for (const listener of crashes) listener(pid, id, error, revision);
    };
    let disabled = (_worker: number, error: TroupeError): void => {
      throw error;
    };
    let pool: WorkerPool | undefined;
    let scheduler: Scheduler;
    if (workers > 0) {
      if (options.machinesModule === undefined) {
        throw new TroupeError('`machinesModule` is needed to start worker threads', { kind: 'INVALID' });
      }
      const starting = WorkerPool.start(data, deployed, {
        workers,
        shares,
        machinesModule: options.machinesModule,
        placement: options.placement ?? 'least-loaded',
        restless: options.restless ?? false,
        heap: options.workerHeap,
        services,
        // Worker threads know those that come with the runtime, whatever was given here.
        capabilities: Math.max(capabilities.size, capabilityDefinitions.size),
        clock,
        watchdog: options.watchdog ?? options.deployment.settings.watchdog,
        onCrash: crashed,
        onAudit,
        onLoss: ({ error, processes, stack }) => {
          services.log.log(
            'error',
            `${error.message}; ${processes} processes ended with it, another thread takes its place`,
            stack === undefined ? undefined : { stack },
          );
        },
        onDisabled: (worker, error) => disabled(worker, error),
      });
      pool = await starting.catch((thrown: unknown) => {
        for (const share of shares) share?.release();
        throw thrown;
      });
      scheduler = pool.scheduler;
    } else {
      const counters = new Counters(new Int32Array(data.hosts.length + MORE_HOSTS));
      const rates = new Rates(new BigInt64Array(Rates.size(data.hosts.length + MORE_HOSTS, capabilities.size)));
      const names = new LocalNames();
      scheduler = new Scheduler({ index: 0, count: 1, clock, deployed, names, counters, rates, services });
      deployed.attach(scheduler);
    }
    scheduler.onCrash = crashed;
    scheduler.audit = new Audit(clock, data.auditGrants ?? false, onAudit);
    const machine = new RootMachine(clock);
    const root = startRoot(scheduler, deployed, machine);
    bus.connect(eventTransport(scheduler, root, machine));
    const { machines } = options;
    const transition = new Transition({ machines, capabilities, preparations, data, scheduler, pool });
    const runtime = new Runtime(
      options.deployment,
      scheduler,
      root,
      machine,
      pool,
      shares,
      services.log,
      transition,
      crashes,
      capabilities,
    );
    live.connect(runtime.registry);
    disabled = (worker, error) => {
      services.log.log('error', `worker ${worker} cannot be started again, the runtime ends: ${error.message}`);
      void runtime.halt();
    };
    if (options.inspect) await runtime.#openSocket(services.log);
    options.onStarting?.(runtime);
    try {
      await runtime.#services.start();
    } catch (thrown) {
      await runtime.stop();
      throw thrown;
    }
    return runtime;
  }

  /** As it is now. */
  get deployment(): Deployment {
    return this.#deployment;
  }

  /** Of the deployment: one more with each change. */
  get version(): number {
    return this.#transition.version;
  }

  /**
   * Be another deployment from now on: new processes run what it says, those that run keep what they run, and policies hold
   * for all. Changes are made one after the other. Rejects with a DeploymentError that has every problem, or with a
   * TroupeError, and nothing has changed. Services that are gone stop, then new ones start; it does not wait for that. `onto`: the
   * deployment from which it was made; CONFLICT where another one has taken its place by then.
   */
  async apply(next: Deployment, onto?: Deployment): Promise<Changed> {
    this.#assertRunning();
    const change = this.#lastChange.then(async () => {
      this.#assertRunning();
      if (onto !== undefined && onto !== this.#deployment) throw deploymentReplaced();
      const applied = await this.#transition.apply(next);
      this.#deployment = next;
      return { ...applied, needsRestart: this.#services.update(next.entries) };
    });
    this.#lastChange = change.catch(() => undefined);
    return change;
  }

  /**
   * Read the folder again and bring it to the processes that run: they are told, restarted or replaced by policy, and if one of
   * them fails before what is new has proved itself, everything is as it was. Rejects with a DeploymentError, or a TroupeError
   * (NOT_FOUND, CONFLICT), and nothing has changed.
   */
  upgrade(request: UpgradeRequest): Promise<UpgradeReport> {
    this.#assertRunning();
    return this.#upgrades.upgrade(request);
  }

  /** After `apply`: deal with the processes that still run what these entries were before. */
  rollOut(ids: readonly string[], options: RolloutOptions): Promise<readonly Rolled[]> {
    this.#assertRunning();
    return this.#rollout.roll(ids, options);
  }

  /** Services that `apply` would answer as those that need a restart. */
  restartsFor({ entries }: Deployment): readonly RestartNeeded[] {
    return this.#services.foresee(entries);
  }

  /** Have a supervisor stop a child and start it anew, which counts as no failure. Answers its PID. */
  async renewChild(supervisor: string, child: string): Promise<string> {
    return (await this.exec(callOfSupervisor(supervisor, { verb: 'renew_child', child }))) as string;
  }

  /** The arguments with which a supervisor starts a child. */
  inputOfChild(supervisor: string, child: string): Promise<Payload> {
    return this.exec(callOfSupervisor(supervisor, { verb: 'input_of_child', child }));
  }

  /** The PID of a process, by PID or name, and the entry that it runs. Rejects with NOT_FOUND. */
  async entryOf(process: string): Promise<{ readonly pid: string; readonly id: string }> {
    const { pid, entry } = await this.#survey.details(process);
    return { pid, id: entry };
  }

  /** Compile and link what would change, and do nothing with it. Rejects with a DeploymentError. */
  async check(next: Deployment): Promise<void> {
    await this.#transition.prepare(next);
  }

  /** PID that the embedding program acts as. */
  get pid(): string {
    return this.#root.pid;
  }

  /** Get every message that is sent to `pid`; one listener, the last one set. */
  onMessage(listener: (message: Message) => void): void {
    this.#machine.onMessage = listener;
  }

  get stopped(): boolean {
    return this.#stopping !== undefined;
  }

  /** Throws a TroupeError where the spawn fails. */
  spawn(request: SpawnRequest): string {
    this.#assertRunning();
    const pid = this.#root.spawn(privateRequest(request));
    this.scheduler.kick();
    if (typeof pid !== 'string') throw pid;
    return pid;
  }

  /**
   * Spawn with a monitor: `exit` settles with the process's EXIT event. `started`, with `announce: true`: it has waited for
   * the first time; one that ends before that never starts.
   */
  watch(request: SpawnRequest): Watched {
    const pid = this.spawn({ ...request, monitor: true });
    const exit = new Promise<ProcessEvent>(resolve => this.#machine.onExit(pid, resolve));
    const started = new Promise<void>(resolve => {
      if (request.announce) this.#machine.onStarted(pid, resolve);
    });
    return { pid, started, exit };
  }

  /** Run an entry and wait for its value; rejects with its error. */
  exec(request: SpawnRequest): Promise<Payload> {
    this.#assertRunning();
    const result = this.#machine.exec(this.#root, privateRequest(request));
    this.scheduler.kick();
    return result;
  }

  /** The error says why the message was not taken; undefined: it was. */
  send(dest: string, topic: string, ...payloads: unknown[]): TroupeError | undefined {
    const copies = copyPayloads(payloads);
    const { length } = copies;
    const error = this.#root.send(dest, topic, length === 1 ? copies[0] : copies, length, copiedBytes());
    this.scheduler.kick();
    return error;
  }

  cancel(dest: string, reason?: string): TroupeError | undefined {
    const error = this.#root.cancel(dest, reason);
    this.scheduler.kick();
    return error;
  }

  /** As `cancel`, but a process that has never asked for its events is ended at once. */
  shutdown(dest: string, reason?: string): TroupeError | undefined {
    const error = this.#root.shutdown(dest, reason);
    this.scheduler.kick();
    return error;
  }

  terminate(dest: string): TroupeError | undefined {
    const error = this.#root.terminate(dest);
    this.scheduler.kick();
    return error;
  }

  lookup(name: string): string | undefined {
    return this.scheduler.names.lookup(name);
  }

  register(name: string, pid: string): TroupeError | undefined {
    const error = this.#root.register(name, pid);
    this.scheduler.kick();
    return error;
  }

  /** Whether the name was held by anybody. */
  unregister(name: string): boolean {
    const held = this.#root.unregister(name) === true;
    this.scheduler.kick();
    return held;
  }

  /** Be told of each process that ends with an error; answers how not to be told any more. */
  onCrashed(listener: Crashed): () => void {
    this.#crashes.add(listener);
    return () => void this.#crashes.delete(listener);
  }

  /** Wait on the runtime's clock. */
  async wait(milliseconds: number): Promise<void> {
    await this.#machine.wait(this.#root, milliseconds);
  }

  /**
   * End a worker's thread at once, as if it had crashed: what lives there ends with an error, everybody concerned is told,
   * and another thread takes its place. For tests of how a deployment takes that. Workers count from 1.
   */
  async loseWorker(worker: number): Promise<void> {
    await this.#pool?.lose(worker);
  }

  /** Every service and supervisor that the deployment itself runs, as it is now. */
  get services(): readonly ServiceStatus[] {
    return this.#services.statuses;
  }

  /**
   * Start a service, and of what it requires whatever does not run. Resolves with how it is when it runs, or has returned
   * already; rejects with the error of its first try, or with what it waits for: then it starts later.
   */
  async startService(id: string): Promise<ServiceStatus> {
    this.#assertRunning();
    await this.#services.startService(id);
    return this.#services.status(id);
  }

  /** Stop a service in order, those that require it before. Answers the ids of what was stopped, in that order. */
  async stopService(id: string): Promise<readonly string[]> {
    this.#assertRunning();
    return this.#services.stopService(id);
  }

  /** Stop a service in order and start it anew; those that require it stay as they are. Settles as `startService` does. */
  async restartService(id: string): Promise<ServiceStatus> {
    this.#assertRunning();
    await this.#services.restartService(id);
    return this.#services.status(id);
  }

  /** Processes alive in the whole runtime, without the runtime's own. */
  get live(): number {
    let live = 0;
    for (const host of this.scheduler.deployed.hosts.values()) {
      if (host.id !== SYSTEM_HOST) live += this.scheduler.counters.live(host.index);
    }
    return live;
  }

  /** Resolves once nothing lives any more, or after `timeout` milliseconds; whether it is empty. */
  async drained(timeout: number): Promise<boolean> {
    const until = this.scheduler.clock.now() + timeout;
    while (this.live > 0) {
      if (this.scheduler.clock.now() >= until) return false;
      await this.wait(2);
    }
    return true;
  }

  /**
   * Stop in order: services in the reverse of their start order, CANCEL first, then everything else; what does not end
   * by itself is terminated, and all of it after `stop_timeout` of the settings. Calling it again waits for the same stop.
   */
  stop(reason = 'runtime stopping'): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  /** Stop at once: nothing is asked, everything ends. */
  async halt(): Promise<void> {
    this.#stopping ??= Promise.resolve();
    this.#services.abandon();
    this.scheduler.stop(runtimeStopped());
    await this.#pool?.terminate();
    this.#release();
  }

  async #stop(reason: string): Promise<void> {
    await this.#stopServices(reason === 'runtime stopping' ? 'service stopping' : reason);
    for (const host of this.scheduler.deployed.hosts.values()) host.running = false;
    await this.#pool?.stop();
    this.scheduler.stop(runtimeStopped());
    await this.#pool?.terminate();
    this.#release();
  }

  /** In order, for as long as the settings allow. */
  async #stopServices(reason: string): Promise<void> {
    const limit = this.deployment.settings.stop_timeout;
    const stopped = this.#services.stop(reason);
    if (limit === 0) return stopped;
    const { clock } = this.scheduler;
    let armed: unknown;
    const expired = new Promise<true>(resolve => {
      armed = clock.arm(limit, () => resolve(true));
    });
    if ((await Promise.race([stopped, expired])) === true) {
      const alive = this.#services.alive.map(({ id, state }) => `${id} (${state})`).join(', ');
      const within = formatDuration(limit);
      this.#log.log(
        'error',
        `the runtime did not stop within ${within} (stop_timeout of .troupe.yaml); ended at once: ${alive}`,
      );
      this.#services.abandon();
    }
    clock.disarm(armed);
  }

  async #openSocket(log: LogSink): Promise<void> {
    const survey = this.#survey;
    try {
      this.#socket = await InspectServer.open({
        root: this.deployment.root,
        answer: request => answerRequest(request, this, survey),
      });
    } catch (thrown) {
      log.log('warn', `the deployment cannot be inspected while it runs: ${toTroupeError(thrown).message}`);
    }
  }

  #assertRunning(): void {
    if (this.#stopping !== undefined) throw runtimeStopped();
  }
}

function startRoot(scheduler: Scheduler, deployed: Deployed, machine: RootMachine): Process {
  const host = deployed.hosts.get(SYSTEM_HOST)!;
  const program = { payloads: 'value' as const, create: () => machine };
  const type: MachineType = {
    kinds: [],
    prepare: () => Promise.reject(new TroupeError('the root process has no source')),
    load: () => program,
  };
  const artifact = { sha256: '', data: undefined };
  const linked = deployed.linkBuiltIn({ entry: ROOT_ENTRY, machine: type, artifact }, host);
  scheduler.counters.enter(host.index, host.maxProcesses);
  const slot = scheduler.table.allocate();
  const root = new Process(linked, slot, scheduler.table.generationOf(slot), [], NOTHING_INHERITED);
  // It outlives its children's links: an embedding program is not ended by what it runs.
  root.setOptions({ trap_links: true });
  scheduler.outbound?.announce(root.number, scheduler.index, host);
  scheduler.admit(root);
  scheduler.kick();
  return root;
}

function privateRequest(request: SpawnRequest): SpawnRequest {
  return {
    ...request,
    args: request.args?.map((arg, i) => copyPayload(arg, `args[${i}]`)),
    messages: request.messages?.map(({ topic, payloads }) => ({
      topic,
      payloads: payloads.map(payload => copyPayload(payload, 'payload')),
    })),
  };
}
