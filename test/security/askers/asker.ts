import { defineProcess, type Policy, type Self, TroupeError } from 'troupe/sdk';

const ids = (policies: readonly Policy[]) => policies.map(policy => policy.id);

/** What one job comes to; the table of jobs is in `languages.test.ts`. */
function* work(self: Self, job: any): Generator<any, any, any> {
  const { security } = self;
  const policies = (list: string[]) => list.map(id => security.policy(id));
  const actorOf = (given: any) => (given === undefined ? undefined : security.newActor(given.id, given.meta));
  switch (job.op) {
    case 'who': {
      const [actor, scope] = [security.actor(), security.scope()];
      return { actor: actor && { id: actor.id, meta: actor.meta }, scope: scope && ids(scope.policies()) };
    }
    case 'can':
      return security.can(job.action, job.resource, job.meta);
    case 'explain':
      return security.explain(job.action, job.resource, job.meta);
    case 'policy':
      return security.policy(job.id).id;
    case 'group':
      return ids(security.namedScope(job.group).policies());
    case 'scope':
      return security.newScope(policies(job.policies)).evaluate(actorOf(job.actor), job.action, job.resource, job.meta);
    case 'one':
      return security.policy(job.id).evaluate(actorOf(job.actor), job.action, job.resource, job.meta);
    case 'edit': {
      const scope = security.newScope(policies(job.policies));
      const more = scope.with(security.policy(job.add));
      const less = more.without(security.policy(job.remove));
      return {
        before: ids(scope.policies()),
        more: ids(more.policies()),
        less: ids(less.policies()),
        contains: [more, less].map(one => one.contains(security.policy(job.remove))),
      };
    }
    default: {
      let spawner = self.withContext({ tenant: 't' });
      const actor = actorOf(job.actor);
      if (actor !== undefined) spawner = spawner.withActor(actor);
      if (job.policies !== undefined) spawner = spawner.withScope(security.newScope(policies(job.policies)));
      return job.op === 'call'
        ? yield* spawner.call(job.id, job.job)
        : yield* spawner.exec(job.id, 'app:host', job.job);
    }
  }
}

export default defineProcess(function* (self, job: any) {
  try {
    return { value: yield* work(self, job) };
  } catch (thrown) {
    if (thrown instanceof TroupeError) return { error: { kind: thrown.kind, message: thrown.message } };
    throw thrown;
  }
});
