/** A runtime that applies deployments by remembering them: what the registry does before, and notes after. */
import { deploymentReplaced } from '../../runtime/catalogue.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type LiveRuntime, LiveRegistry } from '../../runtime/live/live_registry.ts';
import type { Changed } from '../../runtime/live/transition.ts';
import type { Deployment } from '../../runtime/registry/load.ts';
import { sameDefinition } from '../../runtime/registry/same_definition.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { stillClock } from '../capabilities/call.ts';
import { type Files, writeDeployment } from '../deploy.ts';

export class FakeRuntime implements LiveRuntime {
  deployment: Deployment;
  version = 1;
  /** The error with which the next `apply` rejects. */
  fails: Error | undefined = undefined;
  /** Awaited before anything is applied. */
  gate: Promise<void> = Promise.resolve();

  constructor(deployment: Deployment) {
    this.deployment = deployment;
  }

  async apply(next: Deployment, onto?: Deployment): Promise<Changed> {
    await this.gate;
    if (this.fails !== undefined) throw this.fails;
    if (onto !== undefined && onto !== this.deployment) throw deploymentReplaced();
    const before = this.deployment.entries;
    this.deployment = next;
    const added = [...next.entries.keys()].filter(id => !before.has(id));
    const kept = [...next.entries].filter(([id]) => before.has(id));
    const changed = kept.filter(([id, entry]) => !sameDefinition(before.get(id)!, entry)).map(([id]) => id);
    const removed = [...before.keys()].filter(id => !next.entries.has(id));
    if (added.length + changed.length + removed.length > 0) this.version++;
    return {
      version: this.version,
      added,
      changed,
      removed,
      unchanged: kept.length - changed.length,
      needsRestart: [],
    };
  }

  async check(): Promise<void> {
    if (this.fails !== undefined) throw this.fails;
  }
}

export interface Registered {
  readonly runtime: FakeRuntime;
  readonly registry: LiveRegistry;
}

export async function registered(files: Files, clock: Clock = stillClock()): Promise<Registered> {
  const runtime = new FakeRuntime(await readDeployment(writeDeployment(files)));
  return { runtime, registry: new LiveRegistry(runtime, clock) };
}
