/** What one scheduler knows of the deployment: entries, their artifacts, hosts, and entries linked to hosts. */
import type { CapabilityDefinition } from '../capabilities/capability.ts';
import { linkImports } from '../capabilities/link.ts';
import { entryNotFound, entryNotRunnable, hostNotFound, noHostGiven, notAHost } from '../catalogue.ts';
import { TroupeError } from '../errors.ts';
import type { Artifact, MachineType } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { policiesOf } from '../security/policies.ts';
import { FUNCTION_HOST, Host, type HostSettings, SYSTEM_HOST } from './host.ts';
import { Linked } from './linked.ts';

/** The deployment as data that every thread gets a copy of. */
export interface DeployedData {
  readonly entries: readonly Entry[];
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly hosts: readonly HostSettings[];
  /** `security.audit.grants` of the settings. */
  readonly auditGrants?: boolean;
}

export class Deployed {
  readonly entries = new Map<string, Entry>();
  readonly hosts = new Map<string, Host>();
  readonly #artifacts: ReadonlyMap<string, Artifact>;
  readonly #machines = new Map<string, MachineType>();
  /** What the threads share, by language: `MachineType.share`. */
  readonly #shared = new Map<MachineType, unknown>();
  readonly #capabilities: ReadonlyMap<string, CapabilityDefinition>;
  /** host id -> entry id -> linked. */
  readonly #linked = new Map<string, Map<string, Linked>>();
  #scheduler: Scheduler | undefined;
  /** The host of a deployment that has exactly one for processes. */
  readonly onlyHost: Host | undefined;

  constructor(
    data: DeployedData,
    machines: readonly MachineType[],
    capabilities: ReadonlyMap<string, CapabilityDefinition>,
    shared: readonly unknown[] = [],
  ) {
    machines.forEach((machine, i) => {
      this.#shared.set(machine, shared[i]);
    });
    for (const entry of data.entries) this.entries.set(entry.id, entry);
    const policies = policiesOf(this.entries);
    for (const settings of data.hosts) {
      this.hosts.set(settings.id, new Host(settings, unreachableFrom(settings.id, data.hosts), policies));
    }
    this.#artifacts = data.artifacts;
    this.#capabilities = capabilities;
    for (const machine of machines) for (const kind of machine.kinds) this.#machines.set(kind, machine);
    const usual = this.#usualHosts();
    this.onlyHost = usual.length === 1 ? usual[0] : undefined;
  }

  /** Must be called once before anything is linked. */
  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
  }

  #usualHosts(): Host[] {
    return [...this.hosts.values()].filter(
      host => !host.terminal && host.id !== FUNCTION_HOST && host.id !== SYSTEM_HOST,
    );
  }

  /** A full id: one without a namespace is taken in `namespace`. */
  qualify(id: string, namespace: string): string {
    return id.includes(':') ? id : `${namespace}:${id}`;
  }

  entry(id: string): Entry | TroupeError {
    return this.entries.get(id) ?? entryNotFound(id);
  }

  /** The host that a request names, or the one that an entry without a request runs on. */
  hostFor(entry: Entry, host: string | undefined, namespace: string): Host | TroupeError {
    if (host !== undefined) {
      const id = this.qualify(host, namespace);
      const found = this.hosts.get(id);
      if (found !== undefined) return found;
      const other = this.entries.get(id);
      return other === undefined ? hostNotFound(id) : notAHost(id, other.kind);
    }
    const wanted = entry.meta.default_host;
    if (typeof wanted === 'string') return this.hostFor(entry, wanted, entry.namespace);
    if (this.onlyHost !== undefined) return this.onlyHost;
    if (entry.kind.startsWith('function.')) return this.hosts.get(FUNCTION_HOST)!;
    return noHostGiven(entry.id, this.#usualHosts().length);
  }

  /** An entry on a host, imports resolved, or the error that stops the spawn. */
  link(id: string, host: Host, namespace: string): Linked | TroupeError {
    const full = this.qualify(id, namespace);
    let ofHost = this.#linked.get(host.id);
    const linked = ofHost?.get(full);
    if (linked !== undefined) return linked;
    const entry = this.entries.get(full);
    if (entry === undefined) return entryNotFound(full);
    const machine = this.#machines.get(entry.kind);
    const artifact = this.#artifacts.get(full);
    if (machine === undefined || artifact === undefined || entry.kind === 'library.lua') {
      return entryNotRunnable(full, entry.kind);
    }
    const imports = linkImports(entry, host, this.#capabilities, machine.consent);
    if (imports instanceof TroupeError) return imports;
    const made = new Linked(entry, host, imports, this.#scheduler!, machine, artifact, this.#shared.get(machine));
    if (ofHost === undefined) {
      ofHost = new Map();
      this.#linked.set(host.id, ofHost);
    }
    ofHost.set(full, made);
    return made;
  }
}

/** Hosts that let in only others; the runtime's own processes get in everywhere. */
function unreachableFrom(id: string, hosts: readonly HostSettings[]): ReadonlySet<string> {
  if (id === SYSTEM_HOST) return new Set();
  const closed = hosts.filter(
    host => host.id !== id && host.reachableFrom !== undefined && !host.reachableFrom.includes(id),
  );
  return new Set(closed.map(host => host.id));
}
