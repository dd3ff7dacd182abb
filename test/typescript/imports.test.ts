/** What a module may import and contain, and what is said where it may not. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { World, WorldOptions } from './world.ts';
import { errorOf, refusal, run } from './world.ts';

const test = suite('imports');
const BODY = 'export default defineProcess(() => 1);\n';

function refused(name: string, text: string, expected: RegExp, options: WorldOptions = {}): void {
  test(name, async () => {
    assert.match(await refusal({ main: text }, options), expected);
  });
}

refused(
  'a Node module is refused with its place and what to do',
  `import { defineProcess } from 'troupe/sdk';\nimport { readFileSync } from 'node:fs';\nexport default defineProcess(() => readFileSync('x', 'utf8'));\n`,
  /main\.ts:2:30: "node:fs" is part of Node.*use a capability.*trusted: true/s,
);
refused(
  'so is one without its prefix',
  `import { defineProcess } from 'troupe/sdk';\nimport fs from 'fs';\nexport default defineProcess(() => fs);\n`,
  /main\.ts:2:16: "fs" is part of Node/,
);
refused(
  'a package is refused',
  `import { defineProcess } from 'troupe/sdk';\nimport { z } from 'zod';\nexport default defineProcess(() => z);\n`,
  /main\.ts:2:19: package "zod" is not available to a process/,
);
refused(
  'xstate belongs to process.xstate',
  `import { setup } from 'xstate';\nimport { defineProcess } from 'troupe/sdk';\nexport default defineProcess(() => setup);\n`,
  /main\.ts:1:23: "xstate" is provided to entries of kind process\.xstate/,
);
refused(
  'a URL is refused',
  `import x from 'https://example.com/x.js';\nexport default x;\n`,
  /main\.ts:1:15: .* is a URL/,
);
refused(
  'an absolute path is refused',
  `import x from '/etc/passwd';\nexport default x;\n`,
  /main\.ts:1:15: .*absolute path/,
);
refused(
  'a file outside of the deployment is refused',
  `import x from '../../../../../../etc/hosts.ts';\nexport default x;\n`,
  /main\.ts:1:15: (.*leads out of the deployment|Could not resolve)/,
);
refused(
  'a file that is not there is named',
  `import { x } from './missing.ts';\nexport default x;\n`,
  /main\.ts:1:19: Could not resolve/,
);
refused('a syntax error has its place', `export default (;\n`, /main\.ts:1:17: /);
refused(
  'import() of a computed name is refused',
  `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess(async (self, name: string) => {\n  return await import(name);\n});\n`,
  /main\.ts:3:16: import\(\) of a name that is only known at run time/,
);
refused(
  'require is refused, also with a computed name',
  `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess((self, name: string) => {\n  return require(name);\n});\n`,
  /main\.ts:3:10: require\(\) is not available/,
);
refused(
  'require of a file of the deployment is refused',
  `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess(() => require('./other.ts'));\n`,
  /main\.ts:2:44: require\("\.\/other\.ts"\) is not available/,
  { files: { 'other.ts': 'export const x = 1;' } },
);
refused(
  'import.meta is refused',
  `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess(() => import.meta.url);\n`,
  /main\.ts:2:\d+: import\.meta is not available/,
);
refused(
  'eval is refused',
  `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess(() => eval('1'));\n`,
  /main\.ts:2:36: eval is not available/,
);
refused(
  'await at the top level is refused',
  `import { defineProcess } from 'troupe/sdk';\nawait 1;\n${BODY}`,
  /main\.ts:2:1: await outside of a function/,
);
refused(
  'a module without an export',
  'const x = 1;\nx;\n',
  /main\.ts:1:1: the module needs a default export, made by defineProcess/,
);
refused(
  'an export that defineProcess did not make',
  'export default function* () {}\n',
  /main\.ts:1:16: the default export is a bare function; it must be made by defineProcess/,
);
refused(
  'a method that is not exported',
  `import { defineProcess } from 'troupe/sdk';\n${BODY}`,
  /main\.ts:1:1: the module needs an export named "serve" \(the entry's method\)/,
  { methods: { main: 'serve' } },
);

test('every mistake is reported at once, each in its file', async () => {
  const world: World = {
    main: `import './lib/a.ts';\nimport 'node:net';\nimport { defineProcess } from 'troupe/sdk';\n${BODY}`,
    other: `import 'node:os';\nexport default 1;\n`,
  };
  const text = await refusal(world, { files: { 'lib/a.ts': `import 'left-pad';\n` } });
  assert.match(text, /lib\/a\.ts:1:8: package "left-pad"/);
  assert.match(text, /main\.ts:2:8: "node:net"/);
  assert.match(text, /other\.ts:1:8: "node:os"/);
});

test('files of the deployment, JSON among them, are bundled', async () => {
  const main = `import { defineProcess } from 'troupe/sdk';
import { double } from './lib/double.ts';
import table from './lib/table.json';
export default defineProcess(async () => (await import('./lib/late.ts')).late + double(table.n));`;
  const files = {
    'lib/double.ts': 'export const double = (n: number): number => 2 * n;',
    'lib/table.json': '{"n": 20}',
    'lib/late.ts': 'export const late = 2;',
  };
  assert.is(await run({ main }, 'main', [], { files, host: 'trusted: true' }), 42);
});

test('a named export runs where the entry names it as its method', async () => {
  const main = `import { defineProcess } from 'troupe/sdk';
export const serve = defineProcess((self, n: number) => n + 1);`;
  assert.is(await run({ main }, 'main', [1], { methods: { main: 'serve' } }), 2);
});

test('an export that only turns out wrong when it is evaluated is a clear error', async () => {
  const error = await errorOf(run({ main: `const make = () => 5;\nexport default make();\n` }, 'main'));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, /main\.ts: the export "default" .* is missing or not made by defineProcess/);
});

test('a trusted host runs ordinary Node', async () => {
  const main = `import { defineProcess } from 'troupe/sdk';
import { basename } from 'node:path';
import * as os from 'node:os';
export default defineProcess(async () => [basename('/a/b'), typeof os.cpus, typeof process.pid, typeof setTimeout, (await import('node:path')).basename('/c')]);`;
  const result = await run({ main }, 'main', [], { host: 'trusted: true' });
  assert.equal(result, ['b', 'function', 'number', 'function', 'c']);
});

test('a process sees the language and nothing of Node', async () => {
  const main = `import { defineProcess } from 'troupe/sdk';
export default defineProcess(() => [
  [typeof process, typeof module, typeof global, typeof Buffer, typeof WebAssembly, typeof performance,
   typeof SharedArrayBuffer, typeof (globalThis as any).process],
  Math.max(1, 2), new Date(0).toISOString(), JSON.stringify([1]),
]);`;
  assert.equal(await run({ main }, 'main'), [new Array(8).fill('undefined'), 2, '1970-01-01T00:00:00.000Z', '[1]']);
});

for (const [code, expected] of [
  ['setTimeout(() => {}, 1)', /setTimeout is not available to a process: wait with/],
  ['fetch("http://x")', /fetch is not available/],
  ['console.log(1)', /console\.log is not available to a process: import `logger`/],
  ['Math.random()', /Math\.random is not available to a process: import `random`/],
  ['Date.now()', /the clock is not available to a process: import `time`/],
  ['new Date()', /the clock is not available/],
] as const) {
  test(`${code} says which capability to use`, async () => {
    const main = `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess((): any => {\n  return ${code};\n});`;
    const error = await errorOf(run({ main }, 'main'));
    assert.is(error.kind, 'PERMISSION_DENIED');
    assert.match(error.message, expected);
    assert.match(String(error.details?.place), /^main\.ts:3:\d+$/);
  });
}

test('a capability that was not imported is denied in words that say what to add where', async () => {
  const main = `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess(self => self.time.unix());`;
  const error = await errorOf(run({ main }, 'main'));
  assert.is(error.kind, 'PERMISSION_DENIED');
  assert.match(
    error.message,
    /"time" is not imported: add it to `imports:` of t:main, and to `capabilities:` of the host t:host/,
  );
  assert.is(error.details?.place, 'main.ts:2:43');
});

test.run();
