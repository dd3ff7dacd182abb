/** `process.supervisor`: several processes that are restarted by one plan (semantics section 7). */
import { z } from 'zod';
import type { EntryKind } from '../entry.ts';
import { always, count, duration, reference, text } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { foundWords } from '../words.ts';
import { entryShape, HOST_KINDS, PROCESS_KINDS } from './common.ts';
import { lifecycleSchema } from './lifecycle.ts';
import { requireDefaultHost } from './service.ts';

export function processSupervisor(scope: Scope) {
  const fields = z.strictObject({
    ...entryShape(scope, 'process.supervisor'),
    /** In the order of their start. */
    children: z.array(childSchema(scope)).min(1),
    strategy: z.enum(['one_for_one', 'one_for_all', 'rest_for_one']).default('one_for_one'),
    /** More than `max` restarts within `within` milliseconds: the supervisor itself fails. */
    intensity: z.strictObject({ max: count(0).default(3), within: duration('positive').prefault('5s') }).prefault({}),
    lifecycle: lifecycleSchema(scope, false),
  });
  return always(fields, (value, report) => {
    const names: string[] = [];
    (value.children ?? []).forEach((child, i) => {
      if (child?.name === undefined) return;
      if (names.includes(child.name))
        report(['children', i, 'name'], `"${child.name}" is used twice; choose another name`);
      names.push(child.name);
    });
  });
}

/** An id, or an id with settings. Services and supervisors bring their own host; for programs it is filled in. */
function childSchema(scope: Scope) {
  const settings = z.strictObject({
    id: child(scope).optional(),
    process: child(scope).optional(),
    /** A name that always leads to the present PID. */
    name: text().optional(),
    host: reference(scope, HOST_KINDS).optional(),
    /** The arguments of the method. */
    input: z.array(z.unknown()).optional(),
    restart: z.enum(['permanent', 'transient', 'temporary']).default('permanent'),
    /** How long it may take to end when it is asked to; then it is terminated. */
    shutdown: duration().prefault('10s'),
    /** The supervisor ends when this child ends by itself. */
    significant: z.boolean().default(false),
  });
  const full = always(settings, (value, report) => {
    if (!('id' in value || 'process' in value)) {
      report([], 'this child names no process; add "process: ..." with the id of an entry');
    } else if ('id' in value && 'process' in value) {
      report(['id'], 'means the same as process; keep one of the two', { at: 'key' });
    }
    const process = value.process ?? value.id;
    if (process === undefined) return;
    if (isProgram(scope, process)) {
      if (!('host' in value)) requireDefaultHost(scope, process, [], report);
      return;
    }
    for (const key of ['host', 'input'] as const) {
      if (key in value) report([key], `${process} has a host and input of its own; remove this key`, { at: 'key' });
    }
  }).transform(({ id, process: written, host, input, ...rest }) => {
    const process = (written ?? id)!;
    const runsOn = host ?? (isProgram(scope, process) ? scope.defaultHost(process) : undefined);
    return { ...rest, process, host: runsOn, input: input ?? [] };
  });
  const short = z
    .string()
    .transform((process): z.input<typeof full> => ({ process }))
    .pipe(full);
  return z.union([short, full], {
    error: ({ input }) =>
      typeof input === 'string' || (typeof input === 'object' && !Array.isArray(input))
        ? undefined
        : `expected the id of an entry, or keys such as process and restart, found ${foundWords(input)}`,
  });
}

function child(scope: Scope) {
  return reference(scope, [...PROCESS_KINDS, 'process.service', 'process.supervisor']);
}

function isProgram(scope: Scope, id: string): boolean {
  return (PROCESS_KINDS as readonly (EntryKind | undefined)[]).includes(scope.kindOf(id));
}
