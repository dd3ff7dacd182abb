/**
 * Every broken deployment through the command: exit code 2, the problems with their places, no stack trace, nothing
 * started. Those that only a machine can find are compared here with their `expected.txt`; the registry's tests do so
 * for the others.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { machineTypes } from '../../machines/index.ts';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { prepareDeployment } from '../../runtime/hosts/prepare.ts';
import { DeploymentError, showProblem } from '../../runtime/registry/problem.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { troupe } from './troupe.ts';

const test = suite('broken deployments');
const folder = fileURLToPath(new URL('../../../test/fixtures/broken/', import.meta.url));
const names = readdirSync(folder, { withFileTypes: true })
  .filter(item => item.isDirectory())
  .map(item => item.name);
const ofLevel = (level: string): string[] =>
  names.filter(name => readFileSync(join(folder, name, 'level.txt'), 'utf8').trim() === level);

test('there are at least 40 kinds', () => {
  assert.ok(names.length >= 40, `only ${names.length}`);
});

for (const name of ofLevel('program')) {
  test(`${name}: found before anything runs`, async () => {
    const root = join(folder, name);
    try {
      const deployment = await readDeployment(root);
      await prepareDeployment(deployment, { machines: machineTypes, capabilities: capabilityDefinitions });
      assert.unreachable('it was not found');
    } catch (thrown) {
      if (!(thrown instanceof DeploymentError)) throw thrown;
      const lines = thrown.problems.map(showProblem);
      assert.equal(lines, readFileSync(join(root, 'expected.txt'), 'utf8').trim().split('\n'));
    }
  });
}

for (const name of [...ofLevel('program'), ...ofLevel('registry').slice(0, 5)]) {
  test(`${name}: troupe run says so and ends with 2`, async () => {
    const { code, stdout, stderr } = await troupe('run', '-C', join(folder, name));
    assert.is(code, 2);
    assert.is(stdout, '');
    for (const line of readFileSync(join(folder, name, 'expected.txt'), 'utf8')
      .trim()
      .split('\n')) {
      assert.ok(stderr.includes(line), `"${line}" is missing in:\n${stderr}`);
    }
    assert.not.match(stderr, /\n\s+at /);
  });
}

test.run();
