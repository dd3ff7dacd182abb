/** Threads that the watchdog cannot bring back, and threads that it must leave alone. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../runtime/clock.ts';
import type { LogSink } from '../../runtime/logger.ts';
import { type Frame, judge, type Verdict } from '../../runtime/workers/frames.ts';
import { Watchdog } from '../../runtime/workers/watchdog.ts';
import type { Hang, HangingThread } from './hanging_thread.ts';

const test = suite('given up');

const LIMIT = 400;
const silent: LogSink = { enabled: () => false, log: () => undefined };

interface Outcome {
  readonly stuck: readonly string[];
  /** Whether the watchdog ended anything by itself. */
  readonly notices: number;
  /** Whether the thread still did something at the end. */
  readonly alive: boolean;
}

/** Watch a thread for a while, or until it is given up. */
async function watched(how: Hang, milliseconds: number): Promise<Outcome> {
  const beats = new SharedArrayBuffer(8);
  const workerData: HangingThread = { how, beats };
  const worker = new Worker(new URL('./hanging_thread.js', import.meta.url), { workerData });
  const { port1, port2 } = new MessageChannel();
  let notices = 0;
  port2.on('message', () => notices++);
  const stuck: string[] = [];
  await once(worker, 'message');
  await new Promise<void>(resolve => {
    const onStuck = (index: number, culprit: string): void => {
      assert.is(index, 0);
      stuck.push(culprit);
      resolve();
    };
    const watchdog = new Watchdog({ limit: LIMIT, beats, clock: systemClock, log: silent, onStuck });
    watchdog.watch(0, worker, port1);
    systemClock.arm(milliseconds, () => {
      watchdog.stop();
      resolve();
    });
  });
  const alive = worker.threadId > 0;
  await worker.terminate();
  port1.close();
  return { stuck, notices, alive };
}

const WAIT = 30_000;

const GIVEN_UP: readonly (readonly [Hang, RegExp])[] = [
  ['promise', /hanging_thread\.js:\d+:\d+ \(forever\)$/],
  ['await', /hanging_thread\.js:\d+:\d+( \(turns\))?$/],
  ['getter', /hanging_thread\.js:\d+:\d+ \(forever\)$/],
  ['alone', /hanging_thread\.js:\d+:\d+ \(forever\)$/],
  ['command', /^code that nothing can interrupt, such as a native function that does not return$/],
];

for (const [how, culprit] of GIVEN_UP) {
  test(`${how}: cannot be cut off and is given up once, with its place as far as it is known`, async () => {
    const { stuck, notices } = await watched(how, WAIT);
    assert.is(stuck.length, 1);
    assert.match(stuck[0], culprit);
    assert.is(notices, 0);
  });
}

for (const how of ['rest', 'work'] as const) {
  test(`${how}: is left alone`, async () => {
    assert.equal(await watched(how, LIMIT * 5), { stuck: [], notices: 0, alive: true });
  });
}

test('where a debugger may be attached nothing is ended, and the log says so', () => {
  const script = fileURLToPath(new URL('./under_debugger.js', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--inspect=0', script], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.is(status, 0, stderr);
  assert.is(
    stdout,
    'warn worker 0 has not come back for 200ms; it is left alone, because a debugger may be attached (--inspect)\n',
  );
});

const KERNEL = new URL('../../runtime/scheduler/scheduler.js', import.meta.url).href;
const SDK = new URL('../../sdk/typescript/self.js', import.meta.url).href;
const TURN = 'node:internal/timers';

const STACKS: readonly (readonly [Verdict, readonly string[]])[] = [
  ['abort', ['troupe:a:b', SDK, KERNEL, TURN]],
  ['abort', ['', 'troupe:a:b', KERNEL, TURN]],
  ['abort', ['file:///home/somebody/library.js', 'node:fs', 'troupe:a:b', KERNEL, TURN]],
  ['abort', ['wasm://wasm/1', 'troupe:a:b', KERNEL, TURN]],
  ['out', [SDK, 'troupe:a:b', SDK, KERNEL, TURN]],
  ['out', ['node:fs', 'troupe:a:b', SDK, KERNEL, TURN]],
  ['out', [KERNEL, SDK, 'troupe:a:b', SDK, KERNEL, TURN]],
  ['out', ['troupe:a:b', KERNEL, 'troupe:a:b', SDK, KERNEL, TURN]],
  ['wait', [KERNEL, TURN]],
  ['wait', ['wasm://wasm/1', KERNEL, TURN]],
  ['wait', []],
  ['never', ['troupe:a:b']],
  ['never', ['troupe:a:b', 'node:internal/process/task_queues']],
  ['never', ['troupe:a:b', SDK, TURN]],
  ['never', ['troupe:a:b', KERNEL, 'node:internal/process/task_queues']],
  ['never', ['troupe:a:b', KERNEL]],
];

test('a turn is cut off only where what is half done belongs to a program', () => {
  for (const [verdict, urls] of STACKS) {
    const frames = urls.map((url): Frame => ({ name: 'f', url, line: 1, column: 1 }));
    assert.is(judge(frames), verdict, urls.join(' < '));
  }
});

test.run();
