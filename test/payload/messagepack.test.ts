import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { PayloadReader, PayloadWriter, packPayload, unpackPayload } from '../../runtime/payload/messagepack.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { asUnpacked, commonPayloads, payloads } from './values.ts';

const test = suite('MessagePack');

const packr = new Packr({ useRecords: false });
// Its types do not know 'auto': a number where that is exact.
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'auto' as 'number' });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** msgpackr gives bytes as Buffers. */
function plainBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plainBytes);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainBytes(item)]));
}

/** The error with which bytes are refused. */
function refusal(bytes: Uint8Array): TroupeError {
  try {
    unpackPayload(bytes);
  } catch (error) {
    assert.instance(error, TroupeError);
    assert.is((error as TroupeError).kind, 'INVALID');
    return error as TroupeError;
  }
  return assert.unreachable('it was read') as never;
}

test('what is packed comes back', () => {
  fc.assert(fc.property(payloads, value => deepStrictEqual(unpackPayload(packPayload(value)), asUnpacked(value))));
});

test('msgpackr reads what we write', () => {
  fc.assert(
    fc.property(commonPayloads, value =>
      deepStrictEqual(plainBytes(unpackr.unpack(packPayload(value))), asUnpacked(value)),
    ),
  );
});

test('we read what msgpackr writes, as it does itself', () => {
  fc.assert(
    fc.property(commonPayloads, value => {
      const packed = packr.pack(value);
      deepStrictEqual(unpackPayload(packed), plainBytes(unpackr.unpack(packed)));
    }),
  );
});

test('several values in one writer are read back one by one, also from shared memory', () => {
  const writer = new PayloadWriter(8);
  const reader = new PayloadReader();
  fc.assert(
    fc.property(fc.array(payloads, { maxLength: 5 }), fc.nat({ max: 9 }), fc.boolean(), (list, offset, shared) => {
      writer.reset();
      for (const value of list) writer.write(value);
      const end = offset + writer.length;
      const memory = new Uint8Array(shared ? new SharedArrayBuffer(end + 9) : new ArrayBuffer(end + 9)).fill(0xc1);
      memory.set(writer.bytes.subarray(0, writer.length), offset);
      reader.reset(memory, offset, end);
      for (const value of list) deepStrictEqual(reader.read(), asUnpacked(value));
      assert.is(reader.position, end);
      reader.finish();
    }),
  );
});

test('raw takes MessagePack that exists already, of any length', () => {
  for (const length of [0, 5, 100, 5000]) {
    const writer = new PayloadWriter(4);
    writer.write('before');
    writer.raw(packPayload(new Uint8Array(length).fill(7)));
    const reader = new PayloadReader();
    reader.reset(writer.bytes, 0, writer.length);
    assert.is(reader.read(), 'before');
    deepStrictEqual(reader.read(), new Uint8Array(length).fill(7));
    reader.finish();
  }
});

const encodings: [value: Payload, bytes: string][] = [
  [0, '00'],
  [-0, 'cb8000000000000000'],
  [127, '7f'],
  [128, 'cc80'],
  [256, 'cd0100'],
  [65536, 'ce00010000'],
  [2 ** 32, 'cf0000000100000000'],
  [Number.MAX_SAFE_INTEGER, 'cf001fffffffffffff'],
  [2 ** 53, 'cb4340000000000000'],
  [-1, 'ff'],
  [-33, 'd0df'],
  [-129, 'd1ff7f'],
  [-32769, 'd2ffff7fff'],
  [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
  [Number.MIN_SAFE_INTEGER, 'd3ffe0000000000001'],
  [1.5, 'cb3ff8000000000000'],
  [2n ** 64n - 1n, 'cfffffffffffffffff'],
  [-(2n ** 63n), 'd38000000000000000'],
  [undefined, 'c0'],
  [[undefined, null], '92c0c0'],
  [{ a: undefined, b: 1 }, '81a16201'],
  ['é', 'a2c3a9'],
  ['\ud800!', 'a4efbfbd21'],
  [new Uint8Array([1, 2]), 'c4020102'],
  [new TroupeError('m', { kind: 'TIMEOUT' }), 'c71801 82 a76d657373616765 a16d a46b696e64 a754494d454f5554'],
];
for (const [value, bytes] of encodings) {
  test(`written in the shortest form: ${bytes}`, () => assert.is(hex(packPayload(value)), bytes.replaceAll(' ', '')));
}

test('strings, bytes, arrays and maps of every size class come back', () => {
  for (const size of [0, 1, 15, 16, 23, 24, 25, 31, 32, 33, 255, 256, 257, 4095, 4096, 65535, 65536, 70000]) {
    const record = Object.fromEntries(Array.from({ length: size }, (_, i) => [`key${i}`, i]));
    for (const value of [
      'a'.repeat(size),
      'é'.repeat(size),
      `${'a'.repeat(size)}漢`,
      '😀'.repeat(size),
      new Uint8Array(size).fill(3),
      new Array(size).fill('x'),
      record,
      new TroupeError('é'.repeat(size), { details: { list: ['b'.repeat(size)] } }),
    ]) {
      const packed = packPayload(value);
      deepStrictEqual(unpackPayload(packed), value);
      if (!(value instanceof TroupeError)) deepStrictEqual(plainBytes(unpackr.unpack(packed)), value);
    }
  }
});

test('packed bytes are exact, fresh and shared with nobody', () => {
  for (const value of [1, 'x'.repeat(200), [1, 2]]) {
    const first = packPayload(value);
    assert.is(Object.getPrototypeOf(first), Uint8Array.prototype);
    assert.is(first.buffer.byteLength, first.length);
    const before = hex(first);
    packPayload(['something', 'else', 'x'.repeat(300)]);
    assert.is(hex(first), before);
  }
});

test('unpacked bytes share nothing with what they were read from', () => {
  const packed = packPayload(new Uint8Array([1, 2, 3]));
  const bytes = unpackPayload(Buffer.from(packed)) as Uint8Array;
  assert.is(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  assert.is(bytes.buffer.byteLength, 3);
  bytes[0] = 9;
  deepStrictEqual(unpackPayload(packed), new Uint8Array([1, 2, 3]));
});

test('other encodings of the same values are read', () => {
  const pairs: [string, unknown][] = [
    ['ca3fc00000', 1.5],
    ['cc05', 5],
    ['cf0000000000000005', 5],
    ['cf0020000000000000', 2n ** 53n],
    ['d3ffe0000000000000', -(2n ** 53n)],
    ['d3ffffffffffffffff', -1],
    ['d90161', 'a'],
    ['db0000000161', 'a'],
    ['dd0000000101', [1]],
    ['df00000001a16101', { a: 1 }],
    ['81d9016101', { a: 1 }],
    ['82a16101a16102', { a: 2 }],
    ['a1ff', '\ufffd'],
    ['a2c328', '\ufffd('],
  ];
  for (const [bytes, value] of pairs) deepStrictEqual(unpackPayload(fromHex(bytes)), value, bytes);
  deepStrictEqual(unpackPayload(fromHex('83 05 a161 ff a162 ce00010000 a163')), { 5: 'a', '-1': 'b', 65536: 'c' });
});

test('a key __proto__ becomes an own property, however often its shape comes', () => {
  for (let i = 0; i < 200; i++) {
    const value = unpackPayload(packPayload(JSON.parse('{"a":1,"__proto__":{"isAdmin":true}}'))) as Record<
      string,
      unknown
    >;
    assert.equal(Object.keys(value), ['a', '__proto__']);
    assert.is(Object.getPrototypeOf(value), Object.prototype);
    assert.is(value.isAdmin, undefined);
  }
});

test('errors keep message, kind, retryable, details and stack', () => {
  const error = new TroupeError('über', {
    kind: 'CONFLICT',
    retryable: true,
    details: { inner: new TroupeError('cause', { kind: 'TIMEOUT' }), n: 1 },
    stack: 'a.lua:3: in main',
  });
  const copy = unpackPayload(packPayload({ error })) as unknown as { error: TroupeError };
  assert.instance(copy.error, TroupeError);
  deepStrictEqual(copy.error, error);
  const unknownKind = fromHex('c71501 82 a76d657373616765 a16d a46b696e64 a44e4f5045');
  assert.is((unpackPayload(unknownKind) as TroupeError).kind, 'UNKNOWN');
});

test('values that are no payload are refused and leave the writer as it was', () => {
  const deep: unknown[] = [];
  deep.push(deep);
  const writer = new PayloadWriter();
  writer.write('kept');
  const { length } = writer;
  for (const value of [() => 1, Symbol('s'), new Date(0), [new Map()], deep, 2n ** 64n, { a: [1, () => 1] }]) {
    assert.throws(
      () => writer.write(value as Payload),
      (error: unknown) => error instanceof TroupeError && error.kind === 'INVALID',
    );
    assert.is(writer.length, length);
  }
});

const malformed: [name: string, bytes: string, offset: number][] = [
  ['nothing', '', 0],
  ['the unused byte', '92 01 c1', 2],
  ['bytes left over', '01 02', 1],
  ['a string cut short', 'a5 6162', 1],
  ['a long string cut short', '91 da0100 61', 4],
  ['a number cut short', 'cb 0000', 1],
  ['a length cut short', 'c6 0000', 1],
  ['an array cut short', '92 01', 1],
  ['an array with a forged length', 'dd ffffffff 00', 5],
  ['a map with a forged length', 'df ffffffff a161', 5],
  ['bytes with a forged length', 'c6 ffffffff 00', 5],
  ['a map without a value', '81 a161', 3],
  ['a map with room for no value', '81 a1', 1],
  ['a map with a map as key', '81 80 01', 1],
  ['a map with nil as key', '81 c0 01', 1],
  ['an unknown ext type', 'd4 02 00', 1],
  ['a timestamp', 'd6 ff 00000000', 1],
  ['an error that is no map', 'd4 01 00', 2],
  ['an error without a message', 'd4 01 80', 2],
  ['an error with more after its body', 'd5 01 80 00', 3],
  ['an error cut short', 'c7 05 01 80', 3],
  ['details of an error that are no map', 'c71401 82 a76d657373616765 a16d a764657461696c73 01', 3],
];
for (const [name, bytes, offset] of malformed) {
  test(`refused with its offset: ${name}`, () => {
    const error = refusal(fromHex(bytes));
    assert.is(error.details?.offset, offset, error.message);
    assert.match(error.message, `MessagePack at byte ${offset}: `);
  });
}

test('nesting is bounded, at any width', () => {
  const deep = new Uint8Array(100_000).fill(0x91);
  assert.match(refusal(deep).message, 'nested deeper');
  const forged = Buffer.concat(Array.from({ length: 300 }, () => Buffer.from('dd000f0000', 'hex')));
  assert.match(refusal(Buffer.concat([forged, Buffer.alloc(1_000_000, 0xc1)])).message, 'stands for nothing');
});

const noise = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  // Mostly heads: gets much deeper than uniform bytes.
  fc
    .array(fc.oneof(fc.integer({ min: 0x80, max: 0xdf }), fc.integer({ min: 0, max: 8 })), { maxLength: 60 })
    .map(list => new Uint8Array(list)),
  // A good one, cut or with one byte changed.
  fc.tuple(payloads, fc.nat(), fc.nat({ max: 255 }), fc.boolean()).map(([value, at, byte, cut]) => {
    const bytes = packPayload(value);
    const place = at % bytes.length;
    if (cut) return bytes.slice(0, place);
    bytes[place] = byte;
    return bytes;
  }),
);

/** The value, or the text of the TroupeError. */
function outcome(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch (error) {
    assert.instance(error, TroupeError);
    assert.is((error as TroupeError).kind, 'INVALID');
    return (error as TroupeError).message;
  }
}

test('any bytes give a value or a TroupeError, and nothing round them is read', () => {
  const reader = new PayloadReader();
  fc.assert(
    fc.property(noise, bytes => {
      const alone = outcome(() => unpackPayload(bytes));
      for (const filler of [0x00, 0x61, 0xff]) {
        const memory = new Uint8Array(bytes.length + 400).fill(filler);
        memory.set(bytes, 200);
        const amid = outcome(() => {
          reader.reset(memory, 200, 200 + bytes.length);
          const value = reader.read();
          reader.finish();
          return value;
        });
        deepStrictEqual(amid, alone);
      }
    }),
    { numRuns: 2000 },
  );
});

test('whatever bytes were read as is written and read again unchanged', () => {
  fc.assert(
    fc.property(noise, bytes => {
      let value: Payload;
      try {
        value = unpackPayload(bytes);
      } catch {
        return;
      }
      deepStrictEqual(unpackPayload(packPayload(value)), value);
    }),
    { numRuns: 2000 },
  );
});

test.run();
