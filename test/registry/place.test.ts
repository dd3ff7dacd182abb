// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references in YAML, not templates
/** Wherever a mistake stands in a file, the message points at it. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Environment } from '../../runtime/registry/environment.ts';
import { loadDeployment } from '../../runtime/registry/load.ts';
import { DeploymentError, type Problem } from '../../runtime/registry/problem.ts';
import { readYaml } from '../../runtime/registry/read_yaml.ts';
import { locate, plain } from '../../runtime/registry/tree.ts';
import { writeDeployment } from '../deploy.ts';

async function problemsOf(yaml: string, env: Environment = {}): Promise<readonly Problem[]> {
  try {
    await loadDeployment(writeDeployment({ 'app.yaml': yaml }), { env });
    return [];
  } catch (thrown) {
    if (thrown instanceof DeploymentError) return thrown.problems;
    throw thrown;
  }
}

/** Where `mark` begins, 1-based. */
function placeOf(yaml: string, mark: string): { file: string; line: number; column: number } {
  const before = yaml.slice(0, yaml.indexOf(mark)).split('\n');
  return { file: 'app.yaml', line: before.length, column: before.at(-1)!.length + 1 };
}

/** A key that no kind has: nothing known begins with `zz`. */
const unknownKey = fc.stringMatching(/^zz[a-z0-9_]{3,12}$/);
const noise = fc.array(fc.constantFrom('', '# a comment', '#', '   # another: one'), { maxLength: 3 });
const value = fc.constantFrom('1', 'text', '[a, b]', '{a: {b: c}}', '"quoted: text"', "'x'", '~', 'true');

/** Blocks of a deployment into which a key can be put: indentation, and the lines before and after. */
const spots = [
  { where: 'a process.host entry', indent: 4, before: ['  - name: host', '    kind: process.host'] },
  {
    where: 'limits',
    indent: 6,
    before: ['  - name: host', '    kind: process.host', '    limits:', '      mailbox: 5'],
  },
  {
    where: 'lifecycle.restart',
    indent: 8,
    before: [
      '  - {name: host, kind: process.host}',
      '  - {name: main, kind: process.lua, source: return 1}',
      '  - name: service',
      '    kind: process.service',
      '    process: main',
      '    lifecycle:',
      '      restart:',
      '        jitter: 0.5',
    ],
  },
  {
    where: 'policy.conditions[1]',
    indent: 10,
    before: [
      '  - name: rule',
      '    kind: security.policy',
      '    policy:',
      '      actions: "*"',
      '      resources: "*"',
      '      effect: allow',
      '      conditions:',
      '        - {field: action, operator: exists}',
      '        - field: action',
      '          operator: exists',
    ],
  },
];

const test = suite('places');

test('an unknown key in block style', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...spots), unknownKey, value, noise, noise, async (spot, key, text, a, b) => {
      const yaml = ['namespace: app', ...a, 'entries:', '  - {name: first, kind: registry.entry}', ...spot.before]
        .concat(b, `${' '.repeat(spot.indent)}${key}: ${text}`, '  - {name: last, kind: registry.entry}', '')
        .join('\n');
      const problems = await problemsOf(yaml);
      assert.is(problems.length, 1, yaml);
      assert.equal(problems[0].place, placeOf(yaml, `${key}:`), yaml);
      // What follows is what there is, or a name that is near by chance.
      assert.ok(problems[0].message.startsWith(`unknown key "${key}" in ${spot.where}; `), yaml);
    }),
    { numRuns: 60 },
  );
});

test('unknown keys in flow style, each at its own place and in their order', async () => {
  const keys = fc.uniqueArray(unknownKey, { minLength: 1, maxLength: 4 });
  const gap = fc.constantFrom(' ', '   ', '\n      ', ' # why\n      ');
  await fc.assert(
    fc.asyncProperty(keys, fc.array(gap, { minLength: 4, maxLength: 4 }), async (unknown, gaps) => {
      const parts = unknown.map((key, i) => `,${gaps[i]}"${key}": ${i}`).join('');
      const yaml = `namespace: app\nentries:\n  - {name: host, kind: process.host, limits: {mailbox: 5${parts}}}\n`;
      const problems = await problemsOf(yaml);
      assert.equal(
        problems.map(({ place, message }) => [place, /^unknown key "(\w+)" in limits;/.exec(message)?.[1]]),
        unknown.map(key => [placeOf(yaml, `"${key}"`), key]),
        yaml,
      );
    }),
    { numRuns: 60 },
  );
});

test('a wrong value is pointed at, behind text of any width', async () => {
  const title = fc.string({ maxLength: 12 }).map(text => JSON.stringify(text).replaceAll('$', ''));
  await fc.assert(
    fc.asyncProperty(title, async text => {
      const yaml = `namespace: app\nentries:\n  - {name: host, meta: {title: ${text}}, kind: process.host, trusted: @@}\n`;
      const broken = yaml.replace('@@', '17');
      if (/\p{Cc}/u.test(text)) return;
      const problems = await problemsOf(broken);
      assert.is(problems.length, 1, broken);
      assert.equal(problems[0].place, placeOf(yaml, '@@'), broken);
    }),
    { numRuns: 60 },
  );
});

test('a variable that is not set is pointed at inside its text', async () => {
  const words = fc.array(fc.constantFrom('a', '${env:SET}', '$${env:GONE}', ' ', '$', '{'), { maxLength: 6 });
  const style = fc.constantFrom(
    (text: string) => `"${text}"`,
    (text: string) => `'${text}'`,
    (text: string) => `|\n      ${text}`,
  );
  await fc.assert(
    fc.asyncProperty(words, words, style, async (before, after, quoted) => {
      // A dollar sign right before a reference would escape it.
      const text = `x${before.join('')} \u0001${after.join('')}`;
      const marked = `namespace: app\nentries:\n  - name: note\n    kind: registry.entry\n    data: ${quoted(text)}\n`;
      const problems = await problemsOf(marked.replace('\u0001', '${env:MISSING}'), { SET: 'set' });
      assert.equal(
        problems.map(({ place }) => place),
        [placeOf(marked, '\u0001')],
        marked,
      );
    }),
    { numRuns: 60 },
  );
});

test('every value that is written is found again at its path', () => {
  const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[a-z ]{0,8}$/));
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('tree'), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(tree, value => {
      // JSON is YAML, and its indentation puts each value on a line of its own.
      const text = JSON.stringify({ top: value }, null, 2);
      const reading = readYaml(text, 'f', {});
      assert.equal(plain(reading.tree!), { top: value });
      const lines = text.split('\n');
      const visit = (part: unknown, path: (string | number)[]): void => {
        if (typeof part === 'object' && part !== null) {
          for (const [key, inner] of Object.entries(part))
            visit(inner, [...path, Array.isArray(part) ? Number(key) : key]);
          return;
        }
        const { line, column } = locate(reading.tree!, path);
        assert.ok(lines[line - 1].slice(column - 1).startsWith(JSON.stringify(part)), `${path.join('.')} in ${text}`);
      };
      visit(value, ['top']);
    }),
  );
});

test('whatever is typed into a deployment, the answer is a deployment or places inside its file', async () => {
  const start = `version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, capabilities: {time: {}}, limits: &limits {memory: 16MiB, cpu_slice: 5ms}}
  - name: main
    kind: process.lua
    source: |
      return function() end
    modules: [time]
    meta: {default_host: host, command: {name: run}}
  - {name: other, kind: process.host, limits: *limits}
  - {name: svc, kind: process.service, process: main, host: app:host, lifecycle: {restart: {delay: 1s}}}
`;
  const token = fc.constantFrom(
    ...' \n\t{}[]:,-#&*!|>\'"%@`?<0a~\u00e9'.split(''),
    '${env:X}',
    '---\n',
    '  - ',
    ': ',
    '&a ',
    '*a',
    '<<: ',
  );
  const edit = fc.record({ at: fc.nat(start.length), cut: fc.nat(6), put: token });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async edits => {
      let yaml = start;
      for (const { at, cut, put } of edits) yaml = yaml.slice(0, at) + put + yaml.slice(at + cut);
      const lines = yaml.split('\n');
      for (const { place, message } of await problemsOf(yaml)) {
        assert.ok(message.length > 10 && !message.includes('undefined'), message);
        if (place.file === '.') continue;
        assert.is(place.file, 'app.yaml');
        assert.ok(place.line >= 1 && place.line <= lines.length, yaml);
        assert.ok(
          place.column >= 1 && place.column <= lines[place.line - 1].length + 1,
          `${place.line}:${place.column}\n${yaml}`,
        );
      }
    }),
    { numRuns: Number(process.env.FUZZ ?? 200) },
  );
});

test.run();
