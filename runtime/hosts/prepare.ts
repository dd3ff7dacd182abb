/**
 * From a valid deployment to one that can run: every program compiled and verified by its machine, every import
 * resolved against the hosts that are known to run it. Nothing is started, and all problems are found at once.
 */
import { relative, sep } from 'node:path';
import type { CapabilityDefinition } from '../capabilities/capability.ts';
import { linkImports } from '../capabilities/link.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { Artifact, MachineType, PrepareTools } from '../machine.ts';
import { type Entry, type Place, parsePlace, showPlace } from '../registry/entry.ts';
import { dataOf } from '../registry/kinds.ts';
import type { Deployment } from '../registry/load.ts';
import { DeploymentError, ProblemList } from '../registry/problem.ts';
import { isInside } from '../registry/scan.ts';
import { BUILT_IN_MACHINES } from './built_in.ts';
import { type DeployedData, Deployed } from './deployed.ts';
import { type Host, type HostSettings, hostSettings } from './host.ts';
import { Preparations } from './preparations.ts';

export interface PrepareOptions {
  readonly machines: readonly MachineType[];
  readonly capabilities: ReadonlyMap<string, CapabilityDefinition>;
  /** What was prepared before, to be used again where nothing has changed; what is prepared now is added to it. */
  readonly preparations?: Preparations;
  /** Hosts that a running deployment has: they keep their numbers. */
  readonly hosts?: readonly HostSettings[];
}

/** Compile, verify and link. Rejects with a DeploymentError that has every problem. */
export async function prepareDeployment(deployment: Deployment, options: PrepareOptions): Promise<DeployedData> {
  const entries = [...deployment.entries.values()];
  const { limits, security } = deployment.settings;
  const hosts = hostSettings(deployment.entries, limits ?? {}, security.strict_mode, options.hosts);
  const deployed = new Deployed({ entries, artifacts: new Map(), hosts }, options.machines, options.capabilities);
  const problems = new ProblemList();
  checkImports(entries, deployed, options, problems);
  const artifacts = await prepareAll(entries, deployment, deployed, options, problems);
  if (problems.found.length > 0) throw new DeploymentError(problems.sorted());
  return { entries, artifacts, hosts, auditGrants: security.audit.grants };
}

async function prepareAll(
  entries: readonly Entry[],
  deployment: Deployment,
  deployed: Deployed,
  { machines, preparations = new Preparations() }: PrepareOptions,
  problems: ProblemList,
): Promise<Map<string, Artifact>> {
  const byKind = new Map<string, MachineType>();
  for (const machine of [...machines, ...BUILT_IN_MACHINES]) {
    for (const kind of machine.kinds) byKind.set(kind, machine);
  }
  const artifacts = new Map<string, Artifact>();
  const round = preparations.round(deployment.entries);
  await Promise.all(
    entries.map(async entry => {
      const machine = byKind.get(entry.kind);
      if (machine === undefined) return;
      const tools: PrepareTools = {
        entry: id => deployment.entries.get(id),
        root: deployment.root,
        trusted: hostsOf(entry, entries, deployed).some(host => host.trusted),
        read: path => refuseFile(path, entry, deployment.root),
      };
      try {
        artifacts.set(entry.id, await round.prepare(machine, entry, tools));
      } catch (thrown) {
        addRejection(thrown, entry, problems);
      }
    }),
  );
  // In the order of the entries, not of who was ready first: everything that follows is deterministic.
  return new Map(entries.filter(entry => artifacts.has(entry.id)).map(entry => [entry.id, artifacts.get(entry.id)!]));
}

/** Throws PERMISSION_DENIED where a source that may import no files of the deployment has got at one; packages are nobody's secret. */
function refuseFile(path: string, { source }: Entry, root: string): void {
  if (source?.closed === undefined || !isInside(root, path) || path.includes(`${sep}node_modules${sep}`)) return;
  const file = relative(root, path).split(sep).join('/');
  throw new TroupeError(`${file}: ${source.closed}`, { kind: 'PERMISSION_DENIED', retryable: false });
}

/** What a machine rejected with, at the place that it names, or at the entry's source line. */
export function addRejection(thrown: unknown, entry: Entry, problems: ProblemList): void {
  if (thrown instanceof DeploymentError) {
    problems.addAll(thrown.problems);
    return;
  }
  if (thrown instanceof AggregateError) {
    for (const error of thrown.errors) addRejection(error, entry, problems);
    return;
  }
  const error = toTroupeError(thrown, 'INTERNAL');
  const fallback = entry.source?.place ?? entry.place;
  const named = parsePlace(error.place);
  if (named?.file === entry.id) {
    // An inline source has no file of its own: the place is the line of YAML that holds it.
    const within = `line ${named.line}, column ${named.column} of the inline source`;
    problems.add(fallback, `${entry.id}, ${within}: ${withoutPlace(error.message, named)}`, error.kind);
    return;
  }
  const place = named ?? fallback;
  problems.add(place, withoutPlace(error.message, place), error.kind);
}

function withoutPlace(message: string, place: Place): string {
  const prefix = `${showPlace(place)}: `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

/** The hosts that the deployment itself says run an entry; where it says nothing, the only one there is. */
export function hostsOf(entry: Entry, entries: readonly Entry[], deployed: Deployed): Host[] {
  const found = new Set<Host>();
  const add = (id: unknown): void => {
    const host = typeof id === 'string' ? deployed.hosts.get(deployed.qualify(id, entry.namespace)) : undefined;
    if (host !== undefined) found.add(host);
  };
  for (const other of entries) {
    if (other.kind === 'process.service' && other.data.process === entry.id) add(other.data.host);
    for (const child of dataOf(other, 'process.supervisor')?.children ?? []) {
      if (child.process === entry.id) add(child.host);
    }
  }
  add(entry.meta.default_host);
  if (entry.meta.command !== undefined) for (const host of deployed.hosts.values()) if (host.terminal) found.add(host);
  if (found.size === 0) {
    const host = deployed.hostFor(entry, undefined, entry.namespace);
    if (!(host instanceof TroupeError)) found.add(host);
  }
  return [...found];
}

function checkImports(
  entries: readonly Entry[],
  deployed: Deployed,
  { capabilities, machines }: PrepareOptions,
  problems: ProblemList,
): void {
  const consents = new Map(machines.flatMap(({ kinds, consent }) => kinds.map(kind => [kind, consent])));
  for (const entry of entries) {
    if (entry.source === undefined || entry.kind === 'library.lua') continue;
    for (const host of hostsOf(entry, entries, deployed)) {
      const imports = linkImports(entry, host, capabilities, consents.get(entry.kind));
      if (imports instanceof TroupeError) addRejection(imports, entry, problems);
    }
  }
}
