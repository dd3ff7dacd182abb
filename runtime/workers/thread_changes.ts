/** Changes of the deployment as each thread makes them, when the main thread says so. */
import { type DeployedData, revisionKey } from '../hosts/deployed.ts';
import { tellOutdated } from '../lifecycle/outdated.ts';
import { replaceAtWait } from '../lifecycle/wait.ts';
import type { Payload } from '../machine.ts';
import { unpackPayload } from '../payload/messagepack.ts';
import { parsePid } from '../pid.ts';
import { ProcessState } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';

/** See `Deployed` for the first three; in this order, each on all threads before the next. */
export type ChangeOrder =
  | { readonly change: 'stage'; readonly data: DeployedData }
  | { readonly change: 'unstage' }
  | { readonly change: 'commit'; readonly version: number }
  | ({ readonly change: 'outdated' } & OutdatedOrder)
  /** A process goes on as the present revision of its entry, as soon as it waits. `args`: packed. */
  | { readonly change: 'replace'; readonly pid: string; readonly args: Uint8Array };

/** Processes of these entries that run another revision than the present one, or all of them. */
export interface OutdatedOrder {
  readonly ids: readonly string[];
  readonly all: boolean;
  /** Whether those that want to know are told; `from`: by whom. */
  readonly tell: boolean;
  readonly from: string;
  readonly most: number;
}

/** A process that runs a revision which is not the present one. */
export interface OldProcess {
  readonly pid: string;
  readonly id: string;
  readonly host: string;
  /** It was told, or would be. */
  readonly told: boolean;
  /** Who waits for its end and is linked with it, as the supervisor of a child is. */
  readonly keeper: string | undefined;
}

export interface Outdated {
  /** At most `most` of them. */
  readonly processes: readonly OldProcess[];
  readonly count: number;
}

export interface Staged {
  /** `revisionKey` of everything that processes here run. */
  readonly inUse: readonly string[];
}

export type ChangeMade<O extends ChangeOrder> = O extends { change: 'stage' }
  ? Staged
  : O extends { change: 'outdated' }
    ? Outdated
    : O extends { change: 'replace' | 'commit' }
      ? boolean
      : null;

export class ThreadChanges {
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Throws a TroupeError where a new program cannot be loaded here. */
  make<O extends ChangeOrder>(order: O): ChangeMade<O>;
  make(order: ChangeOrder): ChangeMade<ChangeOrder> {
    const { deployed } = this.#scheduler;
    switch (order.change) {
      case 'stage':
        try {
          deployed.stage(order.data);
        } catch (thrown) {
          deployed.unstage();
          throw thrown;
        }
        this.#scheduler.outbound?.knowHosts();
        return { inUse: this.#inUse() };
      case 'unstage':
        deployed.unstage();
        return null;
      case 'commit':
        return this.#commit(order.version);
      case 'outdated':
        return this.#outdate(order);
      case 'replace':
        return this.#replace(order.pid, unpackPayload(order.args) as Payload[]);
    }
  }

  #inUse(): string[] {
    const keys = new Set<string>();
    for (const { linked } of this.#scheduler.table.all()) keys.add(revisionKey(linked.entry.id, linked.revision));
    return [...keys];
  }

  /** False: this thread does not know it. */
  #commit(version: number): boolean {
    const { deployed, table } = this.#scheduler;
    if (!deployed.awaits(version)) return deployed.version === version;
    if (deployed.commit()) for (const process of table.all()) process.judgeAnew();
    return true;
  }

  #outdate({ ids, all, tell, from, most }: OutdatedOrder): Outdated {
    const { deployed, table, clock } = this.#scheduler;
    const wanted = new Set(ids);
    const processes: OldProcess[] = [];
    let count = 0;
    const at = clock.unix() / 1000;
    for (const process of table.all()) {
      const { entry, revision, host } = process.linked;
      if (!wanted.has(entry.id) || (!all && deployed.revisionOf(entry.id) === revision)) continue;
      const { extras } = process;
      const told = tell ? tellOutdated(process, from, at, [entry.id]) : extras?.upgradable === true;
      const keeper = extras?.watchers?.find(watcher => watcher.tag >= 0 && extras.links?.has(watcher.pid))?.pid;
      if (count++ < most) processes.push({ pid: process.pid, id: entry.id, host: host.id, told, keeper });
    }
    this.#scheduler.kick();
    return { processes, count };
  }

  /** False: it does not live here. */
  #replace(pid: string, args: readonly Payload[]): boolean {
    const process = this.#scheduler.table.byNumber(parsePid(pid));
    if (process === undefined || process.pid !== pid || process.state === ProcessState.Dead) return false;
    replaceAtWait(process, args);
    this.#scheduler.kick();
    return true;
  }
}
