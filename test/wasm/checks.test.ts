/** Modules that cannot run are refused at load, with the place and what to do. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, refusal, run, start, wat } from './start.ts';

const test = suite('wasm checks');

const ENTRY = '{name: m, kind: process.wasm, source: file://m.wasm}';
const MAIN = '(func (export "main"))';
const MEMORY = '(memory (export "memory") 1)';

function refused(fields: string, entry = ENTRY): Promise<string> {
  return refusal([entry], { 'm.wasm': wat(`(module ${fields})`) });
}

test('bytes that are no module', async () => {
  assert.match(await refusal([ENTRY], { 'm.wasm': 'hello' }), /app\.yaml:5:\d+: app:m: not a WebAssembly module/);
  const whole = wat(`(module ${MAIN})`);
  assert.match(await refusal([ENTRY], { 'm.wasm': whole.slice(0, -2) }), 'not a WebAssembly module');
  const mistyped = wat(`(module (func (export "main") (result i32) i32.const 1))`);
  mistyped[mistyped.indexOf(0x41)] = 0x43;
  assert.match(await refusal([ENTRY], { 'm.wasm': mistyped }), 'not a WebAssembly module');
});

test('imports that do not exist', async () => {
  assert.match(
    await refused(`(import "troupe:process" "recieve" (func (param i32 i32) (result i32))) ${MEMORY} ${MAIN}`),
    'imports "troupe:process recieve", which does not exist; did you mean "receive"?',
  );
  assert.match(
    await refused(`(import "wasi" "write" (func)) ${MAIN}`),
    /imports "wasi write"; there are only the modules/,
  );
  assert.match(await refused(`(import "env" "trace" (func)) ${MAIN}`), 'from "env" there are only');
  assert.match(await refused(`(import "troupe:log" "fatal" (func)) ${MAIN}`), 'there are debug, info, warn, error');
});

test('imports of the wrong type or kind', async () => {
  assert.match(
    await refused(`(import "troupe:process" "receive" (func (param i32))) ${MEMORY} ${MAIN}`),
    'imports "troupe:process receive" as (i32) -> (), but the function is (i32, i32) -> i32',
  );
  assert.match(await refused(`(import "env" "memory" (memory 1)) ${MAIN}`), 'imports a memory');
});

test('imports of capabilities that the entry does not ask for or the host does not grant', async () => {
  const fields = `(import "troupe:time" "unix" (func (result f64))) ${MAIN}`;
  assert.match(await refused(fields), 'needs the capability "time"; add it to `imports:`');
  const seed = `(import "env" "seed" (func (result f64))) ${MAIN}`;
  assert.match(await refused(seed), 'needs the capability "random"');
});

test('operations that a capability does not have', async () => {
  const runtime = await start(['{name: m, kind: process.wasm, source: file://m.wasm, imports: [json]}'], {
    'm.wasm': wat(
      `(module (import "troupe:json" "shout" (func (param i32 i32 i32 i32) (result i32))) ${MEMORY} ${MAIN})`,
    ),
  });
  const error = await failure(run(runtime, 'm'));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, /imports troupe:json shout, but "json" has no such operation; it has .*encode/);
  await runtime.stop();
});

test('exports that are missing or of the wrong type', async () => {
  assert.match(await refused('(func (export "start"))'), /no export "main".*exports "start"/);
  assert.match(await refused('(func)'), 'it exports no functions');
  assert.match(await refused('(func (export "main") (result funcref) (ref.null func))'), 'only numbers can be passed');
  assert.match(
    await refused(`${MEMORY} (func (export "on_message") (param i32 i32))`),
    'must also export "troupe_alloc"',
  );
  assert.match(
    await refused(
      `${MEMORY} (func (export "on_message") (param i32)) (func (export "troupe_alloc") (result i32) (i32.const 0))`,
    ),
    /"on_message" is \(i32\) -> \(\), but must be \(i32, i32\) -> \(\)[\s\S]*"troupe_alloc" is/,
  );
  assert.match(
    await refused(
      `${MEMORY} (func (export "on_message") (param i32 i32))`,
      ENTRY.replace('process.wasm', 'function.wasm'),
    ),
    'no export "main"',
  );
});

test('a memory that is needed and not exported', async () => {
  assert.match(
    await refused(`(import "troupe:process" "pid" (func (param i32 i32) (result i32))) (memory 1) ${MAIN}`),
    'exports no "memory"',
  );
});

test('another version of the ABI', async () => {
  assert.match(await refused(`(global (export "troupe_abi") i32 (i32.const 2)) ${MAIN}`), 'version 2 of the ABI');
  assert.match(
    await refused(`(global (export "troupe_abi") (mut i32) (i32.const -1)) ${MAIN}`),
    'version -1 of the ABI',
  );
  assert.match(await refused(`(global (export "troupe_abi") i64 (i64.const 1)) ${MAIN}`), 'must be an exported global');
  const stating = (...versions: number[]) => {
    const bytes = wat(`(module ${MAIN})`);
    return Buffer.concat([
      bytes,
      Buffer.from([0, 11 + versions.length, 10]),
      Buffer.from('troupe_abi'),
      Buffer.from(versions),
    ]);
  };
  assert.match(await refusal([ENTRY], { 'm.wasm': stating(1, 3) }), 'version 3 of the ABI');
  const stated = await start([ENTRY], { 'm.wasm': stating(1, 1) });
  assert.is(await run(stated, 'm'), null);
  await stated.stop();
  const runtime = await start([ENTRY], {
    'm.wasm': wat(`(module (global (export "troupe_abi") i32 (i32.const 1)) ${MAIN})`),
  });
  assert.is(await run(runtime, 'm'), null);
  await runtime.stop();
});

test('all that is wrong is said at once', async () => {
  const text = await refused('(import "a" "b" (func)) (import "c" "d" (func)) (func (export "start"))');
  for (const part of ['"a b"', '"c d"', 'no export "main"']) assert.match(text, part);
});

test('text format errors have line and column', async () => {
  const source = '(module\n  (func (export "main") (result i32)\n    i32.konst 5))';
  const file = await refusal(['{name: m, kind: function.wat, source: file://m.wat}'], { 'm.wat': source });
  assert.match(file, /m\.wat:3:5: unexpected token/);
  const typed = '(module\n  (func (export "main") (result i32)\n    i64.const 5))';
  assert.match(
    await refusal(['{name: m, kind: function.wat, source: file://m.wat}'], { 'm.wat': typed }),
    /m\.wat:\d+:\d+: type mismatch/,
  );
});

test.run();
