// Does the one job that it is given and answers how it went, so that answering needs no permission: `../permission_cases.ts`.
import {
  Actor,
  call,
  cancel,
  Event,
  exec,
  lastError,
  link,
  log,
  monitor,
  operate,
  Policy,
  registry,
  security,
  select,
  self,
  send,
  Sources,
  spawn,
  Spawner,
  spawnLinked,
  spawnLinkedMonitored,
  spawnMonitored,
  terminate,
  unlink,
  unmonitor,
  Value,
} from 'troupe';
import { answered, refused, text } from './answer.as';

// @ts-ignore: decorator
@external("troupe:store", "get")
declare function storeGet(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:store", "set")
declare function storeSet(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:store", "delete")
declare function storeDelete(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:store", "list")
declare function storeList(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:registry", "get")
declare function registryGet(args: usize, argsLength: i32, area: usize, capacity: i32): i32;

/** What a call that answers true or false stands for: null means that it was refused. */
function certain(done: bool): Value | null {
  return done ? Value.bool(true) : null;
}

function textOrNull(found: string | null): Value | null {
  return found === null ? null : Value.string(found);
}

function spawnerOf(job: Value): Spawner | null {
  const spawner = new Spawner(text(job, 'id'));
  const host = text(job, 'host');
  if (host != '') spawner.host(host);
  const args = job.get('args');
  for (let i = 0; i < args.length; i++) spawner.arg(args.at(i));
  const context = job.get('context');
  const keys = context.keys();
  for (let i = 0; i < keys.length; i++) spawner.context(keys[i], context.get(keys[i]));
  const actor = job.get('actor');
  if (!actor.isNull) {
    const meta = actor.get('meta');
    spawner.withActor(new Actor(text(actor, 'id'), meta.isNull ? Value.map() : meta));
  }
  const scope = job.get('scope');
  if (!scope.isNull) {
    const policies: Array<Policy> = [];
    for (let i = 0; i < scope.length; i++) {
      const policy = security.policy(scope.at(i).asString());
      if (policy === null) return null;
      policies.push(policy);
    }
    spawner.withScope(security.newScope(policies));
  }
  if (!job.get('name').isNull) spawner.name(text(job, 'name'));
  if (!job.get('timeout').isNull) spawner.timeout(job.get('timeout').asFloat());
  const messages = job.get('messages');
  for (let i = 0; i < messages.length; i++) spawner.message(messages.at(i).at(0).asString(), messages.at(i).at(1));
  return spawner;
}

/** Without a builder where none is needed: both ways are tried. */
function start(job: Value): Value | null {
  const how = text(job, 'how');
  const id = text(job, 'id');
  const args = job.get('args').asList();
  const host = text(job, 'host');
  if (!job.get('built').asBool()) {
    if (how == 'exec') return exec(id, args, host);
    if (how == 'call') return call(id, args);
    if (how == 'spawn') return textOrNull(spawn(id, args, host));
    if (how == 'spawn_monitored') return textOrNull(spawnMonitored(id, args, host));
    if (how == 'spawn_linked') return textOrNull(spawnLinked(id, args, host));
    return textOrNull(spawnLinkedMonitored(id, args, host));
  }
  const spawner = spawnerOf(job);
  if (spawner === null) return null;
  if (how == 'exec') return spawner.exec();
  if (how == 'call') return spawner.call();
  if (how.includes('monitored')) spawner.monitor();
  if (how.includes('linked')) spawner.link();
  return textOrNull(spawner.spawn());
}

function who(): Value {
  const seen = Value.map();
  const actor = security.actor();
  const scope = security.scope();
  if (actor !== null) seen.set('actor', Value.map().set('id', actor.id).set('meta', actor.meta));
  if (scope !== null) seen.set('scope', scope.policies().map<string>(policy => policy.id));
  return seen;
}

function onRegistry(op: string, job: Value): Value | null {
  const name = text(job, 'name');
  if (op == 'register') return certain(registry.register(name, text(job, 'to')));
  if (op == 'lookup') {
    const pid = registry.lookup(name);
    return pid === null && text(lastError(), 'kind') == 'NOT_FOUND' ? Value.null() : textOrNull(pid);
  }
  if (registry.unregister(name)) return Value.bool(true);
  return lastError().isNull ? Value.bool(false) : null;
}

function onSecurity(op: string, job: Value): Value | null {
  const action = text(job, 'action');
  const resource = text(job, 'resource');
  if (op == 'can') return Value.bool(security.can(action, resource, job.get('meta')));
  if (op == 'explain') return security.explain(action, resource, job.get('meta'));
  if (op == 'who') return who();
  if (op == 'policy') {
    const policy = security.policy(text(job, 'id'));
    return policy === null ? null : Value.string(policy.id);
  }
  const scope = security.namedScope(text(job, 'group'));
  return scope === null ? null : Value.of(scope.policies().map<string>(policy => policy.id));
}

function obey(job: Value): Value | null {
  const op = text(job, 'op');
  const to = text(job, 'to');
  const key = Value.string(text(job, 'key'));
  if (op == 'start') return start(job);
  if (op == 'send') return certain(send(to, text(job, 'topic'), job.get('payload')));
  if (op == 'monitor') return certain(monitor(to));
  if (op == 'unmonitor') return certain(unmonitor(to));
  if (op == 'link') return certain(link(to));
  if (op == 'unlink') return certain(unlink(to));
  if (op == 'cancel') return certain(cancel(to, text(job, 'reason')));
  if (op == 'terminate') return certain(terminate(to));
  if (op == 'upgrade') return certain(self.upgrade(text(job, 'id'), job.get('args').asList()));
  if (op == 'store_get') return operate(storeGet, [key]);
  if (op == 'store_set') return operate(storeSet, [key, job.get('value')]);
  if (op == 'store_delete') return operate(storeDelete, [key]);
  if (op == 'store_list') return operate(storeList, [key]);
  if (op == 'registry_get') {
    const entry = operate(registryGet, [job.get('id')]);
    return entry === null ? null : entry.get('id');
  }
  return op == 'register' || op == 'unregister' || op == 'lookup' ? onRegistry(op, job) : onSecurity(op, job);
}

export function main(): void {
  const job = self.args[0];
  self.trapLinks(true);
  const before = job.get('before');
  for (let i = 0; i < before.length; i++) if (obey(before.at(i)) === null) self.failWith(lastError());
  const ok = obey(job);
  const answer = ok === null ? refused(lastError()) : answered(ok);
  const says = job.get('says');
  if (!says.isNull) {
    log.info(says.asString());
    const events = Value.list();
    const count = <i32>job.get('events').asInt();
    for (let i = 0; i < count; i++) events.push((select(Sources.Events) as Event).type);
    answer.set('events', events);
  }
  self.exit(answer);
}
