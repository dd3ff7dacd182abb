/**
 * Actors, scopes and policies as programs hold them (semantics section 8). They never change. What they decide is
 * decided by the operations of the capability `security`; an object holds an id and meta, or ids of policies.
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { copyPayload } from '../../runtime/payload/copy.ts';
import { isMap } from '../../runtime/payload/payload.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest, scopeOf } from '../../runtime/security/identity.ts';
import { copyArguments, raise } from './guest_error.ts';

/** What policies say; `undefined` (as text): nothing. */
export type Effect = 'allow' | 'deny' | 'undefined';

/** What conditions see as `meta.`. */
export type Meta = { readonly [key: string]: unknown };

export interface Decision {
  readonly allowed: boolean;
  readonly effect: Effect;
  /** Id of the policy that decided, and which part of it. */
  readonly policy: string | undefined;
  readonly rule: string | undefined;
  readonly why: string;
}

/** Call an operation of the process's `security`; throws its error. */
type Ask = (operation: string, args: readonly unknown[]) => any;

type Identity = NonNullable<IdentifiedRequest['identity']>;

/** What an Actor holds. Throws INVALID for anything else. */
let heldBy: (actor: unknown) => { readonly id: string; readonly meta: { readonly [key: string]: Payload } };
/** What a spawner lays over its child's identity. Throws INVALID for what is no Scope. */
export let identityOfScope: (scope: unknown) => Identity;

/** Somebody on whose behalf processes run. */
export class Actor {
  readonly #id: string;
  readonly #meta: { readonly [key: string]: Payload };

  static {
    heldBy = actor => {
      if (typeof actor === 'object' && actor !== null && #id in actor) return { id: actor.#id, meta: actor.#meta };
      return raise(invalid('an actor is what security.actor() or security.newActor() answered'));
    };
  }

  /** `meta` is the actor's own from now on. */
  constructor(id: string, meta: { readonly [key: string]: Payload }) {
    this.#id = id;
    this.#meta = meta;
  }

  get id(): string {
    return this.#id;
  }

  /** What conditions see as `actor.meta.`; a copy. */
  get meta(): { [key: string]: any } {
    return copyPayload(this.#meta) as { [key: string]: any };
  }
}

/** The id of a Policy; undefined for anything else. */
let policyId: (policy: unknown) => string | undefined;

/** An entry of kind `security.policy` or `security.policy.expr`. */
export class Policy {
  readonly #id: string;
  readonly #ask: Ask;

  static {
    policyId = policy =>
      typeof policy === 'object' && policy !== null && #id in policy ? (policy as Policy).#id : undefined;
  }

  constructor(ask: Ask, id: string) {
    this.#ask = ask;
    this.#id = id;
  }

  get id(): string {
    return this.#id;
  }

  /** What it says of an actor; nobody is undefined or null. */
  evaluate(actor: Actor | undefined | null, action: string, resource: string, meta?: Meta): Effect {
    return evaluate(this.#ask, [this.#id], actor, action, resource, meta);
  }
}

/** A set of policies: what adds or removes one answers another scope. */
export class Scope {
  readonly #ids: readonly string[];
  readonly #ask: Ask;

  static {
    identityOfScope = scope => {
      if (typeof scope === 'object' && scope !== null && #ids in scope) return contextOfScope(scope.#ids);
      return raise(invalid('a scope is what security.scope(), newScope() or namedScope() answered'));
    };
  }

  constructor(ask: Ask, ids: Iterable<string>) {
    this.#ask = ask;
    this.#ids = scopeOf(ids);
  }

  with(policy: Policy): Scope {
    return new Scope(this.#ask, [...this.#ids, idOfPolicy(policy)]);
  }

  /** A policy or its id; one that is not in it is not missed. */
  without(policy: Policy | string): Scope {
    const removed = idOf(policy);
    return new Scope(
      this.#ask,
      this.#ids.filter(id => id !== removed),
    );
  }

  contains(policy: Policy | string): boolean {
    return this.#ids.includes(idOf(policy));
  }

  /** Sorted by id. */
  policies(): Policy[] {
    return this.#ids.map(id => new Policy(this.#ask, id));
  }

  /** What its policies say together of an actor: any that denies decides, else any that allows. */
  evaluate(actor: Actor | undefined | null, action: string, resource: string, meta?: Meta): Effect {
    return evaluate(this.#ask, this.#ids, actor, action, resource, meta);
  }
}

/** On whose behalf the process runs, and what its policies say: `self.security`. */
export interface Security {
  /** Undefined where nobody was named. */
  actor(): Actor | undefined;
  /** Undefined where there is none. */
  scope(): Scope | undefined;
  can(action: string, resource: string, meta?: Meta): boolean;
  explain(action: string, resource: string, meta?: Meta): Decision;
  /** The same for any policies, by their ids, and any actor. */
  evaluate(
    policies: readonly string[],
    actor: { readonly id: string; readonly meta?: Meta } | null,
    action: string,
    resource: string,
    meta?: Meta,
  ): Effect;
  /** An actor, for `withActor` and `evaluate`; the id is not empty. */
  newActor(id: string, meta?: Meta): Actor;
  /** A scope of these policies; empty without any. */
  newScope(policies?: readonly Policy[]): Scope;
  /** Throws NOT_FOUND. */
  policy(id: string): Policy;
  /** All policies of a group; throws NOT_FOUND. */
  namedScope(group: string): Scope;
}

/** Those methods of `Security` that are more than the operation of their name. */
export const securityMethods: {
  readonly [name in keyof Security]?: (ask: Ask, args: readonly any[]) => unknown;
} = {
  actor: ask => {
    const actor = ask('actor', []);
    return actor === null ? undefined : new Actor(actor.id, actor.meta);
  },
  scope: ask => {
    const ids = ask('scope', []);
    return ids === null ? undefined : new Scope(ask, ids);
  },
  newActor: (_ask, [id, meta]) => {
    if (typeof id !== 'string' || id === '') raise(invalid('newActor: id must be a text that is not empty'));
    const [copy] = copyArguments([meta ?? {}], 'meta');
    return isMap(copy) ? new Actor(id, copy) : raise(invalid('newActor: meta must be an object'));
  },
  newScope: (ask, [policies]) => {
    const list = policies ?? [];
    if (!Array.isArray(list)) raise(invalid('newScope takes a list of policies'));
    return new Scope(ask, list.map(idOfPolicy));
  },
  policy: (ask, [id]) => new Policy(ask, ask('policy', [id]).id),
  namedScope: (ask, [group]) => new Scope(ask, ask('named_scope', [group])),
};

/** The same for an Actor; it is the child's own copy. */
export function identityOfActor(actor: unknown): Identity {
  const { id, meta } = heldBy(actor);
  return contextOfActor({ id, meta: copyPayload(meta) as Identity });
}

function evaluate(
  ask: Ask,
  policies: readonly string[],
  actor: Actor | undefined | null,
  action: string,
  resource: string,
  meta: Meta | undefined,
): Effect {
  const who = actor === undefined || actor === null ? null : heldBy(actor);
  return ask('evaluate', [policies, who, action, resource, meta ?? null]);
}

function idOfPolicy(policy: unknown): string {
  return policyId(policy) ?? raise(invalid('that is not a policy; security.policy(id) gives one'));
}

/** Of a policy, or the id itself. */
function idOf(policy: unknown): string {
  return typeof policy === 'string' ? policy : idOfPolicy(policy);
}

function invalid(text: string): TroupeError {
  return new TroupeError(text, { kind: 'INVALID', retryable: false });
}
