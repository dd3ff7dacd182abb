/** Does the one job that it is given and answers how it went, so that answering needs no permission: `../permission_cases.ts`. */
import { defineProcess, type Self, type Spawner, TroupeError } from 'troupe/sdk';

/** What a call answered, where errors are values. */
function certain(answer: true | TroupeError): true {
  if (answer !== true) throw answer;
  return answer;
}

function spawnerOf(self: Self, job: any): Spawner {
  let spawner = job.context === undefined ? self.withOptions({}) : self.withContext(job.context);
  if (job.actor !== undefined) spawner = spawner.withActor(self.security.newActor(job.actor.id, job.actor.meta));
  if (job.scope !== undefined) {
    spawner = spawner.withScope(self.security.newScope(job.scope.map((id: string) => self.security.policy(id))));
  }
  if (job.name !== undefined) spawner = spawner.withName(job.name);
  if (job.timeout !== undefined) spawner = spawner.withOptions({ timeout: job.timeout });
  for (const [topic, payload] of job.messages ?? []) spawner = spawner.withMessage(topic, payload);
  return spawner;
}

/** Without a builder where none is needed: both ways are tried. */
function* start(self: Self, job: any): Generator<any, any, any> {
  const spawner: any = job.built ? spawnerOf(self, job) : self;
  const args = job.args ?? [];
  switch (job.how) {
    case 'spawn':
      return spawner.spawn(job.id, job.host, ...args);
    case 'spawn_monitored':
      return spawner.spawnMonitored(job.id, job.host, ...args);
    case 'spawn_linked':
      return spawner.spawnLinked(job.id, job.host, ...args);
    case 'spawn_linked_monitored':
      return spawner.spawnLinkedMonitored(job.id, job.host, ...args);
    case 'exec':
      return yield* spawner.exec(job.id, job.host, ...args);
    default:
      return yield* spawner.call(job.id, ...args);
  }
}

function* obey(self: Self, job: any): Generator<any, any, any> {
  const { store, fs, env, security, capability } = operations(self);
  switch (job.op) {
    case 'start':
      return yield* start(self, job);
    case 'send':
      return certain(self.send(job.to, job.topic, job.payload));
    case 'monitor':
      return self.monitor(job.to);
    case 'unmonitor':
      return self.unmonitor(job.to);
    case 'link':
      return self.link(job.to);
    case 'unlink':
      return self.unlink(job.to);
    case 'cancel':
      return certain(self.cancel(job.to, job.reason));
    case 'terminate':
      return certain(self.terminate(job.to));
    case 'register':
      return self.registry.register(job.name, job.to);
    case 'unregister':
      return self.registry.unregister(job.name);
    case 'lookup':
      return self.registry.lookup(job.name);
    case 'upgrade':
      return yield* self.upgrade(job.id, ...job.args);
    case 'store_get':
      return yield* store().get(job.key);
    case 'store_set':
      return yield* store().set(job.key, job.value);
    case 'store_delete':
      return yield* store().delete(job.key);
    case 'store_list':
      return yield* store().list(job.key);
    case 'registry_get':
      return capability('registry').get(job.id).id;
    case 'policy':
      return security().policy(job.id).id;
    case 'group':
      return security()
        .namedScope(job.group)
        .policies()
        .map(policy => policy.id);
    case 'can':
      return security().can(job.action, job.resource, job.meta);
    case 'explain':
      return security().explain(job.action, job.resource, job.meta);
    case 'who': {
      const [actor, scope] = [security().actor(), security().scope()];
      return { actor: actor && { id: actor.id, meta: actor.meta }, scope: scope?.policies().map(({ id }) => id) };
    }
    case 'read':
      return yield* fs().readFile(job.path);
    case 'write':
      return yield* fs().writeFile(job.path, job.text);
    case 'env':
      return env().get(job.name);
    default:
      throw new Error(`there is no job "${job.op}"`);
  }
}

/** Capabilities, each when it is needed: not every host grants all. */
function operations(self: Self) {
  return {
    store: () => self.store,
    fs: () => self.fs,
    env: () => self.env,
    security: () => self.security,
    capability: (name: string) => self.capability<any>(name),
  };
}

export default defineProcess(function* (self, job: any) {
  const answer: { [key: string]: unknown } = {};
  self.setOptions({ trapLinks: true });
  try {
    for (const before of job.before ?? []) yield* obey(self, before);
    answer.ok = yield* obey(self, job);
  } catch (thrown) {
    if (!(thrown instanceof TroupeError)) throw thrown;
    answer.error = { kind: thrown.kind, message: thrown.message, details: thrown.details };
  }
  if (job.says !== undefined) {
    self.logger.info(job.says);
    const events: string[] = [];
    for (let i = 0; i < job.events; i++) events.push((yield* self.events().receive())!.kind);
    answer.events = events;
  }
  return answer;
});
