/** `process` in a host's `capabilities`: always granted, and to be narrowed to some of its operations. */
import { z } from 'zod';
import { PROCESS_OPERATIONS } from '../security/authority.ts';

export const processSettings = z.strictObject({
  /** What its processes may do; left out: everything. */
  operations: z.array(z.enum(PROCESS_OPERATIONS)).optional(),
});
