/** Copiers made for the keys of a record do what the walk through shapes does, whatever the record is. */
import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { copyPayload } from '../../runtime/payload/copy.ts';
import { payloads } from './values.ts';

const test = suite('copiers of records');

/** More often than it takes until there is a copier for the keys. */
const OFTEN = 150;

/** The copy, or the text of the refusal; `log` is what the record's own code noticed meanwhile. */
function outcome(make: (log: string[]) => unknown): unknown {
  const log: string[] = [];
  const value = make(log);
  try {
    return { copy: copyPayload(value), log };
  } catch (error) {
    assert.instance(error, TroupeError);
    return { refused: (error as TroupeError).message, log };
  }
}

let family = 0;

/** Keys that nobody had before, so that the first record with them is copied the long way. */
function freshKeys(names: readonly string[]): string[] {
  family++;
  return names.map((name, i) => (i === 0 ? `${name}${family}` : name));
}

/** One field of a record: how its value is defined. */
type Field = (record: object, key: string, log: string[]) => void;

const put =
  (value: unknown): Field =>
  (record, key) => {
    Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
  };
const getter =
  (act: (record: any, key: string) => unknown): Field =>
  (record, key, log) => {
    Object.defineProperty(record, key, {
      enumerable: true,
      configurable: true,
      get() {
        log.push(`get ${log.length}`);
        return act(record, key);
      },
    });
  };

const field: fc.Arbitrary<Field> = fc.oneof(
  { weight: 6, arbitrary: payloads.map(put) },
  fc.constantFrom<Field>(
    put(undefined),
    put('x'.repeat(5000)),
    put(() => 1),
    put(Symbol('s')),
    put(new Date(0)),
    put(Object.assign([1, undefined], { 3: 'after a hole' })),
    put({ within: undefined, also: { deep: [] } }),
    put(Object.create(null)),
    put(Object.create({ inherited: 1 })),
    put(2n ** 70n),
    getter(() => 7),
    getter(() => undefined),
    getter(() => ({ a: 1 })),
    getter(() => {
      throw new Error('no!');
    }),
    getter(record => {
      for (const key of Object.keys(record)) delete record[key];
      return 'gone';
    }),
    getter(record => {
      record.added = 1;
      return 'added';
    }),
    getter(record => record),
    getter(() => {
      copyPayload({ a: 'within', b: [{}] });
      return 'copied another';
    }),
    // What for-in does not list.
    (record, key) => Object.defineProperty(record, key, { value: 1, enumerable: false, configurable: true }),
  ),
);

const names = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom('id', 'name', 'tags', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '0', '7'),
    fc.constantFrom('"', "'", '\\', '`$', '\u2028', 'a b', 'ключ', '*/', 'return', '\0', '\ud800'),
    fc.string({ maxLength: 12 }),
  ),
  { minLength: 1, maxLength: 8 },
);

test('the first copy of a kind of record and one by its copier are the same, also of hostile ones', () => {
  let compared = 0;
  fc.assert(
    fc.property(names, fc.array(field, { minLength: 8, maxLength: 8 }), (list, fields) => {
      const keys = freshKeys(list);
      const make = (log: string[]): unknown => {
        const record = {};
        keys.forEach((key, i) => {
          fields[i](record, key, log);
        });
        return record;
      };
      const first = outcome(make);
      const harmless = {};
      for (const key of keys) put(1)(harmless, key, []);
      for (let i = 0; i < OFTEN; i++) copyPayload(harmless);
      deepStrictEqual(copyPayload(harmless), harmless);
      deepStrictEqual(outcome(make), first);
      compared++;
    }),
    { numRuns: 400 },
  );
  assert.is(compared, 400);
});

test('a record that has fewer, more or other keys than those before is copied as what it is', () => {
  const usual = { first: 1, second: 'two', third: [3] };
  for (let i = 0; i < OFTEN; i++) deepStrictEqual(copyPayload([usual]), [usual]);
  for (const other of [
    { first: 1, second: 'two' },
    { first: 1, second: 'two', third: [3], fourth: 4 },
    { first: 1, third: [3], second: 'two' },
    { first: 1, second: 'two', thirD: [3] },
    {},
    [],
  ]) {
    deepStrictEqual(copyPayload([other]), [other]);
    deepStrictEqual(Object.keys((copyPayload([other]) as object[])[0]), Object.keys(other));
  }
  const inherited = Object.prototype as unknown as Record<string, unknown>;
  Object.defineProperty(inherited, 'third', { value: 'not its own', enumerable: true, configurable: true });
  try {
    deepStrictEqual(Object.keys((copyPayload([{ first: 1, second: 'two' }]) as object[])[0]), ['first', 'second']);
  } finally {
    delete inherited.third;
  }
});

test('proxies are seen through', () => {
  const usual = { one: 1, two: 'two' };
  for (let i = 0; i < OFTEN; i++) copyPayload([usual]);
  const reads: unknown[] = [];
  const proxy = new Proxy(usual, {
    get: (target, key) => {
      reads.push(key);
      return key === 'one' ? { deep: 1 } : Reflect.get(target, key);
    },
  });
  deepStrictEqual(copyPayload([proxy]), [{ one: { deep: 1 }, two: 'two' }]);
  assert.equal(reads, ['one', 'two']);
});

test('refusals name the place within records that have copiers', () => {
  const usual = { outer: { inner: { list: [1] } } };
  for (let i = 0; i < OFTEN; i++) copyPayload(usual);
  assert.throws(
    () => copyPayload({ outer: { inner: { list: [1, () => 1] } } }),
    /payload\.outer\.inner\.list\[1\]: function/,
  );
  const cycle: any = { outer: { inner: { list: [] } } };
  cycle.outer.inner.list.push(cycle.outer);
  assert.throws(() => copyPayload(cycle), /payload\.outer\.inner\.list\[0\]: is payload\.outer again/);
  let deep: unknown = 1;
  for (let i = 0; i < 201; i++) deep = { deep };
  for (let i = 0; i < 3; i++) assert.throws(() => copyPayload(deep), /nested deeper than 200 levels/);
});

test('a thousand kinds of records, and many floods of new ones, stay right', () => {
  const kinds = Array.from({ length: 1000 }, (_, i) => ({
    id: i,
    [`kind${i}`]: { n: i },
    tags: ['a', { [`t${i}`]: 1 }],
  }));
  for (let round = 0; round < 20; round++) {
    for (const kind of kinds) deepStrictEqual(copyPayload(kind), kind);
  }
  for (let i = 0; i < 20_000; i++) {
    const odd = { [`odd${i % 7000}`]: i };
    deepStrictEqual(copyPayload(odd), odd);
  }
  for (let i = 0; i < OFTEN; i++) for (const kind of kinds.slice(0, 3)) deepStrictEqual(copyPayload(kind), kind);
});

test.run();
