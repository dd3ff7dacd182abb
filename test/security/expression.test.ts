/** Expression policies: what they can say, what is refused at load, and what no question can make of them. */
import { Environment } from '@marcbachmann/cel-js';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { DeploymentError, showProblem } from '../../runtime/registry/problem.ts';
import { decide, dependsOnMeta, explainAll, type Policy, type Question } from '../../runtime/security/decision.ts';
import { compileExpression, faultOfExpression } from '../../runtime/security/expression.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';

const test = suite('expressions');

const QUESTION: Question = {
  actor: {
    id: 'ann',
    meta: { age: 30, big: 2n ** 60n, ratio: 1.5, roles: ['editor', 'author'], team: { name: 'blue', sizes: [1, [2]] } },
  },
  action: 'doc.read',
  resource: 'doc:1',
  meta: { owner: 'ann', price: 2, half: 0.5, n: 3n, tags: ['a', 'b'], note: null, error: new TroupeError('broken') },
};

function policy(expression: string, effect: 'allow' | 'deny'): Policy {
  return {
    id: 'app:p',
    actions: ['*'],
    resources: ['*'],
    effect,
    conditions: [],
    expression: compileExpression(expression),
  };
}

/** What policies with this expression say: one that allows, one that denies. */
function effects(expression: string, question: Question = QUESTION): string {
  return (['allow', 'deny'] as const).map(effect => decide([policy(expression, effect)], question).effect).join(' ');
}

const TRUE = 'allow deny';
const FALSE = 'undefined undefined';
const UNJUDGED = 'undefined deny';

function faultIn(expression: string): string {
  return faultOfExpression(expression)?.message ?? 'none';
}

function why(expression: string, question: Question = QUESTION): string {
  return explainAll([policy(expression, 'allow')], question)[0].why;
}

test('they see actor, action, resource and meta', () => {
  for (const expression of [
    'actor.id == meta.owner',
    'action == "doc.read" && resource == "doc:1"',
    "action.startsWith('doc.') && 'editor' in actor.meta.roles",
    'actor.meta.roles.exists(role, role == "author")',
    'actor.meta.roles.all(role, meta.tags.all(tag, tag != role))',
    'meta.tags.map(tag, tag + "!").join(",") == "a!,b!"',
    'meta.tags.filter(tag, tag > "a").size() == 1',
    'meta.tags.exists_one(tag, tag == "a")',
    'has(meta.owner) && !has(meta.missing)',
    'actor.meta.team.name in ["blue", "red"]',
    'actor.meta.team.sizes == [1, [2]]',
    'actor.meta.team == {"sizes": [1, [2]], "name": "blue"}',
    'meta["owner"] == "ann" && meta.tags[1] == "b"',
    'resource.matches("^doc:[0-9]+$") && resource.contains("oc")',
    'resource.split(":")[1] == "1" && int(resource.split(":")[1]) == 1',
    'cel.bind(owner, meta.owner, owner == actor.id && owner.size() == 3)',
    'meta.note == null && meta.error.message == "broken"',
    'meta.price > 1 ? action != "" : false',
    '(meta.price - (meta.price - 1)) * 2 == 2 && !(meta.price == 3)',
  ]) {
    assert.is(effects(expression), TRUE, expression);
    assert.is(effects(`!(${expression})`), FALSE, expression);
  }
});

test('a number is a number, whichever language it comes from', () => {
  for (const expression of [
    'actor.meta.age >= 18 && actor.meta.age == 30 && actor.meta.age < 30.5',
    'actor.meta.big == 1152921504606846976 && actor.meta.big != 1152921504606846977',
    'actor.meta.ratio > 1 && actor.meta.ratio * 2 == 3',
    'meta.price * 1.5 == 3 && meta.price + meta.half == 2.5 && meta.price / meta.half == 4.0',
    'meta.half - meta.price < 0 && -meta.price == -2',
    'meta.n == 3 && meta.n > meta.price && meta.n in [3]',
    'meta.tags[meta.price - 1] == "b"',
  ]) {
    assert.is(effects(expression), TRUE, expression);
  }
  const asBig = { ...QUESTION, meta: { ...QUESTION.meta, price: 2n } };
  assert.is(effects('meta.price * 1.5 == 3 && meta.price == 2', asBig), TRUE);
});

test('what cannot be judged is judged against the question, and says what failed', () => {
  const cases: [expression: string, why: string][] = [
    ['meta.missing == 1', 'there is no "missing" in it; has(...) asks whether there is'],
    ['actor.meta.team.name.first == 1', 'there is no "first" in it; has(...) asks whether there is'],
    ['meta.owner > 5', 'no such overload: string > int'],
    ['meta.price', 'it is neither true nor false'],
    ['meta.price / 0 == 1', 'division by zero'],
    ['meta.tags[2] == "c"', 'no such key: index out of bounds, index 2 >= size 2'],
    ['actor.meta.big * 8 > 0', 'integer overflow: 9223372036854775808'],
    [
      'resource.matches(meta.owner + "(")',
      'matches: pattern "ann(" cannot be used: error parsing regexp: missing closing )',
    ],
  ];
  for (const [expression, text] of cases) {
    assert.is(effects(expression), UNJUDGED, expression);
    assert.match(why(expression), `app:p: expression cannot be judged, so it allows nothing: ${text}`);
  }
  assert.match(decide([policy('meta.missing == 1', 'allow')], QUESTION).why, 'there is no "missing" in it');
  assert.equal(decide([policy('meta.missing == 1', 'deny')], QUESTION).rule, 'expression');
  // Where the answer is clear without what fails, it counts.
  assert.is(effects('meta.missing == 1 || true'), TRUE);
  assert.is(effects('meta.missing == 1 && false'), FALSE);
});

test('nobody has no id', () => {
  const question = { ...QUESTION, actor: undefined };
  assert.is(effects('has(actor.id)', question), FALSE);
  assert.is(effects('actor.id == meta.owner', question), UNJUDGED);
  assert.is(effects('!has(actor.meta.age) && resource == "doc:1"', question), TRUE);
});

test('prototypes cannot be reached, and keys with their names are keys', () => {
  const names = ['constructor', '__proto__', 'prototype', 'toString', 'hasOwnProperty', 'size', 'get'];
  for (const name of names) {
    for (const holder of [
      'meta',
      'actor.meta',
      'actor.meta.roles',
      'meta.owner',
      'meta.price',
      'meta.error',
      '{"a": 1}',
    ]) {
      for (const access of [`${holder}.${name}`, `${holder}["${name}"]`]) {
        if (faultOfExpression(`${access} != 1`) !== undefined) continue;
        assert.is(effects(`${access} != 1`), UNJUDGED, access);
        assert.is(effects(`${access} != 1 || true`), TRUE, access);
      }
    }
    assert.is(effects(`has(meta.${name})`), FALSE, name);
    assert.match(faultIn(`actor.${name} == 1`), 'actor has id and meta');
    const named = { ...QUESTION, meta: JSON.parse(`{"${name}": "mine", "own": {"${name}": {"${name}": 7}}}`) };
    assert.is(effects(`meta.${name} == "mine" && meta.own.${name}.${name} == 7`, named), TRUE, name);
  }
  assert.is(faultIn('__proto__ == 1'), 'reserved identifier: __proto__');
  assert.match(faultIn('constructor == 1'), 'there is no variable "constructor"');
  assert.match(faultIn('this.process == 1'), 'there is no variable "this"');
  assert.match(faultIn('globalThis.process.exit() == 1'), 'there is no function "exit"');
  assert.is(Object.hasOwn(Object.prototype, 'own'), false);
});

function meta(values: { readonly [key: string]: Payload }): Question {
  return { ...QUESTION, meta: values };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

test('no question makes a judgement long', () => {
  const loop = 'meta.list.exists(item, item == actor.id)';
  assert.is(effects(loop, meta({ list: numbers(4000) })), FALSE);
  assert.is(effects(loop, meta({ list: numbers(6000) })), UNJUDGED);
  assert.match(why(loop, meta({ list: numbers(6000) })), 'not asked about more than 5000 values');
  const nested = 'meta.list.all(a, meta.list.exists(b, a == b))';
  assert.is(effects(nested, meta({ list: numbers(100) })), TRUE);
  assert.is(effects(nested, meta({ list: numbers(2000) })), UNJUDGED);
  assert.match(why(nested, meta({ list: numbers(2000) })), 'takes too many steps');
  // No operator hides that it was too much.
  assert.is(effects(`(${nested}) || true`, meta({ list: numbers(2000) })), UNJUDGED);
  assert.is(effects(`(${nested}) && false`, meta({ list: numbers(2000) })), UNJUDGED);
  assert.is(effects(`[1].exists(x, ${nested}) || true`, meta({ list: numbers(2000) })), UNJUDGED);

  const long = meta({ text: 'abcx'.repeat(15_000), part: `${'a'.repeat(100)}b`, list: numbers(50) });
  assert.is(effects('meta.text.matches("(?i)([a-z]+x[0-9]*){20}y")', long), UNJUDGED);
  assert.is(effects('meta.text.matches("^abc")', long), TRUE);
  assert.is(effects('meta.text.contains(meta.part)', long), FALSE);
  const quadratic = meta({
    text: 'a'.repeat(40_000),
    part: `${'a'.repeat(10_000)}b${'a'.repeat(10_000)}`,
    list: numbers(50),
  });
  assert.is(effects('meta.list.all(x, !meta.text.contains(meta.part))', quadratic), UNJUDGED);
  assert.is(effects('meta.text == ""', meta({ text: 'a'.repeat(70_000) })), UNJUDGED);

  assert.is(effects(`["abcdefgh"]${'.map(x, x + x + x + x)'.repeat(20)}.size() == 1`), UNJUDGED);
  assert.is(effects('meta.list.map(x, meta.text).join("").size() == 1', long), UNJUDGED);
  assert.is(effects('cel.bind(a, meta.list + meta.list, a + a == a)', meta({ list: numbers(2000) })), UNJUDGED);

  let deep: Payload = 1;
  for (let i = 0; i < 2000; i++) deep = [deep];
  assert.is(effects('meta.deep != 1', meta({ deep })), UNJUDGED);
});

test('one judgement leaves nothing to the next', () => {
  const nested = policy('meta.list.all(a, meta.list.exists(b, a == b))', 'allow');
  for (let i = 0; i < 3; i++) {
    assert.is(decide([nested], meta({ list: numbers(2000) })).effect, 'undefined');
    assert.is(decide([nested], meta({ list: numbers(10) })).effect, 'allow');
    assert.is(decide([nested], meta({ list: ['x', 1] })).effect, 'allow');
  }
});

test('what they read of meta is known', () => {
  for (const expression of [
    'actor.id == "ann"',
    'meta.host == meta.sender_host',
    'has(meta.host) && meta["sender_host"].startsWith("app:")',
    'actor.meta.roles.exists(role, role == resource)',
  ]) {
    assert.not(dependsOnMeta(policy(expression, 'allow')), expression);
  }
  for (const expression of [
    'meta.owner == "x"',
    'meta[action] == 1',
    'meta.size() == 1',
    'has(meta.owner)',
    'cel.bind(m, meta, m.host == "")',
  ]) {
    assert.ok(dependsOnMeta(policy(expression, 'allow')), expression);
  }
});

/** YAML of a policy whose expression is written so; the mark `^` stands before the character that is at fault. */
function yaml(written: string): { text: string; place: string } {
  const marked = `namespace: app
entries:
  - name: p
    kind: security.policy.expr
    policy:
      actions: read
      resources: "*"
      effect: allow
      expression: ${written}
    groups: [all]
`;
  const before = marked.slice(0, marked.indexOf('^')).split('\n');
  return { text: marked.replace('^', ''), place: `app.yaml:${before.length}:${(before.at(-1) ?? '').length + 1}` };
}

async function problems(text: string): Promise<string[]> {
  try {
    await readDeployment(writeDeployment({ 'app.yaml': text }));
    return [];
  } catch (thrown) {
    if (thrown instanceof DeploymentError) return thrown.problems.map(showProblem);
    throw thrown;
  }
}

test('mistakes are found at load, at their place in the text', async () => {
  const cases: [written: string, message: string][] = [
    ['actor.id == ^actro.id', 'there is no variable "actro"; did you mean "actor"?'],
    ['^user == resource', 'there is no variable "user"; there are actor, action, resource, meta'],
    ['actor.id == meta.owner && actor.^role == "x"', 'actor has id and meta, and no role'],
    ['resource.^startWith("doc")', 'there is no function "startWith"; did you mean "startsWith"?'],
    ['"^resource"', 'an expression must be true or false, and this one gives string'],
    ['"actor.id == \\"ann\\" && ^actor.id > 5"', 'no such overload: string > int'],
    ["'actor.id == ''ann'' && ^actor.id > 5'", 'no such overload: string > int'],
    ['|\n        actor.id == "ann" &&\n          // who\n          ^actro.id == "x"', 'there is no variable "actro"'],
    [
      '>-\n        actor.id == "ann"\n        && action == "read"\n        && resource.matches(^"(?=a)")',
      'matches expects a regular expression that RE2 knows',
    ],
    ['actor.id == "ann"\n        && ^actro.id == "x"', 'there is no variable "actro"'],
    ['actor.id ==^', 'the expression ends too early'],
    ['resource == ^"abc', 'unterminated string'],
    ['resource.split(^action).size() == 1', 'what split takes stands in the expression'],
    ['size(resource) == 1 || ^duration(meta.text) == duration("1s")', 'there is no function "duration"'],
    ['actor.id = ^= 5', ''],
  ];
  for (const [written, message] of cases) {
    const { text, place } = yaml(written);
    const [problem, ...more] = await problems(text);
    assert.equal(more, [], written);
    if (message === '') assert.match(problem, 'app.yaml:9:', written);
    else assert.match(problem, `${place}: policy.expression: ${message}`, written);
  }
  assert.equal(await problems(yaml('^actor.id == meta.owner').text), []);
});

test('where the text cannot be followed, the place is its beginning', async () => {
  assert.match(
    (await problems(yaml('^"\\u0061ctor.id == actro.id"').text))[0],
    'app.yaml:9:19: policy.expression: there is no',
  );
});

test('no expression is too large to be read', () => {
  assert.match(faultIn(`${'true && '.repeat(300)}true`), '2000 characters at most');
  assert.match(faultIn(`${'('.repeat(100)}true${')'.repeat(100)}`), 'exceeded maxDepth');
  assert.match(faultIn(`[${'1,'.repeat(400)}1].size() == 1`), 'exceeded max');
  assert.is(faultOfExpression(`${'true && '.repeat(120)}true`), undefined);
  assert.is(effects(`${'true && '.repeat(120)}true`), TRUE);
});

// --- against the library itself --------------------------------------------------------------------------------------

const { truth } = fc.letrec<{ integer: string; truth: string; text: string }>(tie => ({
  integer: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('0', '1', '2', 'meta.price', 'actor.meta.age', 'meta.tags.size()'),
    fc
      .tuple(tie('integer'), fc.constantFrom('+', '-', '*', '%'), tie('integer'))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    tie('integer').map(a => `(${a})`),
    fc.tuple(tie('truth'), tie('integer'), tie('integer')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    tie('text').map(a => `size(${a})`),
  ),
  text: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('"a"', '"\\"b"', 'action', 'meta.tags[0]', 'r"\\d"', 'meta.missing'),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} + ${b})`),
    tie('text').map(a => `[${a}, "x"].map(one, one + "y").join("-")`),
  ),
  truth: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('true', 'false', 'has(meta.owner)', 'has(meta.missing)'),
    fc
      .tuple(tie('truth'), fc.constantFrom('&&', '||', '==', '!='), tie('truth'))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    tie('truth').map(a => `!(${a})`),
    fc.tuple(tie('truth'), tie('truth'), tie('truth')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc
      .tuple(tie('integer'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('integer'))
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    fc
      .tuple(tie('text'), fc.constantFrom('==', '<', 'in'), tie('text'))
      .map(([a, op, b]) => (op === 'in' ? `${a} in [${b}]` : `${a} ${op} ${b}`)),
    fc
      .tuple(tie('text'), fc.constantFrom('contains', 'startsWith', 'matches'), tie('text'))
      .map(([a, f, b]) => `${a}.${f}(${b})`),
    fc
      .tuple(fc.constantFrom('all', 'exists', 'exists_one'), tie('truth'), tie('integer'))
      .map(([f, p, n]) => `[1, ${n}].${f}(x, x > 1 && ${p})`),
  ),
}));

test('the text that runs says what was written', () => {
  const library = new Environment({ homogeneousAggregateLiterals: false })
    .registerVariable('actor', 'map<string, dyn>')
    .registerVariable('action', 'string')
    .registerVariable('resource', 'string')
    .registerVariable('meta', 'map<string, dyn>');
  const asMap = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(asMap);
    if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
    if (typeof value !== 'object' || value === null || value instanceof TroupeError) return value;
    return new Map(Object.entries(value).map(([key, one]) => [key, asMap(one)]));
  };
  const context = asMap(QUESTION) as Map<string, unknown>;
  let judged = 0;
  fc.assert(
    fc.property(truth, expression => {
      if (faultOfExpression(expression) !== undefined) return;
      let expected = UNJUDGED;
      try {
        const result = library.evaluate(expression, Object.fromEntries(context));
        if (typeof result === 'boolean') expected = result ? TRUE : FALSE;
      } catch {}
      assert.is(effects(expression), expected, expression);
      judged++;
    }),
    { numRuns: 500 },
  );
  assert.ok(judged > 250, `only ${judged} were expressions`);
});

test.run();
