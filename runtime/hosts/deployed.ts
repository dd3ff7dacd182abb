/**
 * What one scheduler knows of the deployment: entries, their artifacts, hosts, and entries linked to hosts.
 *
 * Entries change while their processes run. Each has a revision, which grows when the entry or its code changes; a process
 * keeps the one that it runs, on whatever thread, and new ones get the present one. All threads learn of a change (`stage`)
 * before any of them makes it the present one (`commit`), so whatever one sends, the others know it.
 */
import type { CapabilityDefinition, ImportTable } from '../capabilities/capability.ts';
import { linkImports } from '../capabilities/link.ts';
import { entryNotFound, entryNotRunnable, hostNotFound, invariantBroken, noHostGiven, notAHost } from '../catalogue.ts';
import { TroupeError } from '../errors.ts';
import type { Artifact, MachineType } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Policy } from '../security/decision.ts';
import type { Revisions } from '../supervision/fallback.ts';
import { policiesOf } from '../security/policies.ts';
import { BUILT_IN_ENTRIES, BUILT_IN_MACHINES, type BuiltInEntry } from './built_in.ts';
import { FUNCTION_HOST, Host, type HostSettings, isBuiltInHost, SUPERVISOR_HOST, SYSTEM_HOST } from './host.ts';
import { Linked } from './linked.ts';

/** The deployment as data that every thread gets a copy of. */
export interface DeployedData {
  readonly entries: readonly Entry[];
  readonly artifacts: ReadonlyMap<string, Artifact>;
  readonly hosts: readonly HostSettings[];
  /** `security.audit.grants` of the settings. */
  readonly auditGrants?: boolean;
  /** Revision of each entry that has changed since the runtime began; `FIRST_REVISION` of all others. */
  readonly revisions?: ReadonlyMap<string, number>;
  /** Of the whole: one more with each change. */
  readonly version?: number;
  /** What some process may still run, or go back to. */
  readonly older?: readonly Definition[];
}

/** An entry with what was made of it. */
export interface Definition {
  readonly entry: Entry;
  /** Undefined for what does not run. */
  readonly artifact: Artifact | undefined;
  readonly revision: number;
}

/** Of entries that have not changed since the runtime began. */
export const FIRST_REVISION = 1;

interface Staged {
  readonly data: DeployedData;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** What is linked ahead, with what its hosts will grant. */
  readonly ahead: Set<Linked>;
}

export class Deployed {
  /** Of the data. */
  version: number;
  /** Another map after each change. */
  entries: ReadonlyMap<string, Entry>;
  /** By id; those that were removed are not `running`. */
  readonly hosts = new Map<string, Host>();
  #definitions: ReadonlyMap<string, Definition>;
  #policies: ReadonlyMap<string, Policy> = new Map();
  #older: readonly Definition[];
  /** What is the present one next. */
  #staged: Staged | undefined;
  readonly #machines = new Map<string, MachineType>();
  /** What the threads share, by language: `MachineType.share`. */
  readonly #shared = new Map<MachineType, unknown>();
  readonly #capabilities: ReadonlyMap<string, CapabilityDefinition>;
  /** host id -> entry id -> linked: those of the present revisions. */
  readonly #linked = new Map<string, Map<string, Linked>>();
  /** The same, by id and revision, of all others. */
  readonly #others = new Map<string, Map<string, Linked>>();
  /** The same of what the runtime brings along. */
  readonly #builtIn = new Map<string, Map<string, Linked>>();
  #scheduler: Scheduler | undefined;
  /** The host of a deployment that has exactly one for processes. */
  onlyHost: Host | undefined;

  constructor(
    data: DeployedData,
    machines: readonly MachineType[],
    capabilities: ReadonlyMap<string, CapabilityDefinition>,
    shared: readonly unknown[] = [],
  ) {
    machines.forEach((machine, i) => {
      this.#shared.set(machine, shared[i]);
    });
    this.version = data.version ?? 1;
    this.#definitions = definitionsOf(data, new Map());
    this.#older = data.older ?? [];
    this.entries = entriesOf(this.#definitions);
    this.#capabilities = capabilities;
    for (const machine of [...machines, ...BUILT_IN_MACHINES]) {
      for (const kind of machine.kinds) this.#machines.set(kind, machine);
    }
    this.#settle(data.hosts);
  }

  /** Hosts as they are now; whether what some of their processes may do can be different. */
  #settle(settings: readonly HostSettings[]): boolean {
    let different = false;
    const policies = this.#policiesNow();
    for (const of of settings) {
      const unreachable = unreachableFrom(of.id, settings);
      const host = this.hosts.get(of.id);
      if (host === undefined) this.hosts.set(of.id, new Host(of, unreachable, policies));
      else if (host.change(of, unreachable, policies)) different = true;
    }
    const usual = this.#usualHosts();
    this.onlyHost = usual.length === 1 ? usual[0] : undefined;
    return different;
  }

  /** The same map as before where no policy has changed. */
  #policiesNow(): ReadonlyMap<string, Policy> {
    const policies = policiesOf(this.entries);
    const before = this.#policies;
    const same = before.size === policies.size && [...policies].every(([id, policy]) => before.get(id) === policy);
    if (!same) this.#policies = policies;
    return this.#policies;
  }

  /** Must be called once before anything is linked. */
  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
  }

  #usualHosts(): Host[] {
    return [...this.hosts.values()].filter(host => !host.terminal && !host.removed && !isBuiltInHost(host.id));
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
      if (found !== undefined && !found.removed) return found;
      const other = this.entries.get(id);
      return other === undefined ? hostNotFound(id) : notAHost(id, other.kind);
    }
    if (entry.kind === 'process.supervisor') return this.hosts.get(SUPERVISOR_HOST)!;
    const wanted = entry.meta.default_host;
    if (typeof wanted === 'string') return this.hostFor(entry, wanted, entry.namespace);
    if (this.onlyHost !== undefined) return this.onlyHost;
    if (entry.kind.startsWith('function.')) return this.hosts.get(FUNCTION_HOST)!;
    return noHostGiven(entry.id, this.#usualHosts().length);
  }

  /** An entry on a host, imports resolved, or the error that stops the spawn. */
  link(id: string, host: Host, namespace: string): Linked | TroupeError {
    const full = this.qualify(id, namespace);
    const linked = this.#linked.get(host.id)?.get(full);
    if (linked !== undefined) return linked;
    const definition = this.#definitions.get(full);
    if (definition === undefined) return entryNotFound(full);
    const key = revisionKey(full, definition.revision);
    const made = this.#others.get(host.id)?.get(key) ?? this.#make(definition, host);
    if (made instanceof TroupeError) return made;
    this.#others.get(host.id)?.delete(key);
    return put(this.#linked, host.id, full, made);
  }

  /** As `link`, by full id; also what the runtime brings along, which no program can name. */
  linkAny(id: string, host: Host): Linked | TroupeError {
    const builtIn = BUILT_IN_ENTRIES.get(id);
    return builtIn === undefined ? this.link(id, host, '') : this.linkBuiltIn(builtIn, host);
  }

  /** What the runtime alone starts. */
  linkBuiltIn({ entry, machine, artifact }: BuiltInEntry, host: Host): Linked {
    const known = this.#builtIn.get(host.id)?.get(entry.id);
    if (known !== undefined) return known;
    const definition = { entry, revision: FIRST_REVISION };
    const made = new Linked(definition, host, nothingImported(host), this.#scheduler!, machine, artifact, undefined);
    return put(this.#builtIn, host.id, entry.id, made);
  }

  /**
   * One revision of an entry on a host, for what another thread has linked already. Where it cannot be linked here any more,
   * because a host's grants have changed in between, its program says why.
   */
  linkRevision(id: string, host: Host, revision: number): Linked {
    const builtIn = BUILT_IN_ENTRIES.get(id);
    if (builtIn !== undefined) return this.linkBuiltIn(builtIn, host);
    if ((this.#definitions.get(id)?.revision ?? revision) === revision) {
      const linked = this.link(id, host, '');
      if (linked instanceof Linked) return linked;
    }
    const key = revisionKey(id, revision);
    const known = this.#others.get(host.id)?.get(key);
    if (known !== undefined) return known;
    const definition = this.#find(id, revision);
    if (definition === undefined) throw invariantBroken(`nobody knows revision ${revision} of ${id}`);
    const made = this.#make(definition, host);
    if (made instanceof TroupeError) return this.#faulty(definition, host, made);
    return put(this.#others, host.id, key, made);
  }

  /** The same entry on the same host in another revision; as it is where that is not known any more. */
  atRevision(linked: Linked, revision: number): Linked {
    const { entry, host } = linked;
    const stays = revision === linked.revision || this.#find(entry.id, revision) === undefined;
    return stays ? linked : this.linkRevision(entry.id, host, revision);
  }

  #find(id: string, revision: number): Definition | undefined {
    const staged = this.#staged?.definitions.get(id);
    if (staged?.revision === revision) return staged;
    const present = this.#definitions.get(id);
    if (present?.revision === revision) return present;
    return this.#older.find(older => older.entry.id === id && older.revision === revision);
  }

  #make(definition: Definition, host: Host): Linked | TroupeError {
    const { entry, artifact } = definition;
    const machine = this.#machines.get(entry.kind);
    if (machine === undefined || artifact === undefined || entry.kind === 'library.lua') {
      return entryNotRunnable(entry.id, entry.kind);
    }
    const ahead = this.#isAhead(definition) ? this.#staged : undefined;
    const settings = ahead?.data.hosts.find(({ id }) => id === host.id);
    const granting = settings === undefined ? host : new Host(settings);
    const imports = linkImports(entry, granting, this.#capabilities, machine.consent);
    if (imports instanceof TroupeError) return imports;
    const linked = new Linked(
      definition,
      host,
      imports,
      this.#scheduler!,
      machine,
      artifact,
      this.#shared.get(machine),
    );
    ahead?.ahead.add(linked);
    return linked;
  }

  /** Nobody gets it here before `commit`, but other threads may be further. */
  #isAhead({ entry: { id }, revision }: Definition): boolean {
    return this.#staged?.definitions.get(id)?.revision === revision && this.revisionOf(id) !== revision;
  }

  #faulty(definition: Definition, host: Host, fault: TroupeError): Linked {
    const machine: MachineType = {
      kinds: [],
      prepare: () => Promise.reject(fault),
      load: () => {
        throw fault;
      },
    };
    const artifact = { sha256: '', data: undefined };
    return new Linked(definition, host, nothingImported(host), this.#scheduler!, machine, artifact, undefined);
  }

  // --- changes --------------------------------------------------------------------------------------------------

  /** The revision of an entry that new processes get; undefined where there is no such entry. */
  revisionOf(id: string): number | undefined {
    return this.#definitions.get(id)?.revision;
  }

  /** The present revision of an entry, and the one before it if that is still known. */
  revisions(id: string): Revisions {
    const present = this.revisionOf(id);
    let previous: number | undefined;
    for (const { entry, revision } of this.#older) {
      if (entry.id !== id || revision > (present ?? 0)) continue;
      if (previous === undefined || revision > previous) previous = revision;
    }
    return { present, previous };
  }

  /**
   * Learn what the deployment will be. What is loaded here of an entry that changes is loaded anew, so that nobody waits for
   * it later: throws what that throws.
   */
  stage(data: DeployedData): void {
    const staged: Staged = { data, definitions: definitionsOf(data, this.#definitions), ahead: new Set() };
    this.#staged = staged;
    // What comes from threads that are further may be for them; here nobody finds them yet.
    for (const host of data.hosts)
      if (!this.hosts.has(host.id)) this.hosts.set(host.id, new Host({ ...host, removed: true }));
    const loaded = [this.#linked, this.#others].flatMap(table =>
      [...table.values()].flatMap(ofHost => [...ofHost.values()].filter(({ isLoaded }) => isLoaded)),
    );
    for (const { entry, host, revision } of loaded) {
      const definition = staged.definitions.get(entry.id);
      if (definition === undefined || definition.revision === revision) continue;
      loadAhead(this.linkRevision(entry.id, host, definition.revision));
    }
  }

  /** Forget what was staged. */
  unstage(): void {
    const { ahead } = this.#staged ?? {};
    this.#staged = undefined;
    for (const { host, entry, revision } of ahead ?? []) {
      this.#others.get(host.id)?.delete(revisionKey(entry.id, revision));
    }
  }

  #forget(id: string, revision: number): void {
    const key = revisionKey(id, revision);
    for (const ofHost of this.#others.values()) ofHost.delete(key);
  }

  /** Whether this version was staged and not committed. */
  awaits(version: number): boolean {
    return this.#staged?.data.version === version;
  }

  /**
   * What was staged is the deployment now. Processes that run keep what they run; whether they must be judged anew before
   * they act on others.
   */
  commit(): boolean {
    const { data, definitions, ahead } = this.#staged!;
    this.version = data.version!;
    this.#staged = undefined;
    for (const [hostId, ofHost] of this.#linked) {
      for (const [id, linked] of ofHost) {
        if (definitions.get(id)?.revision === linked.revision) continue;
        ofHost.delete(id);
        put(this.#others, hostId, revisionKey(linked.entry.id, linked.revision), linked);
      }
    }
    const before = this.#older;
    this.#definitions = definitions;
    this.#older = data.older ?? [];
    this.entries = entriesOf(definitions);
    for (const { entry, revision } of before) {
      if (this.#find(entry.id, revision) === undefined) this.#forget(entry.id, revision);
    }
    const judgedAnew = this.#settle(data.hosts);
    for (const host of this.hosts.values()) if (host.changed) this.#linkAnew(host, ahead);
    for (const linked of this.#all()) linked.lastSpawned = undefined;
    return judgedAnew;
  }

  /**
   * What a host grants has changed: processes keep what they were linked with, on this thread, and new ones are linked anew,
   * or were already.
   */
  #linkAnew(host: Host, ahead: ReadonlySet<Linked>): void {
    host.changed = false;
    for (const table of [this.#linked, this.#others]) {
      const ofHost = table.get(host.id) ?? new Map<string, Linked>();
      for (const [key, linked] of ofHost) {
        if (ahead.has(linked)) continue;
        linked.stays = true;
        ofHost.delete(key);
      }
    }
  }

  /** Everything that is linked here. */
  *#all(): Generator<Linked> {
    for (const table of [this.#linked, this.#others, this.#builtIn]) {
      for (const ofHost of table.values()) yield* ofHost.values();
    }
  }
}

/** So that its first process finds all that its program makes for processes, too. Throws what loading throws. */
function loadAhead(linked: Linked): void {
  if (linked.isLoaded) return;
  const { program } = linked;
  try {
    program.create().close();
  } catch {
    // There is no room now, which its first process is told if there is none then.
  }
}

/** Into one of the tables by host. */
function put(table: Map<string, Map<string, Linked>>, host: string, key: string, linked: Linked): Linked {
  const ofHost = table.get(host);
  if (ofHost === undefined) table.set(host, new Map([[key, linked]]));
  else ofHost.set(key, linked);
  return linked;
}

function nothingImported({ id, trusted }: Host): ImportTable {
  return { host: id, trusted, names: [], has: () => false, get: () => undefined };
}

/** What has not changed stays the same object, by which others know it. */
function definitionsOf(
  { entries, artifacts, revisions }: DeployedData,
  known: ReadonlyMap<string, Definition>,
): Map<string, Definition> {
  const definitions = new Map<string, Definition>();
  for (const entry of entries) {
    const revision = revisions?.get(entry.id) ?? FIRST_REVISION;
    const before = known.get(entry.id);
    const same = before?.revision === revision;
    definitions.set(entry.id, same ? before : { entry, artifact: artifacts.get(entry.id), revision });
  }
  return definitions;
}

function entriesOf(definitions: ReadonlyMap<string, Definition>): Map<string, Entry> {
  return new Map([...definitions].map(([id, { entry }]) => [id, entry]));
}

/** One revision of an entry. */
export function revisionKey(id: string, revision: number): string {
  return `${id}@${revision}`;
}

/** Hosts that let in only others; the runtime's own processes and the deployment's supervisors get in everywhere. */
function unreachableFrom(id: string, hosts: readonly HostSettings[]): ReadonlySet<string> {
  if (id === SYSTEM_HOST || id === SUPERVISOR_HOST) return new Set();
  const closed = hosts.filter(
    host => host.id !== id && host.reachableFrom !== undefined && !host.reachableFrom.includes(id),
  );
  return new Set(closed.map(host => host.id));
}
