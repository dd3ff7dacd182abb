import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { PayloadReader, PayloadWriter } from '../../runtime/payload/messagepack.ts';
import { Ring, RingReader, RingWord, RingWriter } from '../../runtime/workers/ring.ts';

/** The bytes of the frame with this number: both ends know them without asking. */
function frame(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = number * 31 + i * 7 + (i >>> 8);
  return bytes;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function current(reader: RingReader): Uint8Array {
  return reader.bytes.subarray(reader.offset, reader.offset + reader.length);
}

/** Mostly short, some longer than the whole ring. */
function lengths(count: number, seed: number): number[] {
  const list: number[] = [];
  for (let i = 0, state = seed; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const size = state >>> 8;
    list.push(size % 97 === 0 ? size % 20_000 : size % 200);
  }
  return list;
}

if (isMainThread) runTests();
else readInWorker();

/** Reads the frames that the main thread said would come, and reports the first that is not as it should be. */
function readInWorker(): void {
  const { memory, count, seed, long } = workerData as {
    memory: SharedArrayBuffer;
    count: number;
    seed: number;
    long: number;
  };
  const expected = [...lengths(count, seed), long, 3];
  const reader = new RingReader(memory);
  let wrong = '';
  for (let number = 0; number < expected.length && wrong === ''; number++) {
    while (!reader.read()) {
      Atomics.notify(reader.header, RingWord.HEAD);
      Atomics.wait(reader.header, RingWord.TAIL, reader.header[RingWord.TAIL], 1);
    }
    if (!sameBytes(current(reader), frame(number, expected[number])))
      wrong = `frame ${number} of ${reader.length} bytes`;
    if (number % 3 === 0) reader.release();
  }
  reader.release();
  parentPort!.postMessage({ wrong, left: reader.hasFrame });
}

function runTests(): void {
  const test = suite('Ring');

  const counters = fc.oneof(
    fc.constant(0),
    // Just below 2^31, where an Int32 turns negative, and below 2^32, where it comes back to 0.
    fc.nat({ max: 600 }).map(below => 2 ** 31 - below),
    fc.nat({ max: 600 }).map(below => -below),
    fc.integer(),
  );

  const actions = fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ write: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 200 }), fc.nat({ max: 3000 })) }),
      },
      { weight: 2, arbitrary: fc.constant('publish' as const) },
      { weight: 4, arbitrary: fc.constant('read' as const) },
      { weight: 1, arbitrary: fc.constant('release' as const) },
    ),
    { maxLength: 200 },
  );

  test('nothing is lost, doubled, changed or reordered, in any order of writes and reads', () => {
    fc.assert(
      fc.property(fc.constantFrom(64, 128, 512, 1024), counters, actions, (size, counter, list) => {
        const memory = Ring.allocate(size, counter);
        const writer = new RingWriter(memory);
        const reader = new RingReader(memory);
        const written: Uint8Array[] = [];
        let pending: Uint8Array | undefined;
        let read = 0;
        let visible = 0;
        const take = () => {
          assert.ok(sameBytes(current(reader), written[read]), `frame ${read}`);
          read++;
        };
        const write = (bytes: Uint8Array) => {
          pending = undefined;
          if (writer.write(bytes)) written.push(bytes);
          else pending = bytes;
        };
        for (const action of list) {
          if (action === 'publish') {
            writer.publish();
            visible = written.length;
          } else if (action === 'read') {
            if (reader.read()) take();
          } else if (action === 'release') {
            reader.release();
          } else {
            write(pending ?? frame(written.length, action.write));
            if (pending !== undefined) visible = written.length;
          }
          assert.ok(read <= written.length, 'a frame came out that did not go in');
          if (!reader.hasFrame) assert.ok(read >= visible, 'a published frame is missing');
        }
        while (pending !== undefined || read < written.length) {
          writer.publish();
          while (reader.read()) take();
          if (pending !== undefined) write(pending);
        }
        assert.not(reader.read());
        assert.not(reader.hasFrame);
        assert.is(writer.free, size);
      }),
      { numRuns: 500 },
    );
  });

  for (const counter of [2 ** 31 - 4000, 2 ** 32 - 4000]) {
    test(`counters pass ${counter + 4000} unnoticed`, () => {
      const memory = Ring.allocate(256, counter);
      const writer = new RingWriter(memory);
      const reader = new RingReader(memory);
      const before = Math.sign(writer.header[RingWord.TAIL]);
      for (let number = 0; number < 400; number++) {
        const bytes = frame(number, number % 250);
        let got = false;
        while (!writer.write(bytes)) got = reader.read() || got;
        writer.publish();
        while (!got) got = reader.read();
        assert.ok(sameBytes(current(reader), bytes));
      }
      reader.release();
      assert.is.not(Math.sign(writer.header[RingWord.TAIL]), before);
      assert.is(writer.free, 256);
    });
  }

  test('frames are seen when they are published, not before', () => {
    const memory = Ring.allocate(256);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    assert.ok(writer.write(frame(1, 10)));
    assert.not(reader.hasFrame);
    assert.not(reader.read());
    writer.publish();
    assert.ok(reader.hasFrame);
    assert.ok(reader.read());
    assert.ok(sameBytes(current(reader), frame(1, 10)));
  });

  test('a full ring takes nothing until the reader gives room back', () => {
    const memory = Ring.allocate(256);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    let written = 0;
    while (writer.write(frame(written, 60))) written++;
    assert.is(written, 4);
    assert.not(writer.partial);
    assert.not(writer.write(frame(written, 60)));
    assert.ok(reader.read(), 'what was written before is published');
    assert.not(writer.write(frame(written, 60)), 'it is still being read');
    reader.release();
    assert.ok(writer.write(frame(written, 60)));
  });

  test('what was read stays untouched until it is given back', () => {
    const memory = Ring.allocate(256);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    writer.write(frame(0, 60));
    writer.publish();
    assert.ok(reader.read());
    for (let number = 1; writer.write(frame(number, 60)); number++);
    assert.ok(sameBytes(current(reader), frame(0, 60)));
  });

  test('half written, a long frame lets no other in', () => {
    const writer = new RingWriter(Ring.allocate(256));
    assert.not(writer.write(frame(0, 5000)));
    assert.ok(writer.partial);
    assert.throws(
      () => writer.write(frame(1, 10)),
      (error: unknown) => error instanceof TroupeError && error.kind === 'INTERNAL',
    );
  });

  test('a long frame is let go of when the next is asked for', () => {
    const memory = Ring.allocate(256);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    let got = false;
    while (!writer.write(frame(0, 5000))) got = reader.read() || got;
    writer.publish();
    while (!got) got = reader.read();
    assert.is(reader.bytes.length, 5000);
    reader.release();
    assert.is(reader.bytes.length, 256);
    assert.is(reader.length, 0);
  });

  test('payloads go through without a buffer in between', () => {
    const memory = Ring.allocate(4096);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const packing = new PayloadWriter();
    const unpacking = new PayloadReader();
    for (let i = 0; i < 500; i++) {
      const value = { id: i, name: `größe ${i}`, long: 'x'.repeat(i), bytes: new Uint8Array(i % 50).fill(i) };
      packing.reset();
      packing.write(value);
      assert.ok(writer.write(packing.bytes, packing.length));
      writer.publish();
      assert.ok(reader.read());
      unpacking.reset(reader.bytes, reader.offset, reader.offset + reader.length);
      assert.equal(unpacking.read(), value);
      unpacking.finish();
      reader.release();
    }
  });

  for (const { size, count, long } of [
    { size: 1024, count: 20_000, long: 100_000 },
    { size: 256 * 1024, count: 50_000, long: 64 * 2 ** 20 },
  ]) {
    test(`between threads: ${count} frames and one of ${long} bytes through ${size} bytes`, async () => {
      const seed = 42 + size;
      const memory = Ring.allocate(size, -5000);
      const worker = new Worker(new URL(import.meta.url), { workerData: { memory, count, seed, long } });
      const answer = once(worker, 'message');
      const writer = new RingWriter(memory);
      let ended = false;
      worker.once('exit', () => {
        ended = true;
      });
      const all = [...lengths(count, seed), long, 3];
      for (let number = 0; number < all.length; number++) {
        const bytes = frame(number, all[number]);
        for (let turns = 1; !writer.write(bytes) && !ended; turns++) {
          Atomics.notify(writer.header, RingWord.TAIL);
          Atomics.wait(writer.header, RingWord.HEAD, writer.header[RingWord.HEAD], 1);
          // The worker's end, should it die, is told by the event loop.
          if (turns % 100 === 0) await new Promise(resolve => setImmediate(resolve));
        }
        if (number % 5 === 0) writer.publish();
      }
      writer.publish();
      const [report] = await answer;
      assert.equal(report, { wrong: '', left: false });
      assert.is(writer.free, size);
      await worker.terminate();
    });
  }

  test.run();
}
