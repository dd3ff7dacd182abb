/** Guests whose results lie: an error that says where, and nothing else happens. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, refusal, run, start, wat } from './start.ts';

const test = suite('wit functions of hostile guests');

const WIT = `
  record item { name: string, tags: list<u16> }
  enum color { red, green }
  variant choice { none, some(char), text(string) }
  items: func() -> list<item>; item: func() -> item; color: func() -> color; choice: func() -> choice;
  flags-of: func() -> choice; letter: func() -> char; wide: func() -> list<u64>; matrix: func() -> list<list<u32>>;
  bombs: func() -> list<list<u8>>; nested: func() -> list<list<list<list<bool>>>>; texts: func() -> list<string>;
  error: func() -> result<u8, item>; option: func() -> option<color>;`;

/** Words from address 8 on, and what the function returns. */
function returns(name: string, words: readonly number[], result = 8): string {
  const stores = words.map((word, i) => `(i32.store (i32.const ${8 + i * 4}) (i32.const ${word}))`);
  return `(func (export "${name}") (result i32) ${stores.join(' ')} (i32.const ${result}))`;
}

const CASES: readonly [name: string, code: string, message: string][] = [
  ['items', returns('items', [16, 0x40000000]), 'address 16 are not inside the memory'],
  ['items', returns('items', [0xfffffff0, 1]), 'are not inside the memory'],
  ['items', returns('items', [17, 1]), 'address 17 is not a multiple of 4'],
  ['items', returns('items', [16, 1], 65533), '8 bytes at address 65533 are not inside the memory'],
  ['items', returns('items', [16, 1], 10), 'address 10 is not a multiple of 4'],
  ['items', returns('items', [16, 1, 0, 0, 0, 0x7fffffff]), 'is no list<item>: [0].tags: '],
  ['items', returns('items', [16, 2, 0, 0, 0, 0, 70000, 1]), 'is no list<item>: [1].name: it is not UTF-8'],
  ['item', returns('item', [0, 0xffffffff, 0, 0]), 'is no item: .name: '],
  ['wide', returns('wide', [0, 0xffffffff]), 'are not inside the memory'],
  ['matrix', returns('matrix', [16, 1, 18, 1]), 'is no list<list<u32>>: [0]: address 18 is not a multiple of 4'],
  ['texts', returns('texts', [16, 1, 0x10000, 5]), 'is no list<string>: [0]: it is not UTF-8 inside the memory'],
  ['color', returns('color', [], 2), 'is no color: 2 is none of its 2 cases'],
  ['color', returns('color', [], 256), '256 is none of its 2 cases'],
  ['choice', returns('choice', [3]), 'is no choice: 3 is none of its 3 cases'],
  ['choice', returns('choice', [1, 0xd800]), 'is no choice: .some: 55296 is no character'],
  ['choice', returns('choice', [2, 0, 0x7fffffff]), 'is no choice: .text: '],
  ['letter', returns('letter', [], 0x110000), '1114112 is no character of Unicode'],
  ['option', returns('option', [2]), '2 is none of its 2 cases'],
  ['error', returns('error', [2]), '2 is none of its 2 cases'],
  ['error', returns('error', [1, 0, 0, 3, 1]), 'is no result<u8, item>: .err.tags: address 3 is not a multiple of 2'],
];

/** 65536 times the same 64 KiB: 4 GiB of bytes, or of numbers, from a memory of some pages. */
const MANY = `
  (local $i i32)
  (loop $again
    (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $i) (i32.const 8))) (i32.const 65536))
    (i32.store (i32.add (i32.const 65540) (i32.mul (local.get $i) (i32.const 8))) (i32.const 65536))
    (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 65536))))
  (i32.store (i32.const 8) (i32.const 65536))
  (i32.store (i32.const 12) (i32.const 65536))
  (i32.const 8)`;

function moduleOf(code: string): Uint8Array {
  return wat(`(module (memory (export "memory") 1) ${code})`);
}

const runtime = await start(
  [
    ...CASES.map(
      ([name], i) =>
        `{name: case${i}, kind: function.wasm, source: file://case${i}.wasm, method: ${name}, wit: file://${name}.wit}`,
    ),
    ...['bombs', 'nested'].map(
      name =>
        `{name: ${name}, kind: function.wasm, source: file://many.wasm, method: ${name}, wit: file://${name}.wit}`,
    ),
    ...['low', 'crooked', 'outside'].map(
      name =>
        `{name: ${name}, kind: function.wasm, source: file://${name}.wasm, method: f, wit: "f: func(a: list<u32>)"}`,
    ),
  ],
  {
    ...Object.fromEntries(CASES.map(([, code], i) => [`case${i}.wasm`, moduleOf(code)])),
    ...Object.fromEntries([...CASES.map(one => one[0]), 'bombs', 'nested'].map(name => [`${name}.wit`, only(name)])),
    'many.wasm': wat(`(module (memory (export "memory") 32)
      (func (export "bombs") (result i32) ${MANY}) (func (export "nested") (result i32) ${MANY}))`),
    ...Object.fromEntries(
      Object.entries({ low: 8, crooked: 1002, outside: -8 }).map(([name, at]) => [
        `${name}.wasm`,
        moduleOf(`(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const ${at}))
          (func (export "f") (param i32 i32))`),
      ]),
    ),
  },
);
test.after(() => runtime.stop());

/** The declarations and one of the functions. */
function only(name: string): string {
  const [declarations] = WIT.split(/\n {2}items: /);
  return `${declarations}\n${new RegExp(`\\b${name}: func\\(\\) -> [^;]*`).exec(WIT)![0]}`;
}

test('pointers, lengths, cases and texts that cannot be', async () => {
  for (const [i, [name, , message]] of CASES.entries()) {
    const error = await failure(run(runtime, `case${i}`));
    assert.is(error.kind, 'INTERNAL', message);
    assert.match(error.message, `the result of ${name} is no `);
    assert.match(error.message, message);
  }
});

test('lists that lead to the same memory many times over are stopped', async () => {
  for (const name of ['bombs', 'nested']) {
    assert.match((await failure(run(runtime, name))).message, /more than \d+ values or \d+ bytes/);
  }
});

test('an allocator that gives what is no memory, or memory that is not aligned', async () => {
  assert.match((await failure(run(runtime, 'outside', [[1]]))).message, 'which is not inside its memory');
  assert.match((await failure(run(runtime, 'crooked', [[1]]))).message, '1002, which is not a multiple of 4');
  assert.is(await run(runtime, 'low', [[1, 2]]), null);
});

test('what is exported must fit at load', async () => {
  const entry = (wit: string) => [`{name: f, kind: function.wasm, source: file://f.wasm, method: f, wit: "${wit}"}`];
  const load = (wit: string, code: string) => refusal(entry(wit), { 'f.wasm': wat(`(module ${code})`) });
  const given = (params: string) => `(func (export "f") ${params} (result i32) (i32.const 0))`;
  assert.match(await load('f: func() -> string', given('')), 'it exports no "memory", but values of "f" lie in it');
  assert.match(
    await load('f: func(a: list<bool>) -> bool', `(memory (export "memory") 1) ${given('(param i32 i32)')}`),
    '"f" takes what is passed in memory, for which it must also export "cabi_realloc"',
  );
  const post = `(memory (export "memory") 1) ${given('')} (func (export "cabi_post_f") (param i64))`;
  assert.match(await load('f: func() -> string', post), '"cabi_post_f" is (i64) -> (), but must be (i32) -> ()');
  const many = Array.from({ length: 17 }, (_, i) => `a${i}: u8`).join(', ');
  assert.match(await load(`f: func(${many}) -> bool`, given('(param i64)')), 'needs (i32) -> i32');
});

test.run();
