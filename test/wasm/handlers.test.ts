/** Event-style modules: exports that are called when something comes. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, run, start, wat } from './start.ts';

const test = suite('wasm handlers');

/** Counts what comes and ends with "messages, events, answers" as the digits of a number. */
const COUNTER = wat(`(module
  (import "troupe:process" "exit" (func $exit (param i32 i32)))
  (import "troupe:process" "start_timer" (func $start_timer (param i32 f64) (result i32)))
  (import "troupe:process" "send" (func $send (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "troupe:process" "pid" (func $pid (param i32 i32) (result i32)))
  (import "troupe:process" "cancel" (func $cancel (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "go")
  (global $count (mut i32) (i32.const 0))
  (func (export "troupe_alloc") (param i32) (result i32) (i32.const 1024))
  (func $add (param i32)
    (global.set $count (i32.add (global.get $count) (local.get 0)))
    (if (i32.ge_u (global.get $count) (i32.const 111)) (then
      (i32.store8 (i32.const 16) (global.get $count))
      (call $exit (i32.const 16) (i32.const 1)))))
  (func (export "on_start") (param $at i32) (param $length i32) (local $own i32)
    (local.set $own (call $pid (i32.const 100) (i32.const 100)))
    ;; Arguments are a list with one string: the topic to send to itself.
    (drop (call $send (i32.const 100) (local.get $own) (i32.add (local.get $at) (i32.const 2))
      (i32.sub (local.get $length) (i32.const 2)) (i32.const 0) (i32.const 0)))
    (drop (call $cancel (i32.const 100) (local.get $own) (i32.const 0) (i32.const 0)))
    (drop (call $start_timer (i32.const 5) (f64.const 1))))
  (func (export "on_message") (param $at i32) (param i32)
    (if (i32.eq (i32.load16_u offset=20 (local.get $at)) (i32.const 0x6f67)) (then (call $add (i32.const 1)))))
  (func (export "on_event") (param i32 i32) (call $add (i32.const 10)))
  (func (export "on_answer") (param $at i32) (param i32)
    (if (i32.eq (i32.load offset=16 (local.get $at)) (i32.const 5)) (then (call $add (i32.const 100)))))
)`);

test('messages, events and answers go to their handlers after on_start', async () => {
  const runtime = await start(['{name: counter, kind: process.wasm, source: file://counter.wasm}'], {
    'counter.wasm': COUNTER,
  });
  assert.is(await run(runtime, 'counter', ['go']), 111);
  await runtime.stop();
});

/** Adds up the tags of two timers; the first handler waits for a message in the middle. */
const WAITER = wat(`(module
  (import "troupe:process" "exit" (func $exit (param i32 i32)))
  (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $inside (mut i32) (i32.const 0))
  (global $seen (mut i32) (i32.const 0))
  (func (export "troupe_alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "on_message") (param $at i32) (param i32)
    (if (global.get $inside) (then unreachable))
    (global.set $inside (i32.const 1))
    (drop (call $receive (i32.const 8192) (i32.const 4096)))
    (global.set $inside (i32.const 0))
    ;; The payload of the first and of the second: fixints behind topic and sender.
    (global.set $seen (i32.add
      (i32.mul (i32.load8_u (i32.add (local.get $at) (i32.add (i32.const 20)
        (i32.add (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))))))
        (i32.const 16))
      (i32.load8_u (i32.add (i32.const 8212) (i32.add (i32.load (i32.const 8196)) (i32.load (i32.const 8200)))))))
    (i32.store8 (i32.const 0) (global.get $seen))
    (call $exit (i32.const 0) (i32.const 1)))
)`);

test('a handler may wait; nothing else is delivered meanwhile', async () => {
  const runtime = await start(['{name: waiter, kind: process.wasm, source: file://waiter.wasm}'], {
    'waiter.wasm': WAITER,
  });
  const messages = [
    { topic: 'one', payloads: [3] },
    { topic: 'two', payloads: [4] },
    { topic: 'three', payloads: [5] },
  ];
  assert.is(await run(runtime, 'waiter', [], { messages }), 3 * 16 + 4);
  await runtime.stop();
});

const module = (fields: string) => wat(`(module (memory (export "memory") 1) ${fields})`);
const HANDLER = '(func (export "on_message") (param i32 i32))';

test('an allocator that gives no room ends the process', async () => {
  const runtime = await start(['{name: bad, kind: process.wasm, source: file://bad.wasm}'], {
    'bad.wasm': module(`(func (export "troupe_alloc") (param i32) (result i32) (i32.const 65530)) ${HANDLER}`),
  });
  const error = await failure(run(runtime, 'bad', [], { messages: [{ topic: 'x', payloads: [1] }] }));
  assert.is(error.kind, 'INTERNAL');
  assert.match(error.message, 'troupe_alloc');
  await runtime.stop();
});

test('waiting in the allocator is refused', async () => {
  const runtime = await start(['{name: bad, kind: process.wasm, source: file://bad.wasm}'], {
    'bad.wasm': wat(`(module
      (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
      (import "troupe:process" "exit" (func $exit (param i32 i32)))
      (memory (export "memory") 1)
      (func (export "troupe_alloc") (param i32) (result i32)
        (i32.store8 (i32.const 0) (call $receive (i32.const 100) (i32.const 100)))
        (i32.const 1024))
      (func (export "on_message") (param i32 i32) (call $exit (i32.const 0) (i32.const 1))))`),
  });
  assert.is(await run(runtime, 'bad', [], { messages: [{ topic: 'x', payloads: [1] }] }), -3);
  await runtime.stop();
});

test('_initialize runs first and may use imports', async () => {
  const runtime = await start(['{name: early, kind: process.wasm, source: file://early.wasm}'], {
    'early.wasm': wat(`(module
      (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (global $length (mut i32) (i32.const 0))
      (func (export "_initialize") (global.set $length (call $receive (i32.const 0) (i32.const 1000))))
      (func (export "main") (result i32) (global.get $length)))`),
  });
  const length = await run(runtime, 'early', [], { messages: [{ topic: 'x', payloads: [1] }] });
  assert.ok(Number(length) > 21);
  await runtime.stop();
});

test('an import called in a start section is refused with what to do', async () => {
  const runtime = await start(['{name: early, kind: process.wasm, source: file://early.wasm}'], {
    'early.wasm': wat(`(module
      (import "troupe:process" "pid" (func $pid (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func $begin (drop (call $pid (i32.const 0) (i32.const 100))))
      (start $begin)
      (func (export "main")))`),
  });
  const error = await failure(run(runtime, 'early'));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, '_initialize');
  await runtime.stop();
});

test.run();
