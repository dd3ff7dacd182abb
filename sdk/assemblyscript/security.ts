import { operate } from "./capabilities";
import * as host from "./imports";
import { Value } from "./value";

/** Somebody on whose behalf processes run. It never changes. */
export class Actor {
  /** `id` is not empty. `meta`: a map that conditions of policies look at. */
  constructor(
    readonly id: string,
    private readonly details: Value = Value.map(),
  ) {}

  /** A copy. */
  get meta(): Value {
    return this.details.copy();
  }
}

/** An entry of kind `security.policy` or `security.policy.expr`. */
export class Policy {
  constructor(readonly id: string) {}

  /** As `Scope.evaluate`. */
  evaluate(actor: Actor | null, action: string, resource: string, meta: Value | null = null): string {
    return security.evaluate([this.id], actor, action, resource, meta);
  }
}

/** A set of policies. It never changes: what adds or removes one answers another scope. */
export class Scope {
  private constructor(private readonly ids: Array<string>) {}

  /** Of these ids, in any order. */
  static of(ids: Array<string>): Scope {
    const kept: Array<string> = [];
    for (let i = 0; i < ids.length; i++) {
      if (!kept.includes(ids[i])) kept.push(ids[i]);
    }
    kept.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return new Scope(kept);
  }

  with(policy: Policy): Scope {
    return Scope.of(this.ids.concat([policy.id]));
  }

  /** One that is not in it is not missed. */
  without(policy: Policy): Scope {
    const kept: Array<string> = [];
    for (let i = 0; i < this.ids.length; i++) {
      if (this.ids[i] != policy.id) kept.push(this.ids[i]);
    }
    return new Scope(kept);
  }

  contains(policy: Policy): bool {
    return this.ids.includes(policy.id);
  }

  /** Sorted by id. */
  policies(): Array<Policy> {
    return this.ids.map<Policy>(id => new Policy(id));
  }

  /**
   * What its policies say together of an actor (null: nobody): `"allow"`, `"deny"` or `"undefined"`; empty: see
   * `lastError`.
   */
  evaluate(actor: Actor | null, action: string, resource: string, meta: Value | null = null): string {
    return security.evaluate(this.ids, actor, action, resource, meta);
  }
}

/** The capability `security`: on whose behalf the process runs, and what its policies say. */
export namespace security {
  /** Null where nobody was named. */
  export function actor(): Actor | null {
    const found = operate(host.security_actor);
    if (found === null || found.isNull) return null;
    return new Actor(found.get("id").asString(), found.get("meta"));
  }

  /** Null where there is none. */
  export function scope(): Scope | null {
    return scopeOf(operate(host.security_scope));
  }

  /** Whether the process may. False, too, where the question is wrong: see `lastError`. */
  export function can(action: string, resource: string, meta: Value | null = null): bool {
    const answer = operate(host.security_can, [Value.string(action), Value.string(resource), orNull(meta)]);
    return answer !== null && answer.asBool();
  }

  /** The same with the reason, {allowed, effect, policy, rule, why}; null: see `lastError`. */
  export function explain(action: string, resource: string, meta: Value | null = null): Value | null {
    return operate(host.security_explain, [Value.string(action), Value.string(resource), orNull(meta)]);
  }

  /** What policies, by their ids, say of an actor: as `Scope.evaluate`. */
  export function evaluate(
    policies: Array<string>,
    actor: Actor | null,
    action: string,
    resource: string,
    meta: Value | null = null,
  ): string {
    const who = actor === null ? Value.null() : Value.map().set("id", actor.id).set("meta", actor.meta);
    const args = [Value.of(policies), who, Value.string(action), Value.string(resource), orNull(meta)];
    const effect = operate(host.security_evaluate, args);
    return effect === null ? "" : effect.asString();
  }

  /** A scope of these policies. */
  export function newScope(policies: Array<Policy> = []): Scope {
    return Scope.of(policies.map<string>(policy => policy.id));
  }

  /** A policy by its id; null: see `lastError`. */
  export function policy(id: string): Policy | null {
    const found = operate(host.security_policy, [Value.string(id)]);
    return found === null ? null : new Policy(found.get("id").asString());
  }

  /** All policies of a group; null: see `lastError`. */
  export function namedScope(group: string): Scope | null {
    return scopeOf(operate(host.security_named_scope, [Value.string(group)]));
  }
}

function scopeOf(ids: Value | null): Scope | null {
  if (ids === null || ids.isNull) return null;
  return Scope.of(ids.asList().map<string>(id => id.asString()));
}

function orNull(meta: Value | null): Value {
  return meta === null ? Value.null() : meta;
}
