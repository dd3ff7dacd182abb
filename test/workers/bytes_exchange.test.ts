import { once } from 'node:events';
import { isMainThread, MessageChannel, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Bytes, SHARED_BYTES, sharedMemoryOf } from '../../runtime/payload/bytes.ts';
import { PayloadReader, PayloadWriter } from '../../runtime/payload/messagepack.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { BytesExchange } from '../../runtime/workers/bytes_exchange.ts';
import { Ring, RingReader, RingWriter } from '../../runtime/workers/ring.ts';

/** Both ends know what the frame with this number holds. */
function contentOf(number: number): Uint8Array {
  const length = [10, SHARED_BYTES - 1, SHARED_BYTES, 100_000, 0][number % 5] + (number % 3);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = number * 31 + i * 7;
  return bytes;
}

function payloadOf(number: number): Payload {
  const bytes = Bytes.from(contentOf(number));
  return { number, one: bytes, list: [bytes.slice(1), Bytes.from(contentOf(number + 3))], plain: contentOf(number) };
}

function same(left: Bytes, right: Uint8Array): boolean {
  return left instanceof Bytes && left.equals(right);
}

interface Start {
  readonly there: SharedArrayBuffer;
  readonly back: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly count: number;
}

/** One side of a pair: writes frames into a ring and reads them from another. */
class Side {
  readonly #writer = new PayloadWriter(64, 'crossing');
  readonly #reader = new PayloadReader('crossing');
  readonly #out: RingWriter;
  readonly #in: RingReader;
  readonly #exchange: BytesExchange;

  constructor(out: SharedArrayBuffer, into: SharedArrayBuffer, port: MessagePort) {
    this.#out = new RingWriter(out);
    this.#in = new RingReader(into);
    this.#exchange = new BytesExchange([port]);
  }

  /** The first value says whether memory goes with the frame. */
  write(value: Payload): void {
    const writer = this.#writer;
    writer.reset();
    writer.write(0);
    writer.write(value);
    writer.bytes[0] = writer.shared.length > 0 ? 1 : 0;
    if (writer.shared.length > 0) this.#exchange.give(0, writer.shared);
    while (!this.#out.write(writer.bytes, writer.length)) Atomics.wait(this.#out.header, 0, this.#out.header[0], 1);
    this.#out.publish();
  }

  /** `look`: whether the value is read at all. */
  read(look = true): Payload {
    const ring = this.#in;
    const reader = this.#reader;
    while (!ring.read()) Atomics.wait(ring.header, 0, ring.header[0], 1);
    reader.reset(ring.bytes, ring.offset, ring.offset + ring.length);
    reader.shared = reader.read() === 1 ? this.#exchange.take(0) : [];
    return look ? reader.read() : undefined;
  }
}

if (isMainThread) runTests();
else echo(workerData as Start);

/** Checks each frame, and sends what it has got back; every seventh it throws away unread. */
function echo({ there, back, port, count }: Start): void {
  const side = new Side(back, there, port);
  let wrong = '';
  for (let number = 0; number < count; number++) {
    const value = side.read(number % 7 !== 6) as any;
    if (value === undefined) continue;
    const content = contentOf(number);
    const good =
      value.number === number &&
      same(value.one, content) &&
      same(value.list[0], content.subarray(1)) &&
      same(value.list[1], contentOf(number + 3)) &&
      value.plain instanceof Uint8Array;
    if (!good) wrong ||= `frame ${number}`;
    side.write([number, value.one]);
  }
  parentPort!.postMessage(wrong);
  port.close();
}

function runTests(): void {
  const test = suite('BytesExchange');

  test('Bytes of every size arrive in another thread, in order, and come back', async () => {
    const count = 2000;
    const there = Ring.allocate(1 << 16);
    const back = Ring.allocate(1 << 16);
    const { port1, port2 } = new MessageChannel();
    const start: Start = { there, back, port: port2, count };
    const worker = new Worker(new URL(import.meta.url), { workerData: start, transferList: [port2] });
    const said = once(worker, 'message');
    const side = new Side(there, back, port1);
    for (let number = 0; number < count; number++) {
      side.write(payloadOf(number));
      if (number % 7 === 6) continue;
      const [echoed, bytes] = side.read() as [number, Bytes];
      assert.is(echoed, number);
      assert.ok(same(bytes, contentOf(number)), `echo of frame ${number}`);
    }
    assert.is((await said)[0], '');
    port1.close();
    await worker.terminate();
  });

  test('the content of large ones is not in the frame, and memory that is named twice goes once', () => {
    const writer = new PayloadWriter(64, 'crossing');
    const large = Bytes.from(new Uint8Array(1 << 20));
    writer.write([large, large, large.slice(10, 900_000), large.slice(0, 10)]);
    assert.ok(writer.length < 100, `${writer.length} bytes`);
    assert.equal(writer.shared, [sharedMemoryOf(large)]);
    assert.throws(
      () => writer.write([Bytes.from(new Uint8Array(1 << 20)), () => 1] as never),
      /function cannot be sent/,
    );
    assert.is(writer.shared.length, 1);
    writer.reset();
    assert.is(writer.shared.length, 0);
  });

  test('a frame that names memory that is not there, or more than there is, is refused', () => {
    const { port1, port2 } = new MessageChannel();
    assert.throws(() => new BytesExchange([port1]).take(0), /names memory that did not come with it/);
    port1.close();
    port2.close();
    const writer = new PayloadWriter(64, 'crossing');
    writer.write(Bytes.from(new Uint8Array(20_000)));
    const reader = new PayloadReader('crossing');
    for (const shared of [[], [new SharedArrayBuffer(100)]]) {
      reader.reset(writer.bytes, 0, writer.length);
      reader.shared = shared;
      assert.throws(() => reader.read(), /Bytes are not in the memory that came with the frame/);
    }
  });

  test('what was given and never taken goes with the port', async () => {
    const before = process.memoryUsage.rss();
    const source = new Uint8Array(32 << 20).fill(1);
    for (let i = 0; i < 64; i++) {
      const { port1, port2 } = new MessageChannel();
      new BytesExchange([port1]).give(0, [sharedMemoryOf(Bytes.from(source))!]);
      port1.close();
      port2.close();
      await once(port2, 'close');
    }
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 1 << 30, `${grown >> 20} MiB of two gigabytes are still there`);
  });

  test.run();
}
