import { Actor, lastError, Policy, Scope, security, self, Spawner, Value } from "troupe";

let failed = false;

/** Ends the program's work with the error of the last call; the table of jobs is in `languages.test.ts`. */
function fail(): Value {
  if (!failed) {
    failed = true;
    const error = lastError();
    self.exit(Value.map().set("error", Value.map().set("kind", error.get("kind")).set("message", error.get("message"))));
  }
  return Value.null();
}

function ids(scope: Scope): Value {
  return Value.of(scope.policies().map<string>(policy => policy.id));
}

function policies(list: Value): Array<Policy> {
  const made: Array<Policy> = [];
  for (let i = 0; i < list.length; i++) {
    const policy = security.policy(list.at(i).asString());
    if (policy === null) fail();
    else made.push(policy);
  }
  return made;
}

function actorOf(given: Value): Actor | null {
  return given.isNull ? null : new Actor(given.get("id").asString(), given.get("meta"));
}

function effect(text: string): Value {
  return text == "" ? fail() : Value.string(text);
}

function who(): Value {
  const seen = Value.map();
  const actor = security.actor();
  const scope = security.scope();
  if (actor !== null) seen.set("actor", Value.map().set("id", actor.id).set("meta", actor.meta));
  if (scope !== null) seen.set("scope", ids(scope));
  return seen;
}

function edit(job: Value): Value {
  const scope = security.newScope(policies(job.get("policies")));
  const more = scope.with(security.policy(job.get("add").asString())!);
  const removed = security.policy(job.get("remove").asString())!;
  const less = more.without(removed);
  return Value.map().set("before", ids(scope)).set("more", ids(more)).set("less", ids(less))
    .set("contains", Value.list([Value.bool(more.contains(removed)), Value.bool(less.contains(removed))]));
}

function child(job: Value): Value {
  const spawner = new Spawner(job.get("id").asString()).context("tenant", "t").arg(job.get("job"));
  const actor = actorOf(job.get("actor"));
  if (actor !== null) spawner.withActor(actor);
  if (!job.get("policies").isNull) spawner.withScope(security.newScope(policies(job.get("policies"))));
  if (failed) return Value.null();
  if (job.get("op").asString() == "exec") spawner.host("app:host");
  const value = spawner.exec();
  return value === null ? fail() : value;
}

function work(job: Value): Value {
  const op = job.get("op").asString();
  const action = job.get("action").asString();
  const resource = job.get("resource").asString();
  const meta = job.get("meta");
  if (op == "who") return who();
  if (op == "can") return Value.bool(security.can(action, resource, meta));
  if (op == "explain") {
    const decision = security.explain(action, resource, meta);
    return decision === null ? fail() : decision;
  }
  if (op == "policy") {
    const policy = security.policy(job.get("id").asString());
    return policy === null ? fail() : Value.string(policy.id);
  }
  if (op == "group") {
    const scope = security.namedScope(job.get("group").asString());
    return scope === null ? fail() : ids(scope);
  }
  if (op == "scope") {
    const scope = security.newScope(policies(job.get("policies")));
    return failed ? Value.null() : effect(scope.evaluate(actorOf(job.get("actor")), action, resource, meta));
  }
  if (op == "one") {
    const policy = security.policy(job.get("id").asString());
    return policy === null ? fail() : effect(policy.evaluate(actorOf(job.get("actor")), action, resource, meta));
  }
  return op == "edit" ? edit(job) : child(job);
}

export function main(): void {
  const value = work(self.args[0]);
  if (!failed) self.exit(Value.map().set("value", value));
}
