/**
 * Linking: exactly `wanted ∩ granted`, for every language through this one function (design section 6).
 *
 * A host without a `capabilities` block grants what cannot reach outside; a host with the block grants exactly what it
 * lists. What belongs to the process model itself needs no grant and may be listed without harm.
 */
import { closest } from 'fastest-levenshtein';
import { consentMissing, importNotGranted, unknownCapability } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import type { Consent, Host } from '../hosts/host.ts';
import { type Entry, showPlace } from '../registry/entry.ts';
import type {
  BoundCapability,
  BoundOperation,
  CapabilityDefinition,
  ImportTable,
  OperationDefinition,
} from './capability.ts';
import { type Grant, grantSchema } from './grant.ts';
import type { Rate } from './rates.ts';

/** Always there (semantics section 8). */
export const ALWAYS_GRANTED: ReadonlySet<string> = new Set(['process', 'channel', 'errors', 'payload']);

class Imports implements ImportTable {
  readonly host: string;
  readonly trusted: boolean;
  readonly nodeModules: readonly string[] | undefined;
  readonly memory: number | undefined;
  readonly cpuSlice: number | undefined;
  readonly cpuTotal: number | undefined;
  readonly preempt: 'kill' | 'resume';
  readonly names: readonly string[];
  readonly #bound: ReadonlyMap<string, BoundCapability>;

  constructor(host: Host, bound: ReadonlyMap<string, BoundCapability>) {
    this.host = host.id;
    this.trusted = host.trusted;
    this.nodeModules = host.nodeModules;
    this.memory = host.limits.memory;
    this.cpuSlice = host.limits.cpu_slice;
    this.cpuTotal = host.limits.cpu_total;
    this.preempt = host.limits.preempt ?? (host.trusted ? 'kill' : 'resume');
    this.names = [...bound.keys()];
    this.#bound = bound;
  }

  has(name: string): boolean {
    return this.#bound.has(name);
  }

  get(name: string): BoundCapability | undefined {
    return this.#bound.get(name);
  }
}

/** Always of the same shape, whatever the definition looks like. */
export function bindOperation(
  capability: string,
  name: string,
  definition: OperationDefinition<never>,
  settings: unknown,
  rate?: Rate,
): BoundOperation {
  const { args } = definition;
  const guarded = definition.action !== undefined || definition.guards !== undefined;
  return Object.freeze({
    capability,
    name,
    title: `${capability}.${name}`,
    definition,
    args,
    guarded,
    plain: args.length === 0 && !guarded && rate === undefined,
    settings,
    rate,
  });
}

function bind(definition: CapabilityDefinition, settings: Grant, rate: Rate | undefined): BoundCapability {
  const operations: { [name: string]: BoundOperation } = Object.create(null);
  for (const [name, operation] of Object.entries(definition.operations)) {
    operations[name] = bindOperation(definition.name, name, operation as never, settings, rate);
  }
  return Object.freeze({ name: definition.name, settings, operations: Object.freeze(operations) });
}

/** The settings with which a host grants a capability, or undefined if it does not. */
export function grantOf(definition: CapabilityDefinition, host: Host): Grant | undefined {
  if (host.capabilities !== undefined && Object.hasOwn(host.capabilities, definition.name)) {
    return grantSchema(definition).parse(host.capabilities[definition.name] ?? {});
  }
  const defaults = host.capabilities === undefined || host.terminal;
  return defaults && definition.grantedByDefault ? grantSchema(definition).parse({}) : undefined;
}

/** Every host has a word for each capability, in the order of `definitions`, which is the same on all threads. */
function rateOf(
  { rate }: Grant,
  name: string,
  host: Host,
  definitions: ReadonlyMap<string, CapabilityDefinition>,
): Rate | undefined {
  if (rate === undefined) return undefined;
  const index = host.index * definitions.size + [...definitions.keys()].indexOf(name);
  return { host: host.id, capability: name, ...rate, index };
}

/**
 * The imports of an entry on a host. The error (PERMISSION_DENIED, or INVALID for a name that is no capability) names
 * entry, host and capability, the line that wants it, and the line to change. `consent`: what a host that is not trusted
 * must say to run the entry's language.
 */
export function linkImports(
  entry: Entry,
  host: Host,
  definitions: ReadonlyMap<string, CapabilityDefinition>,
  consent?: Consent,
): ImportTable | TroupeError {
  if (consent !== undefined && !host.trusted && !host.consents.includes(consent)) {
    return consentMissing(entry.id, entry.kind, host.id, consent, showPlace(host.place));
  }
  const bound = new Map<string, BoundCapability>();
  for (const want of entry.wants) {
    if (ALWAYS_GRANTED.has(want.name)) continue;
    const definition = definitions.get(want.name);
    if (definition === undefined) {
      const near = closest(want.name, [...definitions.keys()]);
      return unknownCapability(entry.id, want.name, showPlace(want.place), near);
    }
    const grant = grantOf(definition, host);
    if (grant === undefined) {
      return importNotGranted(entry.id, host.id, want.name, showPlace(want.place), showPlace(host.place));
    }
    bound.set(want.name, bind(definition, grant, rateOf(grant, want.name, host, definitions)));
  }
  return new Imports(host, bound);
}
