/** `lifecycle`: when services and hosts start and stop, and what happens when they fail (semantics section 7). */
import { z } from 'zod';
import { always, count, distinct, duration, reference, reporter, text } from '../schema.ts';
import type { Scope } from '../scope.ts';

/**
 * All durations in milliseconds. `autoStart`: services wait until they are started or required, hosts are there from
 * the beginning.
 */
export function lifecycleSchema(scope: Scope, autoStart: boolean) {
  const fields = z.strictObject({
    auto_start: z.boolean().default(autoStart),
    start_timeout: duration('positive').prefault('10s'),
    stop_timeout: duration().prefault('10s'),
    /** A service that has run for so long counts as sound: its count of restarts begins again. */
    stable_threshold: duration().prefault('5s'),
    /** A name that always leads to the present PID. */
    name: text().optional(),
    requires: distinct(reference(scope, [])).optional(),
    depends_on: distinct(reference(scope, [])).optional(),
    security: securitySchema(scope).prefault({}),
    restart: restartSchema().prefault({}),
  });
  return always(fields, (value, report) => {
    if ('requires' in value && 'depends_on' in value) {
      report(['depends_on'], 'means the same as requires; keep one of the two', { at: 'key' });
    }
  })
    .transform(({ depends_on, requires, ...rest }) => ({ ...rest, requires: requires ?? depends_on ?? [] }))
    .prefault({});
}

function restartSchema() {
  const fields = z.strictObject({
    initial_delay: duration().optional(),
    delay: duration().optional(),
    max_delay: duration().prefault('90s'),
    backoff_factor: z.number().min(1).default(2),
    /** The part of a delay that is random: 0.1 means up to 10 % more or less. */
    jitter: z.number().min(0).max(1).default(0.1),
    /** Restarts before the service is given up; 0: never. */
    max_attempts: count(0).default(0),
    on: z.enum(['failure', 'always']).default('failure'),
  });
  return always(fields, (value, report) => {
    if ('initial_delay' in value && 'delay' in value) {
      report(['delay'], 'means the same as initial_delay; keep one of the two', { at: 'key' });
    }
  }).transform(({ delay, initial_delay, ...rest }) => ({ ...rest, initial_delay: initial_delay ?? delay ?? 1000 }));
}

/** As whom a service acts, and under which policies. */
function securitySchema(scope: Scope) {
  const group = text().transform((name, context) => {
    const fault = scope.faultOfGroup(name);
    if (fault !== undefined) reporter(context)([], fault.message, { kind: fault.kind });
    return name;
  });
  return z.strictObject({
    actor: z.strictObject({ id: text(), meta: z.looseObject({}).prefault({}) }).optional(),
    groups: distinct(group).default([]),
    policies: distinct(reference(scope, ['security.policy', 'security.policy.expr'])).default([]),
  });
}
