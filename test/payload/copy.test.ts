import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { copyPayload, copyPayloads } from '../../runtime/payload/copy.ts';
import { containersOf, payloads } from './values.ts';

const test = suite('copyPayload');

/** The error of a refused copy. */
function refusal(value: unknown, path?: string): TroupeError {
  try {
    copyPayload(value, path);
  } catch (error) {
    assert.instance(error, TroupeError);
    const { kind, retryable } = error as TroupeError;
    assert.equal({ kind, retryable }, { kind: 'INVALID', retryable: false });
    return error as TroupeError;
  }
  return assert.unreachable('it was copied') as never;
}

test('a copy equals its original and shares no container with it', () => {
  fc.assert(
    fc.property(payloads, value => {
      const copy = copyPayload(value);
      deepStrictEqual(copy, value);
      const originals = containersOf(value);
      for (const container of containersOf(copy)) assert.not(originals.has(container));
    }),
  );
});

test('a copy stays right however often its shape comes', () => {
  for (let i = 0; i < 300; i++) {
    const value = {
      id: i,
      list: [i, { at: i }],
      __proto__x: { on: i % 2 === 0 },
      ...(i % 3 === 0 ? { extra: `${i}` } : {}),
    };
    deepStrictEqual(copyPayload(value), value);
  }
});

test('a flood of different keys leaves copies right', () => {
  for (let i = 0; i < 20_000; i++) {
    const value = { [`a${i}`]: i, [`b${i}`]: { [`c${i % 7}`]: [i] }, id: i };
    if (i % 100 === 0) deepStrictEqual(copyPayload(value), value);
    else copyPayload(value);
  }
  deepStrictEqual(copyPayload({ id: 1, name: 'x' }), { id: 1, name: 'x' });
});

test('records with very many keys are copied', () => {
  const value = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, { i }]));
  deepStrictEqual(copyPayload(value), value);
});

test('undefined: kept at the root, null in arrays, dropped in objects', () => {
  assert.is(copyPayload(undefined), undefined);
  const holes: unknown[] = [undefined, 1];
  holes[3] = 'x';
  deepStrictEqual(copyPayload(holes), [null, 1, null, 'x']);
  const copy = copyPayload({ a: undefined, b: 1, c: { d: undefined } });
  deepStrictEqual(copy, { b: 1, c: {} });
});

test('objects without a prototype become plain ones, symbol keys stay behind', () => {
  const bare = Object.assign(Object.create(null), { a: 1 });
  deepStrictEqual(copyPayload(bare), { a: 1 });
  assert.equal(Reflect.ownKeys(copyPayload({ a: 1, [Symbol('s')]: { secret: 1 } }) as object), ['a']);
});

test('an own key __proto__ is copied as a key and sets no prototype', () => {
  for (let i = 0; i < 200; i++) {
    const copy = copyPayload(JSON.parse('{"a": 1, "__proto__": {"isAdmin": true}}')) as Record<string, unknown>;
    assert.equal(Object.keys(copy), ['a', '__proto__']);
    assert.is(Object.getPrototypeOf(copy), Object.prototype);
    assert.is(copy.isAdmin, undefined);
  }
});

test('keys that others put on Object.prototype are not copied', () => {
  const shared = Object.prototype as unknown as Record<string, unknown>;
  shared.polluted = () => 1;
  try {
    assert.equal(Object.keys(copyPayload({ a: 1, b: {} }) as object), ['a', 'b']);
  } finally {
    delete shared.polluted;
  }
});

test('any view of bytes becomes a Uint8Array with a buffer of its own', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 3);
  shared.set([1, 2, 3]);
  for (const view of [Buffer.from([1, 2, 3]), new Uint8Array([0, 1, 2, 3]).subarray(1), shared]) {
    const copy = copyPayload(view) as Uint8Array;
    assert.is(Object.getPrototypeOf(copy), Uint8Array.prototype);
    assert.equal([...copy], [1, 2, 3]);
    assert.is(copy.buffer.byteLength, 3);
    assert.not(copy.buffer instanceof SharedArrayBuffer);
  }
});

test('bigints within 64 bits, signed or unsigned, are sent; others are not', () => {
  for (const value of [2n ** 64n - 1n, -(2n ** 63n), 0n]) assert.is(copyPayload(value), value);
  assert.match(refusal({ n: 2n ** 64n }).message, 'payload.n: bigint 18446744073709551616 does not fit in 64 bits');
  assert.match(refusal([-(2n ** 63n) - 1n]).message, 'payload[0]: bigint');
});

test('an object that is there twice is copied twice', () => {
  const shared = { x: 1 };
  const copy = copyPayload({ a: shared, b: [shared] }) as unknown as { a: object; b: object[] };
  deepStrictEqual(copy, { a: { x: 1 }, b: [{ x: 1 }] });
  assert.is.not(copy.a, copy.b[0]);
});

test('errors keep what they say and become TroupeErrors', () => {
  const details = { place: 'a.lua:3', list: [1] };
  const error = new TroupeError('gone', { kind: 'NOT_FOUND', retryable: false, details, stack: 'traceback' });
  const copy = copyPayload({ error }) as unknown as { error: TroupeError };
  deepStrictEqual(copy.error, error);
  assert.is.not(copy.error.details, details);

  const foreign = copyPayload(Object.assign(new RangeError('too far'), { kind: 'CONFLICT' })) as TroupeError;
  assert.instance(foreign, TroupeError);
  assert.equal([foreign.message, foreign.kind, foreign.retryable], ['too far', 'CONFLICT', undefined]);
  assert.match(foreign.stack!, 'RangeError: too far');
});

test('nothing of the sender gets through fields of an error', () => {
  const shared = { mine: true };
  const forged = new TroupeError('x');
  for (const field of ['message', 'kind', 'retryable', 'stack']) {
    Object.defineProperty(forged, field, { value: shared });
  }
  const copy = copyPayload(forged) as TroupeError;
  assert.equal([copy.message, copy.kind, copy.retryable], ['', 'UNKNOWN', undefined]);
  assert.type(copy.stack, 'string');
  const foreign = Object.assign(new Error('y'), { stack: shared });
  assert.type((copyPayload(foreign) as TroupeError).stack, 'string');
  assert.match(refusal(new TroupeError('x', { details: [1] as never })).message, 'payload.details: details must be');
});

class Money {
  amount = 1;
}

const refusals: [name: string, value: unknown, message: string][] = [
  ['a function deep inside', { items: [0, 1, 2, { fn() {} }] }, 'payload.items[3].fn: function cannot be sent'],
  ['a function', () => 1, 'payload: function cannot be sent'],
  ['a class', [Money], 'payload[0]: function cannot be sent'],
  ['a symbol', { s: Symbol('s') }, 'payload.s: symbol cannot be sent; send a string'],
  ['a Date', { when: new Date(0) }, 'payload.when: Date cannot be sent; send a number or a string'],
  ['a Map', [[new Map()]], 'payload[0][0]: Map cannot be sent; send an object or an array of pairs'],
  ['a Set', new Set(), 'payload: Set cannot be sent; send an array'],
  ['a promise', { p: Promise.resolve(1) }, 'payload.p: Promise cannot be sent; wait for it and send its result'],
  ['an instance', { price: new Money() }, 'payload.price: Money cannot be sent; send a plain object or an array'],
  ['an object made from another', Object.create({ a: 1 }), 'payload: class instance cannot be sent'],
  ['a boxed number', { n: Object(1) }, 'payload.n: Number cannot be sent; send the plain number'],
  ['other typed arrays', new Float64Array(1), 'payload: Float64Array cannot be sent; send an array or a Uint8Array'],
  ['an ArrayBuffer', new ArrayBuffer(1), 'payload: ArrayBuffer cannot be sent; send a Uint8Array of it'],
  ['keys that need quotes', { 'a b': { 'c"d': () => 1 } }, 'payload["a b"]["c\\"d"]: function cannot be sent'],
  [
    'details of an error',
    new TroupeError('x', { details: { fn() {} } }),
    'payload.details.fn: function cannot be sent',
  ],
];
for (const [name, value, message] of refusals) {
  test(`refused with its place: ${name}`, () => {
    const error = refusal(value);
    assert.match(error.message, message);
    assert.is(error.details?.path, message.slice(0, message.indexOf(': ')));
  });
}

test('the root of the path has the name that the caller gives', () => {
  assert.match(refusal({ a: () => 1 }, 'argument').message, 'argument.a: function');
});

test('a cycle is named as one, with both places', () => {
  const root: Record<string, unknown> = { list: [{}] };
  (root.list as Record<string, unknown>[])[0].back = root.list;
  assert.match(refusal(root).message, 'payload.list[0].back: is payload.list again; a cycle cannot be sent');
  const self: unknown[] = [];
  self.push(self);
  assert.match(refusal(self).message, 'payload[0]: is payload again');
});

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

test('200 levels are sent, 201 are not', () => {
  deepStrictEqual(copyPayload(nest(200)), nest(200));
  assert.match(refusal(nest(201)).message, 'nested deeper than 200 levels');
});

test('a value that is small only because it shares itself is refused in time', () => {
  let value: unknown = [1];
  for (let i = 0; i < 60; i++) value = [value, value];
  assert.match(refusal(value).message, 'larger than');
  const sparse: unknown[] = [];
  sparse.length = 4_000_000_000;
  assert.match(refusal({ sparse }).message, 'payload.sparse: larger than');
});

test('getters are read once', () => {
  let reads = 0;
  const value = {
    get a() {
      return { n: ++reads };
    },
  };
  deepStrictEqual(copyPayload(value), { a: { n: 1 } });
  assert.is(reads, 1);
});

test('what a getter or a proxy throws is told with the place', () => {
  const thrower = {
    get boom() {
      throw new Error('no!');
    },
  };
  assert.match(refusal({ a: [thrower] }).message, 'payload.a[0]: cannot be read; a getter or proxy threw: no!');
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assert.match(refusal({ proxy }).message, 'payload.proxy: cannot be read');
  const nasty = new Proxy(
    {},
    {
      getPrototypeOf() {
        throw proxy;
      },
    },
  );
  assert.match(refusal([nasty]).message, 'payload[0]: cannot be read; a getter or proxy threw: something');
});

test('a proxy that behaves like data is copied as what it shows', () => {
  const secret = { mine: 1 };
  const proxy = new Proxy({} as Record<string, unknown>, {
    ownKeys: () => ['x'],
    getOwnPropertyDescriptor: () => ({ value: 0, enumerable: true, configurable: true }),
    get: () => 7,
  });
  deepStrictEqual(copyPayload(proxy), { x: 7 });
  const length = { ...secret, valueOf: () => 0 };
  const list = new Proxy([], { get: (_, key) => (key === 'length' ? length : 1) });
  deepStrictEqual(copyPayload(list), []);
});

test('a getter that sends does not disturb the copy it is part of', () => {
  for (let i = 0; i < 200; i++) {
    const value = {
      first: i,
      get second() {
        copyPayload({ first: 'inner', other: [{ first: 'inner' }] });
        assert.throws(() => copyPayload({ first: 1, fn() {} }), /payload\.fn: function/);
        return i + 1;
      },
      third: { fourth: i + 2 },
    };
    deepStrictEqual(copyPayload(value), { first: i, second: i + 1, third: { fourth: i + 2 } });
  }
});

test('copies are right after one ran out of stack', () => {
  const value = nest(150);
  const fall = (): void => {
    try {
      fall();
    } finally {
      try {
        copyPayload(value);
      } catch {
        // Out of stack or refused as unreadable: either will do.
      }
    }
  };
  assert.throws(fall, RangeError);
  deepStrictEqual(copyPayload({ a: { b: 1 }, c: 2 }), { a: { b: 1 }, c: 2 });
});

test('copyPayloads copies each and says which one it refuses', () => {
  const list = [1, { a: [1] }, undefined, 'x'];
  const copies = copyPayloads(list);
  deepStrictEqual(copies, list);
  assert.is.not(copies[1], list[1]);
  assert.throws(() => copyPayloads([() => 1]), /^payload: function|payload: function/);
  assert.throws(() => copyPayloads([1, { f() {} }]), /payload\[1\]\.f: function/);
  assert.throws(() => copyPayloads([1, Symbol('s')], 'arguments'), /arguments\[1\]: symbol/);
});

test.run();
