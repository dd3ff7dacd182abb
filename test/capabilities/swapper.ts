/** A thread that swaps an entry of a folder for a symbolic link and back, as fast as it can, until it is told to stop. */
import { renameSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

export interface Swap {
  /** What is swapped, what stands in for it, and where the one that is not there is kept. */
  readonly path: string;
  readonly link: string;
  readonly aside: string;
  /** Two words: how often it was swapped; not 0: stop. */
  readonly shared: SharedArrayBuffer;
}

if (!isMainThread) {
  const { path, link, aside, shared } = workerData as Swap;
  const words = new Int32Array(shared);
  while (Atomics.load(words, 1) === 0) {
    renameSync(path, aside);
    renameSync(link, path);
    Atomics.add(words, 0, 1);
    renameSync(path, link);
    renameSync(aside, path);
  }
}
