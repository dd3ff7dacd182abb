/** Patterns of policies are checked when the deployment is read, by what will judge them. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DeploymentError, showProblem } from '../../runtime/registry/problem.ts';
import { decide } from '../../runtime/security/decision.ts';
import { policiesOf } from '../../runtime/security/policies.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';

const test = suite('patterns of policies');

function files(pattern: string, operator = 'matches'): { 'app.yaml': string } {
  return {
    'app.yaml': `namespace: app
entries:
  - name: policy
    kind: security.policy
    policy:
      actions: read
      resources: "*"
      effect: allow
      conditions:
        - field: resource
          operator: ${operator}
          value: ${pattern}
`,
  };
}

async function problems(pattern: string, operator?: string): Promise<string[]> {
  try {
    await readDeployment(writeDeployment(files(pattern, operator)));
    return [];
  } catch (thrown) {
    if (thrown instanceof DeploymentError) return thrown.problems.map(showProblem);
    throw thrown;
  }
}

test('what other engines know is refused with its place and the reason', async () => {
  for (const [pattern, part] of [
    ['"(?=doc)"', '(?='],
    ['"(?<!a)b"', '(?<'],
    ['"(a)\\\\1"', '\\1'],
  ]) {
    for (const operator of ['matches', 'nmatches']) {
      const [problem, ...more] = await problems(pattern, operator);
      assert.equal(more, []);
      assert.match(problem, `app.yaml:12:18: policy.conditions[0].value: the operator ${operator} expects`);
      assert.match(problem, 'RE2');
      assert.match(problem, `\`${part}`);
    }
  }
});

test('what is no pattern anywhere is refused with its place', async () => {
  for (const pattern of ['"("', '"[a"', '5']) {
    assert.equal(await problems(pattern), [
      'app.yaml:12:18: policy.conditions[0].value: the operator matches expects a regular expression',
    ]);
  }
});

test('what only RE2 knows is taken, and decides', async () => {
  const { entries } = await readDeployment(writeDeployment(files('"(?i)^DOC:\\\\pN+\\\\z"')));
  const say = (resource: string) =>
    decide(policiesOf(entries).values(), { actor: undefined, action: 'read', resource, meta: {} }).effect;
  assert.is(say('doc:7'), 'allow');
  assert.is(say('doc:x'), 'undefined');
});

test.run();
