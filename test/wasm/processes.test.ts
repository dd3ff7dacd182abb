/** How WebAssembly processes run, wait, fail and are interrupted. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, run, start, wat } from './start.ts';

const test = suite('wasm processes');

const BASICS = wat(`(module
  (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
  (import "troupe:process" "exit" (func $exit (param i32 i32)))
  (import "troupe:process" "fail" (func $fail (param i32 i32 i32 i32 i32 i32)))
  (import "troupe:process" "args" (func $args (param i32 i32) (result i32)))
  (memory (export "memory") 1 2)
  (data (i32.const 0) "no luck\\81\\a1n\\07")
  (table 1 funcref)
  (func $inner (unreachable))
  (func $outer (call $inner))
  (func (export "trap") (call $outer))
  (func (export "outside") (drop (i32.load (i32.const -1))))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func $deep (export "deep") (call $deep) (call $deep))
  (func (export "spin") (param i64) (result i64) (local $n i64)
    (loop (br_if 0 (i64.lt_u (local.tee $n (i64.add (local.get $n) (i64.const 1))) (local.get 0))))
    (local.get $n))
  (func (export "forever") (loop (br 0)))
  (func (export "wait") (result i32) (call $receive (i32.const 1024) (i32.const 1000)))
  (func (export "wait_for") (param $count i32) (result i32)
    (loop
      (drop (call $receive (i32.const 1024) (i32.const 1000)))
      (br_if 0 (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    ;; The payload of the last one: a fixint at the end of the record.
    (i32.load8_u (i32.add (i32.const 1044) (i32.add (i32.load (i32.const 1028)) (i32.load (i32.const 1032))))))
  (func (export "echo") (call $exit (i32.const 1024) (call $args (i32.const 1024) (i32.const 60000))))
  (func (export "wrong")
    (call $fail (i32.const -8) (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 7) (i32.const 4)))
  (func (export "two") (result i32 f64) (i32.const 1) (f64.const 2.5))
  (func (export "main") (result i64) (i64.const -9007199254740993))
  (func (export "grow") (result i32 i32 i32)
    (memory.size) (memory.grow (i32.const 1)) (memory.grow (i32.const 1)))
)`);

const ENTRIES = [
  '{name: basics, kind: process.wasm, source: file://basics.wasm}',
  '{name: function, kind: function.wasm, source: file://basics.wasm, method: divide}',
];
const runtime = await start(ENTRIES, { 'basics.wasm': BASICS });
test.after(() => runtime.stop());

const basics = (method: string, args: readonly never[] | unknown[] = [], more = {}) =>
  run(runtime, 'basics', args as never, { method, ...more });

test('numbers go in and come out', async () => {
  assert.is(await basics('divide', [7, -2]), -3);
  assert.is(await basics('divide', [0xfffffffe, 2]), -1, 'an unsigned number is taken for its bits');
  assert.is(await basics('main'), -9007199254740993n);
  assert.equal(await basics('two'), [1, 2.5]);
  assert.is(await run(runtime, 'function', [10, 5]), 2);
});

test('arguments of the wrong number or kind are INVALID and say which', async () => {
  assert.match((await failure(basics('divide', [1]))).message, /divide takes 2 numbers \(i32, i32\), got 1/);
  const error = await failure(basics('divide', [1, 'two']));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, 'argument 2 of divide must be a whole number, got text');
  assert.match((await failure(basics('divide', [1, 2 ** 32]))).message, 'must lie between -2147483648 and 4294967295');
});

test('a method that is not there says what is', async () => {
  const error = await failure(basics('absent'));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, /no export "absent".*"trap"/);
});

test('payloads of every kind pass through args and exit unchanged', async () => {
  const args = [null, true, -1, 2.5, 2n ** 63n, 'é', new Uint8Array([1, 2]), [[]], { a: { b: 1 } }];
  assert.equal(await basics('echo', args), args);
});

test('fail gives kind, retryable and details', async () => {
  const error = await failure(basics('wrong'));
  assert.equal([error.message, error.kind, error.retryable], ['no luck', 'CONFLICT', false]);
  assert.is(error.details?.n, 7);
});

test('a trap names the function and those that called it', async () => {
  const error = await failure(basics('trap'));
  assert.equal([error.kind, error.message, error.place], ['INTERNAL', 'unreachable', 'inner']);
  assert.match(error.stack!, /at inner .*\n.*at outer .*\n.*at trap/);
  assert.is((await failure(basics('outside'))).message, 'memory access out of bounds');
  assert.is((await failure(basics('divide', [1, 0]))).message, 'divide by zero');
});

test('endless recursion ends its process alone', async () => {
  const error = await failure(basics('deep'));
  assert.match(error.message, 'stack overflow');
  assert.equal([error.kind, error.place], ['INTERNAL', 'deep']);
  assert.is(await basics('divide', [4, 2]), 2);
});

test('a loop is interrupted so that others run, and goes on where it was', async () => {
  const order: string[] = [];
  const long = basics('spin', [20_000_000]).then(value => order.push(`long ${value}`));
  const short = basics('divide', [4, 2]).then(() => order.push('short'));
  await Promise.all([long, short]);
  assert.equal(order, ['short', 'long 20000000']);
});

test('an endless loop can be terminated', async () => {
  const pid = runtime.spawn({ id: 'app:basics', host: 'app:h', method: 'forever' });
  assert.is(await basics('divide', [4, 2]), 2);
  runtime.terminate(pid);
  await gone(pid);
});

async function gone(pid: string): Promise<void> {
  while (runtime.send(pid, 'x', 1) === undefined) await basics('divide', [4, 2]);
}

test('a process that waits gets what is sent later', async () => {
  const messages = [{ topic: 'first', payloads: [1] }];
  const outcome = basics('wait_for', [3], { messages, name: 'waiting' });
  await basics('divide', [4, 2]);
  assert.is(runtime.send('waiting', 'second', 2), undefined);
  await basics('divide', [4, 2]);
  assert.is(runtime.send('waiting', 'third', 42), undefined);
  assert.is(await outcome, 42);
});

test('many messages at once are taken in order and leave room for others', async () => {
  const count = 2000;
  const messages = Array.from({ length: count }, (_, index) => ({ topic: 'n', payloads: [index % 100] }));
  assert.is(await basics('wait_for', [count], { messages }), (count - 1) % 100);
});

test('several payloads come as a list with their count', async () => {
  const length = await basics('wait', [], { messages: [{ topic: 'xy', payloads: [1, 'two'] }] });
  const lone = await basics('wait', [], { messages: [{ topic: 'xy', payloads: [1] }] });
  assert.ok(Number(length) > Number(lone));
});

test('the host takes nothing of the memory that the guest sees', async () => {
  for (let i = 0; i < 3; i++) assert.equal(await basics('grow'), [1, 1, -1]);
});

test('the example of the README answers', async () => {
  const readme = readFileSync(new URL('../../../machines/wasm/README.md', import.meta.url), 'utf8');
  const example = /```wat\n([\s\S]*?)```/.exec(readme)![1];
  const asker = `(module
    (import "troupe:process" "send" (func $send (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "ponger")
    (func (export "main") (result i32)
      (drop (call $send (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 0)))
      (drop (call $receive (i32.const 1024) (i32.const 1000)))
      (i32.load (i32.const 1044))))`;
  const other = await start(
    [
      '{name: ponger, kind: process.wasm, source: file://ponger.wasm}',
      '{name: asker, kind: process.wasm, source: file://asker.wasm}',
    ],
    { 'ponger.wasm': wat(example), 'asker.wasm': wat(asker) },
  );
  other.spawn({ id: 'app:ponger', host: 'app:h', name: 'ponger' });
  assert.is(await run(other, 'asker'), Buffer.from('pong').readInt32LE());
  await other.stop();
});

test('without preemption a loop still ends', async () => {
  const other = await start(['{name: plain, kind: process.wasm, source: file://basics.wasm, meta: {preempt: false}}'], {
    'basics.wasm': BASICS,
  });
  assert.is(await run(other, 'plain', [3_000_000], { method: 'spin' }), 3_000_000);
  const messages = [{ topic: 'xy', payloads: [9] }];
  assert.is(await run(other, 'plain', [1], { method: 'wait_for', messages }), 9);
  await other.stop();
});

test('what the transform does not know runs without it, unless it waits', async () => {
  const text = (more: string, body: string) => `(module ${more} (memory (export "memory") 1) (tag $oops)
    (func (export "main") (result i32) ${body}
      (try (result i32) (do (throw $oops)) (catch $oops (i32.const 5)))))`;
  const other = await start(['{name: main, kind: process.wasm, source: file://m.wasm}'], {
    'm.wasm': wat(text('', '')),
  });
  assert.is(await run(other, 'main'), 5);
  await other.stop();
});

test.run();
