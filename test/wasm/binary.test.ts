import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { describeModule } from '../../machines/wasm/binary/inspect.ts';
import { limitMemory } from '../../machines/wasm/binary/limit.ts';
import { Reader } from '../../machines/wasm/binary/reader.ts';
import { Unsupported } from '../../machines/wasm/binary/unsupported.ts';
import { Writer } from '../../machines/wasm/binary/writer.ts';
import { compileWat } from './suspend_harness.ts';

function thrown(run: () => unknown): TroupeError {
  try {
    run();
  } catch (error) {
    assert.instance(error, TroupeError);
    return error as TroupeError;
  }
  return assert.unreachable('nothing was thrown') as never;
}

const encodings = suite('encodings');

encodings('unsigned numbers survive', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffffffff })), numbers => {
      const out = new Writer();
      for (const number of numbers) out.unsigned(number);
      const reader = new Reader(out.finish());
      assert.equal(
        numbers.map(() => reader.unsigned()),
        numbers,
      );
      assert.not(reader.more);
    }),
  );
});

encodings('signed numbers are those of i32.const', () => {
  fc.assert(
    fc.property(fc.integer(), number => {
      const out = new Writer();
      out.raw([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0]);
      const body = new Writer();
      body.raw([0, 0x41]);
      body.signed(number);
      body.byte(0x0b);
      const code = new Writer();
      code.byte(1);
      code.unsigned(body.length);
      code.append(body);
      out.section(10, code);
      const instance = new WebAssembly.Instance(new WebAssembly.Module(out.finish()));
      assert.is((instance.exports.f as () => unknown)(), number);
    }),
    { numRuns: 50 },
  );
});

encodings('names survive, byte-order marks included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const out = new Writer();
      out.name(`\ufeff${text}`);
      assert.is(new Reader(out.finish()).name(), `\ufeff${text}`);
    }),
  );
});

encodings.run();

const inspect = suite('describeModule');

inspect('tells imports, exports, types and memory', () => {
  const module = describeModule(
    compileWat(`(module
      (import "troupe:time" "now" (func $now (result f64)))
      (import "env" "table" (table 1 funcref))
      (import "env" "limit" (global i64))
      (memory (export "memory") 2 9)
      (global (export "count") (mut i32) (i32.const 0))
      (func $helper)
      (func (export "main") (param i32 i64 f32) (result i32 i64) (call $helper) (i32.const 0) (i64.const 0)))`),
  );
  assert.equal(module.imports, [
    { module: 'troupe:time', name: 'now', kind: 'function', type: { params: [], results: ['f64'] } },
    { module: 'env', name: 'table', kind: 'table' },
    { module: 'env', name: 'limit', kind: 'global' },
  ]);
  assert.equal(module.exports, [
    { name: 'memory', kind: 'memory' },
    { name: 'count', kind: 'global' },
    { name: 'main', kind: 'function', type: { params: ['i32', 'i64', 'f32'], results: ['i32', 'i64'] } },
  ]);
  assert.equal(module.memory, { min: 2, max: 9, imported: false, shared: false });
});

inspect('names functions by the name section, else by export or import', () => {
  const text = `(module (import "a" "b" (func)) (func $inner) (func (export "out")))`;
  const module = describeModule(compileWat(text));
  assert.is(module.functionName(1), 'inner');
  assert.is(module.functionName(2), 'out');
  assert.is(module.functionName(0), 'a.b');
  assert.is(module.functionName(3), undefined);
});

inspect('tells an imported shared memory', () => {
  const module = describeModule(compileWat('(module (import "env" "memory" (memory 1 4 shared)))', { threads: true }));
  assert.equal(module.memory, { min: 1, max: 4, imported: true, shared: true });
});

inspect('has no memory where there is none', () => {
  assert.is(describeModule(compileWat('(module)')).memory, undefined);
});

inspect('ignores a damaged name section', () => {
  const bytes = compileWat('(module (func (export "f")))');
  const damaged = new Uint8Array([
    ...bytes.subarray(0, 8),
    ...bytes.subarray(8),
    0,
    7,
    4,
    0x6e,
    0x61,
    0x6d,
    0x65,
    1,
    200,
  ]);
  assert.is(describeModule(damaged).functionName(0), 'f');
});

inspect('says where bytes are not a module', () => {
  const bytes = compileWat('(module (func (export "main") (result i32) (i32.const 1)))');
  for (const [broken, offset, pattern] of [
    [new Uint8Array(), 0, /unexpected end/],
    [new TextEncoder().encode('(module)'), 0, /does not begin with/],
    [bytes.subarray(0, bytes.length - 3), undefined, /unexpected end/],
    [new Uint8Array([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]), 4, /unknown version 2/],
    [new Uint8Array([...bytes.subarray(0, 8), 77, 0]), 8, /unknown section 77/],
    [new Uint8Array([...bytes.subarray(0, 8), 1, 2, 1, 0x40]), 11, /unknown kind of type/],
  ] as const) {
    const error = thrown(() => describeModule(broken));
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, /^not a WebAssembly module: /);
    assert.match(error.message, pattern);
    if (offset !== undefined) assert.is(error.details?.offset, offset);
  }
});

inspect('survives any bytes', () => {
  const bytes = compileWat(`(module (memory 1) (table 2 funcref) (elem (i32.const 0) 0) (global (mut i32) (i32.const 1))
    (func (export "main") (param i32) (result i32) (local.get 0)) (data (i32.const 0) "abc"))`);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
      const changed = bytes.slice(0, Math.max(length, at + 1));
      changed[at] = value;
      try {
        describeModule(changed);
      } catch (error) {
        assert.instance(error, TroupeError);
        assert.is((error as TroupeError).kind, 'INVALID');
      }
    }),
    { numRuns: 2000 },
  );
});

inspect('refuses a component by its name', () => {
  const error = thrown(() => describeModule(new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])));
  assert.instance(error, Unsupported);
  assert.match(error.message, /component model/);
});

inspect.run();

const limit = suite('limitMemory');

const growing = (memory: string) =>
  compileWat(`(module ${memory} (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`);

function run(bytes: Uint8Array, imports?: WebAssembly.Imports): (pages: number) => number {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports.grow as (pages: number) => number;
}

limit('lowers the maximum, or sets one', () => {
  for (const memory of ['(memory 1)', '(memory 1 100)', '(memory (export "memory") 1 100) (data (i32.const 0) "x")']) {
    const grow = run(limitMemory(growing(memory), 3));
    assert.is(grow(2), 1);
    assert.is(grow(1), -1);
  }
});

limit('leaves a lower maximum', () => {
  const bytes = growing('(memory 1 2)');
  assert.is(limitMemory(bytes, 3), bytes);
  const without = compileWat('(module)');
  assert.is(limitMemory(without, 3), without);
});

limit('holds for an imported memory: a larger one does not link', () => {
  const bytes = limitMemory(growing('(import "env" "memory" (memory 1))'), 3);
  assert.throws(() => run(bytes, { env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 4 }) } }), /maximum/);
  const grow = run(bytes, { env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 3 }) } });
  assert.is(grow(3), -1);
});

limit('refuses a module that needs more to start', () => {
  const error = thrown(() => limitMemory(growing('(memory 5)'), 4));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, /needs 5 pages of memory to start, but only 4 are allowed/);
});

limit.run();
