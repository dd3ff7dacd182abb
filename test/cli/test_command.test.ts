import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDeployment } from '../deploy.ts';
import { type Finished, start, troupe } from './troupe.ts';

const test = suite('troupe test');

const SDK = "import { defineFunction, TroupeError } from 'troupe/sdk';\n";

/** A deployment of Lua functions `app:<name>` that are tests, each with its source and more keys of `meta`. */
function tests(sources: {
  readonly [name: string]: string | { readonly source: string; readonly meta: string };
}): string {
  const files: { [path: string]: string } = {};
  const entries = Object.entries(sources).map(([name, given]) => {
    const { source, meta } = typeof given === 'string' ? { source: given, meta: '' } : given;
    files[`${name}.lua`] = source;
    return `  - {name: ${name}, kind: function.lua, source: "file://${name}.lua", meta: {type: test${meta}}}\n`;
  });
  return writeDeployment({ ...files, 'app.yaml': `namespace: app\nentries:\n${entries.join('')}` });
}

const shop = writeDeployment({
  'shop.yaml': `namespace: shop
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: tty, kind: terminal.host, allow_untrusted_ts: true}
  - {name: total, kind: function.lua, source: "return function(a, b) return a + b end"}
`,
  'tests/cart.yaml': `namespace: shop.tests
entries:
  - {name: adds, kind: function.lua, source: "file://adds.lua", modules: [funcs], meta: {type: test, suite: cart, order: 2}}
  - {name: empty, kind: function.ts, source: "file://empty.ts", meta: {type: test, suite: cart, order: 1}}
  - {name: zero, kind: function.lua, source: "return function() return 0 end", meta: {type: test, suite: cart}}
  - {name: also, kind: function.lua, source: "return function() end", meta: {type: test, suite: cart}}
`,
  'tests/adds.lua': `return function()
  assert(require("funcs").call("shop:total", 2, 3) == 5)
end`,
  'tests/empty.ts': `${SDK}export default defineFunction(self => self.id === 'shop.tests:empty');`,
  'tests/numbers.yaml': `namespace: shop.tests
entries:
  - {name: half, kind: function.wasm, language: assemblyscript, source: "export function main(): i32 { return 1; }", meta: {type: test}}
  - name: wat
    kind: function.wat
    meta: {type: test}
    source: (module (func (export "main") (result i32) (i32.const 3)))
`,
});

interface Report {
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly not_run: number;
  readonly interrupted: boolean;
  readonly duration_ms: number;
  readonly tests: readonly {
    readonly id: string;
    readonly suite: string;
    readonly outcome: string;
    readonly duration_ms: number | null;
    readonly error: { readonly message: string; readonly kind: string; readonly stack: string | null } | null;
    readonly crashes: readonly { readonly id: string; readonly error: { readonly message: string } }[];
  }[];
}

function reportOf(finished: Finished): Report {
  assert.is(finished.stdout.split('\n').length, 2, `one document on one line: ${finished.stdout}${finished.stderr}`);
  return JSON.parse(finished.stdout);
}

test('tests of all languages pass: by suite, then order, then id, each with its duration', async () => {
  const { code, stdout } = await troupe('test', '-C', shop);
  assert.is(code, 0, stdout);
  const lines = stdout.split('\n').map(line => line.replace(/\d+\.\d+ m?s/, 'so long').replace(/ +/g, ' '));
  assert.equal(lines, [
    'cart',
    ' ok shop.tests:empty so long',
    ' ok shop.tests:adds so long',
    ' ok shop.tests:also so long',
    ' ok shop.tests:zero so long',
    '',
    'shop.tests',
    ' ok shop.tests:half so long',
    ' ok shop.tests:wat so long',
    '',
    '6 passed, 0 failed (so long)',
    '',
  ]);
});

test('a test fails that raises, returns an error, returns false or trips over a wrong answer; the others go on', async () => {
  const root = tests({
    answers: 'return function() return nil, errors.new{message = "sold out", kind = errors.CONFLICT} end',
    asserts:
      'local function check(found)\n  assert(found == 5, "found " .. found)\nend\nreturn function()\n  check(4)\nend',
    passes: 'return function() return nil end',
    raises: 'return function() error(errors.new{message = "no luck", kind = errors.NOT_FOUND}) end',
    refuses: 'return function() return false end',
    value: 'return function() return errors.new("as a value") end',
  });
  const { code, stdout } = await troupe('test', '-C', root);
  assert.is(code, 1);
  assert.match(stdout, /FAIL {2}app:answers .*\n +error: sold out \[CONFLICT\]\n/);
  assert.match(stdout, /FAIL {2}app:asserts .*\n +error: found 4 \[UNKNOWN\]\n/);
  assert.match(stdout, /stack traceback:\n(.*\n)* +asserts\.lua:2: in .*check.*\n +asserts\.lua:5: in /);
  assert.match(stdout, /ok {4}app:passes /);
  assert.match(stdout, /FAIL {2}app:raises .*\n +error: no luck \[NOT_FOUND\]\n +at raises\.lua:1\n/);
  assert.match(stdout, /FAIL {2}app:refuses .*\n +error: the test returned false.*\n +at refuses\.lua\n/);
  assert.match(stdout, /FAIL {2}app:value .*\n +error: as a value/);
  assert.match(stdout, /\n1 passed, 5 failed /);
  assert.not.match(stdout, /scheduler|runtime\//);
});

test('a test of TypeScript that fails shows its place', async () => {
  const root = writeDeployment({
    'app.yaml':
      'namespace: app\nentries:\n  - {name: t, kind: function.ts, source: "file://t.ts", meta: {type: test}}\n',
    't.ts': `${SDK}export default defineFunction(() => {\n  throw new TroupeError('too dear', { kind: 'INVALID' });\n});`,
  });
  const { code, stdout } = await troupe('test', '-C', root);
  assert.is(code, 1);
  assert.match(stdout, /error: too dear \[INVALID\]\n(.*\n)*.*t\.ts:3/);
});

test('--json prints one document, whatever the tests print', async () => {
  const root = writeDeployment({
    'app.yaml': `namespace: app
entries:
  - {name: tty, kind: terminal.host, allow_untrusted_ts: true}
  - {name: good, kind: function.lua, source: "return function() require('io').write('loud') end", modules: [io], meta: {type: test, default_host: tty}}
  - {name: bad, kind: function.lua, source: "return function() error('no luck') end", meta: {type: test, suite: z}}
`,
  });
  const finished = await troupe('test', '--json', '-C', root);
  assert.is(finished.code, 1);
  assert.match(finished.stderr, /loud/);
  const { duration_ms, tests: found, ...summary } = reportOf(finished);
  assert.equal(summary, { ok: false, passed: 1, failed: 1, not_run: 0, interrupted: false });
  assert.ok(duration_ms > 0);
  const [good, bad] = found;
  assert.equal(
    { ...good, duration_ms: 0 },
    { id: 'app:good', suite: 'app', outcome: 'passed', duration_ms: 0, error: null, crashes: [] },
  );
  assert.is(bad.outcome, 'failed');
  assert.is(bad.error?.message, 'no luck');
  assert.match(bad.error?.stack ?? '', /stack traceback/);
  assert.ok(found.every(one => (one.duration_ms ?? 0) > 0));
});

const several = writeDeployment({
  'a.yaml': `namespace: shop
entries:
  - {name: one, kind: function.lua, source: "return function() end", meta: {type: test, suite: cart.sum}}
  - {name: two, kind: function.lua, source: "return function() end", meta: {type: test, suite: cart.tax}}
`,
  'b.yaml': `namespace: shop.stock
entries:
  - {name: three, kind: function.lua, source: "return function() end", meta: {type: test, suite: stock}}
`,
});

async function ran(...args: string[]): Promise<string[]> {
  const finished = await troupe('test', '--json', '-C', several, ...args);
  assert.is(finished.code, 0, finished.stdout);
  return reportOf(finished).tests.map(one => one.id);
}

test('filters are names or globs, can be repeated, and both must fit', async () => {
  assert.equal(await ran('--ns', 'shop'), ['shop:one', 'shop:two']);
  assert.equal(await ran('--ns', 'shop.*'), ['shop.stock:three']);
  assert.equal(await ran('--ns', 's*p*'), ['shop:one', 'shop:two', 'shop.stock:three']);
  assert.equal(await ran('--suite', '*.t?x'), ['shop:two']);
  assert.equal(await ran('--suite', 'stock', '--suite', 'cart.sum'), ['shop:one', 'shop.stock:three']);
  assert.equal(await ran('--ns', 'shop', '--suite', '*.sum'), ['shop:one']);
});

test('a filter that fits nothing is an error with what there is: 2', async () => {
  const mistyped = await troupe('test', '-C', several, '--suite', 'stok');
  assert.is(mistyped.code, 2);
  assert.match(
    mistyped.stderr,
    /--suite "stok" fits no test; did you mean "stock"\? the suites are: cart\.sum, cart\.tax, stock/,
  );
  const empty = await troupe('test', '-C', several, '--ns', 'x.*');
  assert.is(empty.code, 2);
  assert.match(empty.stderr, /the namespaces with tests are: shop, shop\.stock/);
  const apart = await troupe('test', '-C', several, '--ns', 'shop', '--suite', 'stock');
  assert.is(apart.code, 2);
  assert.match(apart.stderr, /no test is both in --ns "shop" and in --suite "stock"/);
});

test('no tests: 2, and how to write one; the same as JSON', async () => {
  const root = writeDeployment({
    'app.yaml': 'namespace: app\nentries:\n  - {name: f, kind: function.lua, source: "return function() end"}\n',
  });
  const { code, stderr } = await troupe('test', '-C', root);
  assert.is(code, 2);
  assert.match(stderr, /there are no tests.*meta: \{type: test\}/);
  const json = await troupe('test', '--json', '-C', root);
  assert.is(json.code, 2);
  assert.is(JSON.parse(json.stdout).error.kind, 'NOT_FOUND');
});

test('a process that is marked as a test is refused, not passed over', async () => {
  const root = writeDeployment({
    'app.yaml':
      'namespace: app\nentries:\n  - {name: p, kind: process.lua, source: "return function() end", meta: {type: test}}\n',
  });
  const { code, stderr } = await troupe('test', '-C', root);
  assert.is(code, 2);
  assert.match(stderr, /app:p has meta\.type: test but is a process\.lua.*function\.lua/);
  assert.match(stderr, /app\.yaml:3/);
});

test('a broken deployment: 2, with the places, and nothing runs', async () => {
  const root = writeDeployment({
    'app.yaml': `namespace: app
entries:
  - {name: good, kind: function.lua, source: "return function() end", meta: {type: test}}
  - {name: bad, kind: function.lua, source: "return function( end", meta: {type: test}}
`,
  });
  const { code, stdout, stderr } = await troupe('test', '-C', root);
  assert.is(code, 2);
  assert.is(stdout, '');
  assert.match(stderr, /app\.yaml:4:/);
});

test('wrong calls: 2', async () => {
  assert.is((await troupe('test', '-C', several, '--timeout', 'soon')).code, 2);
  assert.is((await troupe('test', '-C', several, '--timeout', '0')).code, 2);
  assert.is((await troupe('test', '-C', several, 'shop:one')).code, 2);
  const help = await troupe('test', '--help');
  assert.is(help.code, 0);
  assert.match(help.stdout, /not_run/);
});

for (const workers of ['0', '1', '2']) {
  test(`a test that never ends fails with TIMEOUT and the next one runs, ${workers} workers`, async () => {
    const root = tests({
      a_waits: 'return function()\n  while true do process.inbox():receive() end\nend',
      b_passes: 'return function() end',
    });
    const finished = await troupe('test', '--json', '--workers', workers, '--timeout', '500ms', '-C', root);
    assert.is(finished.code, 1);
    const [waits, passes] = reportOf(finished).tests;
    assert.is(waits.error?.kind, 'TIMEOUT');
    assert.match(waits.error?.message ?? '', /did not end within 500ms/);
    assert.is(passes.outcome, 'passed');
  });

  test(`a crash of a linked child fails the test and shows the child's own error, ${workers} workers`, async () => {
    const root = writeDeployment({
      'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: test, kind: function.lua, source: "file://test.lua", meta: {type: test}}
  - {name: child, kind: process.lua, source: "file://child.lua"}
`,
      'test.lua': `return function()
  process.spawn_linked("app:child", "app:host")
  process.inbox():receive()
end`,
      'child.lua': 'return function()\n  error("out of paper")\nend',
    });
    const args = ['test', '--workers', workers, '-C', root];
    const { code, stdout } = await troupe(...args);
    assert.is(code, 1);
    assert.match(stdout, /FAIL {2}app:test .*\n +error: linked process failed: .*out of paper/);
    assert.match(stdout, /meanwhile app:child .* ended with\n +error: out of paper \[UNKNOWN\]\n +at child\.lua:2/);
    const [failed] = reportOf(await troupe(...args, '--json')).tests;
    assert.equal(
      failed.crashes.map(crash => [crash.id, crash.error.message]),
      [['app:child', 'out of paper']],
    );
  });
}

test('a test that never waits is ended together with its runtime; the next one runs in a new one', async () => {
  const root = writeDeployment({
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: a, kind: function.ts, source: "file://a.ts", meta: {type: test}}
  - {name: b, kind: function.lua, source: "return function() end", meta: {type: test}}
`,
    'a.ts': `${SDK}export default defineFunction(() => { for (;;); });`,
  });
  const finished = await troupe('test', '--json', '--timeout', '2s', '-C', root);
  assert.is(finished.code, 1);
  const [endless, passes] = reportOf(finished).tests;
  assert.is(endless.error?.kind, 'TIMEOUT');
  assert.match(endless.error?.message ?? '', /it never waits/);
  assert.is(passes.outcome, 'passed');
});

test('--bail stops at the first failure and says how many did not run', async () => {
  const root = tests({
    a: 'return function() end',
    b: 'return function() return false end',
    c: 'return function() end',
  });
  const { code, stdout } = await troupe('test', '--bail', '-C', root);
  assert.is(code, 1);
  assert.match(stdout, /1 passed, 1 failed, 1 not run/);
  assert.not.match(stdout, /app:c/);
  const outcomes = reportOf(await troupe('test', '--bail', '--json', '-C', root)).tests.map(one => one.outcome);
  assert.equal(outcomes, ['passed', 'failed', 'not_run']);
});

test('services of the deployment run beside the tests', async () => {
  const root = writeDeployment({
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: echo, kind: process.lua, source: "file://echo.lua"}
  - {name: echo.service, kind: process.service, process: echo, host: host, lifecycle: {auto_start: true, name: echo}}
  - {name: asks, kind: function.lua, source: "file://asks.lua", meta: {type: test}}
`,
    'echo.lua': `return function()
  local inbox, events = process.inbox(), process.events()
  while true do
    local got = channel.select{inbox:case_receive(), events:case_receive()}
    if got.channel == events then return end
    process.send(got.value:from(), "echo", got.value:payload():data())
  end
end`,
    'asks.lua': `return function()
  local echoes = process.listen("echo")
  assert(process.send("echo", "say", "hello"))
  return echoes:receive() == "hello"
end`,
  });
  const { code, stdout } = await troupe('test', '-C', root);
  assert.is(code, 0, stdout);
});

for (const workers of ['0', '1']) {
  test(`Ctrl-C stops: what has not ended did not run, ${workers} workers`, async () => {
    const root = tests({
      a: 'return function() end',
      b: 'return function()\n  print("waiting")\n  process.inbox():receive()\nend',
      c: 'return function() end',
    });
    const running = start(['test', '--workers', workers, '-C', root]);
    await running.complained('waiting');
    running.child.kill('SIGINT');
    const { code, stdout } = await running.finished;
    assert.is(code, 1);
    assert.match(stdout, /1 passed, 0 failed, 2 not run, interrupted/);
  });
}

test.run();
