/** A thread without a scheduler that hangs in one of several ways, or does not. */
import { execFileSync } from 'node:child_process';
import { parentPort, workerData } from 'node:worker_threads';
import { copyPayload } from '../../runtime/payload/copy.ts';

export type Hang = 'promise' | 'await' | 'getter' | 'command' | 'alone' | 'rest' | 'work';

export interface HangingThread {
  readonly how: Hang;
  readonly beats: SharedArrayBuffer;
}

const { how, beats } = workerData as HangingThread;
const beat = new Int32Array(beats);

function forever(): never {
  for (;;) beat[1]++;
}

const WAYS: { readonly [how in Hang]: () => void } = {
  /** In the turn of a promise. */
  promise: () => void Promise.resolve().then(forever),
  /** Promises without end, none of which takes long. */
  await: () => {
    const turns = async (): Promise<void> => {
      for (;;) await null;
    };
    void turns();
  },
  /** The kernel is in the middle of something. */
  getter: () =>
    void copyPayload({
      get a(): number {
        return forever();
      },
    }),
  command: () => void execFileSync('sleep', ['9']),
  /** No scheduler has called it. */
  alone: forever,
  rest: () => undefined,
  work: () => {
    const until = performance.now() + 250;
    while (performance.now() < until) beat[1]++;
    Atomics.add(beat, 0, 1);
    setImmediate(WAYS.work);
  },
};

parentPort!.on('message', () => undefined);
Atomics.store(beat, 0, 1);
setImmediate(() => {
  parentPort!.postMessage('ready');
  setImmediate(WAYS[how]);
});
