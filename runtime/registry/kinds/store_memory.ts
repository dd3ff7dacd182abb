/** `store.memory`: keys and values that live as long as the runtime. */
import { z } from 'zod';
import { count, duration } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { entryShape } from './common.ts';

export function storeMemory(scope: Scope) {
  return z.strictObject({
    ...entryShape(scope, 'store.memory'),
    /** Keys that it holds at most. */
    max_size: count(1).optional(),
    /** Milliseconds between two sweeps of what has expired. */
    cleanup_interval: duration('positive').optional(),
  });
}
