/**
 * Modules that Binaryen's fuzzer makes (`wasm-opt -ttf`): as they are, transformed in every way and stopped as often as
 * possible, and for some of them through Binaryen's own asyncify. All see the same.
 *
 * `TROUPE_SOAK=10` takes ten times as many modules; which ones is decided by the numbers below alone.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeModule } from '../../machines/wasm/binary/decode.ts';
import { ValueType } from '../../machines/wasm/binary/value_type.ts';
import {
  compileWat,
  type Run,
  runAsyncified,
  runOriginal,
  runTransformed,
  type Seen,
  transform,
} from './suspend_harness.ts';
import { wasmOpt } from './binaryen.ts';

const ROUNDS = Number(process.env.TROUPE_SOAK) || 1;
const MODULES = 4 * ROUNDS;
const ASYNCIFIED = 2 * ROUNDS;

/** What the transform knows and JavaScript can look at. */
const FEATURES = [
  ...['--enable-multivalue', '--enable-bulk-memory', '--enable-sign-ext', '--enable-nontrapping-float-to-int'],
  ...['--enable-mutable-globals', '--disable-gc', '--disable-exception-handling', '--disable-reference-types'],
  ...['--disable-simd', '--disable-threads', '--disable-tail-call'],
];

const RUNS: readonly Run[] = [
  { preempt: 'none', moveEvery: 3 },
  { preempt: 'kill', moveEvery: 2 },
  { preempt: 'resume', fuel: 1_000_000 },
  { preempt: 'resume', fuel: 0, moveEvery: 7 },
  { preempt: 'resume', fuel: 3, moveEvery: 5 },
];

function fuzzed(seed: number, ...options: string[]): Promise<Uint8Array> {
  return wasmOpt(seeded(seed), ['-ttf', '--denan', ...options, ...FEATURES]);
}

/** Bytes from a xorshift generator: what the fuzzer makes a module of. */
function seeded(seed: number): Uint8Array {
  const bytes = new Uint8Array(1000 + ((seed * 977) % 9000));
  let x = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < bytes.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  return bytes;
}

interface Call {
  readonly name: string;
  readonly args: readonly (number | bigint)[];
}

/** A call of each exported function that takes numbers. */
function callsOf(bytes: Uint8Array, seed: number): Call[] {
  const { exports, functions, types } = decodeModule(bytes);
  const calls: Call[] = [];
  for (const { kind, name, index } of exports) {
    if (kind !== 'function') continue;
    const { params } = types[functions[index]];
    const args = params.map((type, i) => {
      if (type === ValueType.I64) return BigInt(i * 77 + seed);
      return type === ValueType.I32 ? i * 13 + seed : i * 1.5 + seed;
    });
    calls.push({ name, args });
  }
  return calls;
}

function assertSame(seen: Seen, expected: Seen, what: string): void {
  assert.equal(seen.thrown, expected.thrown, `${what}: error`);
  assert.equal(seen.calls, expected.calls, `${what}: calls of imports`);
  // After a trap nothing of the instance may be used again.
  if (expected.thrown !== undefined) return;
  assert.equal(seen.result, expected.result, `${what}: result`);
  assert.equal(seen.globals, expected.globals, `${what}: globals`);
  if (expected.memory !== undefined) assert.is(Buffer.compare(seen.memory!, expected.memory), 0, `${what}: memory`);
}

const test = suite("modules of Binaryen's fuzzer");
const folder = await mkdtemp(join(tmpdir(), 'troupe-differential-'));
test.after(() => rm(folder, { recursive: true, force: true }));

test('see no difference when they are transformed', async () => {
  let stops = 0;
  const seeds = Array.from({ length: MODULES }, (_, i) => i + 1);
  const made = await inPairs(seeds, seed => fuzzed(seed));
  made.forEach((bytes, i) => {
    const programs = (['none', 'kill', 'resume'] as const).flatMap(preempt =>
      (['single', 'dual'] as const).map(copies => ({ preempt, copies, program: transform(bytes, preempt, copies) })),
    );
    for (const { name, args } of callsOf(bytes, seeds[i])) {
      const expected = runOriginal(bytes, name, args);
      if (expected.thrown === 'stack overflow') continue;
      for (const { preempt, copies, program } of programs) {
        for (const run of RUNS) {
          if (run.preempt !== preempt) continue;
          const seen = runTransformed(program, name, args, { ...run, areaBytes: 1 << 20 });
          stops += seen.stops.suspended + seen.stops.preempted;
          assertSame(seen, expected, `module ${seeds[i]}, ${name}, ${copies} ${JSON.stringify(run)}`);
        }
      }
    }
  });
  assert.ok(stops > MODULES * 50, `only ${stops} stops`);
});

test('nor when asyncify makes them stop instead', async () => {
  let stops = 0;
  const seeds = Array.from({ length: ASYNCIFIED }, (_, i) => i + 1001);
  // A memory without instructions for it: asyncify keeps its stack there, in sight.
  const memory = join(folder, 'memory.wasm');
  await writeFile(memory, compileWat('(module (memory (export "memory") 1))'));
  const made = await inPairs(seeds, async seed => {
    const bytes = await fuzzed(seed, '--no-fuzz-memory', `--initial-fuzz=${memory}`);
    return { bytes, asyncified: new WebAssembly.Module(await wasmOpt(bytes, ['--asyncify', ...FEATURES])) };
  });
  made.forEach(({ bytes, asyncified }, i) => {
    // Asyncify cannot stop a start function: it runs before there is anything to resume.
    if (decodeModule(bytes).start !== undefined) return;
    const program = transform(bytes, 'none', 'dual');
    for (const call of callsOf(bytes, seeds[i])) {
      const other = runAsyncified(asyncified, call.name, call.args);
      const seen = runTransformed(program, call.name, call.args, { moveEvery: 2 });
      stops += other.stops;
      const what = `module ${seeds[i]}, ${call.name}`;
      assert.equal(seen.thrown, other.thrown, `${what}: error`);
      assert.equal(seen.calls, other.calls, `${what}: calls of imports`);
      assert.equal(seen.result, other.result, `${what}: result`);
      assert.is(seen.stops.suspended, other.stops, `${what}: stops`);
    }
  });
  assert.ok(stops > 0, 'nothing stopped');
});

/** Two at a time, in their order. */
async function inPairs<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += 2) results.push(...(await Promise.all(items.slice(i, i + 2).map(work))));
  return results;
}

test.run();
