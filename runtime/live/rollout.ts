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
import type { OldProcess } from '../workers/thread_changes.ts';
import type { Transition } from './transition.ts';

export const POLICIES = ['restart', 'replace', 'leave'] as const;
/**
 * For processes that have not asked to be told. `restart`: services and children of supervisors are stopped in order and
 * started anew. `replace`: the process goes on as the new code where it waits, with its PID, names and unread messages, and
 * with the input of its service as arguments. `leave`: it runs on as it is. Who is neither a service nor supervised nobody
 * starts again, so `restart` leaves it.
 */
export type Policy = (typeof POLICIES)[number];

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
  /** Have a supervisor start a child anew; its new PID. Rejects with NOT_FOUND where it is none, or has no such child. */
  renewChild(supervisor: string, child: string): Promise<string>;
}

export interface RolloutOptions {
  readonly policy: Policy;
  /** Only this process. */
  readonly only?: string;
  /** Told of each one as soon as something has become of it. */
  readonly onRolled?: (rolled: Rolled) => void;
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

  /** What would be dealt with: nobody is told anything. */
  async outdated(ids: readonly string[]): Promise<readonly OldProcess[]> {
    return (await this.#transition.outdated({ ids, tell: false, from: this.#runtime.pid, most: MOST_PROCESSES }))
      .processes;
  }

  /** Processes of these entries that run another revision than the present one. */
  async roll(ids: readonly string[], options: RolloutOptions): Promise<readonly Rolled[]> {
    const all: Rolled[] = [];
    const seen = new Set<string>();
    const note = (rolled: Rolled): void => {
      all.push(rolled);
      options.onRolled?.(rolled);
    };
    // Who is on its way to another thread is found the next time.
    for (let found = true; found; ) {
      found = false;
      const order = { ids, tell: true, from: this.#runtime.pid, most: MOST_PROCESSES };
      for (const old of (await this.#transition.outdated(order)).processes) {
        if (seen.has(old.pid) || (options.only !== undefined && old.pid !== options.only)) continue;
        seen.add(old.pid);
        found = true;
        if (old.told) note({ pid: old.pid, id: old.id, what: 'told' });
        else note(await this.#deal(old, options.policy));
      }
    }
    return all;
  }

  async #deal({ pid, id, keeper }: OldProcess, policy: Policy): Promise<Rolled> {
    if (policy === 'leave') return { pid, id, what: 'left' };
    const service = this.#runtime.services.find(status => status.pid === pid);
    if (policy === 'replace') {
      const input = this.#runtime.deployment.entries.get(service?.id ?? '')?.data.input ?? [];
      const replaced = await this.#transition.replace(pid, packPayload(input as Payload));
      return { pid, id, what: 'replaced', now: replaced ? pid : undefined };
    }
    try {
      if (service !== undefined) {
        return { pid, id, what: 'restarted', now: (await this.#runtime.restartService(service.id)).pid };
      }
      if (keeper === undefined) return { pid, id, what: 'left' };
      return { pid, id, what: 'restarted', now: await this.#runtime.renewChild(keeper, pid) };
    } catch (thrown) {
      const error = toTroupeError(thrown);
      // Who waits for it is no supervisor.
      if (service === undefined && error.kind === 'NOT_FOUND') return { pid, id, what: 'left' };
      return { pid, id, what: 'restarted', error };
    }
  }
}
