import { isDeepStrictEqual } from 'node:util';
import type { Payload } from '../payload/payload.ts';
import { hostOfPid } from '../pid.ts';
import type { Entry, Place } from '../registry/entry.ts';
import { Inherited, NOTHING_INHERITED } from '../scheduler/inherited.ts';
import { Authorities } from '../security/authorities.ts';
import type { Authority, Border } from '../security/authority.ts';
import type { Policy } from '../security/decision.ts';
import { type IdentitySettings, identityOf } from '../security/identity_settings.ts';

/** Defaults of `limits:` and `host:` (semantics sections 4 and 8). */
export const HOST_DEFAULTS = {
  mailbox: 100_000,
  mailboxBytes: 64 * 1024 * 1024,
  /** Of hosts that say nothing of what they grant, and of trusted ones. */
  maxProcesses: 2_000_000,
  /** Of hosts with `capabilities` that are not trusted, and of the built-in host of functions: a spawn bomb ends here. */
  maxContained: 10_000,
} as const;

type Context = { readonly [key: string]: Payload };

/** Hosts that can be added to a deployment while it runs. */
export const MORE_HOSTS = 256;

/** Keys by which a host that is not trusted consents to what is bounded less than other programs. */
export const CONSENTS = ['allow_untrusted_ts'] as const;
export type Consent = (typeof CONSENTS)[number];

/** A process host: the border at which imports are granted and limits hold (semantics section 8). */
export class Host implements Border {
  readonly id: string;
  /** Its place among the hosts of the deployment; the same on every scheduler. */
  readonly index: number;
  /** A terminal host runs one process and its exit code is the process's. */
  readonly terminal: boolean;
  // What follows can change while the host runs (`change`).
  trusted!: boolean;
  consents!: readonly Consent[];
  /** Modules of Node that its `capabilities` list, `node:crypto`; undefined: it has no such block of its own. */
  nodeModules!: readonly string[] | undefined;
  /** Capability name -> validated settings; undefined: the host has no `capabilities` block. */
  capabilities!: { readonly [name: string]: unknown } | undefined;
  /** Where its capabilities are written: the line to change when an import is missing. */
  place!: Place;
  maxProcesses!: number;
  /** Messages that may wait for one process. */
  mailbox!: number;
  /** Bytes that may wait for one process, in messages that are large enough to be weighed. */
  mailboxBytes!: number;
  /** At most so many schedulers run its processes; 0: all. */
  workers!: number;
  /** Its processes use the terminal, which belongs to the main thread. */
  pinned!: boolean;
  limits!: HostLimits;
  strict!: boolean;
  operations!: ReadonlySet<string> | undefined;
  /** Whose processes may act on those here; undefined: everybody's. */
  reachableFrom!: ReadonlySet<string> | undefined;
  unreachable!: ReadonlySet<string>;
  /** Whether a process here that has no identity may do everything to everybody. */
  isOpen!: boolean;
  running = true;
  /** The deployment has it no more. */
  removed = false;
  /** What its processes are granted has changed, and they must be linked anew. */
  changed = false;
  #settings: HostSettings | undefined = undefined;
  #policies!: ReadonlyMap<string, Policy>;
  #authorities!: Authorities;
  /** Of processes that come without an identity; undefined: they have none. */
  #identity!: Context | undefined;
  #inherited!: Inherited;

  /** `unreachable`: hosts whose `reachable_from` does not name this one. `policies`: of the deployment, by id. */
  constructor(
    settings: HostSettings,
    unreachable: ReadonlySet<string> = new Set(),
    policies: ReadonlyMap<string, Policy> = new Map(),
  ) {
    this.id = settings.id;
    this.index = settings.index;
    this.terminal = settings.terminal;
    this.change(settings, unreachable, policies);
    this.changed = false;
  }

  /** Be what the settings say from now on. Whether what its processes may do to others can be different now. */
  change(settings: HostSettings, unreachable: ReadonlySet<string>, policies: ReadonlyMap<string, Policy>): boolean {
    const before = this.#settings;
    this.place = settings.place;
    this.removed = settings.removed ?? false;
    const same = before !== undefined && sameSettings(before, settings);
    if (same && isDeepStrictEqual(this.unreachable, unreachable) && this.#policies === policies) return false;
    if (!same) this.changed = true;
    this.#settings = settings;
    this.trusted = settings.trusted;
    this.consents = settings.consents;
    this.nodeModules = settings.nodeModules;
    this.capabilities = settings.capabilities;
    this.maxProcesses = settings.maxProcesses;
    this.mailbox = settings.limits.mailbox ?? HOST_DEFAULTS.mailbox;
    this.mailboxBytes = settings.limits.mailbox_bytes ?? HOST_DEFAULTS.mailboxBytes;
    this.workers = settings.workers;
    this.pinned = settings.terminal || (settings.capabilities !== undefined && 'io' in settings.capabilities);
    this.limits = settings.limits;
    this.strict = settings.strict;
    this.operations = settings.operations === undefined ? undefined : new Set(settings.operations);
    this.reachableFrom = settings.reachableFrom === undefined ? undefined : new Set(settings.reachableFrom);
    this.unreachable = unreachable;
    this.isOpen = !this.strict && this.operations === undefined && unreachable.size === 0;
    this.#policies = policies;
    this.#authorities = new Authorities(this, policies);
    this.#identity = settings.identity;
    this.#inherited = settings.identity === undefined ? NOTHING_INHERITED : new Inherited({ ...settings.identity });
    return true;
  }

  /** What a process with this context is asked before it acts on others. */
  authorityOf(context: Context): Authority {
    return this.#authorities.of(context);
  }

  /** What a child takes over when it is spawned here: where nobody said for whom it acts, the host says it. */
  inheritedThere(inherited: Inherited): Inherited {
    if (inherited.identified || this.#identity === undefined) return inherited;
    if (inherited === NOTHING_INHERITED) return this.#inherited;
    return new Inherited({ ...inherited.context, ...this.#identity });
  }
}

/** Whether they say the same, wherever they are written. */
export function sameSettings(one: HostSettings, other: HostSettings): boolean {
  return isDeepStrictEqual({ ...one, place: undefined }, { ...other, place: undefined });
}

export interface HostLimits {
  /** Bytes a process. */
  readonly memory?: number;
  /** Milliseconds. */
  readonly cpu_slice?: number;
  readonly cpu_total?: number;
  readonly preempt?: 'kill' | 'resume';
  /** Messages. */
  readonly mailbox?: number;
  /** Bytes. */
  readonly mailbox_bytes?: number;
}

export interface HostSettings {
  readonly id: string;
  readonly index: number;
  readonly terminal: boolean;
  readonly trusted: boolean;
  readonly consents: readonly Consent[];
  readonly nodeModules: readonly string[] | undefined;
  readonly capabilities: { readonly [name: string]: unknown } | undefined;
  readonly place: Place;
  readonly maxProcesses: number;
  readonly workers: number;
  readonly limits: HostLimits;
  readonly strict: boolean;
  /** Of `capabilities.process.operations`. */
  readonly operations: readonly string[] | undefined;
  readonly reachableFrom: readonly string[] | undefined;
  /** Of `lifecycle.security`: reserved context values. */
  readonly identity: Context | undefined;
  /** Its entry is gone; its place among the hosts stays taken, for there may be those who still know it. */
  readonly removed?: boolean;
}

/**
 * The hosts of a deployment as data, in a fixed order, so that all schedulers number them alike. `before`: those of the
 * deployment that was there before, which keep their numbers.
 */
export function hostSettings(
  entries: ReadonlyMap<string, Entry>,
  defaults: HostLimits,
  strictMode?: boolean,
  before: readonly HostSettings[] = [],
): HostSettings[] {
  const now = settingsOf(entries, defaults, strictMode);
  if (before.length === 0) return now;
  const indices = new Map(before.map(({ id, index }) => [id, index]));
  let next = before.length;
  const settings = now.map(host => ({ ...host, index: indices.get(host.id) ?? next++ }));
  const present = new Set(settings.map(({ id }) => id));
  for (const host of before) if (!present.has(host.id)) settings.push({ ...host, removed: true });
  return settings.sort((a, b) => a.index - b.index);
}

function settingsOf(
  entries: ReadonlyMap<string, Entry>,
  defaults: HostLimits,
  strictMode: boolean | undefined,
): HostSettings[] {
  const settings: HostSettings[] = [];
  for (const entry of entries.values()) {
    if (entry.kind !== 'process.host' && entry.kind !== 'terminal.host') continue;
    const data = entry.data as {
      host?: { max_processes?: number; workers?: number };
      capabilities?: { [name: string]: unknown };
      limits?: HostLimits;
      trusted?: boolean;
      reachable_from?: readonly string[];
      lifecycle?: { security?: IdentitySettings };
    } & { readonly [consent in Consent]?: boolean };
    const processSettings = data.capabilities?.process as { operations?: readonly string[] } | undefined;
    const terminal = entry.kind === 'terminal.host';
    settings.push({
      id: entry.id,
      index: settings.length,
      terminal,
      trusted: data.trusted ?? false,
      consents: CONSENTS.filter(consent => data[consent] === true),
      nodeModules: data.capabilities && Object.keys(data.capabilities).filter(name => name.startsWith('node:')),
      capabilities: terminal ? { io: {}, ...data.capabilities } : data.capabilities,
      place: entry.place,
      maxProcesses: data.host?.max_processes ?? (terminal ? 1 : usualRoom(data.trusted, data.capabilities)),
      workers: data.host?.workers ?? 0,
      limits: { ...defaults, ...data.limits },
      // Not of the table as it is used: a terminal host has one without declaring it.
      strict: strictMode ?? data.capabilities !== undefined,
      operations: processSettings?.operations,
      reachableFrom: data.reachable_from,
      identity: identityOf(entries, data.lifecycle?.security),
    });
  }
  for (const id of BUILT_IN_HOSTS) {
    settings.push({
      id,
      index: settings.length,
      terminal: false,
      trusted: false,
      consents: CONSENTS,
      nodeModules: undefined,
      capabilities: undefined,
      place: { file: '(built in)', line: 1, column: 1 },
      maxProcesses: id === FUNCTION_HOST ? HOST_DEFAULTS.maxContained : HOST_DEFAULTS.maxProcesses,
      workers: 0,
      limits: defaults,
      // The runtime's own processes are those of whoever runs it, and supervisors do what the deployment says.
      strict: id === FUNCTION_HOST && (strictMode ?? false),
      operations: undefined,
      reachableFrom: undefined,
      identity: undefined,
    });
  }
  return settings;
}

/** Processes that may live on a host that does not say how many. */
function usualRoom(trusted: boolean | undefined, capabilities: object | undefined): number {
  return trusted || capabilities === undefined ? HOST_DEFAULTS.maxProcesses : HOST_DEFAULTS.maxContained;
}

/** Where functions run that name no host in a deployment without exactly one (semantics section 9). */
export const FUNCTION_HOST = 'system:functions';
/** Where the runtime's own processes live. */
export const SYSTEM_HOST = 'system:runtime';

/** Where the supervisors of a deployment run. */
export const SUPERVISOR_HOST = 'system:supervisors';
/** Hosts that no deployment declares. */
export const BUILT_IN_HOSTS = [FUNCTION_HOST, SUPERVISOR_HOST, SYSTEM_HOST] as const;

export function isBuiltInHost(host: string): boolean {
  return (BUILT_IN_HOSTS as readonly string[]).includes(host);
}

export function isOfRuntime(pid: string): boolean {
  return hostOfPid(pid) === SYSTEM_HOST;
}
