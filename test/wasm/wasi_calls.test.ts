/** Every function of `wasi_snapshot_preview1`, called as programs do and as they should not. */
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Descriptors, directory } from '../../machines/wasm/wasi/descriptors.ts';
import type { LogSink } from '../../runtime/logger.ts';
import { failure, refusal, wat } from './start.ts';
import { CALLS, INTERPRETER, type MemoryImage, perform, type Step, vectors } from './wasi_interpreter.ts';
import { type Options, type Started, startWasi } from './wasi_start.ts';

const test = suite('wasi calls');

// Error numbers as the specification has them.
const ACCES = 2;
const BADF = 8;
const BUSY = 10;
const EXIST = 20;
const FAULT = 21;
const ILSEQ = 25;
const INVAL = 28;
const ISDIR = 31;
const LOOP = 32;
const MFILE = 33;
const NAMETOOLONG = 37;
const NOENT = 44;
const NOSYS = 52;
const NOTDIR = 54;
const NOTEMPTY = 55;
const NOTSOCK = 57;
const NOTSUP = 58;
const OVERFLOW = 61;
const ROFS = 69;
const SPIPE = 70;
const NOTCAPABLE = 76;

/** Outside of every memory here. */
const FAR = 0x7fff0000;
const FD_WRITE = 1n << 6n;
const FD_SEEK = 1n << 2n;
const ALL_RIGHTS = (1n << 30n) - 1n;
const READ_RIGHTS = ALL_RIGHTS & ~(FD_WRITE | (1n << 8n) | (1n << 22n));
const CREATE = 1;
const DIRECTORY = 2;
const EXCLUSIVE = 4;
const TRUNCATE = 8;
const APPEND = 1;
const FOLLOW = 1;
/** The granted folder. */
const ROOT = 3;

async function using(options: Options, body: (started: Started) => Promise<void>): Promise<void> {
  const started = await startWasi({ m: INTERPRETER }, options);
  try {
    await body(started);
  } finally {
    await started.runtime.stop();
  }
}

/** Names of files, each at an address of its own: what a path takes, and the image that holds them. */
function paths<const Name extends string>(...names: readonly Name[]) {
  let at = 1000;
  const image: { [at: number]: string } = {};
  const given = {} as { [name in Name]: readonly [number, number] };
  for (const name of names) {
    const length = Buffer.byteLength(name);
    image[at] = name;
    given[name] = [at, length];
    at += length;
  }
  return { given, image: image as MemoryImage };
}

/** Check what each step answers. */
async function answers(
  started: Started,
  steps: readonly (readonly [expected: number, ...step: Step])[],
  image: MemoryImage = {},
  host = 'app:h',
) {
  const outcome = await perform(
    started,
    steps.map(([, ...step]) => step),
    image,
    { host },
  );
  const shown = (results: readonly number[]) => steps.map(([, name], index) => `${index} ${name}: ${results[index]}`);
  assert.equal(shown(outcome.results), shown(steps.map(([expected]) => expected)));
  return outcome;
}

/** Descriptor, flags of the look-up, path, flags, rights, descriptor flags, where the new one goes. */
function open(
  path: readonly [number, number],
  flags: number,
  rights: bigint,
  at: number,
  fdFlags = 0,
  from = ROOT,
): Step {
  return ['path_open', from, FOLLOW, ...path, flags, rights, ALL_RIGHTS, fdFlags, at];
}

test('output is gathered from vectors and input scattered over them; streams have no positions', () =>
  using({ input: ['typed', 'more'] }, async started => {
    const image = { 100: 'onetwo', 200: vectors([103, 3], [100, 3], [FAR, 1]), 400: vectors([500, 2], [510, 10]) };
    const { word, text } = await answers(
      started,
      [
        [0, 'fd_write', 1, 200, 2, 300],
        [0, 'fd_write', 2, 200, 1, 304],
        [NOTCAPABLE, 'fd_write', 0, 200, 1, 308],
        [NOTCAPABLE, 'fd_read', 1, 200, 1, 308],
        [FAULT, 'fd_write', 1, 200, 3, 308],
        [FAULT, 'fd_write', 1, FAR, 1, 308],
        [FAULT, 'fd_write', 1, 200, 1, FAR],
        [FAULT, 'fd_write', 1, 200, 1, -2],
        [INVAL, 'fd_write', 1, 200, 1025, 308],
        [INVAL, 'fd_write', 1, 200, -1, 308],
        [BADF, 'fd_write', 77, 200, 1, 308],
        [BADF, 'fd_write', -1, 200, 1, 308],
        [0, 'fd_write', 1, 200, 0, 312],
        [SPIPE, 'fd_pwrite', 1, 200, 1, 0, 308],
        [SPIPE, 'fd_pread', 0, 200, 1, 0, 308],
        [SPIPE, 'fd_seek', 1, 0, 0, 308],
        [SPIPE, 'fd_tell', 1, 308],
        [0, 'fd_read', 0, 400, 2, 316],
        [0, 'fd_read', 0, 400, 1, 320],
        [FAULT, 'fd_read', 0, 200, 3, 308],
        [0, 'fd_read', 0, 400, 2, 324],
        [0, 'fd_read', 0, 400, 2, 328],
        [0, 'fd_close', 1],
        [BADF, 'fd_write', 1, 200, 1, 308],
      ],
      image,
    );
    assert.equal([300, 304, 308, 312].map(word), [6, 3, 0, 0]);
    assert.is(started.terminal.output, 'twoone');
    assert.is(started.terminal.errors, 'two');
    assert.equal([316, 320, 324, 328].map(word), [6, 2, 3, 0]);
    // "typed\n" over both, then "mo" into the first, then "re\n".
    assert.is(text(500, 2), 're');
    assert.is(text(510, 4), '\ned\n');
  }));

test('without grants there are no descriptors, clocks or chance, and an empty environment; linking is no matter', () =>
  using({}, async started => {
    const bare: Started = { ...started, run: (name, args, more) => started.run(`bare_${name}`, args, more) };
    const image = { 8: new Uint8Array(8).fill(9), 2000: new Uint8Array(48) };
    const { word } = await answers(
      bare,
      [
        [BADF, 'fd_write', 1, 100, 0, 200],
        [BADF, 'fd_read', 0, 100, 0, 200],
        [BADF, 'fd_prestat_get', 3, 200],
        [BADF, 'path_open', 3, 0, 100, 1, 0, 0n, 0n, 0, 200],
        [NOTCAPABLE, 'clock_time_get', 0, 0n, 200],
        [NOTCAPABLE, 'clock_res_get', 1, 200],
        [NOTCAPABLE, 'random_get', 200, 8],
        [0, 'environ_sizes_get', 8, 12],
        [0, 'environ_get', 200, 300],
        [0, 'sched_yield'],
        [0, 'poll_oneoff', 2000, 3000, 1, 3100],
      ],
      image,
    );
    assert.equal([word(8), word(12)], [0, 0]);
    // The event of the clock says what the clock would have.
    assert.equal([word(3100), word(3008) & 0xffff], [1, NOTCAPABLE]);
  }));

test('with logger, output is records of the log, a line each', async () => {
  const records: string[] = [];
  const log: LogSink = { enabled: () => true, log: (level, message) => void records.push(`${level} ${message}`) };
  const entries = ['{name: logging, kind: process.wasm, source: file://m.wasm, imports: [logger]}'];
  await using({ log, entries }, async started => {
    const logging: Started = { ...started, run: (_name, args, more) => started.run('logging', args, more) };
    const image = {
      100: 'first\nsec',
      120: 'ond\n',
      130: 'öps\nopen',
      200: vectors([100, 9]),
      208: vectors([120, 4]),
      216: vectors([130, 5], [135, 4]),
    };
    await answers(
      logging,
      [
        [0, 'fd_write', 1, 200, 1, 300],
        [0, 'fd_write', 2, 216, 2, 300],
        [0, 'fd_write', 1, 208, 1, 300],
        [BADF, 'fd_read', 0, 200, 1, 300],
      ],
      image,
    );
    assert.equal(records, ['info first', 'warn öps', 'info second', 'warn open']);
  });
});

/** Makes one call again and again and never waits. */
function endless(name: string, ...args: number[]): Uint8Array {
  return wat(`(module
    (import "wasi_snapshot_preview1" "${name}" (func $call (param ${args.map(() => 'i32').join(' ')}) (result i32)))
    (memory (export "memory") 40)
    ;; An area of a MiB, and 1024 of nothing.
    (data (i32.const 0) "\\00\\00\\01\\00\\00\\00\\10\\00")
    (func (export "_start")
      (memory.fill (i32.const 65536) (i32.const 10) (i32.const 1048576))
      (loop $again
        (if (call $call ${args.map(arg => `(i32.const ${arg})`).join(' ')}) (then (unreachable)))
        (br $again))))`);
}

test('calls that take long count as many', async () => {
  const log: LogSink = { enabled: () => true, log: () => undefined };
  const programs = {
    random: endless('random_get', 65536, 1_048_576),
    arguments: endless('args_get', 65536, 2_000_000),
    polling: endless('poll_oneoff', 1_200_000, 1_300_000, 1024, 1_400_000),
    logging: endless('fd_write', 1, 0, 1, 32),
    vectors: endless('fd_write', 1, 1_200_000, 1024, 32),
  };
  const entries = [
    '{name: killing, kind: process.host, capabilities: {random: {}, time: {}, logger: {}}, limits: {preempt: kill, cpu_slice: 20ms}}',
    ...Object.keys(programs).map(
      name => `{name: ${name}_, kind: process.wasm, source: file://${name}.wasm, imports: [random, time, logger]}`,
    ),
  ];
  const started = await startWasi(programs, { log, entries });
  try {
    const args = new Array(10_000).fill('x');
    for (const name of Object.keys(programs)) {
      const error = await failure(started.run(`${name}_`, args, { host: 'app:killing' }));
      assert.equal([name, error.kind], [name, 'TIMEOUT']);
    }
  } finally {
    await started.runtime.stop();
  }
});

test('a write of more lines than the log takes at once is taken in part', async () => {
  const records: string[] = [];
  const log: LogSink = { enabled: () => true, log: (_level, message) => void records.push(message) };
  const entries = ['{name: logging, kind: process.wasm, source: file://m.wasm, imports: [logger]}'];
  await using({ log, entries }, async started => {
    const logging: Started = { ...started, run: (_name, args, more) => started.run('logging', args, more) };
    const image = { 100: 'begun ', 2000: 'x\n'.repeat(300), 200: vectors([100, 6]), 208: vectors([2000, 600]) };
    const { word } = await answers(
      logging,
      [
        [0, 'fd_write', 1, 200, 1, 300],
        [0, 'fd_write', 1, 208, 1, 304],
      ],
      image,
    );
    assert.equal([word(300), word(304)], [6, 512]);
    assert.equal([records.length, records[0], records[255]], [256, 'begun x', 'x']);
  });
});

test('a slash at the end of a path means a directory, as it does elsewhere', () =>
  using({}, async started => {
    writeFileSync(join(started.data, 'file'), 'x');
    symlinkSync('file', join(started.data, 'to_file'));
    symlinkSync('made', join(started.data, 'to_made'));
    const { given, image } = paths('file', 'file/', 'made/', 'other/', 'other', 'to_file/', 'to_made/', 'moved/');
    const { bytes } = await answers(
      started,
      [
        [0, 'path_create_directory', ROOT, ...given['made/']],
        [NOTDIR, 'path_unlink_file', ROOT, ...given['file/']],
        [ISDIR, 'path_unlink_file', ROOT, ...given['made/']],
        [NOENT, 'path_unlink_file', ROOT, ...given['other/']],
        [NOTDIR, 'path_rename', ROOT, ...given['file/'], ROOT, ...given.other],
        [NOTDIR, 'path_rename', ROOT, ...given.file, ROOT, ...given['other/']],
        [NOTDIR, 'path_filestat_get', ROOT, FOLLOW, ...given['file/'], 64],
        [NOTDIR, 'path_filestat_get', ROOT, 0, ...given['to_file/'], 64],
        [0, 'path_filestat_get', ROOT, 0, ...given['to_made/'], 128],
        [NOTDIR, 'path_filestat_set_times', ROOT, FOLLOW, ...given['file/'], 0n, 0n, 5],
        [0, 'path_filestat_set_times', ROOT, 0, ...given['to_made/'], 0n, 0n, 5],
        [INVAL, 'path_readlink', ROOT, ...given['to_made/'], 300, 10, 320],
        [NOTDIR, 'path_remove_directory', ROOT, ...given['file/']],
        [0, 'path_rename', ROOT, ...given['made/'], ROOT, ...given['moved/']],
        [0, 'path_remove_directory', ROOT, ...given['moved/']],
      ],
      image,
    );
    assert.is(bytes[128 + 16], 3, 'what the link leads to');
    assert.equal(readdirSync(started.data).sort(), ['.keep', 'file', 'to_file', 'to_made']);
  }));

test('arguments and environment', () =>
  using({}, async started => {
    const strings = wat(`(module
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (if (i32.ne (call $sizes (i32.const ${FAR}) (i32.const 4)) (i32.const ${FAULT})) (then (unreachable)))
        (if (call $sizes (i32.const 0) (i32.const 4)) (then (unreachable)))))`);
    const other = await startWasi({ s: strings });
    assert.is(await other.run('s', ['x', 1, 2.5, false, 3n]), null);
    assert.match((await failure(other.run('s', ['x', [1]]))).message, 'argument 2 is neither text nor a number');
    assert.match((await failure(other.run('s', ['a\0b']))).message, 'argument 1 holds a zero byte');
    await other.runtime.stop();
    const { word, text } = await answers(started, [
      [0, 'environ_sizes_get', 0, 4],
      [0, 'environ_get', 16, 100],
      [FAULT, 'environ_sizes_get', FAR, 4],
      [FAULT, 'environ_sizes_get', 0, FAR],
      [FAULT, 'environ_get', FAR, 100],
      [FAULT, 'environ_get', 16, FAR],
    ]);
    const only = 'TEST_HOME=/home/of/tests\0';
    assert.equal([word(0), word(4), word(16)], [1, only.length, 100]);
    assert.is(text(100, only.length), only);
  }));

test('clocks and chance', () =>
  using({}, async started => {
    const { long, bytes } = await answers(started, [
      [0, 'clock_time_get', 0, 0n, 0],
      [0, 'clock_time_get', 1, 0n, 8],
      [0, 'clock_res_get', 0, 16],
      [0, 'clock_time_get', 1, 0n, 24],
      [INVAL, 'clock_time_get', 2, 0n, 32],
      [INVAL, 'clock_res_get', 77, 32],
      [FAULT, 'clock_time_get', 0, 0n, FAR],
      [FAULT, 'clock_res_get', 0, -4],
      [0, 'random_get', 100, 64],
      [FAULT, 'random_get', FAR, 64],
      [FAULT, 'random_get', 100, -1],
      [0, 'random_get', 0x3ffff, 0],
    ]);
    assert.ok(long(0) > 1_600_000_000_000_000_000n);
    assert.ok(long(24) >= long(8));
    assert.is(long(16), 1000n);
    assert.ok(bytes.subarray(100, 164).some(byte => byte !== 0));
  }));

/** 48 bytes: what the event will carry, what is waited for, on which clock or descriptor, nanoseconds, absolute. */
function subscription(user: number, type: number, subject: number, timeout = 0n, absolute = 0): Uint8Array {
  const bytes = new Uint8Array(48);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(user), true);
  view.setUint8(8, type);
  view.setUint32(16, subject, true);
  view.setBigUint64(24, timeout, true);
  view.setUint16(40, absolute, true);
  return bytes;
}

test('poll_oneoff: sleeping, input with a limit, what is ready at once', () =>
  using({ input: ['abc'] }, async started => {
    const minute = 60_000_000_000n;
    const image = {
      0: subscription(11, 0, 1, 5_000_000n),
      48: subscription(12, 0, 0, minute),
      96: subscription(13, 1, 0),
      144: subscription(14, 0, 1, minute),
      192: subscription(15, 2, 1),
      240: subscription(16, 1, 99),
      288: subscription(17, 9, 1),
      336: subscription(18, 0, 1, 1n, 1),
      384: subscription(19, 0, 7),
      6000: vectors([6100, 10]),
    };
    const { word, long, bytes, view } = await answers(
      started,
      [
        [0, 'poll_oneoff', 0, 1000, 2, 1500],
        [0, 'poll_oneoff', 96, 2000, 2, 2500],
        [0, 'poll_oneoff', 144, 3000, 3, 3500],
        [INVAL, 'poll_oneoff', 288, 4000, 1, 4500],
        [INVAL, 'poll_oneoff', 0, 4000, 0, 4500],
        [INVAL, 'poll_oneoff', 0, 4000, -1, 4500],
        [FAULT, 'poll_oneoff', FAR, 4000, 1, 4500],
        [FAULT, 'poll_oneoff', 0, FAR, 1, 4500],
        [FAULT, 'poll_oneoff', 0, 4000, 1, FAR],
        [0, 'poll_oneoff', 336, 4000, 1, 4500],
        [0, 'poll_oneoff', 384, 4600, 1, 4700],
        [0, 'fd_read', 0, 6000, 1, 6200],
        [0, 'poll_oneoff', 96, 5000, 1, 5500],
      ],
      image,
    );
    /** [user, error, type, bytes, flags] of the event at an address. */
    const event = (at: number) => [
      Number(long(at)),
      view.getUint16(at + 8, true),
      bytes[at + 10],
      Number(long(at + 16)),
      view.getUint16(at + 24, true),
    ];
    assert.equal([word(1500), event(1000)], [1, [11, 0, 0, 0, 0]]);
    assert.equal([word(2500), event(2000)], [1, [13, 0, 1, 4, 0]]);
    assert.equal([word(3500), event(3000), event(3032)], [2, [15, 0, 2, 1, 0], [16, BADF, 1, 0, 0]]);
    assert.equal([word(4500), event(4000)], [1, [18, 0, 0, 0, 0]]);
    assert.equal([word(4700), event(4600)], [1, [19, INVAL, 0, 0, 0]]);
    // Input that was only waited for is still there; at its end there is nothing to read, which is also an event.
    assert.is(word(6200), 4);
    assert.equal([word(5500), event(5000)], [1, [13, 0, 1, 0, 1]]);
  }));

test('the longest sleep that can be asked for is one', () =>
  using({}, async started => {
    const image = { 0: subscription(1, 0, 1, (1n << 64n) - 1n), 48: subscription(2, 0, 0, (1n << 64n) - 1n, 1) };
    const steps: Step[] = [['poll_oneoff', 0, 1000, 2, 1500]];
    const ended = failure(perform(started, steps, image, { name: 'sleeper' }));
    await answers(started, [[0, 'poll_oneoff', 96, 1000, 1, 1500]], { 96: subscription(3, 0, 1, 20_000_000n) });
    assert.is(started.runtime.terminate('sleeper'), undefined);
    assert.is((await ended).kind, 'CANCELED');
  }));

test('input that does not come is given up in time, and is not lost when it comes', async () => {
  let give: (line: string) => void = () => undefined;
  const line = new Promise<string>(resolve => {
    give = resolve;
  });
  const { MemoryTerminal } = await import('../../runtime/hosts/terminal.ts');
  class SlowTerminal extends MemoryTerminal {
    override async readPiece(): Promise<Uint8Array> {
      return Buffer.from(await line);
    }
  }
  await using({ services: { terminal: new SlowTerminal() } }, async started => {
    const image = { 0: subscription(1, 1, 0), 48: subscription(2, 0, 1, 3_000_000n), 96: vectors([200, 20]) };
    const first = await answers(started, [[0, 'poll_oneoff', 0, 1000, 2, 1500]], image);
    assert.equal([first.word(1500), first.long(1000)], [1, 2n]);
    const reading = answers(started, [[0, 'fd_read', 0, 96, 1, 300]], image);
    give('late\n');
    const second = await reading;
    assert.is(second.text(200, second.word(300)), 'late\n');
  });
});

test('files: opened, written, read, positions, sizes, times', () =>
  using({}, async started => {
    const { given, image } = paths('new.txt', 'none.txt', 'old.txt', '.', 'log.txt');
    writeFileSync(join(started.data, 'old.txt'), '0123456789');
    const { word, long, text, bytes, view } = await answers(
      started,
      [
        [0, ...open(given['new.txt'], CREATE | EXCLUSIVE, ALL_RIGHTS, 8)],
        [0, 'fd_write', 4, 200, 2, 12],
        [0, 'fd_tell', 4, 16],
        [0, 'fd_seek', 4, -2n, 1, 24],
        [0, 'fd_seek', 4, 0n, 2, 32],
        [INVAL, 'fd_seek', 4, -1n, 0, 40],
        [INVAL, 'fd_seek', 4, 0n, 3, 40],
        [OVERFLOW, 'fd_seek', 4, 1n << 62n, 0, 40],
        [FAULT, 'fd_seek', 4, 0n, 0, FAR],
        [0, 'fd_pwrite', 4, 216, 1, 1n, 48],
        [OVERFLOW, 'fd_pwrite', 4, 216, 1, -1n, 48],
        [0, 'fd_pread', 4, 224, 1, 0n, 52],
        [0, 'fd_tell', 4, 56],
        [0, 'fd_read', 4, 224, 1, 64],
        [0, 'fd_allocate', 4, 4n, 6n],
        [0, 'fd_allocate', 4, 0n, 2n],
        [INVAL, 'fd_allocate', 4, 0n, 0n],
        [0, 'fd_filestat_set_times', 4, 5_000_000_000n, 1_500_000_000n, 5],
        [INVAL, 'fd_filestat_set_times', 4, 0n, 0n, 3],
        [INVAL, 'fd_filestat_set_times', 4, 0n, 0n, 16],
        [0, 'fd_filestat_get', 4, 320],
        [FAULT, 'fd_filestat_get', 4, FAR],
        [0, 'fd_filestat_set_size', 4, 3n],
        [OVERFLOW, 'fd_filestat_set_size', 4, -1n],
        [0, 'fd_sync', 4],
        [0, 'fd_datasync', 4],
        [0, 'fd_advise', 4, 0n, 0n, 5],
        [INVAL, 'fd_advise', 4, 0n, 0n, 6],
        [OVERFLOW, 'fd_advise', 4, -1n, 0n, 0],
        [SPIPE, 'fd_advise', 1, 0n, 0n, 0],
        [0, 'fd_filestat_get', 0, 400],
        [0, 'fd_close', 4],
        [BADF, 'fd_close', 4],
        [BADF, 'fd_read', 4, 224, 1, 64],
        [EXIST, ...open(given['new.txt'], CREATE | EXCLUSIVE, ALL_RIGHTS, 8)],
        [NOENT, ...open(given['none.txt'], 0, ALL_RIGHTS, 8)],
        [0, ...open(given['old.txt'], 0, READ_RIGHTS, 8)],
        [NOTCAPABLE, 'fd_write', 4, 200, 1, 12],
        [NOTCAPABLE, 'fd_filestat_set_size', 4, 0n],
        [0, 'fd_read', 4, 224, 1, 68],
        [0, ...open(given['old.txt'], TRUNCATE, ALL_RIGHTS, 72)],
        [0, 'fd_read', 4, 224, 1, 76],
        [0, 'fd_renumber', 5, 4],
        [BADF, 'fd_renumber', 5, 4],
        [BADF, 'fd_renumber', 4, 5],
        [0, 'fd_renumber', 4, 4],
        [0, 'fd_write', 4, 200, 1, 80],
        [0, ...open(given['log.txt'], CREATE, ALL_RIGHTS, 84, APPEND)],
        [0, 'fd_write', 5, 200, 1, 88],
        [0, 'fd_seek', 5, 0n, 0, 96],
        [0, 'fd_write', 5, 208, 1, 88],
        [0, 'fd_tell', 5, 104],
        [NOTSUP, 'fd_fdstat_set_flags', 5, 0],
        [0, 'fd_fdstat_set_flags', 5, APPEND | 4 | 16],
        [0, 'fd_write', 5, 208, 1, 88],
        [INVAL, 'fd_fdstat_set_flags', 5, 32],
        [0, 'fd_fdstat_get', 5, 480],
        [FAULT, 'fd_fdstat_get', 5, FAR],
        [NOTCAPABLE, 'fd_fdstat_set_rights', 5, ALL_RIGHTS, 0n],
        [0, 'fd_fdstat_set_rights', 5, FD_WRITE, 0n],
        [NOTCAPABLE, 'fd_seek', 5, 0n, 0, 96],
        [NOTCAPABLE, 'fd_fdstat_set_rights', 5, FD_WRITE | FD_SEEK, 0n],
        [INVAL, ...open(given['old.txt'], 16, ALL_RIGHTS, 8)],
        [INVAL, ...open(given['old.txt'], 0, ALL_RIGHTS, 8, 32)],
        [FAULT, ...open(given['old.txt'], 0, ALL_RIGHTS, FAR)],
        [ISDIR, ...open(given['.'], 0, ALL_RIGHTS, 8)],
      ],
      {
        ...image,
        200: vectors([600, 3], [603, 2], [600, 1], [620, 20]),
        600: 'abcde',
      },
    );
    assert.equal([word(8), word(12), long(16), long(24), long(32)], [4, 5, 5n, 3n, 5n]);
    assert.equal([word(48), word(52), long(56), word(64)], [1, 5, 5n, 0]);
    // abcde with its second byte replaced, and later the first ten bytes of the old file.
    assert.is(readFileSync(join(started.data, 'new.txt'), 'utf8'), 'aac');
    assert.is(text(620, 10), '0123456789');
    assert.equal([bytes[336], long(352), long(360), long(368)], [4, 10n, 5_000_000_000n, 1_500_000_000n]);
    assert.equal([word(68), word(76), word(72)], [10, 0, 5]);
    assert.equal([word(84), long(104)], [5, 5n]);
    assert.is(readFileSync(join(started.data, 'old.txt'), 'utf8'), 'abc');
    assert.is(readFileSync(join(started.data, 'log.txt'), 'utf8'), 'abcdede');
    assert.equal([bytes[480], view.getUint16(482, true)], [4, APPEND | 4 | 16]);
    assert.is(statSync(join(started.data, 'new.txt')).size, 3);
  }));

test('paths: folders, names, removing, links', () =>
  using({ files: { 'secret.txt': 'secret' } }, async started => {
    const { given, image } = paths(
      'a',
      'a/b',
      'a/f.txt',
      'a/./../a//f.txt',
      '../secret.txt',
      'a/../../secret.txt',
      '/a',
      '..',
      '.',
      'f.txt',
      'f.txt/',
      'inside',
      'outside',
      'circle',
      'in\0side',
      'none/x',
      'b',
    );
    const empty = [900, 0] as const;
    const bad = [950, 2] as const;
    symlinkSync('a/f.txt', join(started.data, 'inside'));
    symlinkSync('../secret.txt', join(started.data, 'outside'));
    symlinkSync('circle', join(started.data, 'circle'));
    const { word, long, text, bytes } = await answers(
      started,
      [
        [0, 'path_create_directory', ROOT, ...given.a],
        [EXIST, 'path_create_directory', ROOT, ...given.a],
        [NOENT, 'path_create_directory', ROOT, ...given['none/x']],
        [0, ...open(given['a/f.txt'], CREATE, ALL_RIGHTS, 10)],
        [NOTDIR, 'path_create_directory', 4, ...given.b],
        [0, 'fd_close', 4],
        [0, 'path_filestat_get', ROOT, FOLLOW, ...given['a/./../a//f.txt'], 100],
        [NOTCAPABLE, 'path_filestat_get', ROOT, FOLLOW, ...given['../secret.txt'], 200],
        [NOTCAPABLE, 'path_filestat_get', ROOT, FOLLOW, ...given['a/../../secret.txt'], 200],
        [NOTCAPABLE, 'path_filestat_get', ROOT, FOLLOW, ...given['/a'], 200],
        [NOENT, 'path_filestat_get', ROOT, FOLLOW, ...empty, 200],
        [ILSEQ, 'path_filestat_get', ROOT, FOLLOW, ...bad, 200],
        [INVAL, 'path_filestat_get', ROOT, FOLLOW, ...given['in\0side'], 200],
        [NAMETOOLONG, 'path_filestat_get', ROOT, FOLLOW, 0, 5000, 200],
        [FAULT, 'path_filestat_get', ROOT, FOLLOW, FAR, 5, 200],
        [FAULT, 'path_filestat_get', ROOT, FOLLOW, ...given.a, FAR],
        // Links: followed where they stay inside, seen as links where that is asked for, never made or read.
        [0, 'path_filestat_get', ROOT, FOLLOW, ...given.inside, 200],
        [0, 'path_filestat_get', ROOT, 0, ...given.inside, 264],
        [NOTCAPABLE, 'path_filestat_get', ROOT, FOLLOW, ...given.outside, 328],
        [0, 'path_filestat_get', ROOT, 0, ...given.outside, 328],
        [LOOP, 'path_filestat_get', ROOT, FOLLOW, ...given.circle, 400],
        [NOTCAPABLE, ...open(given.outside, 0, READ_RIGHTS, 10)],
        [LOOP, 'path_open', ROOT, 0, ...given.inside, 0, READ_RIGHTS, 0n, 0, 10],
        [LOOP, 'path_open', ROOT, 0, ...given.inside, DIRECTORY, READ_RIGHTS, 0n, 0, 10],
        [ACCES, 'path_readlink', ROOT, ...given.outside, 400, 100, 500],
        [INVAL, 'path_readlink', ROOT, ...given.a, 400, 100, 500],
        [FAULT, 'path_readlink', ROOT, ...given.a, 400, -1, 500],
        [NOTSUP, 'path_symlink', ...given.a, ROOT, ...given.b],
        [NOTSUP, 'path_link', ROOT, 0, ...given['a/f.txt'], ROOT, ...given.b],
        [BADF, 'path_link', 9, 0, ...given['a/f.txt'], ROOT, ...given.b],
        [0, 'path_unlink_file', ROOT, ...given.outside],
        // A directory is a place of its own, which nothing leads out of.
        [0, ...open(given.a, DIRECTORY, ALL_RIGHTS, 10)],
        [0, 'path_filestat_get', 4, FOLLOW, ...given['f.txt'], 400],
        [NOTCAPABLE, 'path_filestat_get', 4, FOLLOW, ...given['..'], 400],
        [0, 'path_filestat_get', 4, FOLLOW, ...given['.'], 464],
        [NOTDIR, ...open(given['f.txt'], DIRECTORY, READ_RIGHTS, 14, 0, 4)],
        [NOTDIR, ...open(given['f.txt/'], 0, READ_RIGHTS, 14, 0, 4)],
        [INVAL, ...open(given.b, CREATE | DIRECTORY, READ_RIGHTS, 14, 0, 4)],
        [ISDIR, 'fd_read', 4, 900, 0, 14],
        [ISDIR, 'fd_seek', 4, 0n, 0, 14],
        [0, 'fd_filestat_get', 4, 530],
        [0, 'fd_filestat_set_times', 4, 0n, 7_000_000_000n, 4],
        [0, 'fd_sync', 4],
        [0, 'path_filestat_set_times', 4, FOLLOW, ...given['f.txt'], 0n, 9_000_000_000n, 4],
        [0, 'path_filestat_set_times', 4, FOLLOW, ...given['f.txt'], 0n, 0n, 10],
        [0, 'path_rename', 4, ...given['f.txt'], ROOT, ...given['f.txt']],
        [NOENT, 'path_rename', 4, ...given['f.txt'], ROOT, ...given['f.txt']],
        [0, 'path_rename', ROOT, ...given['f.txt'], 4, ...given['f.txt']],
        [NOTEMPTY, 'path_remove_directory', ROOT, ...given.a],
        [ISDIR, 'path_unlink_file', ROOT, ...given.a],
        [NOTDIR, 'path_remove_directory', ROOT, ...given['a/f.txt']],
        [0, 'path_unlink_file', ROOT, ...given['a/f.txt']],
        [BUSY, 'path_remove_directory', ROOT, ...given['.']],
        [0, 'path_remove_directory', ROOT, ...given.a],
        [NOENT, 'fd_filestat_get', 4, 600],
        // A folder opened as a file can be listed.
        [0, ...open(given['.'], 0, READ_RIGHTS, 14)],
        [0, 'fd_prestat_get', ROOT, 700],
        [BADF, 'fd_prestat_get', 5, 700],
        [FAULT, 'fd_prestat_get', ROOT, FAR],
        [0, 'fd_prestat_dir_name', ROOT, 710, 1],
        [NAMETOOLONG, 'fd_prestat_dir_name', ROOT, 710, 0],
        [FAULT, 'fd_prestat_dir_name', ROOT, FAR, 1],
        [BADF, 'fd_prestat_dir_name', 0, 710, 1],
      ],
      { ...image, 950: new Uint8Array([0xc3, 0x28]) },
    );
    const types = [116, 216, 280, 344, 480, 546].map(at => bytes[at]);
    assert.equal(types, [4, 4, 7, 7, 3, 3]);
    assert.is(long(108), long(208));
    assert.equal([word(700), word(704), text(710, 1)], [0, 1, '/']);
    assert.equal(readdirSync(started.data).sort(), ['.keep', 'circle', 'inside']);
    assert.is(readFileSync(join(started.data, '..', 'secret.txt'), 'utf8'), 'secret');
  }));

test('fd_readdir gives as much as fits, and goes on where it was told to', () =>
  using({}, async started => {
    const expected = [
      '.',
      '..',
      '.keep',
      ...Array.from({ length: 20 }, (_, i) => `file-${String(i).padStart(2, '0')}`),
    ];
    for (const name of expected.slice(3)) writeFileSync(join(started.data, name), '');
    const { word, long, bytes, text } = await answers(started, [
      [0, 'fd_readdir', ROOT, 0, 4000, 0n, 5000],
      [0, 'fd_readdir', ROOT, 6000, 30, 3n, 5004],
      [0, 'fd_readdir', ROOT, 6100, 100, 22n, 5008],
      [0, 'fd_readdir', ROOT, 6200, 100, 23n, 5012],
      [0, 'fd_readdir', ROOT, 6200, 100, -1n, 5016],
      [0, 'fd_readdir', ROOT, 6200, 0, 0n, 5020],
      [FAULT, 'fd_readdir', ROOT, FAR, 100, 0n, 5024],
      [FAULT, 'fd_readdir', ROOT, 0, 100, 0n, FAR],
      [NOTDIR, 'fd_readdir', 0, 0, 100, 0n, 5024],
    ]);
    const found: string[] = [];
    const types: number[] = [];
    for (let at = 0; at < word(5000); at += 24 + word(at + 16)) {
      found.push(text(at + 24, word(at + 16)));
      types.push(bytes[at + 20]);
      assert.is(Number(long(at)), found.length);
    }
    assert.equal(found, expected);
    assert.equal(types, [3, 3, ...new Array(expected.length - 2).fill(4)]);
    assert.equal([5004, 5008, 5012, 5016, 5020].map(word), [30, 31, 0, 0, 0]);
    assert.is(text(6024, 6), 'file-0');
    assert.is(text(6124, 7), 'file-19');
  }));

test('a folder that is granted for reading stays as it is', () =>
  using({}, async started => {
    const { given, image } = paths('a.txt', 'b');
    writeFileSync(join(started.data, 'a.txt'), 'abc');
    await answers(
      started,
      [
        [ROFS, ...open(given['a.txt'], 0, ALL_RIGHTS, 10)],
        [ROFS, ...open(given.b, CREATE, READ_RIGHTS, 10)],
        [ROFS, 'path_create_directory', ROOT, ...given.b],
        [ROFS, 'path_unlink_file', ROOT, ...given['a.txt']],
        [ROFS, 'path_rename', ROOT, ...given['a.txt'], ROOT, ...given.b],
        [ROFS, 'path_filestat_set_times', ROOT, FOLLOW, ...given['a.txt'], 0n, 0n, 10],
        [0, ...open(given['a.txt'], 0, READ_RIGHTS, 10)],
        [NOTCAPABLE, 'fd_write', 4, 200, 1, 300],
        [NOTCAPABLE, 'fd_allocate', 4, 0n, 100n],
        [ROFS, 'fd_filestat_set_times', 4, 0n, 0n, 10],
      ],
      { ...image, 200: vectors([1000, 1]) },
      'app:reading',
    );
    assert.is(readFileSync(join(started.data, 'a.txt'), 'utf8'), 'abc');
  }));

test('files are limited in number, and a process leaves none open', () =>
  using({}, async started => {
    const { given, image } = paths('.keep', '.');
    for (let round = 0; round < 3; round++) {
      const most: [number, ...Step][] = Array.from({ length: 64 }, () => [
        0,
        ...open(given['.keep'], 0, READ_RIGHTS, 10),
      ]);
      await answers(started, [...most, [MFILE, ...open(given['.keep'], 0, READ_RIGHTS, 10)]], image);
    }
    const folders: [number, ...Step][] = Array.from({ length: 252 }, () => [0, ...open(given['.'], DIRECTORY, 0n, 10)]);
    await answers(started, [...folders, [MFILE, ...open(given['.'], DIRECTORY, 0n, 10)]], image);
  }));

test('sockets and signals there are none', () =>
  using({}, started =>
    answers(started, [
      [NOTSOCK, 'sock_accept', ROOT, 0, 0],
      [NOTSOCK, 'sock_recv', 1, 0, 0, 0, 0, 0],
      [NOTSOCK, 'sock_send', 1, 0, 0, 0, 0],
      [BADF, 'sock_shutdown', 40, 0],
      [NOSYS, 'proc_raise', 6],
    ]).then(() => undefined),
  ));

test('proc_exit ends the process with null, or with an error that has the code', () =>
  using({}, async started => {
    assert.is(await started.run('m', [], { method: '_start' }).catch(() => 'trapped'), 'trapped');
    const exits = await startWasi({
      e: wat(`(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $exit (i32.const 0)) (unreachable))
        (func (export "with") (param i32) (call $exit (local.get 0)) (unreachable)))`),
    });
    assert.is(await exits.run('e'), null);
    assert.is(await exits.run('e', [0], { method: 'with' }), null);
    for (const code of [1, 255, 256, 0xffffffff]) {
      const error = await failure(exits.run('e', [code | 0], { method: 'with' }));
      assert.equal(error.details, { exit_code: code });
      assert.is(error.message, `app:e ended with exit code ${code}`);
    }
    await exits.runtime.stop();
  }));

test('sched_yield gives others their turn', async () => {
  const started = await startWasi({
    y: wat(`(module
      (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
      (import "troupe:process" "try_receive" (func $receive (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (loop $again
          (br_if 1 (call $yield))
          (br_if $again (i32.eqz (call $receive (i32.const 0) (i32.const 100)))))))`),
  });
  const waiting = started.run('y', [], { name: 'yielding' });
  await new Promise(resolve => setImmediate(resolve));
  started.runtime.send('yielding', 'go');
  assert.is(await waiting, null);
  await started.runtime.stop();
});

test('modules that ask for what does not exist are refused with a hint', async () => {
  const entry = '{name: m, kind: process.wasm, source: file://m.wasm}';
  const importing = (module: string, name: string, type: string) => ({
    'm.wasm': wat(`(module (import "${module}" "${name}" (func ${type})) (memory (export "memory") 1)
      (func (export "_start")))`),
  });
  const typo = await refusal([entry], importing('wasi_snapshot_preview1', 'fd_wirte', '(param i32)'));
  assert.match(typo, 'did you mean "fd_write"?');
  const wrong = await refusal([entry], importing('wasi_snapshot_preview1', 'fd_close', '(param i64) (result i32)'));
  assert.match(wrong, 'as (i64) -> i32, but the function is (i32) -> i32');
  const old = await refusal([entry], importing('wasi_unstable', 'fd_close', '(param i32) (result i32)'));
  assert.match(old, 'an older WASI than "wasi_snapshot_preview1"');
  const plain = await refusal([entry], { 'm.wasm': wat('(module (func (export "_start")))') });
  assert.match(plain, 'has no export "main"');
});

test('only open files keep a process where it is, and what is kept of directories is bounded', () => {
  const descriptors = new Descriptors();
  descriptors.openStreams(true, true);
  descriptors.openRoot();
  const other = descriptors.directory(descriptors.add(directory('a', 0n, 0n)));
  assert.is(descriptors.anyFile, false);
  const file = descriptors.add({ type: 'file', handle: 1, position: 0, rights: 0n, inheriting: 0n, flags: 0 });
  assert.is(descriptors.anyFile, true);
  descriptors.remove(file);
  assert.is(descriptors.anyFile, false);
  const root = descriptors.directory(ROOT);
  const many = new Array(40_000).fill({ name: 'x', type: 4 });
  descriptors.keepListing(root, many.slice(0, 10));
  descriptors.keepListing(other, many);
  assert.equal([root.listing?.length, other.listing?.length], [10, 40_000]);
  descriptors.keepListing(root, many);
  assert.equal([root.listing?.length, other.listing?.length], [40_000, undefined]);
});

test('the table has every function of the specification', () => {
  // https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
  assert.is(CALLS.length, 46);
});

test.run();
