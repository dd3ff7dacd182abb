/**
 * Very many tasks, spawned on one worker and stolen by others, in rounds between which everybody falls asleep: each is done
 * once. 200 000 of them; 10 million and more in rounds under `npm run soak`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../runtime/runtime.ts';
import { STRIDE } from '../../runtime/workers/attention.ts';
import { MEASURE, startTasks, TaskCounts, TaskWord } from './task_language.ts';

const test = suite('no task is lost');
const SOAK = Number(process.env.TROUPE_SOAK) || 0;
const ROUNDS = 10 * Math.max(1, SOAK);
const TASKS = SOAK === 0 ? 10_000 : 100_000;
/** Those that the spawned ones spawn are on top. */
const ROOM = 2 * ROUNDS * (TASKS + 1);
/** Milliseconds after which a round that has not ended has stalled. */
const STALLED = 60_000;

function stateOf({ scheduler, live }: Runtime, { totals }: TaskCounts): string {
  const attention = Array.from(scheduler.outbound!.attention).filter((_, i) => i % STRIDE === 0);
  return `${live} live, ${totals[TaskWord.MADE]} made, ${totals[TaskWord.DONE]} done, attention ${attention}`;
}

for (const workers of [2, 3]) {
  test(`${workers} workers`, async () => {
    const counts = TaskCounts.allocate(ROOM);
    const runtime = await startTasks(workers, counts);
    try {
      for (let round = 0; round < ROUNDS; round++) {
        runtime.spawn({ id: 't:task', host: 't:host', args: [0, 1, TASKS] });
        assert.ok(await runtime.drained(STALLED), `round ${round} has stalled: ${stateOf(runtime, counts)}`);
        // Long enough for all to fall asleep, which the next round must end.
        await runtime.wait(round % 3 === 0 ? 30 : 1);
      }
      const { totals, done } = counts;
      const [made, finished, refused, resumed] = totals;
      assert.ok(made >= ROUNDS * TASKS, `${made} tasks were made`);
      assert.is(refused, 0, 'spawns that were refused');
      assert.is(finished, made);
      assert.ok(
        done.subarray(0, made).every(times => times === 1),
        'each was done once',
      );
      assert.ok(resumed > 0, 'none that had begun was stolen');
    } finally {
      await runtime.stop();
    }
  });
}

test('a million spawned at once by one process: each is done or was refused, and their memory comes back', async () => {
  const MILLION = 1_000_000;
  const WORKERS = 2;
  const counts = TaskCounts.allocate(1.5 * MILLION);
  const { totals, done } = counts;
  const runtime = await startTasks(WORKERS, counts);
  try {
    runtime.spawn({ id: 't:task', host: 't:host', args: [0, 1, MILLION, MILLION] });
    assert.ok(await runtime.drained(STALLED), `it has stalled: ${stateOf(runtime, counts)}`);
    const [made, finished, refused] = totals;
    assert.ok(made + refused >= MILLION, `${made} were made and ${refused} refused`);
    assert.is(finished, made);
    assert.ok(
      done.subarray(0, made).every(times => times === 1),
      'each was done once',
    );
    const heaps = totals.subarray(TaskWord.HEAP + 1, TaskWord.HEAP + 1 + WORKERS);
    for (let tries = 0; heaps.includes(0) && tries < 1000; tries++) {
      for (let i = 0; i < WORKERS; i++) runtime.spawn({ id: 't:task', host: 't:host', args: [MEASURE, 1, 0] });
      await runtime.drained(STALLED);
    }
    // A million that were kept would take more than that; 1 MiB is what a measurement adds.
    assert.ok(!heaps.includes(0), 'not every worker has measured its heap');
    const kept = heaps.reduce((sum, mebibytes) => sum + mebibytes, 0);
    assert.ok(kept < 100, `the workers keep ${heaps.join(' and ')} MiB`);
  } finally {
    await runtime.stop();
  }
});

test.run();
