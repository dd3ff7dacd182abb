/** Modules that no compiler makes: refused when the deployment is read, with a reason, or ended without harm when they run. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Files } from '../deploy.ts';
import { failure, refusal, run, start, wat } from '../wasm/start.ts';

const test = suite('attack: hostile WebAssembly');

const MEMORY = '(memory (export "memory") 1)';
const MAIN = '(func (export "main"))';
const entry = (more = ''): string => `{name: m, kind: process.wasm, source: "file://m.wasm"${more}}`;

/** LEB128. */
function leb(n: number): number[] {
  const bytes: number[] = [];
  for (let left = n; ; ) {
    const low = left % 128;
    left = Math.floor(left / 128);
    bytes.push(left === 0 ? low : low | 0x80);
    if (left === 0) return bytes;
  }
}
const name = (text: string): number[] => [...leb(Buffer.byteLength(text)), ...Buffer.from(text)];
const section = (id: number, bytes: readonly number[]): number[] => [id, ...leb(bytes.length), ...bytes];
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const module = (...sections: number[][]): Uint8Array => new Uint8Array([...HEADER, ...sections.flat()]);
const VOID_TYPE = section(1, [1, 0x60, 0, 0]);
const ONE_FUNCTION = section(3, [1, 0]);
const EMPTY_BODY = section(10, [1, 2, 0, 0x0b]);
const EXPORT_MAIN = section(7, [1, ...name('main'), 0, 0]);

async function refused(files: Files, pattern: RegExp, more = ''): Promise<void> {
  const problem = await refusal([entry(more)], files);
  assert.match(problem, pattern);
  assert.match(problem, /(app\.yaml|m\.wasm)(:\d+:\d+)?: /);
}

test('imports that are unknown, not asked for or of another type are refused', async () => {
  const imported = (from: string, what: string, type = '(func)'): Files => ({
    'm.wasm': wat(`(module (import "${from}" "${what}" ${type}) ${MEMORY} ${MAIN})`),
  });
  for (const [from, what] of [
    ...[
      ['env', 'memcpy'],
      ['node:fs', 'readFileSync'],
      ['__proto__', 'toString'],
      ['troupe:__proto__', 'constructor'],
    ],
    ...[
      ['troupe:process', '__proto__'],
      ['troupe:process', 'constructor'],
      ['troupe:process', 'toString'],
      ['', ''],
    ],
    ...[
      ['troupe:process', 'hasOwnProperty'],
      ['wasi_snapshot_preview1', '__proto__'],
      ['wasi_unstable', 'fd_write'],
    ],
  ]) {
    await refused(imported(from, what), /import/);
  }
  await refused(imported('troupe:fs', 'read_file', '(func (param i32 i32 i32 i32) (result i32))'), /fs/);
  for (const what of ['__proto__', 'constructor', 'toString', 'start___proto__']) {
    const runtime = await start(
      [entry(', imports: [json]')],
      imported('troupe:json', what, '(func (param i32 i32 i32 i32) (result i32))'),
    ).catch(error => error);
    const problem = runtime instanceof Error ? runtime : await failure(run(runtime, 'm'));
    assert.match(problem.message, `troupe:json`, what);
    assert.ok(problem.message.includes(what), problem.message);
    if (!(runtime instanceof Error)) await runtime.stop();
  }
  await refused(imported('troupe:process', 'send', '(func (param i64) (result i32))'), /send/);
  await refused(imported('troupe:process', 'send', '(global i32)'), /send/);
  await refused(imported('env', 'memory', '(memory 1)'), /memory/);
  await refused(imported('env', 'table', '(table 1 funcref)'), /table|import/);
});

test('an import that its host does not grant stops the spawn, also of a function', async () => {
  const files = {
    'm.wasm': wat(`(module (import "troupe:env" "get" (func (param i32 i32 i32 i32) (result i32))) ${MEMORY} ${MAIN})`),
  };
  const problem = await refusal([entry(', imports: [env]')], files);
  assert.match(problem, /"env", which host "app:h" does not grant/);
});

test('tables and memories of kinds or sizes that cannot be had are refused', async () => {
  await refused({ 'm.wasm': wat(`(module (table 10000000 funcref) ${MEMORY} ${MAIN})`) }, /table/);
  await refused({ 'm.wasm': wat(`(module ${'(table 100001 funcref) '.repeat(2)} ${MEMORY} ${MAIN})`) }, /table/);
  const shared = module(VOID_TYPE, ONE_FUNCTION, section(5, [1, 3, 1, 2]), EXPORT_MAIN, EMPTY_BODY);
  await refused({ 'm.wasm': shared }, /memory|shared/);
  const wide = module(VOID_TYPE, ONE_FUNCTION, section(5, [1, 4, 1]), EXPORT_MAIN, EMPTY_BODY);
  await refused({ 'm.wasm': wide }, /memory|64|supported/);
  const two = module(VOID_TYPE, ONE_FUNCTION, section(5, [2, 0, 1, 0, 1]), EXPORT_MAIN, EMPTY_BODY);
  await refused({ 'm.wasm': two }, /memor/);
});

test('more than the host allows of memory is refused by name of the limit', async () => {
  const files: Files = { 'm.wasm': wat(`(module (memory (export "memory") 65536) ${MAIN})`) };
  const entries = ['{name: small, kind: process.host, limits: {memory: 1MiB}}', entry()];
  const runtime = await start(entries, files).catch(error => error);
  const error = runtime instanceof Error ? runtime : await failure(runtime.exec({ id: 'app:m', host: 'app:small' }));
  assert.match(error.message, /memory/);
  if (!(runtime instanceof Error)) await runtime.stop();
});

test('segments outside of memory and tables end the process, and nothing is written anywhere', async () => {
  for (const segment of [
    '(data (i32.const 65536) "x")',
    '(data (i32.const -1) "xy")',
    '(data (i32.const 65535) "xy")',
    '(table 1 funcref) (elem (i32.const 1) $f)',
    '(table 1 funcref) (elem (i32.const -1) $f)',
  ]) {
    const files = { 'm.wasm': wat(`(module ${MEMORY} (func $f) ${segment} ${MAIN})`) };
    const outcome = await start([entry()], files).then(
      async runtime => {
        const error = await failure(run(runtime, 'm'));
        await runtime.stop();
        return error.message;
      },
      error => String(error),
    );
    assert.match(outcome, /out of bounds|does not fit|segment|outside/, segment);
  }
});

test('a start function and _initialize that loop are interrupted or refused, and others run', async () => {
  const loops = {
    start: '(func $s (loop $l br $l)) (start $s)',
    init: '(func (export "_initialize") (loop $l br $l))',
  };
  for (const [which, code] of Object.entries(loops)) {
    const files = {
      'm.wasm': wat(`(module ${MEMORY} ${code} ${MAIN})`),
      'n.wasm': wat(`(module ${MEMORY} (func (export "main") (result i32) i32.const 7))`),
    };
    const runtime = await start([entry(), '{name: n, kind: process.wasm, source: "file://n.wasm"}'], files);
    const hog = runtime.spawn({ id: 'app:m', host: 'app:h' });
    assert.is(await run(runtime, 'n'), 7, which);
    runtime.terminate(hog);
    await runtime.stop();
  }
});

test('exports of other kinds and types than they should have are refused by name', async () => {
  for (const [text, pattern] of [
    [`(module ${MEMORY} (global (export "main") i32 (i32.const 1)))`, /main/],
    [`(module ${MEMORY} (func (export "main") (param externref)))`, /main/],
    [`(module ${MEMORY} (func (export "on_message") (param f64)))`, /on_message/],
    [
      `(module ${MEMORY} (func (export "on_message") (param i32 i32)) (global (export "troupe_alloc") i32 (i32.const 1)))`,
      /troupe_alloc/,
    ],
    [`(module ${MEMORY} (func (export "_initialize") (param i32)) ${MAIN})`, /_initialize/],
    [`(module ${MEMORY} (global (export "troupe_abi") i32 (i32.const 99)) ${MAIN})`, /version|abi/i],
    [`(module ${MEMORY})`, /main/],
  ] as const) {
    await refused({ 'm.wasm': wat(text) }, pattern);
  }
});

test('exports and sections with the names of prototypes are names', async () => {
  const exports = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then']
    .map(each => `(func (export "${each}") (result i32) i32.const 1)`)
    .join(' ');
  const runtime = await start(
    [
      entry(),
      entry(', method: __proto__').replace('name: m', 'name: p'),
      entry(', method: then').replace('name: m', 'name: t'),
    ],
    {
      'm.wasm': wat(`(module ${MEMORY} ${exports} (func (export "main") (result i32) i32.const 5))`),
    },
  );
  assert.is(await run(runtime, 'm'), 5);
  assert.is(await run(runtime, 'p'), 1);
  assert.is(await run(runtime, 't'), 1);
  await runtime.stop();
});

test('what is damaged, cut off or counts more than there is, is refused where it stands', async () => {
  const valid = wat(`(module ${MEMORY} ${MAIN} (data (i32.const 0) "hello"))`);
  for (let length = 0; length < valid.length - 1; length += 3) {
    const problem = await refusal([entry()], { 'm.wasm': valid.slice(0, length) }).catch(() => 'accepted');
    assert.ok(problem !== 'accepted' || length >= 8, `${length}`);
  }
  const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
  for (const hostile of [
    module([1, ...huge]),
    module(section(1, huge)),
    module(VOID_TYPE, section(3, huge)),
    module(VOID_TYPE, section(3, [...leb(1_000_000), 0])),
    module(section(0, [...huge, 1, 2])),
    module(VOID_TYPE, ONE_FUNCTION, EXPORT_MAIN, section(10, [1, ...leb(6), 1, ...huge, 0x7f, 0x0b])),
    module(VOID_TYPE, VOID_TYPE),
    module([200, 0]),
    new Uint8Array([...HEADER.slice(0, 4), 13, 0, 1, 0]),
  ]) {
    await refused({ 'm.wasm': hostile }, /./);
  }
});

test('custom sections are believed in nothing: names are shown, versions must fit', async () => {
  const custom = (label: string, bytes: readonly number[]): number[] => section(0, [...name(label), ...bytes]);
  const parts = [
    VOID_TYPE,
    ONE_FUNCTION,
    section(5, [1, 0, 1]),
    section(7, [2, ...name('main'), 0, 0, ...name('memory'), 2, 0]),
    EMPTY_BODY,
  ];
  await refused({ 'm.wasm': module(...parts, custom('troupe_abi', [99])) }, /version|abi/i);
  for (const bytes of [[1, 0xff, 0xff, 0xff, 0xff, 0x0f], [1, 3, 1, 0, 200], [9, 9, 9], []]) {
    const runtime = await start([entry()], {
      'm.wasm': module(
        ...parts,
        custom('name', bytes),
        custom('__proto__', [1]),
        custom('sourceMappingURL', name('file:///etc/passwd')),
      ),
    });
    assert.is(await run(runtime, 'm'), null);
    await runtime.stop();
  }
});

test('control: a module of an ordinary compiler runs', async () => {
  const runtime = await start([entry()], {
    'm.wasm': wat(`(module ${MEMORY} (data (i32.const 0) "\\07") (table 10 funcref) (elem (i32.const 0) $f) (func $f)
      (func (export "main") (result i32) (i32.load8_u (i32.const 0))))`),
  });
  assert.is(await run(runtime, 'm'), 7);
  await runtime.stop();
});

test.run();
