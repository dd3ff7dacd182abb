/** `fs.directory`: a folder under a registry id. */
import { z } from 'zod';
import { text } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { entryShape } from './common.ts';

export function fsDirectory(scope: Scope) {
  return z.strictObject({
    ...entryShape(scope, 'fs.directory'),
    /** Relative to the YAML file, or absolute; it may lie outside of the deployment. */
    directory: text(),
    /** Make the folder where it is missing. */
    auto_init: z.boolean().default(false),
    read_only: z.boolean().default(false),
  });
}
