/**
 * After a change: the processes that still run what an entry was before. Those that have asked for it are told (OUTDATED) and
 * go on as the new code when it suits them; the others are dealt with one after the other, by policy.
 */
import type { TroupeError } from '../errors.ts';
import { toTroupeError } from '../errors.ts';
import { packPayload } from '../payload/messagepack.ts';
import type { Payload } from '../payload/payload.ts';
import type { Deployment } from '../registry/load.ts';
import type { ServiceStatus } from '../supervision/service.ts';
import type { OldProcess, OutdatedOrder } from '../workers/thread_changes.ts';
import type { Policy } from './policy.ts';
import type { Transition } from './transition.ts';

/** What became of a process. */
export interface Rolled {
  readonly pid: string;
  /** Of the entry that it ran. */
  readonly id: string;
  readonly what: 'told' | 'restarted' | 'replaced' | 'left';
  /** Of the one that runs instead. */
  readonly now?: string;
  /** Why nothing runs instead. */
  readonly error?: TroupeError;
}

/** What of a runtime is needed. */
export interface RollingRuntime {
  readonly pid: string;
  readonly deployment: Deployment;
  readonly services: readonly ServiceStatus[];
  restartService(id: string): Promise<ServiceStatus>;
  shutdown(pid: string, reason: string): TroupeError | undefined;
  /**
   * Have a supervisor start a child anew; its new PID. INVALID where it is no supervisor, NOT_FOUND where it has no such child,
   * UNAVAILABLE where the child failed at its start.
   */
  renewChild(supervisor: string, child: string): Promise<string>;
  /** What a child is started with; rejects as `renewChild` does. */
  inputOfChild(supervisor: string, child: string): Promise<Payload>;
}

export interface RolloutOptions {
  readonly policy: Policy;
  /** Only this process. */
  readonly only?: string;
  /** A service that has never asked for its events, and so cannot hear that it should end, is ended without waiting. */
  readonly impatient?: boolean;
  /** Services to be restarted as well, because their own entries have changed; not with `leave`. */
  readonly services?: readonly string[];
  /** Told of each one as soon as something has become of it; false: the others are left as they are. */
  readonly onRolled?: (rolled: Rolled) => boolean;
}

/** Processes of one thread that are dealt with. */
const MOST_PROCESSES = 10_000;

export class Rollout {
  readonly #runtime: RollingRuntime;
  readonly #transition: Transition;

  constructor(runtime: RollingRuntime, transition: Transition) {
    this.#runtime = runtime;
    this.#transition = transition;
  }

  /** Those that run another revision than the present one; nobody is told anything. */
  async outdated(ids: readonly string[]): Promise<readonly OldProcess[]> {
    return this.#find({ ids, all: false, tell: false });
  }

  /** What would become of the processes of these entries if those of `changed` changed. */
  async plan(
    ids: readonly string[],
    changed: ReadonlySet<string>,
    { policy, only, services = [] }: RolloutOptions,
  ): Promise<readonly Rolled[]> {
    const found = [
      ...(await this.#find({ ids: ids.filter(id => changed.has(id)), all: true, tell: false })),
      ...(await this.#find({ ids: ids.filter(id => !changed.has(id)), all: false, tell: false })),
    ];
    const planned = found
      .filter(({ pid }) => only === undefined || pid === only)
      .map((process): Rolled => ({ pid: process.pid, id: process.id, what: this.#foresee(process, policy) }));
    if (policy === 'leave') return planned;
    const touched = new Set(planned.filter(({ what }) => what !== 'told').map(({ pid }) => pid));
    for (const { id, pid } of this.#runtime.services) {
      if (pid !== undefined && services.includes(id) && !touched.has(pid)) planned.push({ pid, id, what: 'restarted' });
    }
    return planned;
  }

  async #find(order: Pick<OutdatedOrder, 'ids' | 'all' | 'tell'>): Promise<readonly OldProcess[]> {
    const from = this.#runtime.pid;
    return (await this.#transition.outdated({ ...order, from, most: MOST_PROCESSES })).processes;
  }

  #foresee({ pid, told, keeper }: OldProcess, policy: Policy): Rolled['what'] {
    if (told) return 'told';
    if (policy === 'replace') return 'replaced';
    const isKept = this.#serviceOf(pid) !== undefined || keeper !== undefined;
    return policy === 'restart' && isKept ? 'restarted' : 'left';
  }

  #serviceOf(pid: string): ServiceStatus | undefined {
    return this.#runtime.services.find(status => status.pid === pid);
  }

  /** Stop a service and start it anew; those that are not to run at all are left. */
  async restart(id: string, impatient = false): Promise<Rolled> {
    const pid = this.#runtime.services.find(status => status.id === id)?.pid ?? '';
    try {
      const restarted = this.#runtime.restartService(id);
      if (impatient && pid !== '') this.#runtime.shutdown(pid, 'its code has changed');
      return { pid, id, what: 'restarted', now: (await restarted).pid };
    } catch (thrown) {
      return { pid, id, what: 'restarted', error: toTroupeError(thrown) };
    }
  }

  /** Processes of these entries that run another revision than the present one. */
  async roll(ids: readonly string[], options: RolloutOptions): Promise<readonly Rolled[]> {
    const all: Rolled[] = [];
    const seen = new Set<string>();
    /** By service, or by supervisor and entry: PIDs that have the new code by now, '' for one that could not begin. */
    const taken = new Map<string, string[]>();
    const note = (rolled: Rolled): boolean => {
      all.push(rolled);
      return options.onRolled?.(rolled) ?? true;
    };
    // Who is on its way to another thread is found the next time.
    for (let pass = 0, found = true; found; pass++) {
      found = false;
      const alive = pass === 0 ? undefined : await this.#alive(ids);
      for (const old of await this.#find({ ids, all: false, tell: true })) {
        const { pid, id, told } = old;
        if (seen.has(pid) || (options.only !== undefined && pid !== options.only)) continue;
        seen.add(pid);
        const service = this.#serviceOf(pid)?.id;
        // Nobody brings back who is kept by nobody.
        const role = service ?? (old.keeper && `${old.keeper} ${id}`);
        if (alive !== undefined && role !== undefined && wentBack(taken.get(role), alive)) continue;
        found = true;
        const rolled: Rolled = told ? { pid, id, what: 'told' } : await this.#deal(old, service, options);
        if (role !== undefined && (rolled.what === 'restarted' || rolled.what === 'replaced')) {
          const successors = taken.get(role);
          if (successors === undefined) taken.set(role, [rolled.now ?? '']);
          else successors.push(rolled.now ?? '');
        }
        if (!note(rolled)) return all;
      }
    }
    if (options.policy === 'leave') return all;
    const renewed = new Set(all.map(({ now }) => now));
    for (const id of options.services ?? []) {
      const pid = this.#runtime.services.find(status => status.id === id)?.pid;
      if (pid === undefined || renewed.has(pid)) continue;
      if (!note(await this.restart(id, options.impatient))) return all;
    }
    return all;
  }

  async #alive(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set((await this.#find({ ids, all: true, tell: false })).map(({ pid }) => pid));
  }

  /** `service`: the id of the one whose process it is. */
  async #deal(
    { pid, id, keeper }: OldProcess,
    service: string | undefined,
    { policy, impatient }: RolloutOptions,
  ): Promise<Rolled> {
    if (policy === 'leave') return { pid, id, what: 'left' };
    if (policy === 'replace') {
      const input = await this.#inputOf(pid, service, keeper);
      const replaced = await this.#transition.replace(pid, packPayload(input));
      return { pid, id, what: 'replaced', now: replaced ? pid : undefined };
    }
    if (service !== undefined) return { ...(await this.restart(service, impatient)), pid, id };
    if (keeper === undefined) return { pid, id, what: 'left' };
    try {
      return { pid, id, what: 'restarted', now: await this.#runtime.renewChild(keeper, pid) };
    } catch (thrown) {
      const error = toTroupeError(thrown);
      if (isNoChild(error)) return { pid, id, what: 'left' };
      return { pid, id, what: 'restarted', error };
    }
  }

  /** What it was started with by who would start it again. */
  async #inputOf(pid: string, service: string | undefined, keeper: string | undefined): Promise<Payload> {
    if (service !== undefined) return (this.#runtime.deployment.entries.get(service)?.data.input ?? []) as Payload;
    if (keeper === undefined) return [];
    try {
      return await this.#runtime.inputOfChild(keeper, pid);
    } catch (thrown) {
      if (isNoChild(toTroupeError(thrown))) return [];
      throw thrown;
    }
  }
}

/** Who keeps it is no supervisor but awaits it, or it has ended. */
function isNoChild({ kind }: TroupeError): boolean {
  return kind === 'INVALID' || kind === 'NOT_FOUND';
}

/**
 * Whether a process with old code, found after others got the new one, is what came instead of one of those (`fallback`):
 * dealt with again it would fail again, without end. The one it came for is taken out.
 */
function wentBack(successors: string[] = [], alive: ReadonlySet<string>): boolean {
  const failed = successors.findIndex(pid => !alive.has(pid));
  if (failed >= 0) successors.splice(failed, 1);
  return failed >= 0;
}
