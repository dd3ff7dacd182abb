/** Compiling AssemblyScript: what a user meets when something is wrong with sources or with the installation. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileAssemblyscript } from '../../machines/wasm/sources/assemblyscript.ts';
import { writeDeployment } from '../deploy.ts';
import { wasmEntry } from './load_program.ts';
import { refusal } from './start.ts';

const test = suite('wasm assemblyscript sources');

const entry = (name: string): string =>
  `{name: ${name.replace('/', '_')}, kind: function.wasm, language: assemblyscript, source: "file://${name}.ts"}`;
const MAIN = 'export function main(): i32 {';

test('every error of every file is reported with its place', async () => {
  const text = await refusal([entry('one'), entry('two')], {
    'one.ts': `${MAIN}\n  return "text";\n}\nlet x: Nope;`,
    'two.ts': `import { value } from "./lib/three";\n${MAIN} return value(); }`,
    'lib/three.ts': 'export function value(): i32 {\n  return missing;\n}',
  });
  assert.match(text, "one.ts:2:10: Type '~lib/string/String' is not assignable to type 'i32'.");
  assert.match(text, "one.ts:4:8: Cannot find name 'Nope'.");
  assert.match(text, "lib/three.ts:2:10: Cannot find name 'missing'.");
});

test('an import that is not there says what can be imported', async () => {
  const text = await refusal([entry('sub/absent'), entry('package'), entry('leaves'), entry('deeper/leaves')], {
    'sub/absent.ts': `import { a } from "./nothere";\n${MAIN} return a(); }`,
    'package.ts': `import { a } from "lodash";\n${MAIN} return a(); }`,
    'leaves.ts': `import { a } from "../outside";\n${MAIN} return a(); }`,
    'deeper/leaves.ts': `import { a } from "../../../etc/passwd";\n${MAIN} return a(); }`,
  });
  assert.match(text, "sub/absent.ts:1:19: File 'sub/nothere.ts' not found.");
  assert.match(
    text,
    'package.ts:1:19: there is no module "lodash" here: a program can import "troupe" and files of the deployment',
  );
  assert.match(text, 'leaves.ts:1:19: ../outside.ts is outside of the deployment; move it into its folder');
  assert.match(text, 'deeper/leaves.ts:1:19: ../../etc/passwd.ts is outside of the deployment');
});

test('a link that leads out of the deployment is not followed', async () => {
  const outside = writeDeployment({ 'secret.ts': 'export function secret(): i32 { return 1; }' });
  const root = writeDeployment({ 'm.ts': '' });
  symlinkSync(join(outside, 'secret.ts'), join(root, 'inside.ts'));
  const program = wasmEntry(`import { secret } from "./inside";\n${MAIN} return secret(); }`);
  try {
    await compileAssemblyscript(program, { root });
    assert.unreachable('it was compiled');
  } catch (thrown) {
    assert.match((thrown as Error).message, "File 'inside.ts' not found");
  }
});

test('in a hurry nothing is optimized, unless that was done before', async () => {
  const root = writeDeployment({});
  const given = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(root, 'cache');
  try {
    const program = wasmEntry(`${MAIN} let sum = 0; for (let i = 0; i < 5; i++) sum += i; return sum; }`);
    const quick = await compileAssemblyscript(program, { root }, 'nothing');
    const fast = await compileAssemblyscript(program, { root }, 'speed');
    assert.ok(quick.length > fast.length, `${quick.length} and ${fast.length} bytes`);
    assert.equal(await compileAssemblyscript(program, { root }, 'nothing'), fast);
  } finally {
    process.env.XDG_CACHE_HOME = given;
  }
});

test('entries with the same source are compiled once', async () => {
  const root = writeDeployment({ 'm.ts': '' });
  const given = process.env.XDG_CACHE_HOME;
  // Nothing can be kept on disk.
  process.env.XDG_CACHE_HOME = '/dev/null';
  try {
    const text = `${MAIN} return 12; }`;
    const [one, other] = await Promise.all(
      ['add', 'subtract'].map(method => compileAssemblyscript(wasmEntry(text, { method }), { root })),
    );
    assert.ok(one === other, 'both got the output of one compilation');
    assert.ok((await compileAssemblyscript(wasmEntry(text), { root })) !== one, 'which is not held for ever');
  } finally {
    process.env.XDG_CACHE_HOME = given;
  }
});

test('without the package an entry says which one it needs, and what was built runs', () => {
  const dist = fileURLToPath(new URL('../../', import.meta.url));
  const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
  const installed = mkdtempSync(join(tmpdir(), 'troupe-installed-'));
  try {
    for (const part of ['machines', 'runtime', 'sdk'])
      cpSync(join(dist, part), join(installed, part), { recursive: true });
    writeFileSync(join(installed, 'package.json'), '{"type": "module", "version": "1.0.0"}');
    mkdirSync(join(installed, 'node_modules'));
    for (const name of readdirSync(modules)) {
      if (name !== 'assemblyscript' && !name.startsWith('.')) {
        symlinkSync(join(modules, name), join(installed, 'node_modules', name));
      }
    }
    const root = writeDeployment({
      'app.yaml': `namespace: app\nentries:\n  - {name: host, kind: process.host}\n  - ${entry('m')}\n`,
      'm.ts': `${MAIN} return 42; }`,
    });
    const troupe = (main: string, ...args: string[]) =>
      spawnSync(process.execPath, [join(main, 'sdk', 'embed', 'main.js'), ...args, '-C', root], {
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
      });
    const { status, stderr } = troupe(installed, 'check');
    assert.is(status, 2);
    assert.match(
      stderr,
      /app\.yaml:4:\d+: app:m is compiled by the package "assemblyscript", which is not installed; run: npm install assemblyscript/,
    );
    assert.is(troupe(dist, 'build').status, 0);
    writeFileSync(
      join(root, 'app.yaml'),
      `namespace: app\nentries:\n  - {name: host, kind: process.host}\n  - {name: m, kind: function.wasm, source: "file://build/app.m.wasm"}\n`,
    );
    assert.is(troupe(installed, 'exec', 'app:m').stdout, '42\n');
  } finally {
    rmSync(installed, { recursive: true, force: true });
  }
});

test.run();
