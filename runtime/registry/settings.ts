/** `.troupe.yaml`: settings of the runtime itself (semantics section 9). */
import { z } from 'zod';
import type { Place } from './entry.ts';
import { limitsSchema } from './kinds/limits.ts';
import type { ProblemList } from './problem.ts';
import { count, duration } from './schema.ts';
import { map, type Tree } from './tree.ts';
import { validate } from './validate.ts';

export const SETTINGS_FILE = '.troupe.yaml';

export const settingsSchema = z.strictObject({
  /** Worker threads; 0: everything on the calling thread; undefined: one for each core. */
  workers: count(0).optional(),
  /** Milliseconds that a step of a process may take on a worker thread before it is ended; 0: any time. */
  watchdog: duration().prefault('5s'),
  /** Milliseconds that all services together may take to stop when the runtime does, before the rest ends at once; 0: any time. */
  stop_timeout: duration().prefault('60s'),
  logger: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['text', 'json']).default('text'),
    })
    .prefault({}),
  security: z
    .strictObject({
      /** Whether processes without actor and scope are denied; undefined: in hosts that declare `capabilities`. */
      strict_mode: z.boolean().optional(),
      audit: z
        .strictObject({
          /** Whether what is allowed is recorded as well as what is denied. */
          grants: z.boolean().default(false),
          /** Whether the records go to the log: denials as warnings, grants as information. */
          log: z.boolean().default(true),
        })
        .prefault({}),
    })
    .prefault({}),
  /** Defaults for the `limits` of all hosts. */
  limits: limitsSchema.prefault({}),
  /** `namespace:name:path` -> what is there instead of what the entry says. Applied already when a deployment is loaded. */
  override: z.record(z.string(), z.unknown()).prefault({}),
});

export type RuntimeSettings = z.output<typeof settingsSchema>;

const TOP: Place = { file: SETTINGS_FILE, line: 1, column: 1 };

/** The settings when there is no file, or an empty one. */
export function emptySettings(): Tree {
  return map(TOP, new Map());
}

export function readSettings(tree: Tree, problems: ProblemList): RuntimeSettings | undefined {
  return validate(settingsSchema, tree, 'the settings of the runtime', problems);
}
