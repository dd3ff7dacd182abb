import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { Bytes } from '../../runtime/payload/bytes.ts';
import { copyPayload } from '../../runtime/payload/copy.ts';
import { packExact, packPayload, unpackExact } from '../../runtime/payload/messagepack.ts';
import { frozen } from '../../sdk/typescript/index.ts';
import { containersOf, payloads } from './values.ts';

const test = suite('frozen values');

test('a frozen value is a copy that nobody can change, and is passed on as it is, whole or in part', () => {
  const given = { list: [1, { n: 2 }], text: 'x', bytes: Bytes.from('abc') };
  const value = frozen(given);
  given.list.push(3);
  deepStrictEqual(value, { list: [1, { n: 2 }], text: 'x', bytes: given.bytes });
  assert.is(copyPayload(value), value);
  assert.is(copyPayload(value.list), value.list);
  const message = copyPayload({ wrapped: [value] }) as unknown as { wrapped: unknown[] };
  assert.is(message.wrapped[0], value);
  assert.not(Object.isFrozen(message));
  assert.throws(() => {
    (value.list[1] as { n: number }).n = 5;
  }, TypeError);
  assert.throws(() => (value.list as unknown[]).push(1), TypeError);
});

test('everything that can be frozen is frozen all the way down', () => {
  fc.assert(
    fc.property(payloads, value => {
      let made: unknown;
      try {
        made = frozen(value);
      } catch (error) {
        assert.match(
          (error as TroupeError).message,
          /^value.*: (a Uint8Array can be changed|an error cannot be frozen)/,
        );
        return;
      }
      deepStrictEqual(made, value);
      const originals = containersOf(value);
      for (const container of containersOf(made)) {
        assert.ok(Object.isFrozen(container));
        assert.not(originals.has(container));
        assert.is(copyPayload(container), container);
      }
    }),
  );
});

test('what somebody else has frozen is copied', () => {
  const inner = { n: 1 };
  const alike = Object.freeze({ inner, list: Object.freeze([inner]) });
  const copy = copyPayload(alike) as unknown as { inner: object };
  deepStrictEqual(copy, { inner: { n: 1 }, list: [{ n: 1 }] });
  assert.is.not(copy, alike);
  assert.not(Object.isFrozen(copy));
  // Neither a prototype nor a proxy makes one.
  const value = frozen({ secret: 1 });
  assert.throws(() => copyPayload(Object.create(value)), /class instance cannot be sent/);
  const proxied = copyPayload(new Proxy(value, {}));
  assert.is.not(proxied, value);
  deepStrictEqual(proxied, { secret: 1 });
  assert.not(Object.isFrozen(proxied));
});

test('programs cannot have more objects taken for frozen by changing WeakSet', () => {
  const { has } = WeakSet.prototype;
  WeakSet.prototype.has = () => true;
  try {
    const value = { n: 1 };
    assert.is.not(copyPayload(value), value);
  } finally {
    WeakSet.prototype.has = has;
  }
});

test('what can be changed all the same is refused with its place', () => {
  for (const [value, message] of [
    [{ a: [new Uint8Array(1)] }, 'value.a[0]: a Uint8Array can be changed and cannot be frozen; make it Bytes'],
    [[new TroupeError('x')], 'value[0]: an error cannot be frozen'],
    [{ f() {} }, 'value.f: function cannot be sent'],
  ] as const) {
    assert.throws(
      () => frozen(value),
      (error: unknown) => error instanceof TroupeError && error.kind === 'INVALID' && error.message.startsWith(message),
    );
  }
  assert.is(frozen('text'), 'text');
  assert.is(frozen(undefined), undefined);
});

test('the exact form keeps them frozen, others see the plain value', () => {
  const value = frozen({ a: [{ b: 1 }] });
  assert.equal(packPayload(value), packPayload({ a: [{ b: 1 }] }));
  const back = unpackExact(packExact({ value, other: { a: 1 } })) as unknown as {
    value: { a: object[] };
    other: object;
  };
  deepStrictEqual(back, { value: { a: [{ b: 1 }] }, other: { a: 1 } });
  assert.is(copyPayload(back.value), back.value);
  assert.ok(Object.isFrozen(back.value.a[0]));
  assert.not(Object.isFrozen(back));
  assert.not(Object.isFrozen(back.other));
});

test.run();
