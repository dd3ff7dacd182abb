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
import type { Rolled, RollingRuntime, Rollout } from './rollout.ts';
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
    const ids = codeOf(next, target, foreseen.changed);
    const processes = await this.#rollout.plan(ids, { policy, only: target.only });
    return {
      ...foreseen,
      outcome: foreseen.unchanged === next.entries.size && foreseen.removed.length === 0 ? 'unchanged' : 'planned',
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
    const { needs_restart, ...applied } = await this.#runtime.registry.reload({ by });
    const after = this.#runtime.deployment;
    const watch = new Watch(this.#runtime, this.#transition);
    try {
      const ids = codeOf(after, target, undefined);
      const note = (rolled: Rolled): boolean => watch.touched(rolled);
      const services = needs_restart.map(({ id }) => id).filter(id => target.ids?.has(id) ?? true);
      const processes = await this.#rollout.roll(ids, { policy, only: target.only, services, onRolled: note });
      const capabilities = this.#capabilityChanges(before, after);
      const bound = processes.length === 0 ? 0 : (stable ?? this.#stableOf(processes));
      await watch.for(bound);
      const report = { ...applied, capabilities, processes: processes.map(shown), stable: bound };
      if (watch.failure === undefined) {
        const old = await this.#rollout.outdated(ids);
        const asked = new Set(processes.filter(({ what }) => what !== 'left').map(({ pid }) => pid));
        const waiting = old.filter(({ pid }) => asked.has(pid)).length;
        const changed = applied.added.length + applied.changed.length + applied.removed.length + processes.length;
        return { ...report, outcome: changed === 0 ? 'unchanged' : 'upgraded', waiting, why: null, undone: [] };
      }
      const undone = await this.#undo(before, after, ids, request);
      return { ...report, outcome: 'rolled back', waiting: 0, why: watch.failure, undone: undone.map(shown) };
    } finally {
      watch.end();
    }
  }

  /** Everything is what it was before, and so are the processes that are new already. */
  async #undo(
    before: Deployment,
    after: Deployment,
    ids: readonly string[],
    { policy, by }: UpgradeRequest,
  ): Promise<readonly Rolled[]> {
    await this.#runtime.registry.restore(before, after, { by, note: 'the upgrade failed' });
    const undone = [...(await this.#rollout.roll(ids, { policy }))];
    // What waits for its next try, or was given up.
    for (const { id, state } of this.#runtime.services) {
      const program = before.entries.get(id)?.data.process;
      if (typeof program !== 'string' || !ids.includes(program)) continue;
      if (state === 'failed' || state === 'exited') undone.push(await this.#rollout.restart(id));
    }
    return undone;
  }

  #capabilityChanges(before: Deployment, after: Deployment): CapabilityChange[] {
    return capabilityChanges(capabilityMatrix(before, this.#definitions), capabilityMatrix(after, this.#definitions));
  }

  #stableOf(processes: readonly Rolled[]): number {
    const touched = new Set(processes.map(({ now }) => now));
    const services = this.#runtime.services.filter(({ pid }) => pid !== undefined && touched.has(pid));
    const bounds = services.flatMap(({ id }) => {
      const entry = this.#runtime.deployment.entries.get(id);
      const data = entry && (dataOf(entry, 'process.service') ?? dataOf(entry, 'process.supervisor'));
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

/** Programs that an entry runs: a service its process, a supervisor its children, a library all that may use it. */
function programsOf(entry: Entry, entries: ReadonlyMap<string, Entry>): string[] {
  const service = dataOf(entry, 'process.service');
  if (service !== undefined) return [service.process];
  const supervisor = dataOf(entry, 'process.supervisor');
  if (supervisor !== undefined) {
    return supervisor.children.flatMap(({ process }) => {
      const child = entries.get(process);
      return child === undefined ? [process] : [process, ...programsOf(child, entries)];
    });
  }
  if (entry.kind !== 'library.lua') return [];
  return [...entries.values()].filter(({ kind }) => kind.endsWith('.lua')).map(({ id }) => id);
}

/** Ids of programs that are meant, of `changed` where that is given. */
function codeOf({ entries }: Deployment, { ids }: Target, changed: readonly string[] | undefined): string[] {
  const meant = [...entries.values()].filter(({ id, kind }) => SOURCE_KINDS.has(kind) && (ids?.has(id) ?? true));
  return meant.map(({ id }) => id).filter(id => changed?.includes(id) ?? true);
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
  /** What failed, in words. */
  failure: string | undefined = undefined;

  constructor(runtime: UpgradingRuntime, transition: Transition) {
    this.#runtime = runtime;
    this.#transition = transition;
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
    }
  }

  #crashed(pid: string, id: string, error: TroupeError, revision: number): void {
    if (revision !== this.#transition.revisionOf(id) && !isFailedUpgrade(error)) return;
    const failure = `${id} ${pid} failed: ${error.message}`;
    if (this.#pids.has(pid)) this.failure ??= failure;
    else this.#crashes.set(pid, failure);
  }
}

function shown({ pid, id, what, now, error }: Rolled): ProcessOutcome {
  const told = error === undefined ? null : { kind: error.kind, message: error.message };
  return { pid, id, what, now: now ?? null, error: told };
}
