/** `lifecycle`: when services and hosts start and stop, and what happens when they fail (semantics section 7). */
import { z } from 'zod';
import { always, count, distinct, duration, reference, reporter, text } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { formatDuration } from '../../duration.ts';
import { FALLBACKS } from '../../supervision/fallback.ts';
import { SOURCE_KINDS } from './common.ts';

/** Of services and supervisors. All durations in milliseconds. */
export function lifecycleSchema(scope: Scope) {
  const fields = z.strictObject({
    auto_start: z.boolean().default(false),
    /** How long it may take until the process waits for the first time. */
    start_timeout: duration('positive').prefault('10s'),
    stop_timeout: duration().prefault('10s'),
    /** A service that has run for so long counts as sound: its count of restarts begins again. */
    stable_threshold: duration().prefault('5s'),
    /** A name that always leads to the present PID. */
    name: text().optional(),
    ...requiredShape(scope),
    security: securitySchema(scope).prefault({}),
    restart: restartSchema().prefault({}),
    /** Whether the code before is started again where new code fails within `stable_threshold`. */
    fallback: z.enum(FALLBACKS).default('none'),
  });
  return withRequires(fields).prefault({});
}

/** Of hosts, which are there from the beginning to the end and cannot fail: what is about a process of its own is refused. */
export function hostLifecycleSchema(scope: Scope) {
  const meaningless = z
    .never({ error: 'a host is no process that starts, stops or fails; say it in the lifecycle of a service' })
    .optional();
  const fields = z.strictObject({
    auto_start: z
      .literal(true, { error: 'a host is there for as long as the deployment runs; remove this, or the host' })
      .default(true),
    ...requiredShape(scope),
    security: securitySchema(scope).prefault({}),
    start_timeout: meaningless,
    stop_timeout: meaningless,
    stable_threshold: meaningless,
    name: meaningless,
    restart: meaningless,
    fallback: meaningless,
  });
  return withRequires(fields).prefault({});
}

function requiredShape(scope: Scope) {
  const required = distinct(requiredId(scope)).optional();
  return { requires: required, depends_on: required };
}

interface Required {
  readonly requires?: readonly string[] | undefined;
  readonly depends_on?: readonly string[] | undefined;
}

/** One list, under the first of its two names. */
function withRequires<T extends z.ZodType<Required>>(fields: T) {
  return always(fields, (value, report) => {
    if ('requires' in value && 'depends_on' in value) {
      report(['depends_on'], 'means the same as requires; keep one of the two', { at: 'key' });
    }
  }).transform(({ depends_on, requires, ...rest }: z.output<T>) => ({
    ...(rest as Omit<z.output<T>, 'requires' | 'depends_on'>),
    requires: requires ?? depends_on ?? [],
  }));
}

/** What only runs where others run it cannot be waited for, and would be taken for the service that runs it. */
function requiredId(scope: Scope) {
  return reference(scope, []).transform((id, context) => {
    const kind = scope.kindOf(id);
    if (kind !== undefined && SOURCE_KINDS.has(kind)) {
      const service = scope.serviceOf(id);
      const hint = service === undefined ? 'require a process.service that runs it' : `did you mean "${service}"?`;
      reporter(context)([], `${id} is a ${kind}, which does not run by itself; ${hint}`);
    }
    const supervisor = scope.supervisorOf(id);
    if (supervisor !== undefined) {
      const message = `${id} is a child of ${supervisor}, which decides when it runs; require the supervisor, or, among its own children, order the list of children`;
      reporter(context)([], message);
    }
    return id;
  });
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
    for (const key of ['initial_delay', 'delay'] as const) {
      const first = value[key];
      if (first === undefined || value.max_delay === undefined || !(first > value.max_delay)) continue;
      report([key], `longer than max_delay, ${formatDuration(value.max_delay)}; raise that, or lower this`);
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
