/**
 * What a capability is (design section 6). One is written once, as data plus handlers, and every machine binds it in
 * its own way: Lua as a module table, TypeScript as an object on `self.imports`, WASM as an import namespace.
 */
import type { ZodType } from 'zod';
import type { Clock } from '../clock.ts';
import type { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import type { Entry } from '../registry/entry.ts';
import type { Verdict } from '../security/authority.ts';
import type { Services } from './services.ts';

/** Who calls an operation, and the seams it may use. */
export interface CallContext {
  readonly pid: string;
  /** Registry id of the entry that runs. */
  readonly id: string;
  readonly host: string;
  readonly clock: Clock;
  /** What the process inherited: see `ctx`. Frozen and shared; an operation that answers one answers a copy. */
  readonly values?: { readonly [key: string]: Payload };
  /** The deployment's entries by id. Absent: none are known. */
  readonly entries?: ReadonlyMap<string, Entry>;
  /** What the runtime shares out: terminal, log, store. Absent: those of this thread (`services.ts`). */
  readonly services?: Services;
  /**
   * For what turns out only while an operation runs: why the process may not do this, as the policies see it; undefined: it
   * may. Absent: there are no policies.
   */
  allows?(action: string, resource: string, meta?: { readonly [key: string]: Payload }): TroupeError | undefined;
  /** What its host and its policies would say, without a record of it. */
  judge(action: string, resource: string, meta?: { readonly [key: string]: Payload }): Verdict;
  /** Called once when the process ends, however it ends: close what was opened for it. */
  onClose(release: () => void): void;
  /**
   * Put a message in the caller's own mailbox, whenever there is one: what it asked to be told of. `payload` must be private
   * to it. The error says why it was not taken; a process that has ended needs none.
   */
  post(topic: string, payload: Payload): TroupeError | undefined;
}

/** What policies are asked before an operation. */
export interface Guarded {
  readonly action: string;
  readonly resource: string;
  /** What conditions see as `meta.`. */
  readonly meta?: { readonly [key: string]: Payload };
}

export interface OperationDefinition<Settings = unknown> {
  /** One line for documentation and editor stubs. */
  readonly summary: string;
  /** Names of the arguments, for messages; a trailing `?` marks an optional one. */
  readonly args: readonly string[];
  /** The policy action that guards it, e.g. `fs.read`; undefined: none. */
  readonly action?: string;
  /**
   * What exactly is asked of the policies, where `action` and the first argument do not say it. Asked before `run`; each
   * must be allowed. Throws INVALID for arguments of which it cannot be told.
   */
  readonly guards?: (context: CallContext, settings: Settings, args: readonly Payload[]) => readonly Guarded[];
  /**
   * `sync`: returns at once. `async`: returns a promise, the calling path waits. `timer`: returns the milliseconds (> 0)
   * that the calling path then waits on the scheduler's clock.
   */
  readonly mode: 'sync' | 'async' | 'timer';
  /**
   * Does the work. Arguments are private values. Returns a fresh value, `null` for nothing, or throws a TroupeError.
   */
  run(context: CallContext, settings: Settings, args: readonly Payload[]): Payload | Promise<Payload>;
}

export interface CapabilityDefinition<Settings = unknown> {
  /** As written in YAML: `time`, `fs`. */
  readonly name: string;
  readonly summary: string;
  /** Validates the settings block under a host's `capabilities`; `{}` must be accepted where nothing is needed. */
  readonly settings: ZodType<Settings>;
  /** Granted by a host that has no `capabilities` block: only what cannot reach outside. */
  readonly grantedByDefault: boolean;
  readonly operations: { readonly [name: string]: OperationDefinition<Settings> };
}

/** One operation with the settings of the host that granted it. What machines hold and hand to `out.invoke`. */
export interface BoundOperation {
  /** `fs`, `read_file`: snake_case; TypeScript spells operations in camelCase. */
  readonly capability: string;
  readonly name: string;
  readonly definition: OperationDefinition<never>;
  readonly settings: unknown;
}

export interface BoundCapability {
  readonly name: string;
  readonly settings: unknown;
  readonly operations: { readonly [name: string]: BoundOperation };
}

/** Exactly `wanted ∩ granted` for one entry on one host. */
export interface ImportTable {
  /** The host it was linked for. */
  readonly host: string;
  /** Whether that host is `trusted: true`. */
  readonly trusted: boolean;
  /** `limits.memory` of that host: bytes that one process may use; undefined: no limit. */
  readonly memory?: number;
  /** `limits.cpu_slice` of that host: milliseconds after which a program that can be interrupted is; undefined: the machine's own. */
  readonly cpuSlice?: number;
  /** `limits.cpu_total` of that host: milliseconds of computing that end a process; undefined: no limit. */
  readonly cpuTotal?: number;
  /** `limits.preempt` of that host, which depends on its trust; undefined: `resume`. */
  readonly preempt?: 'kill' | 'resume';
  readonly names: readonly string[];
  has(name: string): boolean;
  /** Undefined for what was not wanted or not granted; asking is not an error. */
  get(name: string): BoundCapability | undefined;
}
