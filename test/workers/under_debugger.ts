/** Run with `--inspect`: a thread hangs for five times as long as it may, and what the watchdog logs is printed. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import { Watchdog } from '../../runtime/workers/watchdog.ts';
import type { HangingThread } from './hanging_thread.ts';

const LIMIT = 200;
const beats = new SharedArrayBuffer(8);
const workerData: HangingThread = { how: 'alone', beats };
const worker = new Worker(new URL('./hanging_thread.js', import.meta.url), { workerData });
worker.once('message', () => {
  const watchdog = new Watchdog({
    limit: LIMIT,
    beats,
    clock: systemClock,
    log: { enabled: () => true, log: (level, message) => console.log(level, message) },
    onStuck: (_, culprit) => console.log('stuck', culprit),
  });
  watchdog.watch(0, worker, new MessageChannel().port1);
  systemClock.arm(LIMIT * 5, () => process.exit(0));
});
