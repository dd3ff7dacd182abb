/**
 * From one deployment to the next while its processes run. Everything is prepared and loaded on every thread before any
 * of them goes over, so that what is broken changes nothing, and what one thread sends is known to all others.
 */
import type { CapabilityDefinition } from '../capabilities/capability.ts';
import { threadSilent, tooManyHosts } from '../catalogue.ts';
import type { DeployedData } from '../hosts/deployed.ts';
import { MORE_HOSTS, sameSettings } from '../hosts/host.ts';
import type { Preparations } from '../hosts/preparations.ts';
import { prepareDeployment } from '../hosts/prepare.ts';
import { succeed } from '../hosts/succession.ts';
import type { MachineType } from '../machine.ts';
import type { Deployment } from '../registry/load.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { RestartNeeded } from '../supervision/services.ts';
import type { WorkerPool } from '../workers/pool.ts';
import {
  type ChangeMade,
  type ChangeOrder,
  type Outdated,
  type OutdatedOrder,
  type Staged,
  ThreadChanges,
} from '../workers/thread_changes.ts';

/** Milliseconds that a thread has to load what is new, and to go over. A step that does not return is cut off before that. */
const PATIENCE = 30_000;

/** What has become of the entries. */
export interface Applied {
  /** Of the deployment: one more with each change. */
  readonly version: number;
  /** Ids. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** How many are as they were. */
  readonly unchanged: number;
}

/** The same, with what remains to be done. */
export interface Changed extends Applied {
  /** Services whose processes still run by what their entries said before. */
  readonly needsRestart: readonly RestartNeeded[];
}

export interface TransitionOptions {
  readonly machines: readonly MachineType[];
  readonly capabilities: ReadonlyMap<string, CapabilityDefinition>;
  readonly preparations: Preparations;
  readonly data: DeployedData;
  /** Of the main thread. */
  readonly scheduler: Scheduler;
  readonly pool: WorkerPool | undefined;
}

export class Transition {
  readonly #options: TransitionOptions;
  readonly #here: ThreadChanges;
  #data: DeployedData;
  #version = 1;
  /** Hosts that the runtime began with. */
  readonly #hosts: number;
  /** Revisions that some thread ran when it was last asked, and the time before: some process may be between two threads. */
  #inUse: ReadonlySet<string> = new Set();
  #inUseBefore: ReadonlySet<string> = new Set();

  constructor(options: TransitionOptions) {
    this.#options = options;
    this.#data = options.data;
    this.#hosts = options.data.hosts.length;
    this.#here = new ThreadChanges(options.scheduler);
  }

  get version(): number {
    return this.#version;
  }

  /** What `apply` would answer. Rejects as it does. */
  async foresee(next: Deployment): Promise<Applied> {
    const { data: _, ...foreseen } = succeed(this.#data, await this.prepare(next), this.#version + 1, new Set());
    return { version: this.#version, ...foreseen };
  }

  /** The present revision of an entry. */
  revisionOf(id: string): number | undefined {
    return this.#options.scheduler.deployed.revisionOf(id);
  }

  /** Compile and link, and no more. Rejects with a DeploymentError. */
  async prepare(next: Deployment): Promise<DeployedData> {
    const { machines, capabilities, preparations } = this.#options;
    return prepareDeployment(next, { machines, capabilities, preparations, hosts: this.#data.hosts });
  }

  /** One at a time. Rejects with a DeploymentError or a TroupeError, and nothing has changed. */
  async apply(next: Deployment): Promise<Applied> {
    const before = this.#data;
    const prepared = await this.prepare(next);
    this.#checkHosts(prepared);
    const inUse = new Set([...this.#inUse, ...this.#inUseBefore]);
    const version = this.#version + 1;
    const { data, ...what } = succeed(before, prepared, version, inUse);
    const { added, changed, removed } = what;
    if (added.length + changed.length + removed.length === 0 && sameHosts(before, data)) {
      return { version: this.#version, ...what };
    }
    const staged = { ...data, version };
    try {
      this.#note(await this.#everywhere({ change: 'stage', data: staged }));
    } catch (thrown) {
      await this.#everywhere({ change: 'unstage' }).catch(() => undefined);
      throw thrown;
    }
    const { pool } = this.#options;
    // A thread that starts from now on begins with it.
    if (pool !== undefined) pool.data = staged;
    this.#data = staged;
    this.#version = version;
    await this.#commit(staged);
    return { version, ...what };
  }

  /** Every thread, also one that has taken another one's place in between and knows neither. */
  async #commit(data: DeployedData): Promise<void> {
    const order = { change: 'commit', version: this.#version } as const;
    const { pool, scheduler } = this.#options;
    this.#here.make(order);
    if (pool === undefined) return;
    await Promise.all(
      Array.from({ length: scheduler.count - 1 }, async (_, i) => {
        if ((await this.#on(i + 1, order)) !== false) return;
        await this.#on(i + 1, { change: 'stage', data });
        await this.#on(i + 1, order);
      }),
    );
  }

  async #everywhere<O extends ChangeOrder>(order: O): Promise<ChangeMade<O>[]> {
    const { scheduler } = this.#options;
    // What fails here fails there, and need not be tried.
    const here = this.#here.make(order);
    const others = await Promise.all(Array.from({ length: scheduler.count - 1 }, (_, i) => this.#on(i + 1, order)));
    return [here, ...others.filter(made => made !== undefined)];
  }

  /** Undefined: the thread is gone. */
  async #on<O extends ChangeOrder>(thread: number, order: O): Promise<ChangeMade<O> | undefined> {
    try {
      return await this.#options.pool!.change(thread, order, PATIENCE);
    } catch (thrown) {
      const { kind } = thrown as { kind?: string };
      throw kind === 'TIMEOUT' ? threadSilent(thread, PATIENCE) : thrown;
    }
  }

  #note(staged: readonly Staged[]): void {
    this.#inUseBefore = this.#inUse;
    this.#inUse = new Set(staged.flatMap(({ inUse }) => inUse));
  }

  #checkHosts({ hosts }: DeployedData): void {
    if (hosts.length > this.#hosts + MORE_HOSTS) throw tooManyHosts(MORE_HOSTS);
  }

  // --- processes of what has changed ----------------------------------------------------------------------------

  /** On all threads; at most `most` of each. */
  async outdated(order: OutdatedOrder): Promise<Outdated> {
    const found = await this.#everywhere({ change: 'outdated', ...order } as const);
    return {
      processes: found.flatMap(({ processes }) => processes),
      count: found.reduce((sum, { count }) => sum + count, 0),
    };
  }

  /** A process goes on as the present revision of its entry; false: it is not there any more. `args`: packed. */
  async replace(pid: string, args: Uint8Array): Promise<boolean> {
    const made = await this.#everywhere({ change: 'replace', pid, args });
    return made.includes(true);
  }
}

function sameHosts({ hosts: before }: DeployedData, { hosts: after }: DeployedData): boolean {
  return before.length === after.length && before.every((host, i) => sameSettings(host, after[i]));
}
