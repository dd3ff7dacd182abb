import { PassThrough, Writable } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ioCapability } from '../../runtime/capabilities/io.ts';
import { remoteServices, serveServices, snapshotServices } from '../../runtime/capabilities/remote_services.ts';
import { createServices } from '../../runtime/capabilities/services.ts';
import { storeCapability } from '../../runtime/capabilities/store.ts';
import { StreamTerminal } from '../../runtime/hosts/stream_terminal.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { silentLog } from '../../runtime/logger.ts';
import { Caller, refusal, stillClock } from './call.ts';

const test = suite('io');

test('a program sees arguments, width and lines, and writes to both outputs', async () => {
  const terminal = new MemoryTerminal({ args: ['a', '--json'], input: ['one', 'two'], columns: 120, isTty: true });
  const caller = new Caller({ terminal });
  const io = (operation: string, ...args: (string | Uint8Array)[]) => caller.call(ioCapability, {}, operation, ...args);
  assert.equal(await io('args'), ['a', '--json']);
  assert.is(await io('columns'), 120);
  assert.is(await io('is_tty'), true);
  assert.is(await io('read_line'), 'one');
  assert.is(await io('read_line'), 'two');
  assert.is(await io('read_line'), null);
  await io('write', 'out');
  await io('write', new Uint8Array([33, 10]));
  await io('write_error', 'oops');
  assert.is(terminal.output, 'out!\n');
  assert.is(terminal.errors, 'oops');
  assert.is((await refusal(caller.call(ioCapability, {}, 'write', 5))).kind, 'INVALID');
});

test('lines come out as they were put in, however the input is cut', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' }).map(line => line.replace(/[\r\n]/g, ''))),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      fc.constantFrom('\n', '\r\n'),
      async (lines, cuts, end) => {
        const input = new PassThrough();
        const terminal = new StreamTerminal([], () => input, new PassThrough(), new PassThrough());
        const bytes = Buffer.from(lines.map(line => line + end).join(''));
        const read = (async () => {
          const all: string[] = [];
          for (let line = await terminal.readLine(); line !== undefined; line = await terminal.readLine())
            all.push(line);
          return all;
        })();
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length];
          input.write(bytes.subarray(at, at + size));
          at += size;
        }
        input.end();
        assert.equal(await read, lines);
        assert.is(await terminal.readLine(), undefined);
      },
    ),
  ));

test('a last line without a line end counts', async () => {
  const input = new PassThrough();
  const terminal = new StreamTerminal([], () => input, new PassThrough(), new PassThrough());
  input.end('one\ntwo');
  assert.is(await terminal.readLine(), 'one');
  assert.is(await terminal.readLine(), 'two');
  assert.is(await terminal.readLine(), undefined);
});

test('writing to a closed pipe is an answer, not a crash', async () => {
  const closed = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const caller = new Caller({ terminal: new StreamTerminal([], () => new PassThrough(), closed, new PassThrough()) });
  assert.equal(await refusal(caller.call(ioCapability, {}, 'write', 'x')), {
    kind: 'UNAVAILABLE',
    message: 'standard output is closed: EPIPE',
  });
});

test('a worker thread uses the terminal and the store of the main thread', async () => {
  const { port1, port2 } = new MessageChannel();
  const terminal = new MemoryTerminal({ args: ['x'], input: ['line'] });
  const main = createServices({ terminal, log: silentLog, environment: {} });
  serveServices(port1, main);
  const worker = new Caller(remoteServices(port2, snapshotServices(main), silentLog));
  assert.equal(await worker.call(ioCapability, {}, 'args'), ['x']);
  await worker.call(ioCapability, {}, 'write', 'from the worker');
  assert.is(terminal.output, 'from the worker');
  assert.is(await worker.call(ioCapability, {}, 'input_ready'), 5);
  assert.is(await worker.call(ioCapability, {}, 'read_line'), 'line');
  assert.is(await worker.call(ioCapability, {}, 'input_ready'), 0);
  assert.is(await worker.call(ioCapability, {}, 'read_line'), null);
  await worker.call(storeCapability, {}, 'set', 'k', { n: 1 });
  assert.equal(await new Caller(main).call(storeCapability, {}, 'get', 'k'), { n: 1 });
  assert.equal(await worker.call(storeCapability, {}, 'list'), ['k']);
  assert.is(await worker.call(storeCapability, {}, 'delete', 'k'), true);
  assert.is(
    (
      await refusal(
        worker
          .call(storeCapability, { max_keys: 1 }, 'set', 'a', 1)
          .then(() => worker.call(storeCapability, { max_keys: 1 }, 'set', 'b', 1)),
      )
    ).kind,
    'RATE_LIMITED',
  );
  port1.close();
  assert.is((await refusal(worker.call(ioCapability, {}, 'read_line'))).kind, 'UNAVAILABLE');
});

test('print puts tabs between values; several texts are written one after the other', async () => {
  const terminal = new MemoryTerminal();
  const caller = new Caller({ terminal });
  await caller.call(ioCapability, {}, 'print', 'a', 1.5, true, null, [1, { b: 2 }]);
  await caller.call(ioCapability, {}, 'print');
  await caller.call(ioCapability, {}, 'write', 'x', 'y');
  await caller.call(ioCapability, {}, 'eprint', 'no', 'luck');
  assert.is(await caller.call(ioCapability, {}, 'flush'), true);
  assert.is(terminal.output, 'a\t1.5\ttrue\tnil\t[1,{"b":2}]\n\nxy');
  assert.is(terminal.errors, 'no\tluck\n');
});

test('a line can be read in pieces; at the end there is an error, or nothing', async () => {
  const caller = new Caller({ terminal: new MemoryTerminal({ input: ['h\u00e9llo', 'two', 'three'] }) });
  const io = (operation: string, ...args: number[]) => caller.call(ioCapability, {}, operation, ...args);
  const piece = async (most?: number) =>
    Buffer.from((await io('read', ...(most ? [most] : []))) as Uint8Array).toString();
  assert.is(await piece(3), 'h\u00e9');
  assert.is(await io('read_line'), 'llo');
  assert.is(await io('readline'), 'two');
  assert.is(await piece(), 'three\n');
  for (const operation of ['read', 'readline']) assert.is((await refusal(io(operation))).kind, 'NOT_FOUND');
  assert.is(await io('read_line'), null);
  assert.is((await refusal(io('read', 0))).kind, 'INVALID');
});

test('pieces are the bytes that came, whatever they are', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 })),
      fc.integer({ min: 1, max: 30 }),
      async (chunks, most) => {
        const input = new PassThrough();
        const caller = new Caller({
          terminal: new StreamTerminal([], () => input, new PassThrough(), new PassThrough()),
        });
        for (const chunk of chunks) input.write(chunk);
        input.end();
        const pieces: Uint8Array[] = [];
        for (;;) {
          const ready = (await caller.call(ioCapability, {}, 'input_ready')) as number;
          if (ready === 0) break;
          const piece = (await caller.call(ioCapability, {}, 'read', most)) as Uint8Array;
          assert.is(piece.length, Math.min(ready, most));
          pieces.push(piece);
        }
        assert.equal(Buffer.concat(pieces), Buffer.concat(chunks));
      },
    ),
  ));

test('waiting for input has a limit, and whoever waits again and again takes one turn', async () => {
  const input = new PassThrough();
  let armed = 0;
  const terminal = new StreamTerminal([], () => input, new PassThrough(), new PassThrough());
  const wakes = new Map<number, () => void>();
  const clock = {
    ...stillClock(),
    arm: (_milliseconds: number, wake: () => void) => {
      wakes.set(++armed, wake);
      return armed;
    },
    disarm: (timer: unknown) => void wakes.delete(timer as number),
  };
  const caller = new Caller({ terminal }, clock);
  const ready = (limit?: number) => caller.call(ioCapability, {}, 'input_ready', ...(limit ? [limit] : []));
  let pieces = 0;
  const readPiece = terminal.readPiece.bind(terminal);
  terminal.readPiece = () => {
    pieces++;
    return readPiece();
  };
  for (let i = 1; i <= 100; i++) {
    const waiting = ready(5);
    wakes.get(i)!();
    assert.is(await waiting, null);
  }
  assert.is(pieces, 1, 'the terminal was asked once');
  wakes.clear();
  const both = [ready(), ready(5)];
  input.write('abc');
  assert.equal(await Promise.all(both), [3, 3]);
  assert.is(wakes.size, 0, 'nothing keeps the thread alive');
  assert.is((await refusal(caller.call(ioCapability, {}, 'input_ready', 'soon'))).kind, 'INVALID');
});

test('what has come can be read in one go, also behind a line that was read', async () => {
  const input = new PassThrough();
  const caller = new Caller({ terminal: new StreamTerminal([], () => input, new PassThrough(), new PassThrough()) });
  const io = (operation: string, ...args: number[]) => caller.call(ioCapability, {}, operation, ...args);
  const text = async (most: number) => Buffer.from((await io('read', most)) as Uint8Array).toString();
  input.write('one\ntwo\nthree\nfo');
  assert.is(await text(5), 'one\nt');
  assert.is(await io('read_line'), 'wo');
  assert.is(await io('read_line'), 'three');
  assert.is(await io('input_ready'), 2);
  input.end('ur\nfive\n\nsix');
  assert.is(await io('read_line'), 'four');
  assert.is(await text(100), 'five\n\nsix');
  assert.is((await refusal(io('read'))).kind, 'NOT_FOUND');
});

test('a line that was begun in pieces is read to its end, by whoever is next', async () => {
  const input = new PassThrough();
  const caller = new Caller({ terminal: new StreamTerminal([], () => input, new PassThrough(), new PassThrough()) });
  const io = (operation: string, ...args: number[]) => caller.call(ioCapability, {}, operation, ...args);
  const waiting = [
    io('input_ready'),
    io('input_ready'),
    io('read_line'),
    io('read', 1),
    io('read_line'),
    io('read_line'),
  ];
  const bytes = Buffer.from('one \u00fc\r\ntwo');
  for (const byte of bytes) {
    input.write(Uint8Array.of(byte));
    await new Promise(resolve => setImmediate(resolve));
  }
  input.end();
  assert.equal(await Promise.all(waiting), [1, 1, 'one \u00fc', Uint8Array.of(0x74), 'wo', null]);
});

test.run();
