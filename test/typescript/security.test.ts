/** Actors, scopes and policies as objects: they never change, and nothing else is taken for one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf, run, type WorldOptions } from './world.ts';

const test = suite('identity in TypeScript');

const POLICIES = `namespace: p
entries:
  - {name: read, kind: security.policy, groups: [all], policy: {actions: read, resources: "*", effect: allow}}
  - {name: list, kind: security.policy.expr, groups: [all], policy: {actions: list, resources: "*", effect: allow, expression: has(actor.id)}}
`;

function body(text: string, options: WorldOptions = {}) {
  const module = (content: string) => `import { defineProcess } from 'troupe/sdk';\n${content}`;
  return run(
    {
      main: module(`export default defineProcess(function* (self) {const { security } = self;${text}});`),
      look: module(`const look = (self: any) => {
        const [actor, scope] = [self.security.actor(), self.security.scope()];
        return { actor: actor?.id, meta: actor?.meta, scope: scope?.policies().map((one: any) => one.id), context: self.context };
      };
      export default defineProcess(look);
      export const other = defineProcess(self => ['other', look(self).actor]);`),
    },
    'main',
    [],
    { imports: ['security'], files: { 'policies.yaml': POLICIES }, ...options },
  );
}

test('every way to start a child can say for whom', async () => {
  const seen = await body(`
    const ann = security.newActor('ann', { age: 30 });
    const scope = security.namedScope('all').without('p:list');
    const spawner = self.withActor(ann).withContext({ tenant: 't' }).withScope(scope);
    const options = self.withOptions({ actor: ann, scope, timeout: '5s', method: 'other' });
    return [yield* spawner.exec('t:look', 't:host'), yield* self.withScope(scope).exec('t:look', 't:host'),
      yield* spawner.call('t:look'), yield* options.exec('t:look', 't:host')];`);
  const ann = { actor: 'ann', meta: { age: 30 }, scope: ['p:read'], context: { tenant: 't' } };
  const nobody = { scope: ['p:read'], context: {} };
  assert.equal(seen, [ann, nobody, ann, ['other', 'ann']]);
});

test('nothing of them can be changed', async () => {
  const seen = await body(`
    const given = { list: [1] };
    const ann = security.newActor('ann', given);
    given.list.push(2);
    ann.meta.list.push(3);
    const scope = security.newScope([security.policy('p:read')]);
    scope.policies().pop();
    const more = scope.with(security.policy('p:list'));
    const refused = [ann, scope, scope.policies()[0]].flatMap(one =>
      ['id', 'meta', 'with', 'evaluate'].filter(key => key in one).map(key => {
        try {
          (one as any)[key] = 'root';
          return (one as any)[key] === 'root' ? key : '';
        } catch {
          return '';
        }
      }).filter(key => key !== ''));
    return [ann.id, ann.meta, scope.policies().length, more.policies().length, scope.contains('p:list'), refused.join(),
      scope.evaluate(ann, 'list', 'x'), more.evaluate(ann, 'list', 'x'), more.evaluate(null, 'list', 'x')];`);
  const effects = ['undefined', 'allow', 'undefined'];
  assert.equal(seen, ['ann', { list: [1] }, 1, 2, false, '', ...effects]);
});

test('what is no actor, scope or policy is refused, and says what is', async () => {
  const cases: [text: string, kind: string, part: string][] = [
    [`security.newActor('')`, 'INVALID', 'newActor: id must be a text that is not empty'],
    [`security.newActor(5 as any)`, 'INVALID', 'newActor: id must be a text that is not empty'],
    [`security.newActor('ann', 5 as any)`, 'INVALID', 'newActor: meta must be an object'],
    [`security.newActor('ann', { f() {} })`, 'INVALID', 'function cannot be sent'],
    [`security.newScope(['p:read'] as any)`, 'INVALID', 'security.policy(id) gives one'],
    [`security.newScope('p:read' as any)`, 'INVALID', 'newScope takes a list of policies'],
    [`security.newScope().with('p:read' as any)`, 'INVALID', 'security.policy(id) gives one'],
    [`security.newScope().evaluate({ id: 'root' } as any, 'read', 'x')`, 'INVALID', 'an actor is what'],
    [`security.can(5 as any, 'x')`, 'INVALID', 'security.can: action must be a string'],
    [`security.policy('p:reed')`, 'NOT_FOUND', 'did you mean "p:read"?'],
    [`self.withActor({ id: 'root', meta: {} } as any)`, 'INVALID', 'an actor is what'],
    [`self.withActor(Object.create(security.newActor('ann')))`, 'INVALID', 'an actor is what'],
    [`self.withScope(['p:read'] as any)`, 'INVALID', 'a scope is what'],
    [`self.withOptions({ actor: 'root' as any })`, 'INVALID', 'an actor is what'],
    [`self.withOptions({ method: 5 as any })`, 'INVALID', 'method must be a text'],
  ];
  for (const [text, kind, part] of cases) {
    const error = await errorOf(body(text));
    assert.is(error.kind, kind, text);
    assert.match(error.message, part, `${text}: ${error.message}`);
  }
});

test('without the capability there is nothing to name anybody with', async () => {
  const error = await errorOf(body('', { imports: [] }));
  assert.is(error.kind, 'PERMISSION_DENIED');
  assert.match(error.message, '"security" is not imported');
});

test.run();
