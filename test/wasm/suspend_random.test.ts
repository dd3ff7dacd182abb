/**
 * Random programs against themselves: the module as it is, whose imports answer at once, and the transformed module,
 * whose calls stop at every blocking import or every few checks and move between instances.
 *
 * `TROUPE_SOAK=10` runs ten times as many programs.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  compileWat,
  type Run,
  runOriginal,
  runTransformed,
  type Seen,
  type Stops,
  transform,
} from './suspend_harness.ts';
import { ProgramGenerator } from './suspend_generator.ts';

const RUNS: readonly Run[] = [
  { preempt: 'none' },
  { preempt: 'none', moveEvery: 1, areaBytes: 200_000 },
  { preempt: 'kill', fuel: 10_000_000 },
  { preempt: 'kill', fuel: 10_000_000, moveEvery: 1 },
  { preempt: 'resume', fuel: 1_000_000 },
  { preempt: 'resume', fuel: 0, moveEvery: 3 },
  { preempt: 'resume', fuel: 1 },
  { preempt: 'resume', fuel: 3, moveEvery: 1 },
  { preempt: 'resume', fuel: 10, areaBytes: 70_000 },
];

type Stopped = Seen & { readonly stops: Stops };

const decisions = fc.uint8Array({ minLength: 40, maxLength: 500, size: 'max' });
const numRuns = 150 * (Number(process.env.TROUPE_SOAK) || 1);

function assertSame(seen: Stopped, expected: Seen, what: string): void {
  assert.equal(seen.thrown, expected.thrown, `${what}: error`);
  assert.equal(seen.calls, expected.calls, `${what}: calls of imports`);
  // After a trap nothing of the instance may be used again.
  if (expected.thrown !== undefined) return;
  assert.equal(seen.result, expected.result, `${what}: result`);
  assert.equal(seen.globals, expected.globals, `${what}: globals`);
  // Each wait is one stop: none was taken for the end of another.
  assert.is(seen.stops.suspended, expected.calls.filter(call => call.startsWith('wait')).length, `${what}: stops`);
  assert.is(Buffer.compare(seen.memory!, expected.memory!), 0, `${what}: memory`);
}

const test = suite('random programs, suspended');

test('see no difference', () => {
  let stops = 0;
  fc.assert(
    fc.property(decisions, fc.integer({ min: -3, max: 40 }), (list, argument) => {
      const text = new ProgramGenerator(list).generate();
      const bytes = compileWat(text, { simd: true, sat_float_to_int: true, sign_extension: true });
      const expected = runOriginal(bytes, 'main', [argument]);
      for (const preempt of ['none', 'kill', 'resume'] as const) {
        for (const copies of ['single', 'dual'] as const) {
          const program = transform(bytes, preempt, copies);
          for (const run of RUNS) {
            if (run.preempt !== preempt) continue;
            const seen = runTransformed(program, 'main', [argument], run);
            stops += seen.stops.suspended + seen.stops.preempted;
            assertSame(seen, expected, `${copies} ${JSON.stringify(run)}`);
          }
        }
      }
    }),
    { numRuns },
  );
  // The test would be worth nothing if the programs seldom stopped.
  assert.ok(stops > numRuns * 20, `only ${stops} stops`);
});

test.run();
