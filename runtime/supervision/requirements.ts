/**
 * Which services must run before which (semantics section 7): by `requires`, and by every reference to something that must
 * run. A service that runs on a host waits for what the host requires, a supervisor for what its children require.
 */
import type { Entry } from '../registry/entry.ts';
import { dataOf } from '../registry/kinds.ts';
import type { Lifecycle } from './service_settings.ts';

interface Reference {
  readonly id: string;
  /** It runs as a part of whoever refers to it: what it requires counts, not it. */
  readonly part: boolean;
}

export class Requirements {
  readonly #required = new Map<string, readonly string[]>();
  readonly #dependents = new Map<string, string[]>();
  /** Services, each after those that it requires; those that could start together in the order of their entries. */
  readonly order: readonly string[];
  /** Services that hosts require, which are there from the beginning. */
  readonly ofHosts: readonly string[];

  /** `services`: ids of those that are started one by one. The registry has refused cycles. */
  constructor(entries: ReadonlyMap<string, Entry>, services: Iterable<string>) {
    const ids = new Set(services);
    for (const id of ids) {
      const required = collect(entries, ids, id);
      this.#required.set(id, required);
      for (const other of required) {
        const dependents = this.#dependents.get(other);
        if (dependents === undefined) this.#dependents.set(other, [id]);
        else dependents.push(id);
      }
    }
    this.order = this.#inOrder();
    const hosts = [...entries.values()].filter(isHost);
    this.ofHosts = [...new Set(hosts.flatMap(host => collect(entries, ids, host.id)))];
  }

  /** What a service itself requires. */
  of(id: string): readonly string[] {
    return this.#required.get(id) ?? [];
  }

  /** Who itself requires a service. */
  dependentsOf(id: string): readonly string[] {
    return this.#dependents.get(id) ?? [];
  }

  /** Those services and all that they require, in the order of their start. */
  withRequired(ids: Iterable<string>): string[] {
    const reached = reach(ids, id => this.of(id));
    return this.order.filter(id => reached.has(id));
  }

  /** Those services and all that require them, in the order of their start. */
  withDependents(ids: Iterable<string>): string[] {
    const reached = reach(ids, id => this.dependentsOf(id));
    return this.order.filter(id => reached.has(id));
  }

  #inOrder(): string[] {
    const missing = new Map<string, number>();
    const order: string[] = [];
    for (const [id, required] of this.#required) {
      missing.set(id, required.length);
      if (required.length === 0) order.push(id);
    }
    for (const id of order) {
      for (const dependent of this.dependentsOf(id)) {
        const left = missing.get(dependent)! - 1;
        missing.set(dependent, left);
        if (left === 0) order.push(dependent);
      }
    }
    return order;
  }
}

function reach(from: Iterable<string>, next: (id: string) => readonly string[]): Set<string> {
  const reached = new Set(from);
  for (const id of reached) for (const other of next(id)) reached.add(other);
  return reached;
}

/** The services that must run before an entry, without what those themselves require. */
function collect(entries: ReadonlyMap<string, Entry>, services: ReadonlySet<string>, id: string): string[] {
  const found = new Set<string>();
  const parts = new Set([id]);
  for (const part of parts) {
    const entry = entries.get(part);
    for (const reference of entry === undefined ? [] : referencesOf(entry)) {
      const other = entries.get(reference.id);
      if (other === undefined) continue;
      if (reference.part || isHost(other)) parts.add(other.id);
      else if (services.has(other.id)) found.add(other.id);
    }
  }
  found.delete(id);
  return [...found];
}

function* referencesOf(entry: Entry): Iterable<Reference> {
  const lifecycle = entry.data.lifecycle as Lifecycle | undefined;
  for (const id of lifecycle?.requires ?? []) yield { id, part: false };
  const host = dataOf(entry, 'process.service')?.host;
  if (host !== undefined) yield { id: host, part: false };
  for (const child of dataOf(entry, 'process.supervisor')?.children ?? []) {
    yield { id: child.process, part: true };
    if (child.host !== undefined) yield { id: child.host, part: false };
  }
}

function isHost({ kind }: Entry): boolean {
  return kind === 'process.host' || kind === 'terminal.host';
}
