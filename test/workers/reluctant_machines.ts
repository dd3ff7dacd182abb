/** Every language, for threads that start; but while the file RELUCTANT names is there a thread takes it away and fails. */
import { existsSync, unlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const { RELUCTANT } = process.env;
if (!isMainThread && RELUCTANT !== undefined && existsSync(RELUCTANT)) {
  unlinkSync(RELUCTANT);
  throw new Error('not now');
}

export { machineTypes } from '../../machines/index.ts';
