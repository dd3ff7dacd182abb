/**
 * An upgrade from outside: the folder is read again, what is new is prepared and loaded, the processes of what has changed are
 * told, restarted or replaced one after the other, and if one of them fails before the new code has proved itself everything
 * is as it was before.
 */
import type { CapabilityDefinition } from '../capabilities/capability.ts';
import { isFailedUpgrade, noSuchTarget, upgradeUnderWay } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import { type CapabilityChange, capabilityChanges, capabilityMatrix } from '../hosts/capability_matrix.ts';
import { looksLikePid } from '../pid.ts';
import type { Entry } from '../registry/entry.ts';
import { dataOf } from '../registry/kinds.ts';
import { SOURCE_KINDS } from '../registry/kinds/common.ts';
import type { Deployment } from '../registry/load.ts';
import type { Crashed } from '../scheduler/scheduler.ts';
import type { Author } from './change.ts';
import type { LiveRegistry } from './live_registry.ts';
import type { Policy } from './policy.ts';
import { programsOf } from './programs_of.ts';
import type { Rolled, RollingRuntime, Rollout } from './rollout.ts';
import { hasFailed } from '../supervision/service.ts';
import type { RestartNeeded } from '../supervision/services.ts';
import type { Applied, Transition } from './transition.ts';

export interface UpgradeRequest {
  /** A service, a supervisor, a PID or an entry, whose processes are dealt with; undefined: those of all that has changed. */
  readonly target: string | undefined;
  readonly policy: Policy;
  /** Milliseconds for which what is new must not fail; undefined: `stable_threshold` of the services concerned, 5 s without one. */
  readonly stable: number | undefined;
  /** Find out what it would do. */
  readonly dryRun: boolean;
  readonly by: Author;
}

/** What became of one process, or would. */
export interface ProcessOutcome {
  readonly pid: string;
  readonly id: string;
  readonly what: Rolled['what'];
  /** PID of what runs instead. */
  readonly now: string | null;
  /** Why nothing runs instead. */
  readonly error: { readonly kind: string; readonly message: string } | null;
}

export interface UpgradeReport extends Applied {
  readonly outcome: 'planned' | 'unchanged' | 'upgraded' | 'rolled back';
  readonly capabilities: readonly CapabilityChange[];
  readonly processes: readonly ProcessOutcome[];
  /** Milliseconds for which what is new did not fail. */
  readonly stable: number;
  /** Processes that were told, or are replaced as soon as they wait, and run the old code still. */
  readonly waiting: number;
  /** Of a rollback: what failed, and what then became of the processes. */
  readonly why: string | null;
  readonly undone: readonly ProcessOutcome[];
}

/** What of a runtime is needed. */
export interface UpgradingRuntime extends RollingRuntime {
  readonly registry: LiveRegistry;
  onCrashed(listener: Crashed): () => void;
  wait(milliseconds: number): Promise<void>;
  /** Id of the entry that a process runs; a PID or a name. Rejects with NOT_FOUND. */
  entryOf(process: string): Promise<{ readonly pid: string; readonly id: string }>;
  /** Services that would have to be restarted if the deployment were another one. */
  restartsFor(next: Deployment): readonly RestartNeeded[];
}

/** Where no service says how long it takes until something is sound. */
const USUAL_STABLE = 5_000;
/** How often it is looked whether something has failed. */
const LOOK = 20;

export class Upgrades {
  readonly #runtime: UpgradingRuntime;
  readonly #transition: Transition;
  readonly #rollout: Rollout;
  readonly #definitions: ReadonlyMap<string, CapabilityDefinition>;
  #isUnderWay = false;

  constructor(
    runtime: UpgradingRuntime,
    transition: Transition,
    rollout: Rollout,
    definitions: ReadonlyMap<string, CapabilityDefinition>,
  ) {
    this.#runtime = runtime;
    this.#transition = transition;
    this.#rollout = rollout;
    this.#definitions = definitions;
  }

  /** Rejects with a DeploymentError, or a TroupeError: NOT_FOUND, CONFLICT while another one is under way. Nothing has changed then. */
  async upgrade(request: UpgradeRequest): Promise<UpgradeReport> {
    if (this.#isUnderWay) throw upgradeUnderWay();
    this.#isUnderWay = true;
    try {
      const target = await this.#resolve(request.target);
      return await (request.dryRun ? this.#plan(request, target) : this.#carryOut(request, target));
    } finally {
      this.#isUnderWay = false;
    }
  }

  async #plan({ policy }: UpgradeRequest, target: Target): Promise<UpgradeReport> {
    const before = this.#runtime.deployment;
    const next = this.#runtime.registry.read();
    const foreseen = await this.#transition.foresee(next);
    const services = meant(this.#runtime.restartsFor(next), target);
    const options = { policy, only: target.only, services };
    const processes = await this.#rollout.plan(codeOf(next, target), new Set(foreseen.changed), options);
    return {
      ...foreseen,
      outcome: isNothing(foreseen, processes) ? 'unchanged' : 'planned',
      capabilities: this.#capabilityChanges(before, next),
      processes: processes.map(shown),
      stable: 0,
      waiting: 0,
      why: null,
      undone: [],
    };
  }

  async #carryOut(request: UpgradeRequest, target: Target): Promise<UpgradeReport> {
    const { policy, stable, by } = request;
    const before = this.#runtime.deployment;
    const ran = new Set(this.#runtime.services.filter(({ pid }) => pid !== undefined).map(({ id }) => id));
    const { needs_restart, ...applied } = await this.#runtime.registry.reload({ by });
    const after = this.#runtime.deployment;
    const watch = new Watch(this.#runtime, this.#transition, applied.added);
    try {
      const ids = codeOf(after, target);
      const note = (rolled: Rolled): boolean => watch.touched(rolled);
      const services = meant(needs_restart, target);
      const rolled = await this.#rollout.roll(ids, { policy, only: target.only, services, onRolled: note });
      const tried = watch.failure === undefined ? await this.#tryAgain(applied.changed, request, target) : [];
      const processes = [...rolled, ...tried];
      const capabilities = this.#capabilityChanges(before, after);
      const touched = rolled.filter(({ what }) => what !== 'left').map(({ id }) => id);
      const bound =
        touched.length + watch.services.length === 0 ? 0 : (stable ?? this.#stableOf(touched, watch.services));
      await watch.for(bound);
      const report = { ...applied, capabilities, processes: processes.map(shown), stable: bound };
      if (watch.failure === undefined) {
        const old = await this.#rollout.outdated(ids);
        const asked = new Set(processes.filter(({ what }) => what !== 'left').map(({ pid }) => pid));
        const waiting = old.filter(({ pid }) => asked.has(pid)).length;
        const outcome = isNothing(applied, processes) ? 'unchanged' : 'upgraded';
        return { ...report, outcome, waiting, why: null, undone: [] };
      }
      const undone = await this.#undo(before, after, ids, ran, request);
      return { ...report, outcome: 'rolled back', waiting: 0, why: watch.failure, undone: undone.map(shown) };
    } finally {
      watch.end();
    }
  }

  /**
   * Services that have failed and wait for their next try, or were given up, are tried with their new code at once. That they fail again
   * is no failure of the upgrade.
   */
  async #tryAgain(changed: readonly string[], { policy }: UpgradeRequest, target: Target): Promise<readonly Rolled[]> {
    if (policy === 'leave' || target.only !== undefined) return [];
    const { entries } = this.#runtime.deployment;
    const tried: Rolled[] = [];
    for (const { id, pid, error, waitsFor } of this.#runtime.services) {
      if (pid !== undefined || error === undefined || waitsFor.length > 0) continue;
      const concerned = [id, ...programsOf(entries.get(id)!, entries)].filter(each => target.ids?.has(each) ?? true);
      if (concerned.some(each => changed.includes(each))) tried.push(await this.#rollout.restart(id));
    }
    return tried;
  }

  /** Everything is what it was before, and so are the processes that are new already. `ran`: the services that had a process. */
  async #undo(
    before: Deployment,
    after: Deployment,
    ids: readonly string[],
    ran: ReadonlySet<string>,
    { policy, by }: UpgradeRequest,
  ): Promise<readonly Rolled[]> {
    const { needs_restart } = await this.#runtime.registry.restore(before, after, { by, note: 'the upgrade failed' });
    const services = needs_restart.map(({ id }) => id);
    const undone = [...(await this.#rollout.roll(ids, { policy, services }))];
    // What waits for its next try, was given up, has returned at once or was removed.
    for (const { id, pid, state } of this.#runtime.services) {
      if (pid === undefined && state !== 'stopped' && ran.has(id)) undone.push(await this.#rollout.restart(id));
    }
    return undone;
  }

  #capabilityChanges(before: Deployment, after: Deployment): CapabilityChange[] {
    return capabilityChanges(capabilityMatrix(before, this.#definitions), capabilityMatrix(after, this.#definitions));
  }

  /** The longest of the services that run these programs, or are these. */
  #stableOf(programs: readonly string[], services: readonly string[]): number {
    const { entries } = this.#runtime.deployment;
    const bounds = this.#runtime.services.flatMap(({ id }) => {
      const entry = entries.get(id)!;
      const concerned =
        services.includes(id) || [id, ...programsOf(entry, entries)].some(each => programs.includes(each));
      const data = concerned ? (dataOf(entry, 'process.service') ?? dataOf(entry, 'process.supervisor')) : undefined;
      return data === undefined ? [] : [data.lifecycle.stable_threshold];
    });
    return bounds.length === 0 ? USUAL_STABLE : Math.max(...bounds);
  }

  async #resolve(target: string | undefined): Promise<Target> {
    if (target === undefined) return { ids: undefined, only: undefined };
    const { entries } = this.#runtime.deployment;
    // It may be one that the folder has and the runtime does not know yet.
    const known = entries.get(target) ?? this.#runtime.registry.read().entries.get(target);
    if (known !== undefined) return { ids: new Set([target, ...programsOf(known, entries)]), only: undefined };
    if (!looksLikePid(target) && target.includes(':')) throw noSuchTarget(target, [...entries.keys()]);
    const { pid, id } = await this.#runtime.entryOf(target);
    return { ids: new Set([id]), only: pid };
  }
}

interface Target {
  /** Undefined: all. */
  readonly ids: ReadonlySet<string> | undefined;
  /** The one process that is meant. */
  readonly only: string | undefined;
}

/** Ids of programs that are meant. */
function codeOf({ entries }: Deployment, { ids }: Target): string[] {
  const programs = [...entries.values()].filter(({ id, kind }) => SOURCE_KINDS.has(kind) && (ids?.has(id) ?? true));
  return programs.map(({ id }) => id);
}

/** Ids of those that are meant. */
function meant(services: readonly RestartNeeded[], { ids }: Target): string[] {
  return services.map(({ id }) => id).filter(id => ids?.has(id) ?? true);
}

function isNothing({ added, changed, removed }: Applied, processes: readonly Rolled[]): boolean {
  return added.length + changed.length + removed.length + processes.length === 0;
}

/** Looks whether what is new fails. */
class Watch {
  readonly #runtime: UpgradingRuntime;
  readonly #transition: Transition;
  /** PIDs that run, or are to run, what is new. */
  readonly #pids = new Set<string>();
  /** Of processes that ended with an error, in case one of them turns out to be new. */
  readonly #crashes = new Map<string, string>();
  readonly end: () => void;
  /** Those that are new. */
  readonly services: readonly string[];
  /** What failed, in words. */
  failure: string | undefined = undefined;

  /** `added`: ids of new entries. */
  constructor(runtime: UpgradingRuntime, transition: Transition, added: readonly string[]) {
    this.#runtime = runtime;
    this.#transition = transition;
    const { entries } = runtime.deployment;
    this.services = runtime.services
      .map(({ id }) => id)
      .filter(id => added.includes(id) && startsItself(entries.get(id)!));
    this.end = runtime.onCrashed((pid, id, error, revision) => this.#crashed(pid, id, error, revision));
  }

  /** Something has become of a process; whether all is well so far. */
  touched({ pid, id, what, now, error }: Rolled): boolean {
    if (error !== undefined) this.failure ??= `${id} could not be started with new code: ${error.message}`;
    if (what !== 'left') {
      const present = now ?? pid;
      this.#pids.add(present);
      this.failure ??= this.#crashes.get(present);
    }
    return this.failure === undefined;
  }

  /** Until something fails, or so many milliseconds have passed. */
  async for(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0 && this.failure === undefined; left -= LOOK) {
      await this.#runtime.wait(Math.min(left, LOOK));
      this.#lookAtServices();
    }
  }

  #lookAtServices(): void {
    for (const status of this.#runtime.services) {
      const { id, error } = status;
      if (error === undefined || !hasFailed(status) || !this.services.includes(id)) continue;
      this.failure ??= `${id}, which is new, failed: ${error.message}`;
    }
  }

  #crashed(pid: string, id: string, error: TroupeError, revision: number): void {
    if (revision !== this.#transition.revisionOf(id) && !isFailedUpgrade(error)) return;
    const failure = `${id} ${pid} failed: ${error.message}`;
    if (this.#pids.has(pid)) this.failure ??= failure;
    else this.#crashes.set(pid, failure);
  }
}

function startsItself(entry: Entry): boolean {
  const data = dataOf(entry, 'process.service') ?? dataOf(entry, 'process.supervisor');
  return data?.lifecycle.auto_start === true;
}

function shown({ pid, id, what, now, error }: Rolled): ProcessOutcome {
  const told = error === undefined ? null : { kind: error.kind, message: error.message };
  return { pid, id, what, now: now ?? null, error: told };
}
