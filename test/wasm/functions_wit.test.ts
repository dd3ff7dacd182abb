/** Texts of `wit:` keys: what they may say, and what is said about those that may not be used. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { parseWit } from '../../machines/wasm/functions/wit.ts';
import { showType } from '../../machines/wasm/functions/wit_type.ts';
import { refusal } from './start.ts';

const test = suite('wit texts');

test('types and functions in any order, with comments and escaped names', () => {
  const functions = parseWit(`
    // Later than its use.
    move-by: func(%record: point, by: option<tuple<s32, s32>>) -> result<points, failure>;
    record point { x: s32, /* not y */ %type: float64, }
    type points = list<point>
    variant failure { none, text(string), }
    enum color { red, light-green }
    flags marks { a, b }
    record: func(type: color, %list: marks)
    export %string: func() -> result<_, string>
    many: func(a: result, b: result<u8>, c: list<list<u8>>,);
  `);
  const shown = functions.map(({ name, params, result }) => {
    const list = params.map(param => `${param.name}: ${showType(param.type)}`).join(', ');
    return `${name}(${list})${result === undefined ? '' : ` -> ${showType(result)}`}`;
  });
  assert.equal(shown, [
    'move-by(record: point, by: option<tuple<s32, s32>>) -> result<list<point>, failure>',
    'record(type: color, list: marks)',
    'string() -> result<_, string>',
    'many(a: result, b: result<u8>, c: list<list<u8>>)',
  ]);
  assert.equal(functions[0].params[0].type, {
    kind: 'record',
    name: 'point',
    fields: [
      { name: 'x', type: 's32' },
      { name: 'type', type: 'f64' },
    ],
  });
  assert.equal(functions[1].params[1].type, { kind: 'flags', name: 'marks', flags: ['a', 'b'] });
});

test('texts that cannot be used say where and what is wrong', () => {
  const nested = (depth: number) => `${'list<'.repeat(depth)}bool${'>'.repeat(depth)}`;
  const doubling = Array.from({ length: 40 }, (_, i) => `record r${i + 1} { a: r${i}, b: r${i} }`).join('\n');
  const chain = Array.from({ length: 5000 }, (_, i) => `type t${i} = list<t${i + 1}>;`).join('\n');
  const cases: [string, string][] = [
    ['', 'wit:1:1: a signature is missing'],
    ['record a { b: s32 }', 'wit:1:20: a signature is missing'],
    ['add', 'wit:1:4: ":" is wanted after "add", got the end'],
    ['add: func', '"(" is wanted'],
    ['add: func(a s32)', 'wit:1:13: ":" is wanted after the parameter "a", got "s32"'],
    ['add: func(a: int) -> s32', 'wit:1:14: the type "int" cannot be used: it is not declared; there are bool, s8'],
    ['f: func(a: own<x>)', '"own<...>" cannot be used'],
    ['f: func(a: stream)', '"stream" cannot be used: it needs components'],
    ['add: func() -> s32;\n add: func()', 'wit:2:2: "add" is there twice'],
    ['f: func(a: s32, a: s32)', 'wit:1:17: the parameter "a" of "f" is there twice'],
    ['add: func(a: s32) = 5', '":" is wanted|the name of a function is wanted, got "="'],
    ['f: func(a: s32)\n  # g', 'wit:2:3: unexpected "#"'],
    ['f: func() /* open', 'wit:1:12: unexpected "*"'],
    ['f: func() -> (a: s32)', 'wit:1:14: the result of "f" has one type'],
    ['record r { }', 'the record "r" is empty'],
    ['record r { a: s32 a: s32 }', '"}" is wanted at the end of the record "r"'],
    ['record r { a: s32, a: s32 }', '"a" is in the record "r" twice'],
    ['record r { a }', '":" is wanted after the field "a", got "}"'],
    ['enum e { a(s32) }', '"}" is wanted at the end of the enum "e", got "("'],
    ['enum list { a }', '"list" is a type of WIT'],
    ['type a = s32; enum a { b }', 'wit:1:20: the type "a" is there twice'],
    ['record r { a: option<r> } f: func()', 'wit:1:22: the type "r" contains itself'],
    ['type a = b; type b = a; f: func()', 'contains itself'],
    [`flags f { ${Array.from({ length: 33 }, (_, i) => `f${i}`)} }`, 'the flags "f" are 33; at most 32'],
    ['f: func(a: option<option<s32>>)', 'an option of an option cannot be used'],
    ['type o = option<s32>; f: func(a: option<o>)', 'an option of an option cannot be used'],
    ['f: func(a: list<s32, 4>)', 'a list cannot have a fixed length'],
    ['package a:b; f: func()', 'wit:1:1: "package" cannot be used here'],
    ['resource r { }', '"resource" cannot be used here'],
    [`f: func(a: ${nested(100)})`, 'nested more than 64 deep'],
    [`f: func(a: ${nested(100_000)})`, 'nested more than 64 deep'],
    [`${chain} type t5000 = bool; f: func()`, 'nested more than 64 deep'],
    [`record r0 { a: bool } ${doubling} f: func(a: r40)`, 'more than 4096 fields and cases'],
  ];
  for (const [text, message] of cases) {
    const shown = text.slice(0, 60);
    try {
      parseWit(text);
    } catch (thrown) {
      assert.instance(thrown, TroupeError, shown);
      const error = thrown as TroupeError;
      assert.ok(
        message.split('|').some(one => error.message.includes(one)),
        `"${shown}": ${error.message}`,
      );
      assert.is(error.kind, 'INVALID');
      continue;
    }
    assert.unreachable(`"${shown}" was taken`);
  }
  assert.equal(parseWit('export f: func(a: float64,);')[0].params, [{ name: 'a', type: 'f64' }]);
  assert.is(parseWit(`f: func(a: ${nested(60)})`).length, 1);
});

test('an error has its line and column, and the place of the entry', async () => {
  const files = { 'f.wat': '(module)', 'f.wit': 'f: func(\n  a: point)' };
  const text = await refusal(
    ['{name: f, kind: function.wat, method: f, source: file://f.wat, wit: file://f.wit}'],
    files,
  );
  assert.match(text, 'app:f: wit:2:6: the type "point" cannot be used');
});

test('any text is taken or refused with INVALID', () => {
  const words =
    'record variant enum flags type func list option result tuple string u8 _ a b %a - -> ( ) { } < > : , ; = / // /* */';
  const text = fc.array(fc.oneof(fc.constantFrom(...words.split(' ')), fc.string({ maxLength: 3 })), { maxLength: 40 });
  fc.assert(
    fc.property(text, fc.constantFrom('', ' ', '\n'), (parts, between) => {
      try {
        assert.ok(parseWit(parts.join(between)).length > 0);
      } catch (thrown) {
        assert.instance(thrown, TroupeError);
        assert.is((thrown as TroupeError).kind, 'INVALID');
        assert.match((thrown as TroupeError).message, /^wit:\d+:\d+: /);
      }
    }),
    { numRuns: 2000 },
  );
});

test.run();
