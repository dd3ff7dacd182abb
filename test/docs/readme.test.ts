/** What the README shows is what happens: its deployment is taken out of it, checked and run. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { troupe } from '../cli/troupe.ts';
import { writeDeployment } from '../deploy.ts';

const test = suite('README');
const text = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
const files: { [name: string]: string } = {};
for (const [, name, content] of text.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)) files[name] = content;
const root = writeDeployment(files);

/** What the README says that a command prints. */
function shown(command: string): string {
  const at = text.indexOf(`$ npx troupe ${command}\n`);
  assert.ok(at >= 0, `the README does not show "${command}"`);
  return text.slice(text.indexOf('\n', at) + 1).split(/\n(?:\$|```)/)[0];
}

test('the deployment is complete', () => {
  assert.equal(Object.keys(files), ['words.yaml', 'start.ts', 'upper.lua', 'mirror.as.ts', 'count.ts']);
});

test('check says what the README says', async () => {
  const { stdout, code } = await troupe('check', '-C', root);
  assert.is(stdout.trim(), shown('check -C words'));
  assert.is(code, 0);
});

for (const workers of ['0', '2']) {
  test(`exec prints what the README says, ${workers} workers`, async () => {
    const { stdout, code } = await troupe('exec', '--workers', workers, '-C', root, 'words:start', 'drawer');
    assert.is(stdout.trim(), shown('exec -C words words:start drawer'));
    assert.is(code, 0);
  });
}

test('the mistake is found as shown', async () => {
  const broken = writeDeployment({
    ...files,
    'words.yaml': files['words.yaml'].replace('process.lua', 'process.lau'),
  });
  const { stderr, code } = await troupe('check', '-C', broken);
  const expected = text.slice(text.indexOf('error: words.yaml:6')).split('\n```')[0];
  assert.is(stderr.trim(), expected);
  assert.is(code, 2);
});

test.run();
