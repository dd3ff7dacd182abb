import type { Entry, Place } from '../registry/entry.ts';

/** Defaults of `limits:` and `host:` (semantics sections 4 and 8). */
export const HOST_DEFAULTS = {
  mailbox: 100_000,
  mailboxBytes: 64 * 1024 * 1024,
  maxProcesses: 2 ** 31 - 1,
} as const;

/** A process host: the border at which imports are granted and limits hold (semantics section 8). */
export class Host {
  readonly id: string;
  /** Its place among the hosts of the deployment; the same on every scheduler. */
  readonly index: number;
  /** A terminal host runs one process and its exit code is the process's. */
  readonly terminal: boolean;
  readonly trusted: boolean;
  /** Capability name -> validated settings; undefined: the host has no `capabilities` block. */
  readonly capabilities: { readonly [name: string]: unknown } | undefined;
  /** Where its capabilities are written: the line to change when an import is missing. */
  readonly place: Place;
  readonly maxProcesses: number;
  /** Messages that may wait for one process. */
  readonly mailbox: number;
  /** Bytes that may wait for one process, in messages that are large enough to be weighed. */
  readonly mailboxBytes: number;
  /** At most so many schedulers run its processes; 0: all. */
  readonly workers: number;
  /** Its processes use the terminal, which belongs to the main thread. */
  readonly pinned: boolean;
  readonly limits: HostLimits;
  running = true;

  constructor(settings: HostSettings) {
    this.id = settings.id;
    this.index = settings.index;
    this.terminal = settings.terminal;
    this.trusted = settings.trusted;
    this.capabilities = settings.capabilities;
    this.place = settings.place;
    this.maxProcesses = settings.maxProcesses;
    this.mailbox = settings.limits.mailbox ?? HOST_DEFAULTS.mailbox;
    this.mailboxBytes = settings.limits.mailbox_bytes ?? HOST_DEFAULTS.mailboxBytes;
    this.workers = settings.workers;
    this.pinned = settings.terminal || (settings.capabilities !== undefined && 'io' in settings.capabilities);
    this.limits = settings.limits;
  }
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
  readonly capabilities: { readonly [name: string]: unknown } | undefined;
  readonly place: Place;
  readonly maxProcesses: number;
  readonly workers: number;
  readonly limits: HostLimits;
}

/** The hosts of a deployment as data, in a fixed order, so that all schedulers number them alike. */
export function hostSettings(entries: Iterable<Entry>, defaults: HostLimits): HostSettings[] {
  const settings: HostSettings[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'process.host' && entry.kind !== 'terminal.host') continue;
    const data = entry.data as {
      host?: { max_processes?: number; workers?: number };
      capabilities?: { [name: string]: unknown };
      limits?: HostLimits;
      trusted?: boolean;
    };
    const terminal = entry.kind === 'terminal.host';
    settings.push({
      id: entry.id,
      index: settings.length,
      terminal,
      trusted: data.trusted ?? false,
      capabilities: terminal ? { io: {}, ...data.capabilities } : data.capabilities,
      place: entry.place,
      maxProcesses: data.host?.max_processes ?? (terminal ? 1 : HOST_DEFAULTS.maxProcesses),
      workers: data.host?.workers ?? 0,
      limits: { ...defaults, ...data.limits },
    });
  }
  for (const id of [FUNCTION_HOST, SYSTEM_HOST]) {
    settings.push({
      id,
      index: settings.length,
      terminal: false,
      trusted: false,
      capabilities: undefined,
      place: { file: '(built in)', line: 1, column: 1 },
      maxProcesses: HOST_DEFAULTS.maxProcesses,
      workers: 0,
      limits: defaults,
    });
  }
  return settings;
}

/** Where functions run that name no host in a deployment without exactly one (semantics section 9). */
export const FUNCTION_HOST = 'system:functions';
/** Where the runtime's own processes live. */
export const SYSTEM_HOST = 'system:runtime';
