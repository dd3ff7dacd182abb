/** Instances are used again for later processes: none may find anything of an earlier one. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { failure, run, start, wat } from './start.ts';

const test = suite('wasm isolation');

/**
 * `dirty` writes a byte to an address (also beyond the memory that it is told of, where the host keeps saved stacks), sets
 * a global and then ends in some way; `look` sums up all memory that can be read, and the global.
 */
const MODULE = wat(`(module
  (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
  (import "troupe:process" "exit" (func $exit (param i32 i32)))
  (memory (export "memory") 1 8)
  (data (i32.const 16) "\\01\\02\\03")
  (global $mark (mut i64) (i64.const 5))
  (table 2 funcref)
  (func $keep (param $at i32) (param $count i32)
    (loop
      (i32.store8 (i32.and (local.get $at) (i32.const 0x1ffff)) (i32.const 170))
      (local.set $at (i32.add (local.get $at) (i32.const 977)))
      (br_if 0 (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (global.set $mark (i64.const 77)))
  (func (export "returns") (param i32 i32) (call $keep (local.get 0) (local.get 1)))
  (func (export "exits") (param i32 i32) (call $keep (local.get 0) (local.get 1)) (call $exit (i32.const 0) (i32.const 0)))
  (func (export "traps") (param i32 i32) (call $keep (local.get 0) (local.get 1)) (unreachable))
  (func (export "waits") (param i32 i32)
    (call $keep (local.get 0) (local.get 1)) (drop (call $receive (i32.const 40000) (i32.const 100))))
  (func (export "grows") (param i32 i32)
    (drop (memory.grow (i32.const 1))) (call $keep (local.get 0) (local.get 1)))
  (func (export "spins") (param i32 i32) (call $keep (local.get 0) (local.get 1)) (loop (br 0)))
  (func (export "main") (result i32 i64 i32) (local $at i32) (local $sum i32)
    ;; The control block at the beginning of the host's area holds no data of any process.
    (loop
      (if (i32.or (i32.lt_u (local.get $at) (i32.const 65536)) (i32.ge_u (local.get $at) (i32.const 65568)))
        (then (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))))
      (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 131072))))
    (local.get $sum) (global.get $mark) (memory.size))
)`);

const runtime = await start(['{name: m, kind: process.wasm, source: file://m.wasm}'], { 'm.wasm': MODULE });
test.after(() => runtime.stop());

const ways = ['returns', 'exits', 'traps', 'waits', 'grows', 'spins'] as const;
const UNTOUCHED = [6, 5, 1];

async function dirty(way: (typeof ways)[number], at: number, count: number): Promise<void> {
  if (way === 'traps') {
    // It may also have damaged what the host keeps beyond its memory: an error as well.
    await failure(run(runtime, 'm', [at, count], { method: way }));
    return;
  }
  if (way === 'waits' || way === 'spins') {
    const outcome = run(runtime, 'm', [at, count], { method: way, name: 'victim' });
    const ended = failure(outcome);
    await run(runtime, 'm');
    const refused = runtime.terminate('victim');
    assert.ok(refused === undefined || refused instanceof TroupeError);
    await ended;
    return;
  }
  await run(runtime, 'm', [at, count], { method: way }).catch(() => undefined);
}

test('a new process finds its memory and globals as the module says', async () => {
  assert.equal(await run(runtime, 'm'), UNTOUCHED);
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          way: fc.constantFrom(...ways),
          // Addresses of the guest's own memory and of the area behind it, the control block left alone.
          at: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 65_600, max: 131_000 })),
        }),
        { maxLength: 6 },
      ),
      async steps => {
        for (const { way, at } of steps) {
          await dirty(way, at, 1);
          assert.equal(await run(runtime, 'm'), UNTOUCHED, `after ${way}`);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('many at once each have their own', async () => {
  const outcomes = Array.from({ length: 100 }, (_, index) =>
    index % 2 === 0 ? run(runtime, 'm') : run(runtime, 'm', [index * 100, 5], { method: 'exits' }),
  );
  const results = await Promise.all(outcomes);
  for (let i = 0; i < 100; i += 2) assert.equal(results[i], UNTOUCHED);
});

test('programs that change tables or drop segments get a new instance each time', async () => {
  const other = await start(['{name: m, kind: process.wasm, source: file://m.wasm}'], {
    'm.wasm': wat(`(module
      (memory (export "memory") 1)
      (data $once "\\07")
      (func (export "main") (result i32)
        (memory.init $once (i32.const 0) (i32.const 0) (i32.const 1))
        (data.drop $once)
        (i32.load8_u (i32.const 0))))`),
  });
  for (let i = 0; i < 3; i++) assert.is(await run(other, 'm'), 7);
  await other.stop();
});

test('processes run in worker threads, too', async () => {
  const other = await start(
    [
      '{name: m, kind: process.wasm, source: file://m.wasm}',
      '{name: add, kind: function.wat, method: add, wit: "add: func(a: s32, b: s32) -> s32", source: file://add.wat}',
    ],
    {
      'm.wasm': MODULE,
      'add.wat': '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))',
    },
    { workers: 2, placement: 'round-robin' },
  );
  const sums = Array.from({ length: 20 }, (_, index) => other.exec({ id: 'app:add', args: [index, 1] }));
  assert.equal(
    await Promise.all(sums),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  assert.equal(await run(other, 'm'), UNTOUCHED);
  const error = await failure(run(other, 'm', [0, 1], { method: 'traps' }));
  assert.is(error.message, 'unreachable');
  await other.stop();
});

test.run();
