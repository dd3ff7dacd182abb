/** What entries say of services: which of them are services, what each one runs, and when. */
import { isDeepStrictEqual } from 'node:util';
import type { Payload } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import { dataOf, type KindData } from '../registry/kinds.ts';
import type { IdentitySettings } from '../security/identity_settings.ts';

/** As in the schema; durations in milliseconds. */
export type Lifecycle = KindData<'process.service'>['lifecycle'];

export interface ServiceSettings {
  readonly id: string;
  /** The entry that is spawned; a supervisor is spawned itself. */
  readonly process: string;
  /** Undefined: where such an entry runs when nobody says so. */
  readonly host: string | undefined;
  readonly input: readonly Payload[];
  readonly lifecycle: Lifecycle;
  /** For whom its process acts; that of a supervisor is for its children, to whom it gives it itself. */
  readonly security: IdentitySettings | undefined;
  /** All that reaches a process with its spawn only, by key of the entry. */
  readonly fixed: { readonly [key: string]: unknown };
}

export interface ServiceEntries {
  /** By id, in the order of the entries. */
  readonly services: ReadonlyMap<string, ServiceSettings>;
  /** Services and supervisors that a supervisor runs as its children, which are none of their own: child -> supervisor. */
  readonly children: ReadonlyMap<string, string>;
}

export function servicesOf(entries: ReadonlyMap<string, Entry>): ServiceEntries {
  const children = new Map<string, string>();
  for (const entry of entries.values()) {
    for (const { process } of dataOf(entry, 'process.supervisor')?.children ?? []) {
      const kind = entries.get(process)?.kind;
      if (kind === 'process.service' || kind === 'process.supervisor') children.set(process, entry.id);
    }
  }
  const services = new Map<string, ServiceSettings>();
  for (const entry of entries.values()) {
    const settings = children.has(entry.id) ? undefined : settingsOf(entry);
    if (settings !== undefined) services.set(entry.id, settings);
  }
  return { services, children };
}

function settingsOf(entry: Entry): ServiceSettings | undefined {
  const { id, kind } = entry;
  const service = dataOf(entry, 'process.service');
  if (service !== undefined) {
    const { lifecycle, ...fixed } = service;
    const { process, host, input } = fixed;
    const security = lifecycle.security as IdentitySettings;
    return { id, process, host, input: input as Payload[], lifecycle, security, fixed: { kind, ...fixed } };
  }
  const supervisor = dataOf(entry, 'process.supervisor');
  if (supervisor === undefined) return undefined;
  const { lifecycle, ...fixed } = supervisor;
  return { id, process: id, host: undefined, input: [], lifecycle, security: undefined, fixed: { kind, ...fixed } };
}

/** Keys whose change a process that runs does not see. */
export function fixedChanges(before: ServiceSettings, after: ServiceSettings): string[] {
  const keys = new Set([...Object.keys(before.fixed), ...Object.keys(after.fixed)]);
  return [...keys].filter(key => !isDeepStrictEqual(before.fixed[key], after.fixed[key]));
}
