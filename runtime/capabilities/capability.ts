/**
 * What a capability is (design section 6). One is written once, as data plus handlers, and every machine binds it in
 * its own way: Lua as a module table, TypeScript as an object on `self.imports`, WASM as an import namespace.
 */
import type { ZodType } from 'zod';
import type { Clock } from '../clock.ts';
import type { TroupeError } from '../errors.ts';
import type { SpawnRequest } from '../machine.ts';
import type { Payload } from '../payload/payload.ts';
import type { Entry, EntryKind } from '../registry/entry.ts';
import type { Verdict } from '../security/authority.ts';
import type { Arguments, Parameter } from './parameters.ts';
import type { Rate, Rates } from './rates.ts';
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
  /** How often operations of this host were called, in all threads. Absent: nobody counts. */
  readonly rates?: Rates;
  /**
   * What policies say to an action of this process: the error with which it is denied. Absent: everything is allowed.
   * `quiet`: for choosing what a process gets to see; a denial is then nobody's attempt, and not to be recorded.
   */
  allows?(action: string, resource: string, meta?: Guarded['meta'], quiet?: boolean): TroupeError | undefined;
  /** What its host and its policies would say, without a record of it. */
  judge(action: string, resource: string, meta?: Guarded['meta']): Verdict;
  /**
   * Called once when the process ends, however it ends: close what was opened for it. Answers how to take that back; as
   * long as there is anything to release the process stays on its thread.
   */
  onClose(release: () => void): () => void;
  /**
   * Put a message in the caller's own mailbox, whenever there is one: what it asked to be told of. `payload` must be private
   * to it. The error says why it was not taken; a process that has ended needs none.
   */
  post(topic: string, payload: Payload): TroupeError | undefined;
  /** Start a process as the caller, as far as it may. What is in the request must be private to the child. */
  spawn?(request: SpawnRequest): string | TroupeError;
  /** Why the caller could not start that: what cannot be found or linked, and what its host and policies say. */
  refuseSpawn?(request: SpawnRequest): TroupeError | undefined;
  /**
   * Where the runtime's own processes do for the caller exactly what the caller may: its own host, or, of a terminal host,
   * which has room for the caller only, another one that restricts no more and no less.
   */
  readonly hostOfBuiltIn?: string;
  /** The PID of the process that `dest`, a PID or a name, means, if the caller may do `action` to it; or why it may not. */
  reach?(action: string, dest: string): string | TroupeError;
}

/** One question to the policies. */
export interface Guarded {
  readonly action: string;
  readonly resource: string;
  /** What conditions of policies see as `meta.`. */
  readonly meta?: { readonly [key: string]: Payload };
}

/** What the work of an operation is, by its mode. */
export type Worked = Payload | Promise<Payload> | SpawnRequest;

export interface OperationDefinition<
  Settings = unknown,
  Parameters extends readonly Parameter[] = readonly Parameter[],
> {
  /** One line for documentation and editor stubs. */
  readonly summary: string;
  /** What it takes. Checked before anything else; `run` gets what they make of the arguments. */
  readonly args: Parameters;
  /** The policy action that guards it, e.g. `fs.read`; undefined: none. */
  readonly action?: string;
  /**
   * What exactly is asked of the policies, where `action` and the first argument do not say it. Asked before `run`; every
   * one must be allowed. Without it an operation with an `action` asks for its first argument where that is text, else
   * for the capability's name.
   */
  guards?(context: CallContext, settings: Settings, args: Arguments<Parameters>): readonly Guarded[];
  /**
   * `sync`: returns at once. `async`: returns a promise, the calling path waits. `timer`: returns the milliseconds (> 0)
   * that the calling path then waits on the scheduler's clock. `exec`: returns the start of a process, whose end the calling
   * path waits for; it is one of the runtime's own and not judged again, so what it does must be what was allowed.
   */
  readonly mode: 'sync' | 'async' | 'timer' | 'exec';
  /** Does the work. Returns a fresh value, `null` for nothing, or throws a TroupeError. */
  run(context: CallContext, settings: Settings, args: Arguments<Parameters>): Worked;
}

/** An operation whose `run` knows the types of its arguments from `args`. */
export function operation<const Parameters extends readonly Parameter[], Settings>(
  definition: OperationDefinition<Settings, Parameters>,
): OperationDefinition<Settings> {
  return definition as unknown as OperationDefinition<Settings>;
}

/** An entry that settings of a capability name. */
export interface EntryReference {
  /** Where in the settings. */
  readonly path: readonly (string | number)[];
  /** Without a namespace: the host's own. */
  readonly id: string;
  readonly kinds: readonly EntryKind[];
}

export interface CapabilityDefinition<Settings = unknown> {
  /** As written in YAML: `time`, `fs`. */
  readonly name: string;
  readonly summary: string;
  /**
   * Validates the settings block under a host's `capabilities`: a strict object that accepts `{}` where nothing is needed.
   * A `rate` is added to every capability's settings (`grant.ts`).
   */
  readonly settings: ZodType<Settings>;
  /** Entries that the settings name, so that a deployment in which one is missing is refused. */
  references?(settings: Settings): readonly EntryReference[];
  /** Granted by a host that has no `capabilities` block: only what cannot reach outside. */
  readonly grantedByDefault: boolean;
  readonly operations: { readonly [name: string]: OperationDefinition<Settings> };
}

/** One operation with the settings of the host that granted it. What machines hold and hand to `out.invoke`. */
export interface BoundOperation {
  /** `fs`, `read_file`: snake_case; TypeScript spells operations in camelCase. */
  readonly capability: string;
  readonly name: string;
  /** Both, as messages begin: `fs.read_file`. */
  readonly title: string;
  readonly definition: OperationDefinition<never>;
  /** Of the definition: definitions differ in shape, and this is read in every call. */
  readonly args: readonly Parameter[];
  /** Whether policies are asked. */
  readonly guarded: boolean;
  /** There is nothing to check: it takes no arguments, nobody guards it, and it may be called any number of times. */
  readonly plain: boolean;
  readonly settings: unknown;
  /** How often it may be called, together with the others of its capability; undefined: any number of times. */
  readonly rate: Rate | undefined;
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
  /** Modules of Node (`node:crypto`) that a trusted host's `capabilities` list; undefined: there is no such list. */
  readonly nodeModules?: readonly string[];
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
