/** `env.variable`: a variable of the environment under a registry id. */
import { z } from 'zod';
import type { Scope } from '../scope.ts';
import { entryShape } from './common.ts';

export function envVariable(scope: Scope) {
  return z.strictObject({
    ...entryShape(scope, 'env.variable'),
    /** Its name in the environment. */
    variable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
      error: ({ input }) => `"${input}" cannot be the name of a variable; write letters, digits and _ only`,
    }),
    /** What it is where the environment has none. */
    default: z.string().optional(),
  });
}
