/** What cannot be made suspendable is refused with a reason, and what works differently is said. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Op } from '../../machines/wasm/binary/opcodes.ts';
import { Writer } from '../../machines/wasm/binary/writer.ts';
import { SuspendDriver } from '../../machines/wasm/suspend/driver.ts';
import { suspendTransform, Unsupported } from '../../machines/wasm/suspend/transform.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { compileWat, transform } from './suspend_harness.ts';

function refusal(bytes: Uint8Array): Unsupported {
  try {
    transform(bytes);
  } catch (error) {
    assert.instance(error, Unsupported);
    assert.instance(error, TroupeError);
    assert.is((error as Unsupported).kind, 'INVALID');
    return error as Unsupported;
  }
  return assert.unreachable('it was not refused') as never;
}

const WAIT = '(import "env" "wait" (func $wait (param i32) (result i32)))';

const refused = suite('refusals');

refused('exception handling, in code and as a tag', () => {
  const inCode = refusal(
    compileWat('(module (tag $t) (func $risky (try (do (throw $t)) (catch_all))))', { exceptions: true }),
  );
  assert.match(inCode.message, /exception handling/);
  assert.match(inCode.message, /-fwasm-exceptions/);
  const tagOnly = refusal(compileWat('(module (import "env" "t" (tag)))', { exceptions: true }));
  assert.match(tagOnly.reason, /exception handling/);
});

refused('tail calls, with the function', () => {
  const error = refusal(
    compileWat(`(module ${WAIT} (func $bounce (param i32) (result i32) (return_call $wait (local.get 0))))`, {
      tail_call: true,
    }),
  );
  assert.match(error.message, /tail calls in function 1 \(bounce\) at byte \d+/);
  assert.is(error.functionIndex, 1);
  assert.is(error.functionName, 'bounce');
  assert.is(error.place, 'bounce');
});

refused('a 64-bit memory', () => {
  assert.match(refusal(compileWat('(module (memory i64 1))', { memory64: true })).message, /64-bit memory.*wasm32/);
});

refused('several memories', () => {
  assert.match(refusal(compileWat('(module (memory 1) (memory 1))', { multi_memory: true })).reason, /one memory/);
});

refused('types of garbage-collected objects', () => {
  const struct = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 3, 1, 0x5f, 0];
  assert.match(refusal(new Uint8Array(struct)).reason, /garbage-collected/);
});

refused('types of newer proposals, which are longer than those of today, wherever they stand', () => {
  const module = (...body: number[]): Uint8Array => {
    const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
    return Uint8Array.of(...head, 10, body.length + 2, 1, body.length, ...body);
  };
  // What follows the first byte of such a type would be read as other instructions than the engine reads.
  for (const [what, body] of [
    ['ref.null of a type by its index', [0, 0xd0, 0x80, 0x0c, 0x1a, 0x0b]],
    ['ref.null any', [0, 0xd0, 0x6e, 0x1a, 0x0b]],
    ['a block with a result (ref null func)', [0, 0x02, 0x63, 0x70, 0xd0, 0x70, 0x0b, 0x1a, 0x0b]],
    ['select of (ref func)', [0, 0x00, 0x1c, 1, 0x64, 0x70, 0x1a, 0x0b]],
  ] as const) {
    assert.match(refusal(module(...body)).reason, /typed references/, what);
  }
  const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  assert.match(refusal(Uint8Array.of(...head, 9, 5, 1, 5, 0x63, 0x70, 0)).reason, /typed references/, 'a segment');
  assert.match(refusal(Uint8Array.of(...head, 4, 4, 1, 0x70, 4, 1)).reason, /64-bit indices/);
});

refused('relaxed SIMD', () => {
  // (func (drop (f32x4.relaxed_min (v128.const ..) (v128.const ..)))), which has number 0x100 + 13 after its prefix.
  const constant = [0xfd, 12, ...Array<number>(16).fill(0)];
  const body = [0, ...constant, ...constant, 0xfd, 0x8d, 0x02, 0x1a, 0x0b];
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, body.length + 2, 1, body.length];
  assert.match(refusal(new Uint8Array([...bytes, ...body])).reason, /relaxed SIMD/);
});

refused('a reference that is needed after a wait, with the function', () => {
  const error = refusal(
    compileWat(
      `(module ${WAIT} (table 1 externref)
        (func $hold (param externref) (result externref) (drop (call $wait (i32.const 1))) (local.get 0)))`,
      { reference_types: true },
    ),
  );
  assert.match(error.message, /reference \(externref\).*in function 1 \(hold\)/);
});

refused('not a reference that is needed no longer', () => {
  const bytes = compileWat(
    `(module ${WAIT} (table 1 externref)
      (func (export "main") (param externref) (table.set (i32.const 0) (local.get 0)) (drop (call $wait (i32.const 1)))))`,
    { reference_types: true },
  );
  assert.ok(WebAssembly.validate(transform(bytes).bytes));
});

refused('a blocking import that answers with a reference', () => {
  const error = refusal(
    compileWat('(module (import "env" "wait" (func (result externref))))', { reference_types: true }),
  );
  assert.match(error.message, /blocking import that answers with a reference/);
});

/** `(func $nest (loop (loop ... (call $wait))))`; the text parser cannot read that many. */
function nestedLoops(depth: number): Uint8Array {
  const body = new Writer();
  body.byte(0);
  for (let i = 0; i < depth; i++) body.raw([Op.Loop, 0x40]);
  body.raw([Op.Call, 0]);
  for (let i = 0; i <= depth; i++) body.byte(Op.End);
  const code = new Writer();
  code.byte(1);
  code.unsigned(body.length);
  code.append(body);
  const out = new Writer();
  out.raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0]);
  out.raw([2, 10, 1, 1, 0x65, 4, 0x77, 0x61, 0x69, 0x74, 0, 0]);
  out.raw([3, 2, 1, 0]);
  out.section(10, code);
  return out.finish();
}

refused('loops that are nested beyond reason', () => {
  assert.ok(WebAssembly.validate(transform(nestedLoops(400), 'resume').bytes));
  assert.match(refusal(nestedLoops(600)).message, /loops nested more than 500 deep in function 1/);
});

/** `count` functions with an endless loop, the import `wait` in it and 40 000 locals: 20 bytes each. */
function manyLocals(count: number): Uint8Array {
  const code = new Writer();
  code.unsigned(count);
  for (let i = 0; i < count; i++) {
    const body = new Writer();
    body.byte(1);
    body.unsigned(40_000);
    body.raw([0x7f, Op.Loop, 0x40, Op.Call, 0, Op.Br, 0, Op.End, Op.End]);
    code.unsigned(body.length);
    code.append(body);
  }
  const functions = new Writer();
  functions.unsigned(count);
  for (let i = 0; i < count; i++) functions.byte(0);
  const out = new Writer();
  out.raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0]);
  out.raw([2, 10, 1, 1, 0x65, 4, 0x77, 0x61, 0x69, 0x74, 0, 0]);
  out.section(3, functions);
  out.section(10, code);
  return out.finish();
}

refused('a few kilobytes that would take hours', () => {
  assert.ok(WebAssembly.validate(transform(manyLocals(10), 'resume').bytes));
  assert.match(refusal(manyLocals(3000)).message, /too many local variables .* in function \d+/);
});

refused("exports with the host's own names", () => {
  assert.match(refusal(compileWat('(module (func (export "troupe:grow")))')).message, /'troupe:grow'/);
});

refused('bytes that are no module, and code that does not validate', () => {
  for (const bytes of [
    new Uint8Array([1, 2, 3]),
    // (func (result i32)) with an empty body.
    new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x0b]),
  ]) {
    try {
      transform(bytes);
      assert.unreachable('it was not refused');
    } catch (error) {
      assert.instance(error, TroupeError);
      assert.is((error as TroupeError).kind, 'INVALID');
      assert.match((error as TroupeError).message, /^not a WebAssembly module: .* at byte \d+$/);
    }
  }
});

refused.run();

const results = suite('what the transform tells');

results('a module that never waits has globals that can be read and written all the same', () => {
  const bytes = compileWat(`(module (import "env" "now" (func $now (result f64)))
    (global (mut i32) (i32.const 7)) (global i32 (i32.const 1)) (global (mut f64) (f64.const 2.5))
    (func (export "set") (global.set 0 (i32.const -1)))
    (func (export "main") (result f64) (f64.add (call $now) (f64.convert_i32_s (global.get 0)))))`);
  const { bytes: changed, suspendable, globalBytes, warnings } = transform(bytes);
  assert.not(suspendable);
  assert.is(globalBytes, 4 + 8);
  assert.equal(warnings, []);
  const driver = new SuspendDriver();
  driver.attach(new WebAssembly.Instance(new WebAssembly.Module(changed), { env: { now: () => 1.5 } }), undefined, 1);
  const first = driver.saveGlobals(globalBytes)!;
  assert.equal([...first], [7, 0, 0, 0, ...new Uint8Array(Float64Array.of(2.5).buffer)]);
  driver.call('set', []);
  driver.call('main', []);
  assert.is(driver.result, 0.5);
  driver.loadGlobals(first);
  driver.call('main', []);
  assert.is(driver.result, 8.5);
});

results('blocking imports are asked for by module and name, once for each import', () => {
  const asked: string[] = [];
  const { suspendable } = suspendTransform(
    compileWat('(module (import "a" "x" (func)) (import "b" "x" (func $b)) (func (export "main") (call $b)))'),
    { blocking: (module, name) => asked.push(`${module}.${name}`) > 0 && module === 'b' },
  );
  assert.ok(suspendable);
  assert.equal(asked, ['a.x', 'b.x']);
});

results('functions keep their names', () => {
  const { bytes } = transform(
    compileWat(`(module ${WAIT} (func $deep (result i32) (drop (call $wait (i32.const 1))) (unreachable))
      (func (export "main") (result i32) (call $deep)))`),
  );
  assert.is(WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'name').length, 1);
});

results('warnings: tables, segments, shared memory, globals that cannot be moved', () => {
  const { warnings } = transform(
    compileWat(
      `(module ${WAIT} (memory 1 2 shared) (table (export "table") 2 funcref)
        (global (mut externref) (ref.null extern))
        (data $d "abc")
        (func (export "main") (data.drop $d) (table.set (i32.const 0) (ref.null func)) (drop (call $wait (i32.const 0)))
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))))`,
      { reference_types: true, threads: true, simd: true },
    ),
  );
  for (const pattern of [
    /changes a table/,
    /drops data/,
    /shares a table/,
    /memory is shared/,
    /atomic/,
    /global 0 holds a reference/,
  ]) {
    assert.ok(
      warnings.some(warning => pattern.test(warning)),
      String(pattern),
    );
  }
});

results.run();
