import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDeployment } from '../deploy.ts';
import { troupe } from './troupe.ts';

// Compiled AssemblyScript is kept between runs, but not where the user's own is.
process.env.XDG_CACHE_HOME ??= join(tmpdir(), 'troupe-test-cache');

const test = suite('troupe build');

const YAML = `namespace: shop.front
entries:
  - {name: host, kind: process.host}
  - {name: twice, kind: function.wasm, language: assemblyscript, source: "file://src/numbers.ts", method: twice}
  - {name: thrice, kind: function.wasm, language: assemblyscript, source: "file://src/numbers.ts", method: thrice}
  - {name: seven, kind: function.wat, source: "file://seven.wat", method: seven}
  - {name: lua, kind: function.lua, source: "return function() return 1 end"}
`;
const FILES = {
  'app.yaml': YAML,
  'src/numbers.ts': `import { factor } from "./factor";
export function twice(n: i32): i32 { return factor(n, 2); }
export function thrice(n: i32): i32 { return factor(n, 3); }
// Something to optimize.
export function spread(n: i32): i32 { const all = new Array<i32>(); for (let i = 0; i < n; i++) all.push(i * i); return all.length; }`,
  'src/factor.ts': 'export function factor(n: i32, by: i32): i32 { return n * by; }',
  'seven.wat': '(module (func $seven (export "seven") (result i32) (i32.const 7)))',
};

interface Built {
  readonly id: string;
  readonly source: string;
  readonly output: string;
  readonly bytes: number;
}

async function build(...args: string[]): Promise<readonly Built[]> {
  const { code, stdout, stderr } = await troupe('build', '--json', ...args);
  assert.is(code, 0, stdout + stderr);
  return (JSON.parse(stdout) as { readonly built: readonly Built[] }).built;
}

test('what is built runs as a source, without its compiler and without the sources', async () => {
  const root = writeDeployment(FILES);
  const { code, stdout } = await troupe('build', '-C', root);
  assert.is(code, 0);
  const lines = stdout.trim().split('\n');
  assert.is(lines.length, 3);
  assert.match(
    lines[0],
    /^shop\.front:twice {3}src\/numbers\.ts {2}build\/shop\.front\.twice\.wasm +\d+ bytes +\d+ ms$/,
  );
  const built = (name: string): Buffer => readFileSync(join(root, 'build', `shop.front.${name}.wasm`));
  const deployed = writeDeployment({
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: thrice, kind: function.wasm, source: "file://thrice.wasm", method: thrice}
  - {name: seven, kind: function.wasm, source: "file://seven.wasm", method: seven}
`,
    'thrice.wasm': built('thrice'),
    'seven.wasm': built('seven'),
  });
  assert.is((await troupe('exec', '-C', deployed, 'app:thrice', '14')).stdout, '42\n');
  assert.is((await troupe('exec', '-C', deployed, 'app:seven')).stdout, '7\n');
});

test('only what is named, where it is wanted, with a text', async () => {
  const root = writeDeployment(FILES);
  const out = join(root, 'some', 'where');
  const built = await build('-C', root, '--out', out, '--text', 'shop.front:thrice');
  assert.equal(
    built.map(({ id, source, output }) => [id, source, output]),
    [
      ['shop.front:thrice', 'src/numbers.ts', 'some/where/shop.front.thrice.wasm'],
      ['shop.front:thrice', 'src/numbers.ts', 'some/where/shop.front.thrice.wat'],
    ],
  );
  assert.equal(readdirSync(out), ['shop.front.thrice.wasm', 'shop.front.thrice.wat']);
  assert.is(readFileSync(join(out, 'shop.front.thrice.wasm')).length, built[0].bytes);
  assert.match(readFileSync(join(out, 'shop.front.thrice.wat'), 'utf8'), /\(export "thrice"/);
  assert.not.ok(existsSync(join(root, 'build')));
});

test('--optimize size makes it smaller', async () => {
  const root = writeDeployment(FILES);
  const [speed] = await build('-C', root, 'shop.front:twice');
  const [size] = await build('-C', root, '--optimize', 'size', 'shop.front:twice');
  assert.ok(size.bytes < speed.bytes, `${size.bytes} < ${speed.bytes}`);
});

test('mistakes in sources are shown with their places, and nothing is written', async () => {
  const root = writeDeployment({
    ...FILES,
    'src/factor.ts': 'export function factor(n: i32, by: i32): i32 {\n  return m;\n}',
  });
  writeFileSync(join(root, 'seven.wat'), '(module (func (result i32) (i32.cost 7)))');
  const { code, stdout, stderr } = await troupe('build', '-C', root);
  assert.is(code, 2);
  assert.is(stdout, '');
  assert.match(stderr, /src\/factor\.ts:2:10: /);
  assert.match(stderr, /seven\.wat:1:29: /);
  assert.is(stderr.match(/factor\.ts:2:10/g)!.length, 1, 'once, although two entries have this source');
  assert.not.ok(existsSync(join(root, 'build')));
  const json = await troupe('build', '-C', root, '--json');
  assert.is(json.code, 2);
  const { ok, problems } = JSON.parse(json.stdout);
  assert.is(ok, false);
  assert.ok(problems.some((one: { file: string; line: number }) => one.file === 'src/factor.ts' && one.line === 2));
});

test('wrong calls say what is wrong', async () => {
  const root = writeDeployment(FILES);
  const wrong = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await troupe('build', '-C', root, ...args);
    assert.is(code, 2);
    return stderr;
  };
  assert.match(
    await wrong('shop.front:twise'),
    'there is no entry "shop.front:twise"; did you mean "shop.front:twice"?',
  );
  assert.match(await wrong('shop.front:lua'), 'shop.front:lua (function.lua) has nothing to build');
  assert.match(await wrong('--optimize', 'beauty'), 'Allowed choices are speed, size');
  const file = join(root, 'app.yaml');
  assert.match(await wrong('--out', file, 'shop.front:seven'), `cannot write ${join(file, 'shop.front.seven.wasm')}`);
  assert.match(await wrong('--out', '/proc/build', 'shop.front:seven'), 'cannot write');
});

test('two entries are never written to one file', async () => {
  const seven = 'kind: function.wat, source: "file://seven.wat", method: seven}';
  const root = writeDeployment({
    'a.yaml': `namespace: a.b\nentries:\n  - {name: c, ${seven}\n`,
    'b.yaml': `namespace: a\nentries:\n  - {name: b.c, ${seven}\n`,
    'seven.wat': FILES['seven.wat'],
  });
  const { code, stderr } = await troupe('build', '-C', root);
  assert.is(code, 2);
  assert.match(stderr, 'would both be written to');
  assert.not.ok(existsSync(join(root, 'build')));
});

test('a deployment without anything to compile is fine', async () => {
  const root = writeDeployment({ 'app.yaml': 'namespace: a\nentries:\n  - {name: h, kind: process.host}\n' });
  const { code, stdout } = await troupe('build', '-C', root);
  assert.is(code, 0);
  assert.match(stdout, 'nothing to build');
});

test.run();
