import type { ImportTable } from '../capabilities/capability.ts';
import type { Artifact, MachineType, Program } from '../machine.ts';
import { pidPrefix } from '../pid.ts';
import type { Entry } from '../registry/entry.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Host } from './host.ts';

/** An entry on a host on one scheduler: imports resolved, program loaded on first use. */
export class Linked {
  readonly entry: Entry;
  /** See `deployed.ts`. */
  readonly revision: number;
  readonly host: Host;
  readonly imports: ImportTable;
  readonly scheduler: Scheduler;
  readonly pidPrefix: string;
  readonly #machine: MachineType;
  readonly #artifact: Artifact;
  readonly #shared: unknown;
  #program: Program | undefined;
  /** What processes of this entry spawned last, and how it was written: most spawn the same thing again and again. */
  lastId: string | undefined = undefined;
  lastHost: string | undefined = undefined;
  lastSpawned: Linked | undefined = undefined;
  /** How long a step of its processes takes, in microseconds: a moving average of some of them. */
  stepTime = 0;
  /** How many were measured. */
  samples = 0;
  /** What its processes were granted is granted no more: they cannot be linked elsewhere, and stay on this thread. */
  stays = false;

  constructor(
    { entry, revision }: { readonly entry: Entry; readonly revision: number },
    host: Host,
    imports: ImportTable,
    scheduler: Scheduler,
    machine: MachineType,
    artifact: Artifact,
    shared: unknown,
  ) {
    this.entry = entry;
    this.revision = revision;
    this.host = host;
    this.imports = imports;
    this.scheduler = scheduler;
    this.pidPrefix = pidPrefix(host.id);
    this.#machine = machine;
    this.#artifact = artifact;
    this.#shared = shared;
  }

  /** A step took so many microseconds. */
  sampled(microseconds: number): void {
    // The first ones run code that is not compiled yet; they are soon outweighed.
    if (this.samples < 255) this.samples++;
    this.stepTime += (microseconds - this.stepTime) / Math.min(this.samples, 8);
  }

  get isLoaded(): boolean {
    return this.#program !== undefined;
  }

  /** The loaded program. Throws what loading throws; a failed load is tried again by the next spawn. */
  get program(): Program {
    return (this.#program ??= this.#machine.load(this.entry, this.#artifact, this.imports, this.#shared));
  }
}
