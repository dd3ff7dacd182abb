/**
 * Kernels in C and Rust as their compilers make them, waiting in the depth of stacks, callbacks and loops: as they are,
 * transformed in every way, stopped and moved at random, and through Binaryen's own asyncify. All see the same.
 *
 * `TROUPE_SOAK=10` stops each of them at ten times as many other places; where is decided by the seeds alone.
 */
import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeModule } from '../../machines/wasm/binary/decode.ts';
import { PREBUILT } from '../sdk/prebuilt.ts';
import { readPrebuilt, rebuilding } from '../sdk/prebuilt_programs.ts';
import { wasmOpt } from './binaryen.ts';
import { FEATURES, type Kernel, KERNELS, PROGRAMS, pathOf } from './compiled_kernels.ts';
import { type Run, runAsyncified, runOriginal, runTransformed, type Seen, transform } from './suspend_harness.ts';

const ROUNDS = Number(process.env.TROUPE_SOAK) || 1;

const ASYNCIFY = [...FEATURES, '--asyncify', '--pass-arg=asyncify-imports@env.wait,env.wait_l,env.wait_d'];

/** Areas have room for the deepest of the kernels. */
const AREA_BYTES = 1 << 17;

/** The runs of one kernel. `fuel`: checks of the longest slice. */
function runsOf(fuel: number, seed: number): Run[] {
  const area = { areaBytes: AREA_BYTES };
  const short = { ...area, preempt: 'resume' as const, fuel, moveEvery: 40 };
  return [
    { ...area, preempt: 'none', moveEvery: 20, seed },
    { ...area, preempt: 'kill', moveEvery: 20, seed },
    ...Array.from({ length: ROUNDS }, (_, round) => ({ ...short, seed: seed + round })),
  ];
}

function assertSame(seen: Pick<Seen, 'result' | 'thrown' | 'calls'>, expected: Seen, what: string): void {
  assert.equal(seen.thrown, expected.thrown, `${what}: error`);
  assert.equal(seen.calls, expected.calls, `${what}: calls of imports`);
  assert.equal(seen.result, expected.result, `${what}: result`);
}

/** How often it waited. */
function waits(seen: Seen): number {
  return seen.calls.filter(call => call.startsWith('wait')).length;
}

/** All kernels of a module, transformed in every way, beside what it does as it is. */
function stopEverywhere(bytes: Uint8Array, kernels: readonly Kernel[]): void {
  let preempted = 0;
  const programs = (['none', 'kill', 'resume'] as const).flatMap(preempt =>
    (['single', 'dual'] as const).map(copies => ({ preempt, copies, program: transform(bytes, preempt, copies) })),
  );
  kernels.forEach(({ name, args, fuel }, seed) => {
    const expected = runOriginal(bytes, name, args);
    for (const { preempt, copies, program } of programs) {
      for (const run of runsOf(fuel, seed * 1000)) {
        if (run.preempt !== preempt) continue;
        const seen = runTransformed(program, name, args, run);
        const what = `${name}(${args.join()}), ${copies} ${JSON.stringify(run)}`;
        assertSame(seen, expected, what);
        // Each wait is one stop: none was taken for the end of another.
        assert.is(seen.stops.suspended, waits(expected), `${what}: waits`);
        preempted += seen.stops.preempted;
        // After a trap nothing of the instance may be used again.
        if (expected.thrown === undefined)
          assert.is(Buffer.compare(seen.memory!, expected.memory!), 0, `${what}: memory`);
      }
    }
  });
  assert.ok(preempted > kernels.length * 30, `preempted only ${preempted} times`);
}

const test = suite('compiled C and Rust that stops');

test('the kernels compute what they should', () => {
  const result = (program: keyof typeof KERNELS, name: string, ...args: (number | bigint)[]) =>
    runOriginal(readPrebuilt(pathOf(program)), name, args).result;
  for (const program of ['numbers', 'numbers_simd'] as const) {
    for (const length of [0, 3, 55, 56, 64, 1000]) {
      const expected = createHash('sha256').update('a'.repeat(length)).digest().readBigInt64BE();
      assert.is(result(program, 'sha256', length), expected, `SHA-256 of ${length} letters`);
    }
    assert.is(result(program, 'ackermann', 2, 3), 9);
    assert.is(result(program, 'queens', 6), 4);
  }
});

for (const program of PROGRAMS) {
  test(`${program}: all that is exported is run`, () => {
    const { exports } = decodeModule(readPrebuilt(pathOf(program)));
    const functions = exports.filter(({ kind }) => kind === 'function').map(({ name }) => name);
    const library = ['_initialize', 'malloc'];
    const run = new Set(KERNELS[program].map(({ name }) => name));
    assert.equal([...run].sort(), functions.filter(name => !library.includes(name)).sort());
  });

  test(`${program}: sees no difference when it is transformed`, () => {
    stopEverywhere(readPrebuilt(pathOf(program)), KERNELS[program]);
  });

  test(`${program}: nor when asyncify makes it stop instead`, async () => {
    const bytes = readPrebuilt(pathOf(program));
    const asyncified = new WebAssembly.Module(await wasmOpt(bytes, ASYNCIFY));
    for (const { name, args } of KERNELS[program]) {
      const expected = runOriginal(bytes, name, args);
      const other = runAsyncified(asyncified, name, args);
      assertSame(other, expected, `${name}(${args.join()})`);
      assert.is(other.stops, waits(expected), `${name}: waits`);
    }
  });
}

for (const toolchain of ['wasi', 'rust'] as const) {
  const rebuild = rebuilding(toolchain);
  if (rebuild === undefined) continue;
  test(`compiled here (${toolchain}): they see no difference either`, () => {
    for (const program of PROGRAMS) {
      const { wasm, toolchain: own } = PREBUILT.find(one => one.wasm === pathOf(program))!;
      if (own === toolchain) stopEverywhere(rebuild(wasm), KERNELS[program]);
    }
  });
}

test.run();
