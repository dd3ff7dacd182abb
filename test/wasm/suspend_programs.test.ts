/** Programs in the text format, one for each way in which a call can be in the middle of something when it stops. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileWat, runOriginal, runTransformed, type Seen, type Stops, transform } from './suspend_harness.ts';

const IMPORTS = `
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (import "env" "wait_l" (func $wait_l (param i64) (result i64)))
  (import "env" "wait_d" (func $wait_d (param f64) (result f64)))
  (import "env" "wait_2" (func $wait_2 (param i32) (result i32 i64)))
  (import "env" "wait_v" (func $wait_v))
  (import "env" "note" (func $note (param i32) (result i32)))`;

/** Each has an export `main` that takes an i32. */
const PROGRAMS: { readonly [title: string]: string } = {
  'a blocking import in nested calls': `
    (func $inner (param i32) (result i32) (i32.mul (call $wait (local.get 0)) (local.get 0)))
    (func $middle (param i32) (result i32) (local i32)
      (local.set 1 (call $inner (i32.add (local.get 0) (i32.const 1))))
      (i32.sub (call $inner (local.get 0)) (local.get 1)))
    (func (export "main") (param i32) (result i32)
      (i32.add (call $middle (local.get 0)) (call $middle (i32.const 3))))`,

  'nested loops': `
    (func (export "main") (param i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
      (loop $outer
        (local.set $j (i32.const 3))
        (loop $inner
          (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3)) (call $wait (local.get $j))))
          (br_if $inner (local.tee $j (i32.sub (local.get $j) (i32.const 1)))))
        (loop $without (br_if $without (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 4))))
        (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
      (i32.add (local.get $sum) (local.get $j)))`,

  'blocks with values beneath them on the operand stack': `
    (func (export "main") (param i32) (result i32)
      (i32.const 1000)
      (i32.mul (local.get 0) (i32.const 7))
      (block $b (result i32)
        (i32.const 11)
        (loop $l (result i32)
          (i32.const 13)
          (block (result i32)
            (drop (br_if $b (i32.const 99) (i32.gt_u (call $wait (i32.const 1)) (i32.const 60))))
            (i32.add (call $wait (i32.const 2)) (i32.const 5)))
          (i32.xor))
        (i32.add))
      (i32.sub)
      (i32.add))`,

  'results of if and else': `
    (func (export "main") (param i32) (result i32)
      (i32.const 5)
      (if (result i32) (i32.and (local.get 0) (i32.const 1))
        (then (i32.add (call $wait (i32.const 1)) (i32.const 100)))
        (else (i32.add (i32.const 200) (call $wait (i32.const 2)))))
      (i32.mul)
      (if (param i32) (result i32) (call $wait (i32.const 3))
        (then (i32.add (i32.const 1)) (i32.sub (call $wait (i32.const 4))))
        (else (i32.xor (i32.const -1))))
      (if (param i32) (result i32) (i32.eqz (local.get 0))
        (then (i32.add (call $wait (i32.const 5))))))`,

  'branch tables in and out of loops': `
    (func (export "main") (param i32) (result i32) (local $sum i32) (local $n i32)
      (block $end
        (loop $again
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $end (i32.gt_u (local.get $n) (i32.const 6)))
          (block $two
            (block $one
              (block $zero
                (br_table $zero $one $again $two (i32.rem_u (local.get $n) (i32.const 5))))
              (local.set $sum (i32.add (local.get $sum) (call $wait (i32.const 10))))
              (br $again))
            (local.set $sum (i32.mul (local.get $sum) (call $wait (i32.const 11)))))
          (local.set $sum (i32.sub (local.get $sum) (call $wait (i32.const 12))))
          (br $again)))
      (i32.add (local.get $sum) (local.get 0)))`,

  'indirect calls, of functions and of imports': `
    (type $unary (func (param i32) (result i32)))
    (table funcref (elem $double $slow $wait $note))
    (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
    (func $slow (type $unary) (i32.add (call $wait (local.get 0)) (i32.const 1)))
    (func (export "main") (param i32) (result i32) (local $i i32) (local $sum i32)
      (loop $l
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 5))
          (call_indirect (type $unary) (i32.add (local.get $i) (local.get 0)) (i32.rem_u (local.get $i) (i32.const 4)))))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9))))
      (local.get $sum))`,

  'functions, blocks and loops with several values': `
    (func $pair (param i32 i64) (result i64 i32) (local.get 1) (call $wait (local.get 0)))
    (func (export "main") (param i32) (result i32) (local $n i32) (local $a i32) (local $b i64)
      (local.set $n (i32.const 4))
      (local.get 0) (i64.const 3)
      (loop $l (param i32 i64) (result i32 i64)
        (call $pair)
        (local.set $a) (local.set $b)
        (call $wait_2 (local.get $a))
        (local.get $b) (i64.add)
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (block (param i32 i64) (result i32)
        (i32.wrap_i64) (call $wait (i32.const 1)) (i32.add) (i32.mul)))`,

  'locals of every number type': `
    (func (export "main") (param i32) (result i32) (local $l i64) (local $f f32) (local $d f64) (local $v v128)
      (local.set $l (i64.const 0x123456789abcdef))
      (local.set $f (f32.const 1.25))
      (local.set $d (f64.const -2.5e100))
      (local.set $v (i32x4.splat (local.get 0)))
      (local.set $l (i64.add (call $wait_l (local.get $l)) (local.get $l)))
      (local.set $d (f64.mul (call $wait_d (local.get $d)) (local.get $d)))
      (i64.store (i32.const 0) (local.get $l))
      (f32.store (i32.const 8) (f32.add (local.get $f) (f32.convert_i32_s (call $wait (i32.const 1)))))
      (f64.store (i32.const 16) (local.get $d))
      (v128.store (i32.const 32) (local.get $v))
      (i32x4.extract_lane 2 (local.get $v)))`,

  recursion: `
    (func $fib (param i32) (result i32)
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (i32.rem_u (call $wait (local.get 0)) (i32.const 7)))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "main") (param i32) (result i32) (call $fib (i32.add (local.get 0) (i32.const 4))))`,

  'mutual recursion through a table': `
    (type $t (func (param i32) (result i32)))
    (table funcref (elem $even $odd))
    (func $even (type $t) (if (result i32) (local.get 0)
      (then (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))) (else (call $wait (i32.const 7)))))
    (func $odd (type $t) (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))) (else (i32.const -1))))
    (func (export "main") (param i32) (result i32) (call $even (i32.mul (local.get 0) (i32.const 4))))`,

  'memory that grows while frames are saved': `
    (func $grow (param i32) (result i32) (local $former i32)
      (local.set $former (memory.grow (local.get 0)))
      (drop (call $wait (local.get $former)))
      (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 0x5a5a))
      (local.get $former))
    (func (export "main") (param i32) (result i32)
      (i32.add
        (i32.add (i32.mul (call $grow (local.get 0)) (i32.const 10000)) (i32.mul (call $grow (i32.const 0)) (i32.const 1000)))
        (i32.add (i32.mul (call $grow (i32.const 2)) (i32.const 10)) (call $grow (i32.const 100)))))`,

  'unreachable code behind a wait': `
    (func (export "main") (param i32) (result i32)
      (block $b (result i32)
        (call $wait (i32.const 1))
        (br $b)
        (drop) (call $wait (i32.const 2)) (unreachable))
      (if (result i32) (local.get 0)
        (then (return (call $wait (i32.const 3))) (call $wait_v) (loop (br 0)))
        (else (i32.add (call $wait (i32.const 4)) (i32.const 1))))
      (i32.add))`,

  'a result that nobody uses and a wait without values': `
    (func $each (param i32) (call $wait_v) (drop (call $note (local.get 0))) (call $wait_v))
    (func (export "main") (param i32) (result i32) (call $each (i32.const 1)) (call $each (local.get 0)) (i32.const 3))`,

  'select, tee and globals round a wait': `
    (global $g (export "g") (mut i64) (i64.const 5))
    (func (export "main") (param i32) (result i32) (local i32)
      (global.set $g (i64.mul (global.get $g) (call $wait_l (i64.const 2))))
      (select (local.tee 1 (call $wait (i32.const 1))) (call $wait (local.get 1)) (i32.gt_u (call $wait (i32.const 3)) (local.get 0)))
      (i32.add (local.get 1)))`,
};

function assertSame(seen: Seen & { readonly stops: Stops }, expected: Seen, what: string): void {
  assert.is(seen.thrown, undefined, what);
  assert.equal(seen.result, expected.result, `${what}: result`);
  assert.equal(seen.calls, expected.calls, `${what}: calls of imports`);
  assert.equal(seen.globals, expected.globals, `${what}: globals`);
  assert.is(Buffer.compare(seen.memory!, expected.memory!), 0, `${what}: memory`);
  const waits = expected.calls.filter(call => call.startsWith('wait')).length;
  assert.is(seen.stops.suspended, waits, `${what}: every wait is one stop`);
}

const test = suite('programs that stop');

for (const [title, body] of Object.entries(PROGRAMS)) {
  test(title, () => {
    const bytes = compileWat(`(module ${IMPORTS} (memory (export "memory") 1 6) ${body})`, { simd: true });
    for (const copies of ['single', 'dual'] as const) {
      const cooperative = transform(bytes, 'none', copies);
      const killing = transform(bytes, 'kill', copies);
      const preemptive = transform(bytes, 'resume', copies);
      assert.ok(cooperative.suspendable);
      for (const argument of [0, 1, 2]) {
        const expected = runOriginal(bytes, 'main', [argument]);
        assert.is(expected.thrown, undefined);
        for (const moveEvery of [undefined, 1]) {
          const title = `${copies}, moved: ${moveEvery}`;
          assertSame(runTransformed(cooperative, 'main', [argument], { moveEvery }), expected, title);
          assertSame(runTransformed(killing, 'main', [argument], { moveEvery }), expected, `kill, ${title}`);
          for (let fuel = 0; fuel <= 12; fuel++) {
            const seen = runTransformed(preemptive, 'main', [argument], { fuel, moveEvery });
            assertSame(seen, expected, `fuel ${fuel}, ${title}`);
          }
        }
      }
    }
  });
}

test('preemption stops a loop at every check, and the fuel says how many there are', () => {
  const bytes = compileWat(`(module (memory (export "memory") 1)
    (func (export "main") (param i32) (result i32) (local $sum i32)
      (loop $l (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get 0)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get $sum)))`);
  const expected = runOriginal(bytes, 'main', [100]);
  const program = transform(bytes, 'resume');
  for (let fuel = 0; fuel <= 101; fuel++) {
    const seen = runTransformed(program, 'main', [100], { fuel, moveEvery: 7 });
    assert.is(seen.result, expected.result);
    // 100 checks; the one at which the loop is resumed is free.
    assert.is(seen.stops.preempted, fuel >= 100 ? 0 : Math.ceil((100 - fuel) / (fuel + 1)), `fuel ${fuel}`);
  }
});

test('a start function that waits runs under the driver, before the first call', () => {
  const bytes =
    compileWat(`(module ${IMPORTS} (memory (export "memory") 1) (global $g (export "g") (mut i32) (i32.const 1))
    (func $start (global.set $g (i32.add (call $wait (i32.const 1)) (call $wait (i32.const 2)))))
    (start $start)
    (func (export "main") (param i32) (result i32) (i32.mul (global.get $g) (call $wait (local.get 0)))))`);
  const expected = runOriginal(bytes, 'main', [5]);
  const seen = runTransformed(transform(bytes), 'main', [5], { moveEvery: 1 });
  assertSame({ ...seen }, expected, 'start');
  assert.is(seen.stops.suspended, 3);
});

test('a start function that does not wait runs when the instance is made', () => {
  const bytes =
    compileWat(`(module ${IMPORTS} (memory (export "memory") 1) (global $g (export "g") (mut i32) (i32.const 1))
    (func $start (global.set $g (i32.add (memory.grow (i32.const 2)) (memory.size))))
    (start $start)
    (func (export "main") (param i32) (result i32) (i32.mul (global.get $g) (call $wait (memory.size)))))`);
  const expected = runOriginal(bytes, 'main', [5]);
  assertSame(runTransformed(transform(bytes), 'main', [5]), expected, 'start');
});

test('a trap is the same trap', () => {
  const bytes = compileWat(`(module ${IMPORTS} (memory (export "memory") 1)
    (func $f (param i32) (result i32) (i32.div_u (call $wait (local.get 0)) (local.get 0)))
    (func (export "main") (param i32) (result i32) (call $f (local.get 0))))`);
  const expected = runOriginal(bytes, 'main', [0]);
  const seen = runTransformed(transform(bytes), 'main', [0]);
  assert.is(seen.thrown, expected.thrown);
  assert.equal(seen.calls, expected.calls);
});

test('a module without memory can wait too', () => {
  const bytes = compileWat(`(module ${IMPORTS}
    (func (export "main") (param i32) (result i32) (i32.sub (call $wait (local.get 0)) (call $wait (i32.const 3)))))`);
  const seen = runTransformed(transform(bytes), 'main', [5], { moveEvery: 1 });
  assert.is(seen.result, runOriginal(bytes, 'main', [5]).result);
  assert.is(seen.stops.suspended, 2);
});

test('references to blocking imports, in code and in globals, wait as well', () => {
  const bytes = compileWat(
    `(module ${IMPORTS} (memory (export "memory") 1) (table $t 2 funcref)
    (type $unary (func (param i32) (result i32)))
    (global $f funcref (ref.func $wait))
    (elem declare func $wait)
    (func $fill (table.set $t (i32.const 0) (ref.func $wait)) (table.set $t (i32.const 1) (global.get $f)))
    (func (export "main") (param i32) (result i32)
      (call $fill)
      (i32.sub (call_indirect (type $unary) (local.get 0) (i32.const 0)) (call_indirect (type $unary) (i32.const 9) (i32.const 1)))))`,
    { reference_types: true },
  );
  const seen = runTransformed(transform(bytes), 'main', [5]);
  assert.is(seen.result, runOriginal(bytes, 'main', [5]).result);
  assert.is(seen.stops.suspended, 2);
});

test.run();
