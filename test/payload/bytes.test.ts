import { inspect } from 'node:util';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { Bytes, bytesOver, isBytes, sharedMemoryOf } from '../../runtime/payload/bytes.ts';
import { copyPayload } from '../../runtime/payload/copy.ts';
import { toJson } from '../../runtime/payload/json.ts';
import { packExact, packPayload, unpackExact, unpackPayload } from '../../runtime/payload/messagepack.ts';

const test = suite('Bytes');

function refused(act: () => unknown, message: RegExp): void {
  assert.throws(act, (error: unknown) => {
    assert.instance(error, TroupeError);
    assert.is((error as TroupeError).kind, 'INVALID');
    assert.match((error as TroupeError).message, message);
    return true;
  });
}

/** Short ones and such as lie in shared memory. */
const contents = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.tuple(fc.integer({ min: 8000, max: 9000 }), fc.nat({ max: 255 })).map(([length, seed]) => {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = i * 7 + seed;
    return bytes;
  }),
);
const index = fc.oneof(fc.integer({ min: -70, max: 70 }), fc.integer({ min: -9500, max: 9500 }));

test('they read as a Uint8Array of the same content does', () => {
  fc.assert(
    fc.property(contents, index, index, (content, from, to) => {
      const bytes = Bytes.from(content);
      assert.is(bytes.length, content.length);
      assert.is(bytes.at(from), content.at(from));
      assert.equal([...bytes.slice(from, to)], [...content.slice(from, to)]);
      assert.equal(bytes.slice(from, to).toUint8Array(), content.slice(from, to));
      assert.equal([...bytes.slice(from).slice(1, to)], [...content.slice(from).slice(1, to)]);
      assert.ok(bytes.slice(from, to).equals(content.slice(from, to)));
      const sought = content.slice(from, from + 3);
      assert.is(bytes.indexOf(sought, to), Buffer.from(content).indexOf(sought, to));
      assert.is(bytes.indexOf(7, to), Buffer.from(content).indexOf(7, to));
      assert.is(bytes.text(), Buffer.from(content).toString('utf8'));
    }),
  );
});

test('numbers are read as a DataView reads them, and only inside', () => {
  const sizes = {
    Uint8: 1,
    Int8: 1,
    Uint16: 2,
    Int16: 2,
    Uint32: 4,
    Int32: 4,
    BigUint64: 8,
    BigInt64: 8,
    Float32: 4,
    Float64: 8,
  };
  const names = Object.keys(sizes) as (keyof typeof sizes)[];
  fc.assert(
    fc.property(contents, fc.nat({ max: 40 }), fc.boolean(), fc.constantFrom(...names), (content, at, little, name) => {
      const bytes = Bytes.from(content).slice(2);
      const view = new DataView(content.buffer, Math.min(2, content.length));
      if (at + sizes[name] <= bytes.length) {
        const [read, expected] = [bytes[`get${name}`](at, little), view[`get${name}`](at, little)];
        // Bytes can spell what is no number.
        assert.ok(Object.is(read, expected), `${read} instead of ${expected}`);
      } else {
        refused(() => bytes[`get${name}`](at, little), /does not lie within/);
      }
      refused(() => bytes[`get${name}`](-1), /does not lie within/);
      refused(() => bytes[`get${name}`](0.5), /does not lie within/);
    }),
  );
});

test('texts are UTF-8, parts are joined', () => {
  assert.equal([...Bytes.from('é\u{1f600}')], [...Buffer.from('é\u{1f600}')]);
  const joined = Bytes.concat(['a', new Uint8Array([98]), Bytes.from('c'), '', 'é'.repeat(5000)]);
  assert.is(joined.text(), `abc${'é'.repeat(5000)}`);
  assert.is(Bytes.from(joined), joined);
  assert.is(Bytes.from('').length, 0);
});

test('what was handed in, and what was taken out, can change without them', () => {
  for (const length of [10, 10_000]) {
    const given = new Uint8Array(length).fill(1);
    const bytes = Bytes.from(given);
    given.fill(2);
    bytes.toUint8Array().fill(3);
    const target = new Uint8Array(length + 1);
    bytes.copyTo(target, 1);
    assert.equal([target[0], target[1], target[length]], [0, 1, 1]);
    target.fill(4);
    assert.ok(bytes.equals(new Uint8Array(length).fill(1)));
  }
});

test('copyTo says what does not fit, and gives nothing to what only looks like a Uint8Array', () => {
  const bytes = Bytes.from('abcd');
  refused(() => bytes.copyTo(new Uint8Array(3)), /4 bytes do not fit into a Uint8Array of 3/);
  refused(() => bytes.copyTo(new Uint8Array(8), 5), /from 5 on/);
  refused(() => bytes.copyTo(new Uint8Array(8), -1), /from -1 on/);
  refused(() => bytes.copyTo({ length: 9, set: () => assert.unreachable() } as never), /takes a Uint8Array/);
  class Spy extends Uint8Array {
    override set(): void {
      assert.unreachable('it was given the memory');
    }
    override get length(): number {
      return 1000;
    }
  }
  refused(() => bytes.copyTo(new Spy(2)), /Uint8Array of 2/);
  const spy = new Spy(4);
  bytes.copyTo(spy);
  assert.is(Buffer.from(spy.buffer).toString(), 'abcd');
  assert.is(Bytes.from(spy).text(), 'abcd');
});

test('nothing of them can be changed or reached, and nobody can make one over memory of his own', () => {
  const bytes = Bytes.from('x'.repeat(20_000));
  assert.equal(Reflect.ownKeys(bytes), []);
  assert.ok(Object.isFrozen(bytes));
  for (const name of Object.getOwnPropertyNames(Bytes.prototype)) {
    if (name === 'constructor') continue;
    // Called on what is none they give nothing; what they give has none of the memory.
    const { value, get } = Object.getOwnPropertyDescriptor(Bytes.prototype, name)!;
    assert.throws(() => (get ?? value).call(Object.create(bytes)), undefined, name);
  }
  for (const value of [bytes.slice(1), bytes.toUint8Array(), bytes[Symbol.iterator]()]) {
    if (value instanceof Uint8Array) assert.not(value.buffer instanceof SharedArrayBuffer);
    else assert.equal(Reflect.ownKeys(value), []);
  }
  const Open = Bytes as unknown as new (...args: unknown[]) => object;
  refused(() => new Open(Symbol('Bytes'), new Uint8Array(1), undefined), /write Bytes\.from/);
  refused(() => Reflect.construct(Open, [], class extends Open {}), /write Bytes\.from/);
  class Forged extends Open {
    constructor() {
      super(Symbol('Bytes'), new Uint8Array(1), undefined);
    }
  }
  refused(() => new Forged(), /write Bytes\.from/);
  assert.not(isBytes(Object.create(Bytes.prototype)));
  assert.not(isBytes(new Proxy(bytes, {})));
  refused(() => copyPayload({ it: Object.create(Bytes.prototype) }), /payload\.it: Bytes cannot be sent/);
  refused(() => copyPayload(new Proxy(bytes, {})), /payload: /);
});

test('what they are not made of is refused', () => {
  for (const source of [undefined, null, 3, [1, 2], {}, new Float64Array(2), new ArrayBuffer(3)]) {
    refused(() => Bytes.from(source as never), /takes strings, Uint8Arrays and Bytes/);
  }
  refused(() => Bytes.concat('abc' as never), /takes an array/);
});

test('a copy for a message is the same object; packed for others they are bytes', () => {
  for (const text of ['short', 'long'.repeat(5000)]) {
    const bytes = Bytes.from(text);
    assert.is((copyPayload({ a: [bytes] }) as unknown as { a: Bytes[] }).a[0], bytes);
    assert.equal(packPayload(bytes), packPayload(new Uint8Array(Buffer.from(text))));
    assert.instance(unpackPayload(packPayload(bytes)), Uint8Array);
    const back = unpackExact(packExact({ list: [1, bytes, bytes.slice(1, 3)] })) as unknown as { list: Bytes[] };
    assert.ok(isBytes(back.list[1]));
    assert.is(back.list[1].text(), text);
    assert.is(back.list[2].text(), text.slice(1, 3));
  }
});

test('only the exact form has them: others are refused what it writes', () => {
  refused(() => unpackPayload(packExact(Bytes.from('abc'))), /MessagePack at byte \d+: ext type 2 is unknown/);
});

test('people see base64 in JSON, and how many there are in a debugger', () => {
  const bytes = Bytes.from('hello');
  assert.is(toJson({ bytes }), '{"bytes":"aGVsbG8="}');
  assert.is(JSON.stringify({ bytes }), '{"bytes":"aGVsbG8="}');
  assert.is(inspect({ bytes }), '{ bytes: Bytes(5) <68 65 6c 6c 6f> }');
  assert.match(inspect(Bytes.from('x'.repeat(1000))), /^Bytes\(1000\) <(78 ){16}\.\.\.>$/);
});

test('large ones lie in shared memory, slices in that of the whole', () => {
  const large = Bytes.from(new Uint8Array(100_000));
  const memory = sharedMemoryOf(large);
  assert.is(memory?.byteLength, 100_000);
  assert.is(sharedMemoryOf(large.slice(50_000, 50_010)), memory);
  assert.is(sharedMemoryOf(Bytes.from('small')), undefined);
  assert.is(bytesOver(memory!, 10, 5).length, 5);
});

test('memory is given back although V8 does not count what is shared', () => {
  // Eight gigabytes in all, of which the last twenty megabytes are kept, so that they grow old.
  const kept: Bytes[] = [];
  const source = new Uint8Array(1 << 20).fill(1);
  let most = 0;
  for (let i = 0; i < 8192; i++) {
    kept[i % 20] = Bytes.from(source);
    if (i % 64 === 0) most = Math.max(most, process.memoryUsage.rss());
  }
  assert.is(kept.length, 20);
  assert.ok(most < 1.5 * 2 ** 30, `${Math.round(most / 2 ** 20)} MiB were in use at a time`);
});

test.run();
