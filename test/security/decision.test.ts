import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Condition, decide, judge, matchesGlob, type Policy } from '../../runtime/security/decision.ts';

const test = suite('decisions');
const QUESTION = {
  actor: { id: 'ann', meta: { age: 30, roles: ['editor'], big: 2n ** 60n } },
  action: 'read',
  resource: 'doc:1',
  meta: { owner: 'ann', note: null },
};

test('a glob is its text, with any text for each star', () =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('*', 'a', 'b', '.'), { maxLength: 8 }),
      fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 12 }),
      (glob, text) => {
        const pattern = glob.map(one => (one === '*' ? '.*' : one === '.' ? '\\.' : one)).join('');
        assert.is(matchesGlob(glob.join(''), text.join('')), new RegExp(`^${pattern}$`).test(text.join('')));
      },
    ),
  ));

test('any deny decides, else any allow, else nothing, in whatever order', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('allow', 'deny'), fc.constantFrom('read', 'write'))), rules => {
      const policies = rules.map(
        ([effect, action], i): Policy => ({
          id: `app:p${i}`,
          actions: [action],
          resources: ['*'],
          effect: effect as 'allow' | 'deny',
          conditions: [],
        }),
      );
      const said = rules.filter(([, action]) => action === 'read').map(([effect]) => effect);
      const expected = said.includes('deny') ? 'deny' : said.includes('allow') ? 'allow' : 'undefined';
      const decision = decide(policies, QUESTION);
      assert.is(decision.effect, expected);
      const decider = policies.find(policy => policy.id === decision.policy);
      assert.is(decider?.effect ?? 'undefined', expected);
    }),
  ));

const holds = (field: string, operator: Condition['operator'], value?: unknown, value_from?: string) => {
  const condition = { field, operator, value, value_from };
  const policy: Policy = { id: 'app:p', actions: ['*'], resources: ['*'], effect: 'allow', conditions: [condition] };
  return judge(policy, QUESTION) === 'allow';
};

test('conditions look at the actor, the question and its details', () => {
  const yes: Parameters<typeof holds>[] = [
    ['actor.id', 'eq', 'ann'],
    ['meta.owner', 'eq', undefined, 'actor.id'],
    ['actor.meta.age', 'gt', 29],
    ['actor.meta.age', 'lte', 30],
    ['actor.meta.big', 'eq', 2 ** 60],
    ['action', 'lt', 'write'],
    ['actor.meta.roles', 'contains', 'editor'],
    ['resource', 'contains', 'doc'],
    ['action', 'in', ['read', 'list']],
    ['action', 'nin', ['write']],
    ['meta.note', 'nexists'],
    ['meta.owner', 'exists'],
    ['resource', 'matches', '^doc:'],
    ['resource', 'nmatches', '^user:'],
    ['meta.missing', 'ne', 'x'],
    ['meta.missing', 'ncontains', 'x'],
  ];
  for (const condition of yes) assert.ok(holds(...condition), JSON.stringify(condition.slice(0, 2)));
  const no: Parameters<typeof holds>[] = [
    ['actor.id', 'ne', 'ann'],
    ['meta.missing', 'eq', undefined, 'meta.other'],
    ['actor.meta.age', 'lt', 'x'],
    ['actor.meta.toString', 'exists'],
    ['meta.owner.length', 'exists'],
    ['meta.missing', 'matches', '.*'],
    ['action', 'in', 'read'],
  ];
  for (const condition of no) assert.not.ok(holds(...condition), JSON.stringify(condition.slice(0, 2)));
});

test('a pattern that cannot be judged is judged against the question', () => {
  const condition: Condition = { field: 'resource', operator: 'matches', value: '(?=doc)' };
  const policy = { id: 'app:p', actions: ['*'], resources: ['*'], conditions: [condition] };
  assert.is(judge({ ...policy, effect: 'allow' }, QUESTION), 'undefined');
  assert.is(judge({ ...policy, effect: 'deny' }, QUESTION), 'deny');
});

test.run();
