/**
 * The kernels in C and Rust as processes: interrupted, waiting in the depth of stacks, and at random moved by an image, they
 * end as they do where nothing ever stops.
 *
 * `TROUPE_SOAK=10` moves each of them at ten times as many other places; where is decided by the seeds alone.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BareProcess } from '../bare_process.ts';
import { Chance } from '../lua/generated_chance.ts';
import { readPrebuilt } from '../sdk/prebuilt_programs.ts';
import { wasmMerge } from './binaryen.ts';
import { FEATURES, KERNELS, PROGRAMS, pathOf } from './compiled_kernels.ts';
import { loadWasm, prepareWasm, wasmEntry } from './load_program.ts';
import { compileWat, runOriginal } from './suspend_harness.ts';

const ROUNDS = Number(process.env.TROUPE_SOAK) || 1;

/** Milliseconds of a slice in which one check of a loop is made. */
const UNIT = 1 / 500_000;

/** What a process waits with; the answers are those of the harness that runs the module alone, from a global that moves, too. */
const WAITS = compileWat(`(module
  (import "troupe:process" "receive_timeout" (func $receive (param f64 i32 i32) (result i32)))
  (global $asked (mut i32) (i32.const 0))
  (func $note (export "note") (param i32) (result i32)
    (global.set $asked (i32.add (global.get $asked) (i32.const 1)))
    (i32.and (i32.const 63)
      (i32.shr_u (i32.mul (global.get $asked) (i32.const 1103515245)) (i32.const 16))))
  (func $wait (export "wait") (param $n i32) (result i32)
    (drop (call $receive (f64.const 1) (i32.const 0) (i32.const 0)))
    (call $note (local.get $n)))
  (func (export "wait_l") (param i64) (result i64)
    (i64.shl (i64.extend_i32_u (call $wait (i32.const 0))) (i64.const 33)))
  (func (export "wait_d") (param f64) (result f64)
    (f64.add (f64.convert_i32_u (call $wait (i32.const 0))) (f64.const 0.5))))`);

/** Wide integers are numbers where these are exact. */
function asPayload(result: unknown): unknown {
  return typeof result === 'bigint' && Number.isSafeInteger(Number(result)) ? Number(result) : result;
}

const test = suite('compiled C and Rust as processes');

for (const program of PROGRAMS) {
  test(`${program}: moved at random, it ends as it would have anyway`, async () => {
    const bytes = readPrebuilt(pathOf(program));
    const entry = wasmEntry(await wasmMerge(bytes, WAITS, 'env', FEATURES), { method: KERNELS[program][0].name });
    const artifact = await prepareWasm(entry);
    let moves = 0;
    KERNELS[program].forEach(({ name, args, fuel }, seed) => {
      const { result, thrown } = runOriginal(bytes, name, args);
      for (let round = 0; round < ROUNDS; round++) {
        const chance = new Chance(seed * 1000 + round);
        const loaded = loadWasm(entry, artifact, { cpuSlice: chance.between(1, fuel + 1) * UNIT });
        const machine = loaded.create();
        machine.init(name, args);
        const process = new BareProcess(loaded, machine).run(moving => {
          if (!chance.once(10)) return;
          moving.enter(moving.leave());
          moves++;
        });
        process.machine.close();
        const what = `${name}(${args.join()}), round ${round}`;
        assert.is(process.error?.message, thrown, `${what}: error`);
        if (thrown === undefined) assert.is(process.value, asPayload(result), what);
      }
    });
    assert.ok(moves > KERNELS[program].length * 3, `only ${moves} moves`);
  });
}

test.run();
