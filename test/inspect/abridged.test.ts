import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { abridged } from '../../runtime/inspect/abridged.ts';
import type { Payload } from '../../runtime/payload/payload.ts';

const test = suite('abridged payloads');

test('small values of JSON are shown as they are', () => {
  for (const value of [null, true, 1.5, 'text', [], [1, [2]], { a: { b: [null] } }]) {
    assert.is(JSON.stringify(abridged(value)), JSON.stringify(value));
  }
});

test('what JSON does not have is shown in words', () => {
  const value = {
    bytes: new Uint8Array(3),
    big: 2n ** 63n,
    nan: Number.NaN,
    error: new TroupeError('no', { kind: 'INVALID' }),
  };
  assert.is(
    JSON.stringify(abridged(value)),
    '{"bytes":"(3 bytes)","big":"9223372036854775808","nan":"NaN","error":{"message":"no","kind":"INVALID"}}',
  );
});

test('a key of the prototype is a key', () => {
  const value = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}') as Payload;
  const shown = abridged(value);
  assert.is(JSON.stringify(shown), '{"__proto__":{"admin":true},"constructor":1}');
  assert.is((shown as { admin?: boolean }).admin, undefined);
});

test('however large a value is, little is shown of it, and that more is left out', () => {
  let deep: Payload = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i]));
  const large = [deep, wide, Array.from({ length: 100_000 }, () => ['x'.repeat(1_000)]), 'y'.repeat(10_000_000)];
  for (const value of [...large, large, { ['k'.repeat(100_000)]: 'v' }]) {
    const text = JSON.stringify(abridged(value as Payload));
    assert.ok(text.length < 100_000, `${text.length} characters`);
  }
  assert.match(JSON.stringify(abridged(large)), /\(a list of 1\)/);
  assert.match(JSON.stringify(abridged(wide)), /"\.\.\.":"\(and more\)"/);
  assert.match(JSON.stringify(abridged('y'.repeat(500))), /\.\.\. \(500 characters\)/);
});

test('whatever a payload is, it is shown as JSON of bounded length', () => {
  fc.assert(
    fc.property(fc.object({ withBigInt: true, withTypedArray: false, maxDepth: 12 }), value => {
      const text = JSON.stringify(abridged(value as Payload));
      assert.ok(text.length < 200_000);
      JSON.parse(text);
    }),
  );
});

test.run();
