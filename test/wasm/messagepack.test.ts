/** MessagePack between guests and the host: what the check lets through can be read, and the SDK keeps every value. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOnePayload } from '../../machines/wasm/abi/messagepack_check.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { packPayload, unpackPayload } from '../../runtime/payload/messagepack.ts';
import { run, start } from './start.ts';

const test = suite('wasm messagepack');

const leaf: fc.Arbitrary<Payload> = fc.oneof(
  fc.constantFrom<Payload>(
    null,
    true,
    false,
    0,
    -1,
    127,
    128,
    -32,
    -33,
    255,
    256,
    65535,
    65536,
    2 ** 32,
    -(2 ** 31) - 1,
  ),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ minLength: 30, maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }),
);
const { payload } = fc.letrec<{ payload: Payload }>(tie => ({
  payload: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('payload'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 40 }), tie('payload'), { noNullPrototype: true, maxKeys: 20 }),
  ),
}));

function readable(bytes: Uint8Array): boolean {
  try {
    unpackPayload(bytes);
    return true;
  } catch {
    return false;
  }
}

test('what is packed passes the check', () => {
  fc.assert(
    fc.property(payload, value => {
      const bytes = packPayload(value);
      assert.ok(isOnePayload(bytes, 0, bytes.length));
    }),
  );
  const error = packPayload([new TroupeError('no', { kind: 'CONFLICT', details: { a: [1] }, retryable: true })]);
  assert.ok(isOnePayload(error, 0, error.length));
});

test('the check and the codec agree on damaged and on random bytes', () => {
  const damaged = fc
    .tuple(payload, fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 3 }))
    .map(([value, at, byte, cut]) => {
      const bytes = packPayload(value);
      bytes[at % bytes.length] = byte;
      return bytes.subarray(0, Math.max(0, bytes.length - (cut === 3 ? 1 : 0)));
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 40 })), bytes => {
      assert.is(isOnePayload(bytes, 0, bytes.length), readable(bytes), Buffer.from(bytes).toString('hex'));
    }),
    { numRuns: 3000 },
  );
});

test('errors are checked to their fields', () => {
  const body = (value: Payload) => {
    const packed = packPayload(value);
    return Uint8Array.from([0xc7, packed.length, 1, ...packed]);
  };
  for (const [value, good] of [
    [{ message: 'm' }, true],
    [{ message: 'm', kind: 'NO SUCH', details: null }, true],
    [{}, false],
    [{ message: 1 }, false],
    [[], false],
    [{ message: 'm', details: 5 }, false],
  ] as [Payload, boolean][]) {
    const bytes = body(value);
    assert.is(isOnePayload(bytes, 0, bytes.length), good, JSON.stringify(value));
    assert.is(readable(bytes), good);
  }
});

test('nesting is bounded as for every sender', () => {
  const nested = (depth: number) => Uint8Array.from([...new Array(depth).fill(0x91), 0xc0]);
  assert.ok(isOnePayload(nested(200), 0, 201));
  assert.not.ok(isOnePayload(nested(201), 0, 202));
});

const ECHO = `
  import { Decoder, Encoder, Value, decode, encode, self, unpack, pack, Kind, decodeMap, encodeMap } from "troupe";

  /** Through the dynamic value. */
  export function main(): void { self.exit(self.args[0]); }

  /** Skips to the second of two, and gives it back with how it was read. */
  export function skipped(): void {
    const bytes = pack(self.args);
    const decoder = Decoder.of(bytes);
    decoder.list();
    decoder.skip();
    const rest = Value.decode(decoder);
    self.exit(Value.list([Value.bool(decoder.done && !decoder.failed), rest]));
  }

  class Point {
    x: f64 = 0;
    name: string = "";
    tags: Array<i32> = [];
    next: Point | null = null;

    encode(encoder: Encoder): void {
      encoder.list(4);
      encoder.float(this.x);
      encoder.string(this.name);
      encode(encoder, this.tags);
      encode(encoder, this.next);
    }

    decode(decoder: Decoder): void {
      decoder.list();
      this.x = decoder.float();
      this.name = decoder.string();
      this.tags = decode<Array<i32>>(decoder);
      this.next = decode<Point | null>(decoder);
    }
  }

  /** Through static types. */
  export function typed(): void { self.exit(unpack<Array<Point>>(pack(self.args))); }

  export function numbers(): void {
    const bytes = pack(self.args[0]);
    self.exit(Value.list([
      Value.int(unpack<i64>(bytes)), Value.uint(unpack<u64>(bytes)), Value.float(unpack<f64>(bytes)), Value.int(unpack<i8>(bytes)),
    ]));
  }

  export function maps(): void {
    const encoder = new Encoder();
    encodeMap<i32>(encoder, decodeMap<i32>(Decoder.of(pack(self.args[0]))));
    self.exit(Value.decode(Decoder.of(encoder.toBytes())));
  }

  /** A decoder over what is not what it says: never a trap. */
  export function wrong(): void {
    const bytes = pack(self.args[0]);
    const decoder = Decoder.of(bytes);
    const text = decoder.string();
    const again = decoder.int() + decoder.list() + decoder.map();
    self.exit(Value.list([Value.bool(decoder.failed), Value.string(text), Value.int(again)]));
  }

  /** Any bytes at all. */
  export function damaged(): void {
    const decoder = Decoder.of(self.args[0].asBytes());
    while (!decoder.done) Value.decode(decoder);
    const other = Decoder.of(self.args[0].asBytes());
    while (!other.done) other.skip();
    self.exit(Value.bool(decoder.failed == other.failed));
  }
`;
const runtime = await start(['{name: echo, kind: process.wasm, language: assemblyscript, source: file://echo.ts}'], {
  'echo.ts': ECHO,
});
test.after(() => runtime.stop());

/** What a payload is after it crossed: -0 and floats without fraction are integers, undefined is nothing. */
function crossed(value: Payload): Payload {
  return unpackPayload(packPayload(value));
}

test('every payload comes back from the guest as it went', async () => {
  await fc.assert(
    fc.asyncProperty(payload, async value => {
      assert.equal(await run(runtime, 'echo', [value]), crossed(value));
    }),
    { numRuns: 400 },
  );
});

test('skipping a value leaves the decoder at the next one', async () => {
  await fc.assert(
    fc.asyncProperty(payload, payload, async (first, second) => {
      assert.equal(await run(runtime, 'echo', [first, second], { method: 'skipped' }), [true, crossed(second)]);
    }),
    { numRuns: 200 },
  );
});

test('errors keep kind, retryable and details', async () => {
  const error = new TroupeError('no', { kind: 'CONFLICT', retryable: false, details: { n: 1 } });
  const back = (await run(runtime, 'echo', [error])) as TroupeError;
  assert.instance(back, TroupeError);
  assert.equal([back.message, back.kind, back.retryable, back.details], ['no', 'CONFLICT', false, { n: 1 }]);
});

test('static types', async () => {
  const points = [[1.5, 'a', [1, -2], [2, 'b', [], null]]];
  assert.equal(await run(runtime, 'echo', points, { method: 'typed' }), points);
  assert.equal(await run(runtime, 'echo', [-7], { method: 'numbers' }), [-7, 2n ** 64n - 7n, -7, -7]);
  assert.equal(await run(runtime, 'echo', [2n ** 64n - 1n], { method: 'numbers' }), [-1, 2n ** 64n - 1n, 2 ** 64, -1]);
  assert.equal(await run(runtime, 'echo', [{ a: 1, b: -5 }], { method: 'maps' }), { a: 1, b: -5 });
});

test('a value of another type fails the decoder, softly', async () => {
  for (const value of [5, [1], null]) {
    assert.equal(await run(runtime, 'echo', [value], { method: 'wrong' }), [true, '', 0]);
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async bytes => {
      assert.is(typeof (await run(runtime, 'echo', [bytes], { method: 'damaged' })), 'boolean');
    }),
    { numRuns: 300 },
  );
});

test.run();
