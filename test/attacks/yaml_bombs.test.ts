/** YAML from hostile hands: what stands for billions of values, what never ends, what says two things. Refused with a place, at once. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DeploymentError, showProblem } from '../../runtime/registry/problem.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';

const test = suite('attack: YAML bombs');

async function problems(yaml: string): Promise<string[]> {
  try {
    await readDeployment(writeDeployment({ 'app.yaml': yaml }));
    return [];
  } catch (thrown) {
    if (thrown instanceof DeploymentError) return thrown.problems.map(showProblem);
    throw thrown;
  }
}

const entry = (meta: string): string =>
  `namespace: app\nentries:\n  - name: h\n    kind: process.host\n    meta:\n${meta}\n`;

function laughs(levels: number): string {
  const lines = ['      a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]'];
  for (let i = 1; i < levels; i++) lines.push(`      a${i}: &a${i} [${new Array(9).fill(`*a${i - 1}`).join(', ')}]`);
  return lines.join('\n');
}

test('a billion laughs are one problem, with the place of the line that is too much', async () => {
  for (const levels of [9, 30, 200]) {
    const found = await problems(entry(laughs(levels)));
    assert.ok(found.length >= 1 && found.length <= 3, found.join('\n'));
    assert.match(found[0], /^app\.yaml:\d+:\d+: .*stands for more than 100,000 values/);
  }
});

test('a value cannot stand inside of itself', async () => {
  for (const meta of ['      a: &a [*a]', '      a: &a {b: {c: *a}}', '      a: &a [[[*a], *a]]']) {
    const found = await problems(entry(meta));
    assert.match(found[0], /^app\.yaml:6:\d+: .*stands inside the value that it names/);
  }
});

test('depth is bounded, in flow style, in block style and through aliases', async () => {
  const flow = `      a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const block = Array.from({ length: 2000 }, (_, i) => `${' '.repeat(6 + i)}a:`).join('\n');
  const maps = `      a: ${'{a: '.repeat(5000)}1${'}'.repeat(5000)}`;
  const aliases = [
    '      a0: &a0 [1]',
    ...Array.from({ length: 200 }, (_, i) => `      a${i + 1}: &a${i + 1} [*a${i}]`),
  ].join('\n');
  for (const meta of [flow, block, maps, aliases]) {
    const found = await problems(entry(meta));
    assert.ok(found.length >= 1 && found.length < 300, `${found.length}`);
    assert.match(found[0], /^app\.yaml:\d+:\d+: .*(nested|deep)/);
  }
});

test('a key is said once, and is a single word', async () => {
  assert.match((await problems(entry('      a: 1\n      a: 2')))[0], /app\.yaml:7:7: the key "a" is written twice/);
  assert.match(
    (await problems('namespace: app\nentries:\n  - {name: h, kind: process.host, trusted: false, trusted: true}\n'))[0],
    /written twice/,
  );
  assert.match((await problems(entry('      ? [a, b]\n      : 1')))[0], /a key must be a single word or text/);
  assert.match((await problems(entry('      <<: {a: 1}')))[0], /merging with "<<" is not supported/);
  const found = await problems(entry('      d: &d {trusted: true}\n      e:\n        <<: *d'));
  assert.match(found[0], /merging with "<<"/);
});

test('no tag makes anything', async () => {
  for (const tag of [
    '!!js/function',
    '!!python/object/apply:os.system',
    '!include',
    '!!binary',
    '!!set',
    '!!omap',
    '!!timestamp',
  ]) {
    const found = await problems(entry(`      a: ${tag} "x"`));
    assert.ok(found.length === 0 || /tag/i.test(found[0]), `${tag}: ${found}`);
    if (found.length > 0) assert.match(found[0], /^app\.yaml:6:\d+: /);
  }
});

test('huge keys and texts, and a hundred thousand entries, are read or refused in bounded work', async () => {
  assert.equal(await problems(entry(`      ${'k'.repeat(1000)}: 1`)), []);
  const long = await problems(entry(`      ${'k'.repeat(200_000)}: 1`));
  assert.ok(
    long.every(problem => problem.length < 1000),
    'the problem does not repeat what is too long',
  );
  const many = Array.from({ length: 30_000 }, (_, i) => `  - {name: h${i}, kind: nothing}`).join('\n');
  const found = await problems(`namespace: app\nentries:\n${many}\n`);
  assert.ok(found.length > 0);
});

test('what does not look like text is refused before anything else', async () => {
  for (const hostile of ['\u0000', '\u001b[2J', '\u0085', '\u009b31m']) {
    assert.match(
      (await problems(entry(`      a: "x${hostile}y"`)))[0],
      /app\.yaml:6:\d+: there is an invisible control character/,
    );
  }
});

test('control: aliases repeat values, and depth and numbers of a usual deployment are fine', async () => {
  assert.equal(await problems(entry(`${laughs(4)}\n      deep: ${'['.repeat(40)}${']'.repeat(40)}`)), []);
});

test.run();
