/** Reaching modules of Node: by imports that are computed, by what a bundler leaves behind, by the names that it makes up. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf, refusal, run, type WorldOptions } from '../typescript/world.ts';
import { contained, HEAD, TRUSTED } from './contained.ts';

const test = suite('attack: imports of Node');
const NODE = `${HEAD}import * as fs from 'node:fs';\nexport default defineProcess(() => typeof fs.readFileSync);`;

test('control: a trusted host imports node:fs; with a list, what is on it', async () => {
  assert.is(await run({ main: NODE }, 'main', [], TRUSTED), 'function');
  assert.is(
    await run({ main: NODE }, 'main', [], { host: 'trusted: true, capabilities: {"node:fs": {}}' }),
    'function',
  );
});

for (const [what, text] of [
  ['an import', NODE],
  ['an import without its prefix', NODE.replace('node:fs', 'fs')],
  ['an import for its effects', `${HEAD}import 'node:fs';\nexport default defineProcess(() => 1);`],
  ['an export from it', `${HEAD}export * from 'node:fs';\nexport default defineProcess(() => 1);`],
  ['import()', `${HEAD}export default defineProcess((): any => import('node:fs'));`],
  ['import() of a computed name', `${HEAD}export default defineProcess((self, name: any): any => import(name));`],
  [
    'import() of a template',
    `${HEAD}export default defineProcess((self, name: any): any => import(\`node:\${name}\`));`,
  ],
  [
    'import() of files that match',
    `${HEAD}export default defineProcess((self, name: any): any => import(\`./\${name}.ts\`));`,
  ],
  ['require', `${HEAD}export default defineProcess((): any => (require as any)('node:fs'));`],
  ['require by another name', `${HEAD}const r: any = require;\nexport default defineProcess((): any => r('node:fs'));`],
  [
    'createRequire',
    `${HEAD}import { createRequire } from 'node:module';\nexport default defineProcess(() => typeof createRequire);`,
  ],
  ['import.meta', `${HEAD}export default defineProcess(() => import.meta.url);`],
  ['a URL', `${HEAD}import x from 'data:text/javascript,export default 1';\nexport default defineProcess(() => x);`],
  ['a file URL', `${HEAD}import x from 'file:///etc/passwd';\nexport default defineProcess(() => x);`],
  ['a package outside of the deployment', `${HEAD}import x from 'uvu';\nexport default defineProcess(() => x);`],
] as const) {
  test(`${what} is refused with its place`, async () => {
    assert.match(await refusal({ main: text }, { files: { 'a.ts': 'export {};' } }), /main\.ts:\d+:\d+: /);
  });
}

test('a host that is not trusted never grants a module of Node, whatever it lists', async () => {
  const options: WorldOptions = { host: 'capabilities: {"node:fs": {}}' };
  assert.match(
    await refusal({ main: NODE }, options),
    /"node:fs" is part of Node, which a contained process cannot reach, whatever its host grants/,
  );
});

test('a trusted host that lists modules of Node grants no others', async () => {
  const options: WorldOptions = { host: 'trusted: true, capabilities: {"node:path": {}}' };
  const others = [
    NODE,
    NODE.replace('node:fs', 'fs'),
    `${HEAD}export default defineProcess((): any => (require as any)('fs'));`,
    `${HEAD}export default defineProcess(async (self, name: any): Promise<any> => typeof (await import(name ?? 'node:fs')).readFileSync);`,
  ];
  for (const main of others) {
    const error = await errorOf(run({ main }, 'main', [], options));
    assert.is(error.kind, 'PERMISSION_DENIED');
    assert.match(
      error.message,
      /(imports "(node:)?fs", which host "t:host" does not grant: add "node:fs: \{\}"|loads modules at run time, and host "t:host" grants only)/,
    );
  }
});

test('the function by which a bundle gets at its modules gives those and nothing else', async () => {
  const seen = await contained(
    `
    const get: any = eval('0') as any;`.replace("const get: any = eval('0') as any;", '') +
      `
    const get = __troupe_module as any;
    return [...['node:fs', 'fs', 'node:process', 'child_process', '../package.json', '__proto__', 'constructor', 'zod', 'ses'].map(name => tried(() => get(name))),
      tried(() => get.constructor('return process')()), tried(() => get({ toString: () => 'node:fs' })), Object.isFrozen(get), tried(() => { get('troupe/sdk').evil = 1; }), tried(() => { get('troupe/sdk').TroupeError.evil = 1; })];`,
  );
  for (const [i, refused] of seen.entries()) if (i !== 11) assert.match(String(refused), /^refused: /, String(i));
  assert.is(seen[11], true);
});

test('what a bundler or CommonJS leaves in a module has no power', async () => {
  const seen = await contained(`
    const names = ['require', 'module', 'exports', '__filename', '__dirname', '__require', '__commonJS', 'process', 'global', 'Buffer', 'globalThis.process', 'globalThis.require', 'globalThis.global'];
    return [tried(() => (typeof require === 'undefined' ? undefined : 'a stand-in')), typeof module, typeof exports, typeof __filename, typeof __dirname, typeof process, typeof global, typeof Buffer, typeof (globalThis as any).process, typeof (this as any),
      Object.getOwnPropertyNames(globalThis).filter(name => /^(process|require|global|Buffer|fetch2|WebAssembly|performance|crypto|navigator|URL|TextEncoder|TextDecoder|structuredClone2|Atomics|SharedArrayBuffer|WeakRef|FinalizationRegistry|Intl|eval|Promise|Compartment|lockdown|harden|assert)$/.test(name))];`);
  assert.equal(seen, ['a stand-in', ...new Array(9).fill('undefined'), []]);
});

test('texts that only look like imports are texts, and programs that hold them run', async () => {
  const main = `${HEAD}
    // import('node:fs') <!-- --> eval('1')
    const texts = ["import('x')", 'eval("1")', '<!-- comment -->', \`import (\${1}) eval(\${2}) --> <!--\`, /import (a|b)/.source, /(?<!--x)y-->/.test('y-->'), /[+-->]/.test('-')];
    class Box { import(x: number) { return x + 1; } eval(x: number) { return x + 2; } #import(x: number) { return x + 3; } own(x: number) { return this.#import(x); } }
    const object = { import(x: number) { return x; }, eval: (x: number) => x, 'import(': 1 };
    let n = 5; const down: number[] = []; while (n --> 0) down.push(n);
    export default defineProcess(() => [texts, new Box().import(1), new Box().eval(1), new Box().own(1), object.import(7), object.eval(8), object['import('], down, n < ! --n]);`;
  assert.equal(await run({ main }, 'main'), [
    ["import('x')", 'eval("1")', '<!-- comment -->', 'import (1) eval(2) --> <!--', 'imp\\x6frt (a|b)', true, true],
    2,
    3,
    4,
    7,
    8,
    1,
    [4, 3, 2, 1, 0],
    true,
  ]);
});

test('the one form that cannot be written otherwise is refused with its place', async () => {
  const message = await refusal({ main: `${HEAD}export default defineProcess(() => String.raw\`import(x)\`);` });
  assert.match(message, /main\.ts:5:\d+: this looks like import\(\)/);
});

test('packages that lie in the deployment are bundled and contained like everything else', async () => {
  const main = `${HEAD}import { grow, peek } from 'growth';\nexport default defineProcess(() => [grow(2), tried(() => peek())]);`;
  const files = {
    'node_modules/growth/package.json': '{"name": "growth", "version": "1.0.0", "main": "index.js"}',
    'node_modules/growth/index.js':
      'var n = require("./n.js"); exports.grow = function (x) { return x * n.factor; }; exports.peek = function () { return Function("return this")().process.pid; };',
    'node_modules/growth/n.js': 'module.exports = { factor: 21 };',
  };
  const seen: any = await run({ main }, 'main', [], { files });
  assert.is(seen[0], 42);
  assert.match(seen[1], /^refused: /);
  const reaching = { ...files, 'node_modules/growth/n.js': 'exports.factor = require("fs").length;' };
  assert.match(await refusal({ main }, { files: reaching }), /node_modules\/growth\/n\.js:1:\d+: "fs" is part of Node/);
});

test.run();
