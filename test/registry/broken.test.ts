/**
 * Every folder of `test/fixtures/broken` is a deployment that is broken in one way; `expected.txt` has the exact lines
 * that a user sees. `level.txt` says who finds it: `registry` (when the YAML is read), or `program` (when the programs
 * are compiled and linked: to the registry such a folder is fine). `options.json` holds options of the command line.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { type LoadOptions, loadDeployment } from '../../runtime/registry/load.ts';
import { DeploymentError, showProblem } from '../../runtime/registry/problem.ts';

const root = fileURLToPath(new URL('../../../test/fixtures/broken/', import.meta.url));
const folders = readdirSync(root, { withFileTypes: true })
  .filter(item => item.isDirectory())
  .map(item => item.name)
  .sort();

const test = suite('broken deployments');

async function problemsOf(folder: string): Promise<string> {
  const path = `${root}/${folder}/options.json`;
  const options: LoadOptions = {
    env: {},
    capabilities: [...capabilityDefinitions.keys()],
    capabilitySettings: Object.fromEntries([...capabilityDefinitions].map(([name, { settings }]) => [name, settings])),
    ...(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}),
  };
  try {
    await loadDeployment(`${root}/${folder}`, options);
    return '';
  } catch (thrown) {
    assert.instance(thrown, DeploymentError);
    const error = thrown as DeploymentError;
    assert.is(error.toString(), error.problems.map(showProblem).join('\n'));
    return `${error.toString()}\n`;
  }
}

for (const folder of folders) {
  const level = readFileSync(`${root}/${folder}/level.txt`, 'utf8').trim();
  if (level === 'registry') {
    test(folder, async () => {
      assert.fixture(await problemsOf(folder), readFileSync(`${root}/${folder}/expected.txt`, 'utf8'));
    });
  } else {
    test(`${folder}: nothing is wrong before it is compiled`, async () => {
      assert.is(level, 'program');
      assert.is(await problemsOf(folder), '');
    });
  }
}

test('no message speaks of the tools that found it', () => {
  for (const folder of folders) {
    const path = `${root}/${folder}/expected.txt`;
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    assert.not.match(text, /zod|invalid input|undefined|\[object|NaN|unrecognized|mapping|sequence/i, folder);
    assert.match(text, /^([^:\n]+:\d+:\d+: \S.*\n)+$/, folder);
  }
});

test.run();
