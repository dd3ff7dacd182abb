/** `process.supervisor`: several processes that are restarted by one plan (semantics section 7). */
import { z } from 'zod';
import type { EntryKind } from '../entry.ts';
import {
  AUTO_SHUTDOWNS,
  boundsOf,
  INFINITY,
  RESTARTS,
  STRATEGIES,
  SUPERVISION_DEFAULTS,
} from '../../supervision/specification.ts';
import { FALLBACKS } from '../../supervision/fallback.ts';
import { always, count, duration, reference, type Report, text, withoutUnit } from '../schema.ts';
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
    strategy: z.enum(STRATEGIES).default(SUPERVISION_DEFAULTS.strategy),
    /** More than `max` restarts within `within` milliseconds: the supervisor itself fails. */
    intensity: z
      .strictObject({
        max: count(0).default(SUPERVISION_DEFAULTS.max),
        within: duration('positive').prefault(SUPERVISION_DEFAULTS.within),
      })
      .prefault({}),
    /** Whether the supervisor ends when significant children do. */
    auto_shutdown: z.enum(AUTO_SHUTDOWNS).optional(),
    lifecycle: lifecycleSchema(scope),
  });
  return always(fields, (value, report) => {
    const children = value.children ?? [];
    checkNames(children, report);
    if (value.strategy === 'simple_one_for_one') checkTemplate(children, report);
    if (value.auto_shutdown !== 'never') return;
    children.forEach((child, i) => {
      if (!child?.significant) return;
      const message = 'has no effect where auto_shutdown is never; remove one of the two';
      report(['children', i, 'significant'], message, { at: 'key' });
    });
  }).transform(({ auto_shutdown, ...rest }) => {
    const usual = rest.children.some(child => child.significant) ? 'any_significant' : 'never';
    return { ...rest, auto_shutdown: auto_shutdown ?? usual };
  });
}

type Children = readonly ({ readonly name?: string } | undefined)[];

function checkNames(children: Children, report: Report): void {
  const names = new Set<string>();
  children.forEach((child, i) => {
    if (child?.name === undefined) return;
    if (names.has(child.name)) report(['children', i, 'name'], `"${child.name}" is used twice; choose another name`);
    names.add(child.name);
  });
}

/** All children are made like the one that is written. */
function checkTemplate(children: Children, report: Report): void {
  if (children.length > 1) {
    const message = 'simple_one_for_one has one child, the template of all that are started later; remove the others';
    report(['children', 1], message);
  }
  if (children[0]?.name !== undefined) {
    report(['children', 0, 'name'], 'only one process can have it, and this is a template of many; remove it');
  }
}

/** Milliseconds; Infinity: no bound. */
function bound(least: 'zero' | 'positive') {
  const none = z.literal(INFINITY).transform(() => Number.POSITIVE_INFINITY);
  return z.union([duration(least, `, or ${INFINITY}`), none], { error: withoutUnit });
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
    restart: z.enum(RESTARTS).default(SUPERVISION_DEFAULTS.restart),
    /** How long it may take to end when it is asked to; then it is terminated. */
    shutdown: bound('zero').optional(),
    /** How long it may take until it waits for the first time; then its start has failed. */
    start_timeout: bound('positive').optional(),
    /** The supervisor ends when this child ends by itself. */
    significant: z.boolean().default(SUPERVISION_DEFAULTS.significant),
    /** Whether the code before is started instead where new code fails at once. */
    fallback: z.enum(FALLBACKS).default(SUPERVISION_DEFAULTS.fallback),
  });
  const full = always(settings, (value, report) => {
    if (!('id' in value || 'process' in value)) {
      report([], 'this child names no process; add "process: ..." with the id of an entry');
    } else if ('id' in value && 'process' in value) {
      report(['id'], 'means the same as process; keep one of the two', { at: 'key' });
    }
    if (value.significant && value.restart === 'permanent') {
      const message =
        'a permanent child is always restarted, so its end never counts; write "restart: transient" or temporary';
      report(['significant'], message, { at: 'key' });
    }
    const process = value.process ?? value.id;
    if (process === undefined) return;
    if (scope.isStartedByItself(process)) {
      const message = `${process} is started with the deployment (lifecycle.auto_start), so a supervisor cannot start it; remove that, or this child`;
      report([], message, { kind: 'CONFLICT' });
    }
    if (isProgram(scope, process)) {
      if (!('host' in value)) requireDefaultHost(scope, process, [], report);
      return;
    }
    for (const key of ['host', 'input'] as const) {
      if (key in value) report([key], `${process} has a host and input of its own; remove this key`, { at: 'key' });
    }
  }).transform(({ id, process: written, host, input, shutdown, start_timeout, ...rest }) => {
    const process = (written ?? id)!;
    const runsOn = host ?? (isProgram(scope, process) ? scope.defaultHost(process) : undefined);
    const isSupervisor = scope.kindOf(process) === 'process.supervisor';
    return {
      ...rest,
      process,
      kind: isSupervisor ? ('supervisor' as const) : ('worker' as const),
      host: runsOn,
      input: input ?? [],
      ...boundsOf(isSupervisor, shutdown, start_timeout),
    };
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
