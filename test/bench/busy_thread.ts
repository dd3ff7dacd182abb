/** A thread that computes as many steps as it is told, and says when it began and ended (nanoseconds of `hrtime`). */
import { parentPort } from 'node:worker_threads';

export interface Busy {
  readonly begun: bigint;
  readonly ended: bigint;
  readonly last: number;
}

parentPort!.on('message', (steps: number) => {
  const begun = process.hrtime.bigint();
  let x = 1;
  for (let i = 0; i < steps; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  const busy: Busy = { begun, ended: process.hrtime.bigint(), last: x };
  parentPort!.postMessage(busy);
});
