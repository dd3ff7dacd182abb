import { wat } from './start.ts';

/** Waits in a loop, in a recursion and behind an indirect call; grows its memory; changes globals; fills memory. */
export const SAMPLE = wat(`(module
  (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
  (import "troupe:process" "pid" (func $pid (param i32 i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 1 10)
  (table 2 funcref)
  (elem (i32.const 0) $wait $leaf)
  (data (i32.const 16) "sample")
  (global $count (mut i32) (i32.const 0))
  (global $total (mut f64) (f64.const 1.5))
  (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $wait (param i32) (result i32)
    (local $sum i64)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get 0)))
        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (call $receive (i32.const 64) (i32.const 128)))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br $again)))
    (i32.wrap_i64 (local.get $sum)))
  (func $deep (param i32) (result i32)
    (if (result i32) (i32.gt_s (local.get 0) (i32.const 1))
      (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (call $wait (i32.const 1))))
      (else (i32.const 1))))
  (func (export "main") (param i32 i32) (result i32)
    (global.set $count (i32.add (global.get $count) (memory.grow (i32.const 1))))
    (memory.fill (i32.const 256) (i32.const 7) (i32.const 100))
    (drop (call $pid (i32.const 0) (i32.const 40)))
    (i32.add (call $deep (local.get 0)) (call_indirect (type $unary) (local.get 1) (i32.and (local.get 0) (i32.const 1)))))
)`);

/** Event style: its handler adds up, branches by a table and ends with what was sent. */
export const SAMPLE_HANDLERS = wat(`(module
  (import "troupe:process" "exit" (func $exit (param i32 i32)))
  (memory (export "memory") 1)
  (global (export "troupe_abi") i32 (i32.const 1))
  (global $seen (mut i64) (i64.const 0))
  (func $two (param i32) (result i32 i32) (local.get 0) (i32.add (local.get 0) (i32.const 1)))
  (func (export "troupe_alloc") (param i32) (result i32) (i32.const 4096))
  (func (export "on_message") (param $at i32) (param $length i32)
    (global.set $seen (i64.add (global.get $seen) (i64.const 1)))
    (block $b (block $a
      (br_table $a $b $a (i32.and (local.get $length) (i32.const 3))))
      (local.set $length (i32.sub (call $two (local.get $length)))))
    (call $exit
      (i32.add (i32.add (local.get $at) (i32.const 20))
        (i32.add (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))))
      (i32.load offset=12 (local.get $at))))
)`);
