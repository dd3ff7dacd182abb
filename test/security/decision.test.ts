import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Condition } from '../../runtime/security/condition.ts';
import {
  decide,
  dependsOnMeta,
  explainAll,
  matchesGlob,
  type Policy,
  type Question,
} from '../../runtime/security/decision.ts';

const test = suite('decisions');
const QUESTION = {
  actor: {
    id: 'ann',
    meta: { age: 30, roles: ['editor'], big: 2n ** 60n, team: { name: 'blue', sizes: [1, 2] } },
  },
  action: 'read',
  resource: 'doc:1',
  meta: { owner: 'ann', note: null, members: ['ann'], bytes: new Uint8Array([1, 2]) },
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

/** What a policy with this condition says, whichever its effect. */
const effects = (condition: Condition, question: Question = QUESTION) =>
  (['allow', 'deny'] as const).map(effect => {
    const policy: Policy = { id: 'app:p', actions: ['*'], resources: ['*'], effect, conditions: [condition] };
    return decide([policy], question).effect;
  });
const HOLDS = ['allow', 'deny'];
const FAILS = ['undefined', 'undefined'];
const UNJUDGED = ['undefined', 'deny'];

type Row = readonly [field: string, operator: Condition['operator'], value?: unknown, value_from?: string];
const asCondition = ([field, operator, value, value_from]: Row): Condition => ({ field, operator, value, value_from });

test('conditions look at the actor, the question and its details', () => {
  const yes: Row[] = [
    ['actor.id', 'eq', 'ann'],
    ['meta.owner', 'eq', undefined, 'actor.id'],
    ['actor.meta.age', 'gt', 29],
    ['actor.meta.age', 'lte', 30],
    ['actor.meta.age', 'eq', 30n],
    ['actor.meta.big', 'eq', 2 ** 60],
    ['actor.meta.big', 'ne', 2n ** 60n + 1n],
    ['actor.meta.big', 'lt', 2n ** 60n + 1n],
    ['actor.meta.team.name', 'eq', 'blue'],
    ['actor.meta.team.sizes', 'eq', [1, 2n]],
    ['actor.meta.team', 'eq', { sizes: [1n, 2], name: 'blue' }],
    ['actor.meta.team.sizes.1', 'eq', 2],
    ['action', 'lt', 'write'],
    ['actor.meta.roles', 'contains', 'editor'],
    ['resource', 'contains', 'doc'],
    ['action', 'in', ['read', 'list']],
    ['actor.meta.age', 'in', [29n, 30n]],
    ['actor.id', 'in', undefined, 'meta.members'],
    ['action', 'nin', ['write']],
    ['meta.note', 'nexists'],
    ['meta.owner', 'exists'],
    ['resource', 'matches', '^doc:'],
    ['resource', 'nmatches', '^user:'],
    ['meta.missing', 'ne', 'x'],
    ['meta.missing', 'ncontains', 'x'],
    ['meta.missing', 'nmatches', 'x'],
    ['meta.missing', 'nin', ['x']],
    ['meta.bytes', 'eq', new Uint8Array([1, 2])],
  ];
  for (const row of yes) assert.equal(effects(asCondition(row)), HOLDS, row.slice(0, 2).join(' '));
  const no: Row[] = [
    ['actor.id', 'ne', 'ann'],
    ['meta.missing', 'eq', undefined, 'meta.other'],
    ['actor.meta.toString', 'exists'],
    ['actor.meta.__proto__', 'exists'],
    ['actor.meta.constructor.name', 'exists'],
    ['meta.owner.length', 'exists'],
    ['actor.meta.roles.length', 'exists'],
    ['meta.missing', 'matches', '.*'],
    ['meta.missing', 'lt', 5],
    ['meta.note', 'gte', 0],
    ['actor.id', 'in', undefined, 'meta.missing'],
    ['actor.meta.age', 'eq', '30'],
  ];
  for (const row of no) assert.equal(effects(asCondition(row)), FAILS, row.slice(0, 2).join(' '));
});

test('what cannot be compared is judged against the question', () => {
  const unjudged: Row[] = [
    ['actor.meta.age', 'lt', 'x'],
    ['actor.meta.roles', 'gte', 1],
    ['action', 'in', undefined, 'actor.id'],
    ['action', 'nin', undefined, 'actor.id'],
    ['actor.meta.age', 'contains', 3],
    ['resource', 'ncontains', undefined, 'actor.meta.age'],
    ['actor.meta.age', 'matches', '3'],
    ['resource', 'matches', '(?=doc)'],
    ['resource', 'nmatches', undefined, 'meta.missing'],
  ];
  for (const row of unjudged) assert.equal(effects(asCondition(row)), UNJUDGED, row.slice(0, 2).join(' '));
  const long = { ...QUESTION, resource: 'x'.repeat(5_000_000) };
  assert.equal(effects({ field: 'resource', operator: 'matches', value: 'a.*b' }, long), UNJUDGED);
});

test('nobody has neither id nor meta', () => {
  const question = { ...QUESTION, actor: undefined };
  assert.equal(effects({ field: 'actor.id', operator: 'nexists' }, question), HOLDS);
  assert.equal(effects({ field: 'actor.meta.age', operator: 'exists' }, question), FAILS);
  assert.equal(effects({ field: 'actor.id', operator: 'eq', value_from: 'meta.missing' }, question), FAILS);
});

const fields = fc.constantFrom(
  'actor.id',
  'action',
  'actor.meta.age',
  'actor.meta.roles',
  'meta.owner',
  'meta.missing',
);
const PAIRS = [
  ['eq', 'ne'],
  ['in', 'nin'],
  ['exists', 'nexists'],
  ['contains', 'ncontains'],
  ['matches', 'nmatches'],
] as const;

test('an operator and its opposite never agree', () =>
  fc.assert(
    fc.property(
      fields,
      fc.constantFrom(...PAIRS),
      fc.oneof(fc.constantFrom('ann', 'r', 30, 30n), fc.constant(['ann', 30])),
      fields,
      (field, pair, value, other) => {
        for (const compared of [{ value }, { value_from: other }]) {
          const [a, b] = pair.map(operator => effects({ field, operator, ...compared }));
          const both = [a, b].map(String).sort();
          const opposite = [FAILS, HOLDS].map(String).sort();
          assert.ok(
            String(both) === String(opposite) || String(both) === `${UNJUDGED},${UNJUDGED}`,
            `${field} ${pair[0]}: ${both}`,
          );
        }
      },
    ),
  ));

const conditions = fc.array(
  fc.record({
    field: fields,
    operator: fc.constantFrom<Condition['operator']>('eq', 'ne', 'lt', 'in', 'nin', 'exists', 'contains', 'matches'),
    value: fc.constantFrom<unknown>('ann', 'r(', 30, ['ann'], undefined),
  }),
  { maxLength: 3 },
);
const policies = fc.array(
  fc.record({
    id: fc.constantFrom('app:a', 'app:b', 'app:c', 'app:d'),
    actions: fc.constantFrom(['read'], ['write'], ['*']),
    resources: fc.constantFrom(['doc:*'], ['user:*'], ['user:*', '*:1']),
    effect: fc.constantFrom<'allow' | 'deny'>('allow', 'deny'),
    conditions,
  }),
  { maxLength: 6 },
);

test('the order never matters, and who says nothing changes nothing', () =>
  fc.assert(
    fc.property(policies, fc.nat(), (set, seed) => {
      const { effect } = decide(set, QUESTION);
      const turned = [...set.slice(seed % (set.length + 1)), ...set.slice(0, seed % (set.length + 1))].reverse();
      assert.is(decide(turned, QUESTION).effect, effect);
      const said = explainAll(set, QUESTION);
      assert.is(
        decide(
          set.filter((_, i) => said[i].effect !== 'undefined'),
          QUESTION,
        ).effect,
        effect,
      );
      const all = said.map(finding => finding.effect);
      assert.is(effect, all.includes('deny') ? 'deny' : all.includes('allow') ? 'allow' : 'undefined');
    }),
  ));

test('a decision names its policy and the rule of it', () => {
  const base: Policy = {
    id: 'app:p',
    actions: ['write', 'read'],
    resources: ['user:*', 'x', 'doc:*'],
    effect: 'allow',
    conditions: [],
  };
  const owner: Condition = { field: 'meta.owner', operator: 'eq', value_from: 'actor.id' };
  const adult: Condition = { field: 'actor.meta.age', operator: 'gte', value: 18 };
  const broken: Condition = { field: 'actor.meta.age', operator: 'gte', value: 'x' };
  const rule = (more: Partial<Policy>) => decide([{ ...base, ...more }], QUESTION);
  assert.equal(rule({}), {
    effect: 'allow',
    policy: 'app:p',
    rule: 'actions[1]/resources[2]',
    why: 'app:p allows "read" of "doc:1"',
  });
  assert.is(rule({ conditions: [owner] }).rule, 'conditions[0]');
  assert.is(rule({ conditions: [owner, adult] }).rule, 'conditions');
  assert.equal(rule({ effect: 'deny', conditions: [owner, broken] }), {
    effect: 'deny',
    policy: 'app:p',
    rule: 'conditions[1]',
    why: 'app:p: conditions[1] cannot be judged, so it denies "read" of "doc:1": actor.meta.age is 30, of which nobody can say gte "x"',
  });
  assert.equal(rule({ conditions: [broken] }), {
    effect: 'undefined',
    policy: undefined,
    rule: undefined,
    why: 'app:p: conditions[0] cannot be judged, so it allows nothing: actor.meta.age is 30, of which nobody can say gte "x"',
  });
});

test('every policy can say what stopped it', () => {
  const base: Policy = { id: 'app:p', actions: ['read'], resources: ['doc:*'], effect: 'deny', conditions: [] };
  const [action, resource, condition, from, deny] = explainAll(
    [
      { ...base, actions: ['write', 'list'] },
      { ...base, resources: ['user:*'] },
      {
        ...base,
        conditions: [
          { field: 'action', operator: 'exists' },
          { field: 'actor.meta.age', operator: 'lt', value: 18 },
        ],
      },
      { ...base, conditions: [{ field: 'meta.missing', operator: 'eq', value_from: 'actor.id' }] },
      base,
    ],
    QUESTION,
  );
  assert.equal(action, {
    effect: 'undefined',
    policy: 'app:p',
    rule: 'actions',
    why: 'app:p denies ["write","list"], not "read"',
  });
  assert.is(resource.why, 'app:p denies ["read"] of ["user:*"], not of "doc:1"');
  assert.is(condition.rule, 'conditions[1]');
  assert.is(condition.why, 'app:p: conditions[1] does not hold: actor.meta.age is 30, wanted: lt 18');
  assert.is(
    from.why,
    'app:p: conditions[0] does not hold: meta.missing is missing, wanted: eq actor.id, which is "ann"',
  );
  assert.is(deny.why, 'app:p denies "read" of "doc:1"');
});

test('what is asked cannot break the line of a log', () => {
  const { why } = decide([], { ...QUESTION, resource: `a\nb${'x'.repeat(1000)}` });
  assert.match(why, '"read" of "a\\nb');
  assert.ok(why.length < 200);
});

test('a policy says whether it looks at what changes', () => {
  const on = (...conditions: Condition[]) =>
    dependsOnMeta({ id: 'app:p', actions: ['*'], resources: ['*'], effect: 'allow', conditions });
  assert.not(on());
  assert.not(on({ field: 'meta.host', operator: 'eq', value_from: 'meta.sender_host' }));
  assert.not(on({ field: 'actor.meta.age', operator: 'gt', value: 18 }));
  assert.ok(on({ field: 'meta.owner', operator: 'exists' }));
  assert.ok(on({ field: 'actor.id', operator: 'eq', value_from: 'meta.host.name' }));
});

test.run();
