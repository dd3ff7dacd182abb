/**
 * A guest that does whatever a script says: any import function, in any order, with any arguments. It looks after its
 * memory: what no call may write must be as it was.
 */
import { PROBED, probeImports } from './probe.ts';

/** Where its memory is written, by calls that it gives these areas: somewhere inside, and up to the very end. */
export const WINDOW = { at: 16_384, length: 4_096 };
export const LAST = { at: 65_472, length: 64 };
/** Texts and payloads for the calls. */
export const POOL = { at: 8_192, length: 4_096 };
/** Its own PID, which it writes there. */
export const OWN_PID = { at: 0, length: 15 };

const SCRIPT_AT = 256;
const SCRIPT_CAPACITY = POOL.at - SCRIPT_AT;
/** Of the argument, a list with one byte string whose length takes two bytes. */
const SCRIPT_HEAD = 4;
const ROOM = { at: 32_768, length: 8_192 };

const OPERATION = 72;
const PARAMETER = 8;
export const MOST_OPERATIONS = Math.floor((SCRIPT_CAPACITY - SCRIPT_HEAD) / OPERATION);
/** A shorter script would have a shorter head. */
export const LEAST_OPERATIONS = 4;

/** Which function of `PROBED`, and what it is given. */
export interface Operation {
  readonly call: number;
  readonly args: readonly number[];
}

/** The argument of the guest. */
export function scriptOf(operations: readonly Operation[]): Uint8Array {
  const bytes = new Uint8Array(operations.length * OPERATION);
  const view = new DataView(bytes.buffer);
  operations.forEach(({ call, args }, index) => {
    const at = index * OPERATION;
    view.setInt32(at, call, true);
    args.forEach((value, parameter) => {
      const slot = at + PARAMETER * (parameter + 1);
      if (PROBED[call].signature.params[parameter] === 'f64') view.setFloat64(slot, value, true);
      else view.setInt32(slot, value, true);
    });
  });
  return bytes;
}

/** Parts of the memory that no call is given to write to. */
const UNTOUCHED = [
  [POOL.at + POOL.length, WINDOW.at],
  [WINDOW.at + WINDOW.length, ROOM.at],
  [ROOM.at + ROOM.length, LAST.at],
] as const;
const MARK = 0x5a;
const MARKS = `0x${MARK.toString(16).repeat(8)}`;

function operationCode(): string {
  const cases = PROBED.map(({ name, signature }, index) => {
    const args = signature.params.map(
      (type, parameter) => `(${type}.load (i32.add (local.get $at) (i32.const ${PARAMETER * (parameter + 1)})))`,
    );
    const call = `(call $${index} ${args.join(' ')}) (; ${name} ;)`;
    const checked =
      signature.results[0] === 'i32' ? `(call $check ${call})` : signature.results.length > 0 ? `(drop ${call})` : call;
    return `) ${checked} (return)`;
  });
  const labels = PROBED.map((_, index) => index);
  return `${'(block '.repeat(labels.length + 1)}
      (br_table ${labels.join(' ')} ${labels.length} (i32.load (local.get $at)))
    ${cases.join('\n')}) unreachable`;
}

/**
 * `main` does the whole script at once; the handlers do some of it each time, and so does the allocator. All end with 1
 * when it is done.
 */
export function scriptGuest(pool: string): string {
  const fill = UNTOUCHED.map(
    ([from, to]) => `(memory.fill (i32.const ${from}) (i32.const ${MARK}) (i32.const ${to - from}))`,
  );
  const verify = UNTOUCHED.map(
    ([from, to]) => `(call $same (i32.const ${from}) (i32.const ${to}) (i64.const ${MARKS}))`,
  );
  return `(module
    ${probeImports(index => `$${index}`)}
    (memory (export "memory") 1)
    (data (i32.const ${POOL.at}) "${pool}")
    (global $next (mut i32) (i32.const 0))
    (global $end (mut i32) (i32.const 0))
    (global $sum (mut i64) (i64.const 0))
    (func $wrong_result unreachable)
    (func $overwritten unreachable)
    (func $not_fresh unreachable)
    (func $check (param i32)
      (if (i32.lt_s (local.get 0) (i32.const -11)) (then (call $wrong_result))))
    (func $same (param $at i32) (param $to i32) (param $wanted i64)
      (loop $again
        (if (i64.ne (local.get $wanted) (i64.load (local.get $at))) (then (call $overwritten)))
        (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $to)))))
    ;; Of the script and the pool.
    (func $sum_up (result i64) (local $at i32) (local $sum i64)
      (local.set $at (i32.const ${SCRIPT_AT}))
      (loop $again
        (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 1)) (i64.load (local.get $at))))
        (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const ${POOL.at + POOL.length}))))
      (local.get $sum))
    (func $is_zero (param $at i32) (param $to i32)
      (loop $again
        (if (i64.ne (i64.const 0) (i64.load (local.get $at))) (then (call $not_fresh)))
        (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $to)))))
    (func $operation (param $at i32) ${operationCode()})
    (func $begin (local $length i32)
      (call $is_zero (i32.const 0) (i32.const ${POOL.at}))
      (call $is_zero (i32.const ${POOL.at + POOL.length}) (i32.const 65536))
      (if (i32.or (global.get $next) (i32.wrap_i64 (global.get $sum))) (then (call $not_fresh)))
      (drop (call $${indexOf('pid')} (i32.const ${OWN_PID.at}) (i32.const 64)))
      (local.set $length (call $${indexOf('args')} (i32.const ${SCRIPT_AT}) (i32.const ${SCRIPT_CAPACITY})))
      ${fill.join('\n')}
      (global.set $sum (call $sum_up))
      (global.set $next (i32.const ${SCRIPT_AT + SCRIPT_HEAD}))
      ;; Upgraded to itself with other arguments, there is no script.
      (global.set $end (select (i32.const 0) (i32.add (i32.const ${SCRIPT_AT}) (local.get $length))
        (i32.or (i32.gt_u (local.get $length) (i32.const ${SCRIPT_CAPACITY}))
          (i32.ne (i32.load16_u (i32.const ${SCRIPT_AT})) (i32.const 0xc591))))))
    (func $some (param $count i32)
      (loop $again
        (if (i32.ge_u (global.get $next) (global.get $end)) (then (call $done)))
        (global.set $next (i32.add (global.get $next) (i32.const ${OPERATION})))
        (call $operation (i32.sub (global.get $next) (i32.const ${OPERATION})))
        (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
    (func $done
      ${verify.join('\n')}
      (if (i64.ne (global.get $sum) (call $sum_up)) (then (call $overwritten)))
      (i32.store8 (i32.const ${WINDOW.at}) (i32.const 1))
      (call $${indexOf('exit')} (i32.const ${WINDOW.at}) (i32.const 1)))
    (func (export "main") (call $begin) (call $some (i32.const -1)))
    (func (export "on_start") (call $begin) (call $some (i32.const 2)))
    (func (export "on_message") (param i32 i32) (call $some (i32.const 3)))
    (func (export "on_event") (param i32 i32) (call $some (i32.const 1)))
    (func (export "on_answer") (param i32 i32) (call $some (i32.const 1)))
    (func (export "troupe_alloc") (param $length i32) (result i32)
      (if (i32.and (global.get $next) (i32.const 8)) (then (call $some (i32.const 1))))
      (select (i32.const ${ROOM.at}) (i32.const -1) (i32.le_u (local.get $length) (i32.const ${ROOM.length})))))`;
}

function indexOf(name: string): number {
  return PROBED.findIndex(probed => probed.name === name);
}
