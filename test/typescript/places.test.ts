/** Where errors say that they come from. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deploy } from '../deploy.ts';
import { errorOf, run } from './world.ts';

const test = suite('places');

const HEAD = `import { defineProcess, TroupeError } from 'troupe/sdk';\n`;

test('frames of imported files are shown by their own lines, and none of the runtime', async () => {
  const files = {
    'lib/deep/thrower.ts': `/** Long comment.\n * More.\n */\nexport function fail(what: string): never {\n  throw new Error(what);\n}\n`,
  };
  const main = `${HEAD}import { fail } from './lib/deep/thrower.ts';
interface Unused { a: number }

export default defineProcess(function* work(self) {
  const helper = () => fail('deep');
  helper();
});`;
  const error = await errorOf(run({ main }, 'main', [], { files }));
  const lines = (error.stack ?? '').split('\n');
  assert.is(lines[0], 'Error: deep');
  assert.match(lines[1], /^ {4}at fail \(lib\/deep\/thrower\.ts:5:9\)$/);
  assert.match(lines[2], /^ {4}at helper \(main\.ts:6:24\)$/);
  assert.match(lines[3], /^ {4}at work \(main\.ts:7:3\)$|^ {4}at work\.next|^ {4}at .*main\.ts:7:3/);
  assert.not.match(error.stack ?? '', /scheduler|process\.js|node:/);
  assert.is(error.details?.place, 'lib/deep/thrower.ts:5:9');
});

test('an entry in a folder and one inside the YAML have places too', async () => {
  const runtime = await deploy({
    'shop/index.yaml': `namespace: shop
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: filed, kind: process.ts, source: file://src/filed.ts}
  - name: inline
    kind: process.ts
    source: |
      import { defineProcess } from 'troupe/sdk';
      export default defineProcess(() => {
        throw new Error('inline');
      });
`,
    'shop/src/filed.ts': `${HEAD}import './side.ts';\nexport default defineProcess(() => { throw new Error('filed'); });\n`,
    'shop/src/side.ts': 'export const x = 1;\n',
  });
  const filed = await errorOf(runtime.exec({ id: 'shop:filed', host: 'shop:host' }));
  const inline = await errorOf(runtime.exec({ id: 'shop:inline', host: 'shop:host' }));
  await runtime.stop();
  assert.is(filed.details?.place, 'shop/src/filed.ts:3:44');
  assert.is(inline.details?.place, 'shop:inline:3:9');
});

test('a mistake in a folder is named by its path in the deployment', async () => {
  const error = await errorOf(
    deploy({
      'shop/index.yaml': `namespace: shop
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: filed, kind: process.ts, source: file://src/filed.ts}
  - {name: other, kind: process.ts, source: file://src/other.ts}
`,
      'shop/src/other.ts': `import './more.ts';\nexport default 1;\n`,
      'shop/src/more.ts': `export const x = 1;\n`,
      'shop/src/filed.ts': `import './side.ts';\nexport default 1;\n`,
      'shop/src/side.ts': `export const x = 1;\nimport('./' + x);\n`,
    }),
  );
  assert.match(error.message, /shop\/src\/side\.ts:2:8: import\(\) of a name/);
  assert.match(error.message, /shop\/src\/other\.ts:2:16: the default export is a constant/);
});

test('an error of the runtime that a program does not catch has the place of the call', async () => {
  const cases: readonly [string, RegExp][] = [
    [`self.spawn('nothing');`, /not found/],
    [`self.spawn('main', undefined, () => 1);`, /function cannot be sent/],
    [`self.monitor(self.pid);`, /itself/],
    [`self.spawnLinkedMonitored('nothing');`, /not found/],
    [`yield* self.call('nothing');`, /not found/],
    [`yield* self.exec('nothing', undefined, 1);`, /not found/],
    [`self.registry.register('@x');`, /name/],
    [`self.channel(-1);`, /size must be/],
    [`yield* self.select({ x: 5 as any });`, /case "x" is not a channel/],
    [`self.withContext({ f: () => 1 });`, /function cannot be sent/],
  ];
  for (const [code, expected] of cases) {
    const error = await errorOf(
      run({ main: `${HEAD}export default defineProcess(function* (self) {\n  ${code}\n});` }, 'main'),
    );
    assert.match(error.message, expected, code);
    assert.match(String(error.details?.place), /^main\.ts:3:\d+$/, code);
  }
});

test('an error that ended another process first keeps its kind, details and place', async () => {
  const world = {
    main: `${HEAD}export default defineProcess(function* (self) { return yield* self.exec('broken'); });`,
    broken: `${HEAD}export default defineProcess(() => {\n  throw new TroupeError('no', { kind: 'RATE_LIMITED', retryable: true, details: { left: 3 } });\n});`,
  };
  const error = await errorOf(run(world, 'main'));
  assert.is(error.kind, 'RATE_LIMITED');
  assert.is(error.retryable, true);
  assert.equal(error.details, { place: 'broken.ts:3:9', left: 3 });
});

test('whatever is thrown becomes an error', async () => {
  for (const [thrown, message] of [
    ['"text"', 'text'],
    ['undefined', 'undefined'],
    ['{ toString() { throw 1; } }', 'a value that cannot be shown was thrown'],
    ['new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 1; } })', 'a value that cannot be shown was thrown'],
    ['Object.assign(new Error("kind"), { kind: "CONFLICT" })', 'kind'],
  ] as const) {
    const error = await errorOf(
      run({ main: `${HEAD}export default defineProcess(function* (self) { throw ${thrown}; });` }, 'main'),
    );
    assert.is(error.message, message);
    assert.match(String(error.details?.place), /^main\.ts/);
  }
});

test('a runaway recursion is an error of its process alone', async () => {
  const main = `${HEAD}const dig = (n: number): number => dig(n + 1) + 1;
export default defineProcess(function* (self) { return dig(0); });`;
  const error = await errorOf(run({ main }, 'main'));
  assert.match(error.message, /call stack/);
  assert.match(String(error.details?.place), /^main\.ts:2:/);
});

test('a command may be returned instead of waited for', async () => {
  const world = {
    main: `${HEAD}export default defineProcess(self => self.call('inner'));`,
    inner: `${HEAD}export default defineProcess(function* (self) { yield* self.after('1ms').receive(); return self.call('value'); });`,
    value: `${HEAD}export default defineProcess(() => 5);`,
  };
  assert.is(await run(world, 'main'), 5);
});

test('the context of a process is its own', async () => {
  const world = {
    main: `${HEAD}export default defineProcess(function* (self) { return yield* self.withContext({ list: [1] }).exec('outer'); });`,
    outer: `${HEAD}export default defineProcess(function* (self) { yield* self.exec('inner'); return self.context.list; });`,
    inner: `${HEAD}export default defineProcess(self => { self.context.list.push(2); return self.context.list; });`,
  };
  assert.equal(await run(world, 'main'), [1]);
});

test.run();
