/** Values of WIT types as objects of AssemblyScript. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { failure, refusal, run, start } from './start.ts';

const test = suite('wit functions of AssemblyScript');

const SOURCE = `
  export const Uint8Array_ID = idof<Uint8Array>();
  export const Float64Array_ID = idof<Float64Array>();
  export const Array_i32_ID = idof<Array<i32>>();
  export const Array_i64_ID = idof<Array<i64>>();
  export const Array_bool_ID = idof<Array<bool>>();
  export const Array_string_ID = idof<Array<string>>();
  export const Array_Array_i32_ID = idof<Array<Array<i32>>>();
  export const Array_Uint8Array_ID = idof<Array<Uint8Array>>();
  export const Array_UserName_ID = idof<Array<UserName>>();
  export const UserName_ID = idof<UserName>();
  export const Pair_ID = idof<Pair>();
  class UserName {
    constructor(public short: bool, public first: string, public last: string | null, public age: u8, public weight: f64, public color: i32) {}
  }
  class Pair { constructor(public a: i32, public b: i32) {} }
  class Other { constructor(public a: i32) {} }

  export function integers(a: Array<i32>): Array<i32> { a.push(a.length); return a; }
  export function wides(a: Array<i64>): StaticArray<i64> { return StaticArray.fromArray(a); }
  export function floats(a: Float64Array): Array<f64> { const b = new Array<f64>(); for (let i = 0; i < a.length; i++) b.push(a[i] * 2); return b; }
  export function bools(a: Array<bool>): Array<bool> { return a.map<bool>(one => !one); }
  export function chars(a: Array<i32>): Array<i32> { return a.reverse(); }
  export function joined(a: Array<string>, by: string | null): string { return a.join(by === null ? "-" : by); }
  export function split(a: string): Array<string> | null { return a.length == 0 ? null : a.split(","); }
  export function matrix(a: Array<Array<i32>>): Array<Array<i32>> { for (let i = 0; i < 2000; i++) new Array<i32>(1000); return a.reverse(); }
  export function blobs(a: Array<Uint8Array>): Array<Uint8Array> { return a.slice(1); }
  export function older(a: Array<UserName>, by: u8): Array<UserName> {
    __collect();
    for (let i = 0; i < a.length; i++) { a[i].age += by; a[i].first += "!"; }
    return a;
  }
  export function next(color: i32, marks: u32): i32 { return (color + <i32>marks) % 3; }
  export function turned(marks: u32): u32 { return ~marks; }
  export function wrong(kind: i32): Pair {
    if (kind == 0) return changetype<Pair>(new Other(1));
    if (kind == 1) return changetype<Pair>(0);
    if (kind == 2) return changetype<Pair>(0x7ffffff0);
    if (kind == 3) return changetype<Pair>(21);
    return new Pair(1, 2);
  }
  export function strings(kind: i32): Array<string> {
    if (kind == 0) return changetype<Array<string>>(new Array<i32>(3));
    if (kind == 1) return changetype<Array<string>>(new Pair(1, 2));
    const a = ["x"];
    if (kind == 2) store<u32>(changetype<usize>(a), 0x7fffffff, 12);
    if (kind == 3) store<u32>(changetype<usize>(a), 0xfffffff0, 4);
    return a;
  }`;

const WIT = `
  enum color { red, green, blue }
  flags marks { first, second }
  record user-name { short: bool, first: string, last: option<string>, age: u8, weight: f64, color: color }
  record pair { a: s32, b: s32 }
  integers: func(a: list<s32>) -> list<s32>; wides: func(a: list<s64>) -> list<s64>; floats: func(a: list<f64>) -> list<f64>;
  bools: func(a: list<bool>) -> list<bool>; chars: func(a: list<char>) -> list<char>;
  joined: func(a: list<string>, by: option<string>) -> string; split: func(a: string) -> option<list<string>>;
  matrix: func(a: list<list<s32>>) -> list<list<s32>>; blobs: func(a: list<list<u8>>) -> list<list<u8>>;
  older: func(a: list<user-name>, by: u8) -> list<user-name>; next: func(color: color, marks: marks) -> color;
  turned: func(marks: marks) -> marks; wrong: func(kind: s32) -> pair; strings: func(kind: s32) -> list<string>;`;

const runtime = await start(
  [
    '{name: values, kind: function.wasm, language: assemblyscript, source: file://values.as.ts, method: integers, wit: file://values.wit}',
  ],
  { 'values.as.ts': SOURCE, 'values.wit': WIT },
);
test.after(() => runtime.stop());

const call = (method: string, args: readonly Payload[]) => run(runtime, 'values', args, { method });

test('lists of numbers, texts, bytes and lists', async () => {
  assert.equal(await call('integers', [[-5, 7]]), [-5, 7, 2]);
  assert.equal(await call('integers', [[]]), [0]);
  assert.equal(await call('wides', [[2n ** 62n, -1]]), [2n ** 62n, -1]);
  assert.equal(await call('floats', [[0.5, -2]]), [1, -4]);
  assert.equal(await call('bools', [[true, false]]), [false, true]);
  assert.equal(await call('chars', [['a', '😀']]), ['😀', 'a']);
  assert.is(await call('joined', [['a', 'é'], null]), 'a-é');
  assert.is(await call('joined', [['a', 'é'], ', ']), 'a, é');
  assert.equal(await call('split', ['a,b']), ['a', 'b']);
  assert.is(await call('split', ['']), null);
  assert.equal(await call('matrix', [[[1, 2], [], [3]]]), [[3], [], [1, 2]]);
  assert.equal(await call('blobs', [[new Uint8Array([1]), new Uint8Array([2, 3])]]), [new Uint8Array([2, 3])]);
});

test('records are objects, enums and flags numbers', async () => {
  const user = (i: number) => ({
    short: i % 2 === 0,
    first: `n${i}`,
    last: i % 3 === 0 ? null : 'x',
    age: i % 100,
    weight: i / 4,
    color: 'blue',
  });
  const users = Array.from({ length: 500 }, (_, i) => user(i));
  const older = users.map(one => ({ ...one, first: `${one.first}!`, age: one.age + 1 }));
  assert.equal(await call('older', [users, 1]), older);
  assert.is(await call('next', ['green', ['first']]), 'blue');
  assert.equal(await call('turned', [['second']]), ['first']);
  assert.match(
    (await failure(call('older', [[user(1), { ...user(2), age: 256 }], 1]))).message,
    'argument "a"[1].age of older must lie between 0 and 255, got 256',
  );
});

test('objects that are not what the signature says', async () => {
  const wrong = ['another class than Pair_ID says', 'it is null', 'no object inside the memory', 'no object inside'];
  for (const [kind, message] of wrong.entries()) {
    const error = await failure(call('wrong', [kind]));
    assert.is(error.kind, 'INTERNAL');
    assert.match(error.message, message);
  }
  assert.equal(await call('wrong', [4]), { a: 1, b: 2 });
  for (const [kind, message] of [
    'array of something else',
    'it is no array',
    'no list<string>',
    'no list<string>',
  ].entries()) {
    assert.match((await failure(call('strings', [kind]))).message, message);
  }
});

test('what AssemblyScript cannot have, or does not export, is refused at load', async () => {
  const refused = async (wit: string, type: string, result: string, source = '') =>
    refusal(
      [
        '{name: f, kind: function.wasm, language: assemblyscript, source: file://f.as.ts, method: f, wit: file://f.wit}',
      ],
      { 'f.as.ts': `${source} export function f(a: ${type}): ${result} { return 0; }`, 'f.wit': wit },
    );
  assert.match(
    await refused('f: func(a: option<s32>) -> s32', 'i32', 'i32'),
    /option<s32>" cannot be passed.*can be null/,
  );
  assert.match(
    await refused('f: func(a: s32) -> result<s32>', 'i32', 'i32'),
    /result<s32>" cannot be passed.*throw an Error/,
  );
  assert.match(await refused('f: func(a: tuple<s32>) -> s32', 'i32', 'i32'), /cannot be passed.*declare a record/);
  assert.match(await refused('variant v { a } f: func(a: v) -> s32', 'i32', 'i32'), /"v" cannot be passed/);
  assert.match(
    await refused('f: func(a: list<list<s32>>) -> s32', 'Array<Array<i32>>', 'i32'),
    /exported as "Int32Array_ID" or "Array_i32_ID".*idof<Int32Array>[\s\S]*"export const Array_Array_i32_ID = idof<Array<Array<i32>>>\(\)"/,
  );
  const unlike = 'export const R_ID = idof<R>(); class R { constructor(public a: i32) {} }';
  const wider = await start(
    ['{name: f, kind: function.wasm, language: assemblyscript, source: file://f.as.ts, method: f, wit: file://f.wit}'],
    {
      'f.as.ts': `${unlike} export function f(): R { return new R(1); }`,
      'f.wit': 'record r { a: s32, b: s32 } f: func() -> r',
    },
  );
  assert.match((await failure(run(wider, 'f'))).message, 'its class has 4 bytes of fields, the record 8');
  await wider.stop();
});

test.run();
