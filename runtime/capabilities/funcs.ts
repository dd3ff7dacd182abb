/**
 * `funcs`: calling function entries (semantics section 5). It has no operations of its own: a call is an `exec`, which
 * every machine binds in its own way; the grant says whether it may.
 */
import { z } from 'zod';
import type { CapabilityDefinition } from './capability.ts';

export const funcsCapability: CapabilityDefinition<Record<string, never>> = {
  name: 'funcs',
  summary: 'Calls of function entries of any language',
  settings: z.strictObject({}),
  grantedByDefault: true,
  operations: {},
};
