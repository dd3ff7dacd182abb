/** `registry.entry`: data that programs look up by its id. */
import { z } from 'zod';
import type { Scope } from '../scope.ts';
import { entryShape } from './common.ts';

export function registryEntry(scope: Scope) {
  return z.strictObject({ ...entryShape(scope, 'registry.entry'), data: z.unknown().optional() });
}
