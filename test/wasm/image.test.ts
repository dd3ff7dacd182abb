/** Processes as images: they go on as if nothing had happened, wherever they stood. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Artifact, ImportTable, Payload, Program } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { GLOBALS, HANDLERS, WANDERER } from './image_programs.ts';
import type { Errand } from './image_worker.ts';
import { loadWasm, prepareWasm, wasmEntry } from './load_program.ts';
import { wat } from './start.ts';

const test = suite('wasm images');

/** Milliseconds of slices in which one unit of fuel is spent, a few, many. */
const UNIT = 1 / 500_000;
const SLICES = [UNIT, 23 * UNIT, 1000 * UNIT, undefined];
/** A slice after which it stands in the middle of something. */
const SHORT = 200 * UNIT;
const WORKER = fileURLToPath(new URL('./image_worker.js', import.meta.url));

const prepared = new Map<string | Uint8Array, Promise<Artifact>>();

async function program(source: string | Uint8Array, limits: Partial<ImportTable> = {}): Promise<Program> {
  let artifact = prepared.get(source);
  if (artifact === undefined) {
    artifact = prepareWasm(wasmEntry(source));
    prepared.set(source, artifact);
  }
  return loadWasm(wasmEntry(source), await artifact, limits);
}

/** Run to the end, moved after every step; how often that was. */
function moved(program: Program, args: readonly Payload[]): { process: BareProcess; moves: number } {
  let moves = 0;
  const process = BareProcess.begin(program, ...args).run(moving => {
    moving.enter(moving.leave());
    moves++;
  });
  process.machine.close();
  return { process, moves };
}

const PROGRAMS: readonly (readonly [name: string, source: string | Uint8Array, args: readonly Payload[]])[] = [
  ['blocking calls, recursion, callbacks, objects', WANDERER, [3]],
  ['handlers with several outstanding commands', HANDLERS, []],
  ['globals of every type and a memory that grows', wat(GLOBALS), []],
];

for (const [name, source, args] of PROGRAMS) {
  test(`moved at every stop, it ends as it would have anyway: ${name}`, async () => {
    const expected = BareProcess.begin(await program(source), ...args).run();
    expected.machine.close();
    assert.is(expected.error, undefined);
    assert.ok(expected.value !== undefined && expected.value !== null);
    for (const cpuSlice of SLICES) {
      const { process, moves } = moved(await program(source, { cpuSlice }), args);
      assert.is(process.error, undefined);
      assert.equal(process.value, expected.value);
      assert.ok(moves >= (cpuSlice === UNIT ? 9 : 1), `${moves} moves`);
    }
  });
}

test('an idle AssemblyScript process takes less than 8 KiB and goes on', async () => {
  const adder = await program(`
    import { receive, self } from "troupe";
    export function main(): void {
      let sum: i64 = 0;
      const names = new Map<string, i64>();
      while (true) {
        const n = receive().read<i64>();
        names.set("n" + n.toString(), n);
        if (n == 0) self.exit(sum);
        sum += n;
      }
    }`);
  const process = BareProcess.begin(adder).run();
  for (let i = 1; i <= 20; i++) process.send('add', i);
  process.run();
  const image = process.leave();
  assert.ok(image.bytes.length < 8 * 1024, `${image.bytes.length} bytes`);
  process.enter(image);
  process.send('end', 0);
  assert.is(process.run().value, 210);
  process.machine.close();
});

test('between two workers, moved at every stop', async () => {
  const expected = BareProcess.begin(await program(WANDERER), 3).run();
  expected.machine.close();
  const artifact = await prepareWasm(wasmEntry(WANDERER));
  const cpuSlice = SHORT;
  const workers = [1, 2].map(() => new Worker(WORKER, { workerData: { artifact, source: WANDERER, cpuSlice } }));
  try {
    const first = BareProcess.begin(loadWasm(wasmEntry(WANDERER), artifact, { cpuSlice }), 3);
    first.step();
    let errand: Errand | undefined = { image: first.leave(), kernel: first.kernel() };
    let value: Payload;
    let hops = 0;
    while (errand !== undefined) {
      const worker = workers[hops++ % 2];
      const answer = await new Promise<{ value: Payload; error: unknown; left: Errand | undefined }>(
        (resolve, reject) => {
          worker.removeAllListeners().once('message', resolve).once('error', reject);
          worker.postMessage(errand);
        },
      );
      assert.is(answer.error, undefined);
      ({ value, left: errand } = answer);
    }
    assert.is(value, expected.value);
    assert.ok(hops > 40, `${hops} hops`);
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()));
  }
});

test('an image in a file goes on in another operating-system process', async () => {
  const expected = BareProcess.begin(await program(WANDERER), 2).run();
  const beginning = BareProcess.begin(await program(WANDERER, { cpuSlice: SHORT }), 2);
  for (let i = 0; i < 20; i++) beginning.step();
  const image = beginning.leave();
  const folder = mkdtempSync(join(tmpdir(), 'troupe-image-'));
  try {
    const file = join(folder, 'image.json');
    const { program: identity, bytes } = image;
    const kernel = beginning.kernel();
    writeFileSync(file, JSON.stringify({ source: WANDERER, program: identity, bytes: [...bytes], kernel }));
    const run = spawnSync(process.execPath, [WORKER, file], { encoding: 'utf8' });
    assert.is(run.stderr, '');
    assert.is(JSON.parse(run.stdout), expected.value);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    expected.machine.close();
  }
});

test('a WASI program: its descriptors and half a line go along', async () => {
  const logger = {
    operations: Object.fromEntries(['info', 'warn'].map(name => [name, { name, definition: { mode: 'sync' } }])),
  };
  const imports = {
    get: (name: string) => (name === 'logger' ? logger : undefined),
  } as unknown as Partial<ImportTable>;
  const entry = wasmEntry(
    wat(`(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
      (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\10\\00\\00\\00\\04\\00\\00\\00") (data (i32.const 16) "half\\0a")
      (func (export "main") (result i32) (local $i i32)
        (drop (call $close (i32.const 2)))
        (loop $again
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (drop (call $yield))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
        (i32.store (i32.const 4) (i32.const 5))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))))`),
  );
  const loaded = loadWasm(entry, await prepareWasm(entry), imports);
  const { process, moves } = moved(loaded, []);
  assert.is(process.error, undefined);
  assert.equal(process.invoked, [['info', ['halfhalfhalfhalf']]]);
  assert.is(process.value, 8, 'BADF: closed before it was moved');
  assert.is(moves, 3);
});

test('a WASI program stays where a file is being opened for it', async () => {
  const fs = { operations: { open: { name: 'open', definition: { mode: 'async' } } } };
  const imports = { get: (name: string) => (name === 'fs' ? fs : undefined) } as unknown as Partial<ImportTable>;
  const entry = wasmEntry(
    wat(`(module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "file")
      (func (export "main") (result i32)
        (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16))))`),
  );
  const process = BareProcess.begin(loadWasm(entry, await prepareWasm(entry), imports));
  assert.is.not(process.machine.suspend!(), undefined);
  process.unanswered.add('open');
  process.step();
  assert.equal(process.invoked.length, 1);
  assert.is(process.isOver, false);
  assert.is(process.machine.suspend!(), undefined);
  process.machine.close();
});

test('a recursion of thousands of frames: interrupted, waiting at its end, and moved', async () => {
  const source = wat(`(module
    (import "troupe:process" "receive_timeout" (func $wait (param f64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $seen (mut i32) (i32.const 0))
    (func $deep (param i32) (param $a i64) (param $b i64) (result i64)
      (if (i32.eqz (local.get 0)) (then
        (global.set $seen (memory.size))
        (drop (call $wait (f64.const 1) (i32.const 0) (i32.const 100)))
        (return (i64.const 1))))
      (i64.add (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get $b) (i64.add (local.get $a) (i64.const 1)))
        (i64.add (local.get $a) (local.get $b))))
    (func (export "main") (param i32) (result i64 i32)
      (call $deep (local.get 0) (i64.const 3) (i64.const 4)) (i32.add (global.get $seen) (memory.size))))`);
  for (const preempt of ['resume', 'kill'] as const) {
    const expected = BareProcess.begin(await program(source, { preempt }), 5000).run();
    expected.machine.close();
    assert.is(expected.error, undefined);
    assert.is((expected.value as number[])[1], 2, 'the memory is as large as before');
    const { process, moves } = moved(
      await program(source, { preempt, cpuSlice: preempt === 'resume' ? 900 * UNIT : 5 }),
      [5000],
    );
    assert.equal(process.value, expected.value);
    assert.ok(moves >= (preempt === 'resume' ? 5 : 1), `${moves} moves`);
  }
  const bottomless = BareProcess.begin(await program(source, { cpuSlice: 1000 * UNIT }), 10_000_000).run();
  assert.ok(['UNAVAILABLE', 'INTERNAL'].includes(bottomless.error!.kind), 'a clean end');
  bottomless.machine.close();
});

test('what no image holds keeps a process where it is', async () => {
  const tables = await program(
    wat(`(module
      (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
      (memory (export "memory") 1) (table 2 funcref) (elem (i32.const 0) $main)
      (func $main (export "main") (table.set (i32.const 1) (table.get (i32.const 0))) (drop (call $receive (i32.const 0) (i32.const 9)))))`),
  );
  const process = BareProcess.begin(tables).run();
  assert.is(process.machine.suspend!(), undefined);
  process.send('x', 1);
  assert.is(process.run().isOver, true, 'it goes on here');
  process.machine.close();
});

test('an image of another program, a cut or a damaged one is refused, or ends as a program would', async () => {
  const wanderer = await program(WANDERER, { cpuSlice: SHORT });
  const other = await program(HANDLERS);
  const process = BareProcess.begin(wanderer, 2);
  for (let i = 0; i < 20; i++) process.step();
  const image = process.leave();
  const refused = (act: () => unknown, pattern: RegExp) =>
    assert.throws(
      act,
      (error: unknown) => error instanceof TroupeError && error.kind === 'INVALID' && pattern.test(error.message),
    );
  refused(() => other.resume!(image), /another version of app:m/);
  for (const length of [0, 3, 20, image.bytes.length - 7]) {
    refused(() => wanderer.resume!({ ...image, bytes: image.bytes.subarray(0, length) }), /cut off|damaged/);
  }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(image.bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      changes => {
        const bytes = image.bytes.slice();
        for (const [at, byte] of changes) bytes[at] = byte;
        let damaged: BareProcess;
        try {
          damaged = new BareProcess(wanderer, wanderer.resume!({ ...image, bytes }), process.kernel());
        } catch (thrown) {
          assert.instance(thrown, TroupeError);
          assert.ok(['INVALID', 'UNAVAILABLE'].includes((thrown as TroupeError).kind));
          return;
        }
        try {
          for (let step = 0; step < 50 && damaged.canGoOn; step++) damaged.step();
        } catch (thrown) {
          // What leaves a step ends the process, no more.
          assert.instance(thrown, Error);
        }
        damaged.machine.close();
      },
    ),
    { seed: 4, numRuns: 400 },
  );
  process.enter(image);
  assert.ok(process.run().isOver, 'the image itself is as good as before');
});

test.run();
