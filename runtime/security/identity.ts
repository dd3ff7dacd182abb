/**
 * Who acts and under which policies: what a process inherits beside its context values. Both travel among those, under
 * keys that programs can neither read nor set: where a request sets context values, `faultOfContext` refuses these
 * keys, and only `IdentifiedRequest.identity`, which programs cannot write into, sets them.
 */
import { TroupeError } from '../errors.ts';
import type { SpawnRequest } from '../machine.ts';
import type { Payload } from '../payload/payload.ts';

/** Somebody on whose behalf a process runs. `meta` is what conditions of policies look at. */
export interface Actor {
  readonly id: string;
  readonly meta: { readonly [key: string]: Payload };
}

/** Ids of `security.policy` entries, sorted, each once. */
export type Scope = readonly string[];

type Context = { readonly [key: string]: Payload };

/** A spawn that says for whom, or under which policies. */
export interface IdentifiedRequest extends SpawnRequest {
  /** Laid over what the child inherits: of `contextOfActor` and `contextOfScope`. What is absent is inherited. */
  readonly identity?: Context;
  /** The runtime's own request: `id` is of what it brings along, and whoever caused it was asked before. */
  readonly isBuiltIn?: boolean;
  /** For who keeps others running: this revision of the entry, as `Deployed.revisionOf` told it, if it is still known; else the present one. */
  readonly revision?: number;
}

const ACTOR = '@actor';
const SCOPE = '@scope';

/** Context keys that begin so belong to the runtime. */
export function isReservedKey(key: string): boolean {
  return key.startsWith('@');
}

export function isIdentified(context: Context): boolean {
  return Object.hasOwn(context, ACTOR) || Object.hasOwn(context, SCOPE);
}

export function actorIn(context: Context): Actor | undefined {
  return Object.hasOwn(context, ACTOR) ? (context[ACTOR] as unknown as Actor) : undefined;
}

export function scopeIn(context: Context): Scope | undefined {
  return Object.hasOwn(context, SCOPE) ? (context[SCOPE] as unknown as Scope) : undefined;
}

/** What to lay over a child's context so that it acts as `actor`. */
export function contextOfActor(actor: Actor): Context {
  return { [ACTOR]: { id: actor.id, meta: actor.meta } as Payload };
}

/** What to lay over a child's context so that it acts under `scope`. */
export function contextOfScope(scope: Scope): Context {
  return { [SCOPE]: [...scope] };
}

/** Why a program may not set these context values (INVALID); undefined: it may. */
export function faultOfContext(values: Context): TroupeError | undefined {
  const key = Object.keys(values).find(isReservedKey);
  if (key === undefined) return undefined;
  const text = `context key "${key}" is reserved: keys that begin with "@" say for whom a process acts; choose another name`;
  return new TroupeError(text, { kind: 'INVALID', retryable: false, details: { key } });
}

/** The values that programs set. */
export function withoutIdentity(context: Context): Context {
  return Object.fromEntries(Object.entries(context).filter(([key]) => !isReservedKey(key)));
}

/** What says for whom a process acts, and nothing else. */
export function identityIn(context: Context): Context {
  return Object.fromEntries(Object.entries(context).filter(([key]) => isReservedKey(key)));
}

/** A scope of these policies. */
export function scopeOf(policies: Iterable<string>): Scope {
  return [...new Set(policies)].sort();
}
