/** Entry x host x capability: what is granted, wanted, missing and unused in a deployment. */
import type { CapabilityDefinition } from '../capabilities/capability.ts';
import { ALWAYS_GRANTED, grantOf } from '../capabilities/link.ts';
import { Deployed } from './deployed.ts';
import { type Host, hostSettings, isBuiltInHost } from './host.ts';
import { hostsOf } from './prepare.ts';
import type { Entry } from '../registry/entry.ts';
import { dataOf } from '../registry/kinds.ts';
import type { Deployment } from '../registry/load.ts';

/** One entry on one host that runs it. All names sorted. */
export interface MatrixRow {
  readonly entry: string;
  readonly host: string;
  /** Whether the deployment itself says so; otherwise it runs there if somebody spawns it there. */
  readonly said: boolean;
  readonly granted: readonly string[];
  /** What the entry asks for; what belongs to the process itself is not counted. */
  readonly wanted: readonly string[];
  readonly missing: readonly string[];
  readonly unused: readonly string[];
}

export interface MatrixHost {
  readonly id: string;
  readonly trusted: boolean;
  /** A process with neither actor nor scope is denied what policies guard. */
  readonly strict: boolean;
  /** What its `capabilities:` lists; the rest of what it grants are defaults. */
  readonly listed: readonly string[];
  readonly granted: readonly string[];
  /** Listed, and none of the entries that run here asks for it. */
  readonly unused: readonly string[];
  /** On a strict host: services, and programs that run without being one, that nothing gives an actor or a scope. */
  readonly unidentified: { readonly services: readonly string[]; readonly programs: readonly string[] };
}

export interface CapabilityMatrix {
  readonly rows: readonly MatrixRow[];
  readonly hosts: readonly MatrixHost[];
}

export function capabilityMatrix(
  deployment: Deployment,
  definitions: ReadonlyMap<string, CapabilityDefinition>,
): CapabilityMatrix {
  const entries = [...deployment.entries.values()];
  const { limits, security } = deployment.settings;
  const hosts = hostSettings(deployment.entries, limits ?? {}, security.strict_mode);
  const deployed = new Deployed({ entries, artifacts: new Map(), hosts }, [], definitions);
  const granted = new Map([...deployed.hosts.values()].map(host => [host.id, grantedBy(host, definitions)]));

  const rows: MatrixRow[] = [];
  for (const entry of entries) {
    if (entry.source === undefined || entry.kind === 'library.lua') continue;
    const wanted = [...new Set(entry.wants.map(want => want.name))].filter(name => !ALWAYS_GRANTED.has(name)).sort();
    const said = hostsOf(entry, entries, deployed);
    const rowOn = (host: Host): MatrixRow => {
      const of = granted.get(host.id)!;
      return {
        entry: entry.id,
        host: host.id,
        said: said.includes(host),
        granted: of,
        wanted,
        missing: wanted.filter(name => !of.includes(name)),
        unused: of.filter(name => !wanted.includes(name)),
      };
    };
    rows.push(...(said.length > 0 ? said.map(rowOn) : possible(deployed, rowOn)));
  }
  const shown = [...deployed.hosts.values()].filter(
    ({ id }) => !isBuiltInHost(id) || rows.some(row => row.host === id),
  );
  return { rows, hosts: shown.map(host => describe(host, deployed, entries, rows, granted.get(host.id)!)) };
}

/** What an entry can do on a host, before and after a change. */
export interface CapabilityChange {
  readonly entry: string;
  readonly host: string;
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** For entries that are on the same host in both. */
export function capabilityChanges(before: CapabilityMatrix, after: CapabilityMatrix): CapabilityChange[] {
  const had = new Map(before.rows.map(row => [`${row.entry} ${row.host}`, usable(row)]));
  return after.rows.flatMap(row => {
    const then = had.get(`${row.entry} ${row.host}`);
    if (then === undefined) return [];
    const now = usable(row);
    const gained = now.filter(name => !then.includes(name));
    const lost = then.filter(name => !now.includes(name));
    return gained.length + lost.length === 0 ? [] : [{ entry: row.entry, host: row.host, gained, lost }];
  });
}

function usable({ wanted, missing }: MatrixRow): string[] {
  return wanted.filter(name => !missing.includes(name));
}

/** Where an entry without a host can be spawned; where that is nowhere, what is missing in each. */
function possible(deployed: Deployed, rowOn: (host: Host) => MatrixRow): MatrixRow[] {
  const hosts = [...deployed.hosts.values()].filter(({ id, terminal }) => !terminal && !isBuiltInHost(id));
  const all = hosts.map(rowOn);
  const linked = all.filter(({ missing }) => missing.length === 0);
  return linked.length > 0 ? linked : all;
}

function grantedBy(host: Host, definitions: ReadonlyMap<string, CapabilityDefinition>): string[] {
  const names = [...definitions.values()].filter(definition => grantOf(definition, host)).map(({ name }) => name);
  const modules = Object.keys(host.capabilities ?? {}).filter(name => name.startsWith('node:'));
  return [...names, ...modules].sort();
}

function describe(
  host: Host,
  deployed: Deployed,
  entries: readonly Entry[],
  rows: readonly MatrixRow[],
  granted: readonly string[],
): MatrixHost {
  const here = rows.filter(row => row.host === host.id);
  const { strict } = host;
  const entry = deployed.entries.get(host.id);
  const written = Object.keys((entry?.data.capabilities as object | undefined) ?? {});
  const listed = written.filter(name => granted.includes(name)).sort();
  const isIdentified = !strict || (entry !== undefined && givesIdentity(entry));
  return {
    id: host.id,
    trusted: host.trusted,
    strict,
    listed,
    granted,
    unused: listed.filter(name => !here.some(({ wanted }) => wanted.includes(name))),
    unidentified: isIdentified ? { services: [], programs: [] } : unidentifiedOn(host, entries, here),
  };
}

/** A service may bring an identity of its own; a program that is none has what its host or whoever spawns it gives it. */
function unidentifiedOn(host: Host, entries: readonly Entry[], here: readonly MatrixRow[]): MatrixHost['unidentified'] {
  const services = entries.filter(entry => dataOf(entry, 'process.service')?.host === host.id);
  const served = new Set(services.map(service => service.data.process));
  return {
    services: services.filter(service => !givesIdentity(service)).map(({ id }) => id),
    programs: here.filter(({ entry }) => !served.has(entry)).map(({ entry }) => entry),
  };
}

/** Whether `lifecycle.security` of a service or host names an actor or policies. */
function givesIdentity(entry: Entry): boolean {
  const data = dataOf(entry, 'process.service') ?? dataOf(entry, 'process.host') ?? dataOf(entry, 'terminal.host');
  if (data === undefined) return false;
  const { actor, groups, policies } = data.lifecycle.security;
  return actor !== undefined || groups.length > 0 || policies.length > 0;
}
