/** `function.wasm` and `function.wat` with `wit` signatures. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, refusal, run, start, wat } from './start.ts';

const test = suite('wasm functions');

/** Gives back what it is given: a result area at 8, a bump allocator from 1024. */
const CANONICAL = `(module
  (memory (export "memory") 4)
  (global $next (mut i32) (i32.const 1024))
  (global $freed (mut i32) (i32.const 0))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get 3))))
  (func $same (export "text") (export "bytes") (param i32 i32) (result i32)
    (i32.store (i32.const 8) (local.get 0))
    (i32.store (i32.const 12) (local.get 1))
    (i32.const 8))
  (func (export "cabi_post_text") (param i32) (if (i32.ne (local.get 0) (i32.const 8)) (then unreachable)))
  (func (export "nowhere") (result i32) (i32.const -8))
  (func (export "broken") (result i32)
    (i32.store8 (i32.const 100) (i32.const 255))
    (i32.store (i32.const 8) (i32.const 100))
    (i32.store (i32.const 12) (i32.const 1))
    (i32.const 8))
  (func (export "length-of") (param i32 i32 i32 i32) (result i64)
    (i64.extend_i32_u (i32.add (local.get 1) (local.get 3))))
  (func (export "bool") (param i32) (result i32) (local.get 0))
  (func (export "char") (param i32) (result i32) (local.get 0))
  (func (export "s8") (export "s16") (export "s32") (export "u8") (export "u16") (export "u32") (param i32) (result i32) (local.get 0))
  (func (export "s64") (export "u64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "wide") (result i32) (i32.const -1)))`;

const SCALARS = ['bool', 'char', 's8', 's16', 's32', 's64', 'u8', 'u16', 'u32', 'u64', 'f32', 'f64'];
const WIT = [
  'text: func(a: string) -> string;',
  'bytes: func(a: list<u8>) -> list<u8>;',
  'nowhere: func() -> string; broken: func() -> string;',
  'length-of: func(a: string, b: list<u8>) -> u64; // both together',
  'wide: func() -> u8;',
  ...SCALARS.map(type => `${type}: func(a: ${type}) -> ${type};`),
].join(' /* */\n');

const runtime = await start(
  [
    ...[...SCALARS, 'text', 'bytes', 'nowhere', 'broken', 'length-of', 'wide'].map(
      name => `{name: ${name}, kind: function.wasm, source: file://same.wasm, method: ${name}, wit: file://same.wit}`,
    ),
    `{name: add, kind: function.wat, method: add, wit: "add: func(a: s32, b: s32) -> s32",
      source: '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'}`,
    '{name: shout, kind: function.wasm, language: assemblyscript, source: file://strings.ts, method: shout, wit: file://strings.wit}',
    '{name: reversed, kind: function.wasm, language: assemblyscript, source: file://strings.ts, method: reversed, wit: file://strings.wit}',
    '{name: buffer, kind: function.wasm, language: assemblyscript, source: file://buffers.ts, method: buffer, wit: "buffer: func(a: list<u8>) -> list<u8>"}',
    '{name: list, kind: function.wasm, language: assemblyscript, source: file://buffers.ts, method: list, wit: "list: func() -> list<u8>"}',
    '{name: nothing, kind: function.wasm, language: assemblyscript, source: file://buffers.ts, method: nothing, wit: "nothing: func(a: bool) -> string"}',
  ],
  {
    'same.wasm': wat(CANONICAL),
    'same.wit': WIT,
    'strings.wit': 'shout: func(text: string, times: u8) -> string; reversed: func(data: list<u8>) -> list<u8>',
    'strings.ts': `
      export const Uint8Array_ID = idof<Uint8Array>();
      export function shout(text: string, times: u8): string {
        let result = text;
        for (let i: u8 = 0; i < times; i++) result += "!";
        return result;
      }
      export function reversed(data: Uint8Array): Uint8Array { return data.slice().reverse(); }`,
    'buffers.ts': `
      export function buffer(data: ArrayBuffer): ArrayBuffer { return data.slice(1); }
      export function list(): Array<u8> { return [1, 2, 3]; }
      export function nothing(wrong: bool): string { return wrong ? changetype<string>(0) : ""; }`,
  },
);
test.after(() => runtime.stop());

test('numbers of every type come back as they went in', async () => {
  const cases: [string, (number | bigint | string | boolean)[]][] = [
    ['bool', [true, false]],
    ['char', ['a', 'é', '😀']],
    ['s8', [-128, 127]],
    ['u8', [0, 255]],
    ['s16', [-32768, 32767]],
    ['u16', [65535]],
    ['s32', [-(2 ** 31), 2 ** 31 - 1]],
    ['u32', [2 ** 32 - 1]],
    ['s64', [-(2n ** 63n), 5, -5]],
    ['u64', [2n ** 64n - 1n, 5]],
    ['f32', [1.5, Number.POSITIVE_INFINITY]],
    ['f64', [0.1, -1e300]],
  ];
  for (const [type, values] of cases) {
    for (const value of values) assert.is(await run(runtime, type, [value]), value, `${type} ${value}`);
  }
  assert.is(await run(runtime, 'wide'), 255, 'the upper bits of a small result mean nothing');
});

test('numbers outside of their type are INVALID and name the argument', async () => {
  for (const [type, value] of [
    ['s8', 128],
    ['u8', -1],
    ['u16', 65536],
    ['s32', 2 ** 31],
    ['u64', -1],
    ['s64', 2n ** 63n],
  ]) {
    const error = await failure(run(runtime, type as string, [value]));
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, `argument "a" of ${type} must lie between`);
  }
  for (const [type, value] of [
    ['bool', 1],
    ['s32', true],
    ['s32', 1.5],
    ['f64', 'x'],
    ['char', 'ab'],
    ['text', 5],
    ['bytes', 'x'],
  ]) {
    assert.match((await failure(run(runtime, type as string, [value]))).message, /argument "a" of \w+ must be/);
  }
  assert.match((await failure(run(runtime, 'add', [1]))).message, 'add takes 2 arguments (a: s32, b: s32), got 1');
});

test('any text and any bytes cross the canonical ABI unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.uint8Array(), async (text, bytes) => {
      assert.is(await run(runtime, 'text', [text]), text);
      assert.equal(await run(runtime, 'bytes', [bytes]), bytes);
      assert.is(await run(runtime, 'length-of', [text, bytes]), Buffer.byteLength(text) + bytes.length);
    }),
    { numRuns: 60 },
  );
});

test('results that lead nowhere or are no text are errors of the function', async () => {
  for (const name of ['nowhere', 'broken']) {
    const error = await failure(run(runtime, name));
    assert.is(error.kind, 'INTERNAL');
    assert.match(error.message, `the result of ${name} is no string`);
  }
});

test('AssemblyScript strings and arrays', async () => {
  assert.is(await run(runtime, 'shout', ['héllo 😀', 2]), 'héllo 😀!!');
  assert.equal(await run(runtime, 'reversed', [new Uint8Array([1, 2, 3])]), new Uint8Array([3, 2, 1]));
  assert.equal(await run(runtime, 'buffer', [new Uint8Array([1, 2, 3])]), new Uint8Array([2, 3]));
  assert.equal(await run(runtime, 'list'), new Uint8Array([1, 2, 3]));
  assert.is(await run(runtime, 'nothing', [false]), '');
  assert.match((await failure(run(runtime, 'nothing', [true]))).message, 'is no string');
});

test('signatures are compared with the exports', async () => {
  const entry = (wit: string, method = 'add') =>
    `{name: f, kind: function.wat, method: ${method}, wit: "${wit}", source: '(module (memory (export "memory") 1)
      (func (export "add") (param i32 i32) (result i32) (i32.const 1)))'}`;
  assert.match(
    await refusal([entry('add: func(a: s64) -> s32')], {}),
    '"add" is (i32, i32) -> i32, but its `wit:` signature needs (i64) -> i32',
  );
  assert.match(await refusal([entry('add: func(a: string) -> s32')], {}), 'cabi_realloc');
  assert.match(await refusal([entry('sub: func() -> s32')], {}), /describes "sub", but the method is "add"/);
  assert.match(await refusal([entry('sub: func() -> s32', 'sub')], {}), 'no export "sub"');
  assert.match(await refusal([entry('add func')], {}), '":" is wanted');
  assert.match(await refusal([entry('file://../x.wit')], {}), 'lies outside of the deployment');
});

test.run();
