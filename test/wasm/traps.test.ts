/** What a program can do wrong in its own code, as the user of the runtime sees it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../runtime/runtime.ts';
import { failure, run, start, wat } from './start.ts';

const test = suite('wasm traps');

interface Wrong {
  readonly name: string;
  /** Instructions of a function that is called by another one. */
  readonly code: string;
  readonly message: RegExp;
  /** The function that is named as the place. */
  readonly place?: string;
}

const CASES: readonly Wrong[] = [
  { name: 'unreachable', code: 'unreachable', message: /^unreachable$/ },
  { name: 'divide_i32', code: '(drop (i32.div_s (i32.const 1) (global.get $zero)))', message: /^divide by zero$/ },
  {
    name: 'divide_i64',
    code: '(drop (i64.div_u (i64.const 1) (i64.extend_i32_s (global.get $zero))))',
    message: /^divide by zero$/,
  },
  { name: 'remainder', code: '(drop (i32.rem_u (i32.const 1) (global.get $zero)))', message: /^remainder by zero$/ },
  {
    name: 'overflow',
    code: '(drop (i32.div_s (i32.const 0x80000000) (i32.sub (global.get $zero) (i32.const 1))))',
    message: /^divide result unrepresentable$/,
  },
  {
    name: 'conversion',
    code: '(drop (i32.trunc_f64_s (f64.mul (f64.const 1e10) (f64.convert_i32_s (i32.const 7)))))',
    message: /^float unrepresentable in integer range$/,
  },
  {
    name: 'not_a_number',
    code: '(drop (i64.trunc_f32_u (f32.div (f32.const 0) (f32.convert_i32_s (global.get $zero)))))',
    message: /^float unrepresentable in integer range$/,
  },
  { name: 'load', code: '(drop (i64.load (i32.const 0x7fffffff)))', message: /^memory access out of bounds$/ },
  {
    name: 'load_offset',
    code: '(drop (i32.load offset=0xffffffff (i32.const -1)))',
    message: /^memory access out of bounds$/,
  },
  { name: 'store', code: '(i32.store8 (i32.const -1) (i32.const 1))', message: /^memory access out of bounds$/ },
  {
    name: 'fill',
    code: '(memory.fill (i32.const 0) (i32.const 1) (i32.const -1))',
    message: /^memory access out of bounds$/,
  },
  {
    name: 'copy',
    code: '(memory.copy (i32.const 8) (i32.const 0) (i32.const 0x7fffffff))',
    message: /^memory access out of bounds$/,
  },
  {
    name: 'init',
    code: '(memory.init $passive (i32.const 0) (i32.const 2) (i32.const 9))',
    message: /^memory access out of bounds$/,
  },
  {
    name: 'call_null',
    code: '(call_indirect (i32.const 0))',
    message: /^(null function or )?function signature mismatch/,
  },
  {
    name: 'call_type',
    code: '(call_indirect (param i32) (result i64) (i32.const 1) (i32.const 1)) (drop)',
    message: /^(null function or )?function signature mismatch/,
  },
  { name: 'call_outside', code: '(call_indirect (i32.const 99))', message: /^table index is out of bounds$/ },
  { name: 'call_negative', code: '(call_indirect (i32.const -1))', message: /^table index is out of bounds$/ },
  { name: 'deep', code: '(call $deep) (call $deep)', message: /^stack overflow: / },
  { name: 'mutual', code: '(call $even (i32.const 0))', message: /^stack overflow: /, place: '(odd|even)' },
  { name: 'large_frames', code: '(drop (call $large (i64.const 1)))', message: /^stack overflow: /, place: 'large' },
  { name: 'through_table', code: '(call $again)', message: /^stack overflow: /, place: 'again' },
];

/** Many values that are needed after the call: a frame of some kilobytes. */
const LARGE = Array.from({ length: 200 }, (_, i) => i);

function moduleOf({ name, code }: Wrong): Uint8Array {
  return wat(`(module
    (import "troupe:process" "receive_timeout" (func $receive (param f64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data $passive "12")
    (global $zero (mut i32) (i32.const 0))
    (table 4 4 funcref)
    (elem (i32.const 1) $plain $again)
    (func $plain)
    (func $even (param i32) (call $odd (i32.add (local.get 0) (i32.const 1))) (global.set $zero (i32.const 0)))
    (func $odd (param i32) (call $even (i32.add (local.get 0) (i32.const 1))) (global.set $zero (i32.const 0)))
    (func $again (call_indirect (i32.const 2)) (global.set $zero (i32.const 0)))
    (func $large (param i64) (result i64) ${LARGE.map(i => `(local $l${i} i64)`).join(' ')}
      ${LARGE.map(i => `(local.set $l${i} (i64.mul (local.get 0) (i64.const ${i + 3})))`).join('\n')}
      (local.set 0 (call $large (i64.add (local.get 0) (i64.const 1))))
      ${LARGE.map(i => `(local.set 0 (i64.xor (local.get 0) (local.get $l${i})))`).join('\n')}
      (local.get 0))
    (func $${name} ${code})
    (func $outer (call $${name}))
    (func (export "troupe_alloc") (param i32) (result i32) (i32.const 1024))
    (func $main (export "main") (call $outer))
    (func $waits (export "after_waiting")
      (drop (call $receive (f64.const 1) (i32.const 2048) (i32.const 100)))
      (call $outer))
    (func $on_message (export "on_message") (param i32 i32) (call $outer)))`);
}

const ENTRIES = CASES.map(({ name }) => `{name: ${name}, kind: process.wasm, source: file://${name}.wasm}`);
const BYSTANDER = '{name: bystander, kind: process.wasm, source: file://bystander.wasm}';
const FILES = {
  ...Object.fromEntries(CASES.map(wrong => [`${wrong.name}.wasm`, moduleOf(wrong)])),
  'bystander.wasm': wat(`(module
    (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "main") (result i32) (call $receive (i32.const 0) (i32.const 1000)) (i32.load8_u (i32.const 0))
      (drop) (drop) (i32.const 7)))`),
};

/** Blocking at once, after a wait, and in a handler. */
const WAYS = [
  { method: 'main', outermost: 'main' },
  { method: 'after_waiting', outermost: 'waits' },
  { method: 'handlers', outermost: 'on_message' },
];

async function tryAll(runtime: Runtime): Promise<void> {
  const bystander = run(runtime, 'bystander', [], { name: 'bystander' });
  for (const { name, message, place = name } of CASES) {
    for (const { method, outermost } of WAYS) {
      const messages = [{ topic: 'go', payloads: [1] }];
      const error = await failure(run(runtime, name, [], { method, messages }));
      const shown = `${name}, ${method}: ${error.message}\n${error.stack}`;
      assert.is(error.kind, 'INTERNAL', shown);
      assert.match(error.message, message, shown);
      assert.match(String(error.place), new RegExp(`^${place}$`), shown);
      assert.match(error.stack!, new RegExp(`^trap: .*\\n +at ${place} \\(wasm function \\d+\\)`), shown);
      // V8 keeps the innermost ten frames of a stack.
      if (!message.test('stack overflow: ')) assert.match(error.stack!, new RegExp(`at outer .*\\n +at ${outermost} `));
    }
  }
  assert.is(runtime.live, 1);
  runtime.send('bystander', 'go', 1);
  assert.is(await bystander, 7, 'nobody else has noticed');
}

test('a trap is INTERNAL, says what and where, and is its own process only', async () => {
  const runtime = await start([...ENTRIES, BYSTANDER], FILES);
  await tryAll(runtime);
  await runtime.stop();
});

test('on a worker thread as well', async () => {
  const runtime = await start([...ENTRIES, BYSTANDER], FILES, { workers: 1, placement: 'round-robin' });
  await tryAll(runtime);
  await runtime.stop();
});

test('more memory than there may be: memory.grow answers -1 and the process lives', async () => {
  const runtime = await start(['{name: greedy, kind: process.wasm, source: file://greedy.wasm}'], {
    'greedy.wasm': wat(`(module
      (memory (export "memory") 1)
      (func (export "main") (result i32 i32 i32 i32 i32)
        (memory.grow (i32.const 65536))
        (memory.grow (i32.const -1))
        (memory.grow (i32.const 0x7fffffff))
        (memory.grow (i32.const 1))
        (memory.size)))`),
  });
  assert.equal(await run(runtime, 'greedy'), [-1, -1, -1, 1, 2]);
  await runtime.stop();
});

test.run();
