/** Data that is kept as it stands: nothing of it can be told from what it was, or it is refused with its place. */
import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { type KeptData, keepData, restoreData } from '../../runtime/payload/kept_data.ts';
import { packPayload, unpackPayload } from '../../runtime/payload/messagepack.ts';
import { soaked } from '../soaked.ts';
import type { Payload } from '../../runtime/machine.ts';

const test = suite('kept data');

/** There and back through bytes. */
function again(value: object): any {
  const kept = keepData(value, 'state') as unknown as Payload;
  return restoreData(unpackPayload(packPayload(kept)) as unknown as KeptData);
}

test('what a message would change comes back as it was', () => {
  const shared = { n: 1 };
  const list = [shared, undefined, 5n, -0, 2n ** 80n];
  const value: any = { none: undefined, first: 1, list, shared };
  value.self = value;
  const back: any = again(value);
  deepStrictEqual(back, value);
  deepStrictEqual(Object.keys(back), Object.keys(value));
  assert.is(back.self, back);
  assert.is(back.list[0], back.shared);
  assert.is.not(back.shared, shared);
  assert.is(1 / back.list[3], -Infinity);
});

test('errors keep what they say', () => {
  const error = new TroupeError('no', { kind: 'CONFLICT', retryable: true, details: { a: [1] }, stack: 'there' });
  const back = again({ error, once: error });
  assert.instance(back.error, TroupeError);
  assert.is(back.error, back.once);
  assert.equal(
    [back.error.message, back.error.kind, back.error.retryable, back.error.details, back.error.stack],
    ['no', 'CONFLICT', true, { a: [1] }, 'there'],
  );
});

test('the given value is left as it was', () => {
  const value = { a: undefined, b: [1n, { c: 2n }] };
  keepData(value, 'state');
  deepStrictEqual(value, { a: undefined, b: [1n, { c: 2n }] });
});

test('any graph of data', () => {
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(null, undefined, true, '', 'é', -0, NaN, Infinity, 2 ** 60),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'grapheme' }),
  );
  // Nodes by number; an edge may lead to any of them, itself included.
  const node = fc.tuple(
    fc.boolean(),
    fc.array(
      fc.tuple(
        fc.string({ maxLength: 3 }),
        fc.oneof(
          fc.nat(5).map(to => ({ to })),
          leaf,
        ),
      ),
    ),
  );
  fc.assert(
    fc.property(fc.array(node, { minLength: 1, maxLength: 6 }), drawn => {
      const nodes: any[] = drawn.map(([isList]) => (isList ? [] : {}));
      drawn.forEach(([isList, edges], at) => {
        for (const [key, edge] of edges) {
          const to =
            typeof edge === 'object' && edge !== null ? nodes[(edge as { to: number }).to % nodes.length] : edge;
          if (isList) nodes[at].push(to);
          else
            Object.defineProperty(nodes[at], key, { value: to, writable: true, enumerable: true, configurable: true });
        }
      });
      deepStrictEqual(again({ root: nodes[0], other: nodes[nodes.length - 1] }), {
        root: nodes[0],
        other: nodes[nodes.length - 1],
      });
    }),
    soaked({ seed: 7, numRuns: 300 }),
  );
});

const bytes = new Uint8Array(8);
class Cart {
  items = [];
}
for (const [what, value, said] of [
  ['a function', { a: [{ f() {} }] }, /^state\.a\[0\]\.f: function cannot be sent/],
  ['a symbol', { s: Symbol('x') }, /^state\.s: symbol/],
  ['a symbol as a key', { in: { [Symbol('x')]: 1 } }, /^state\.in: a symbol as a key/],
  ['an instance of a class', { cart: new Cart() }, /^state\.cart: Cart cannot be sent/],
  ['a map', { m: new Map() }, /^state\.m: Map cannot be sent; send an object/],
  [
    'a getter',
    {
      get now() {
        return 1;
      },
    },
    /^state\.now: a property that is hidden or has a getter/,
  ],
  ['a hidden property', Object.defineProperty({}, 'h', { value: 1 }), /^state\.h: a property that is hidden/],
  ['an object without a prototype', { o: Object.create(null) }, /^state\.o: an object without a prototype/],
  ['a proxy', { p: new Proxy({}, {}) }, /^state\.p: a proxy/],
  ['a hole', { l: new Array(2) }, /^state\.l: an array with holes/],
  ['a named property of an array', { l: 'ab'.match(/a/) }, /^state\.l: an array with holes or named properties/],
  ['half a surrogate pair', { t: '\ud800' }, /^state\.t: a string with half/],
  ['bytes seen twice', { a: bytes.subarray(0, 4), b: bytes.subarray(4) }, /^state\.b: bytes that are shared/],
  ['shared memory', { a: new Uint8Array(new SharedArrayBuffer(4)) }, /^state\.a: bytes that are shared/],
  ['a derived error', { e: new (class Broken extends TroupeError {})('x') }, /^state\.e: Broken cannot be sent/],
] as const) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => keepData(value, 'state'),
      (error: TroupeError) => error.kind === 'INVALID' && said.test(error.message),
    );
  });
}

test('refused: deeper than 200 levels, without running out of stack', () => {
  let value = {};
  for (let i = 0; i < 100_000; i++) value = { value };
  assert.throws(() => keepData(value, 'state'), /nested deeper than 200 levels/);
});

test.run();
