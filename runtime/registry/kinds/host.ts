/** `process.host` and `terminal.host` (semantics section 8). */
import { z } from 'zod';
import { ALWAYS_GRANTED } from '../../capabilities/link.ts';
import { plainWords } from '../plain_words.ts';
import { always, count, distinct, reference, type Report } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { didYouMean } from '../suggest.ts';
import { entryShape, HOST_KINDS } from './common.ts';
import { hostLifecycleSchema } from './lifecycle.ts';
import { limitsSchema } from './limits.ts';

function hostShape(scope: Scope) {
  return {
    /** Undefined: the defaults of semantics section 8. Present: exactly these, and those that every host grants. */
    capabilities: capabilitiesSchema(scope).optional(),
    limits: limitsSchema.prefault({}),
    /** TypeScript runs as ordinary Node code, with everything that Node can do. */
    trusted: z.boolean().default(false),
    /** Run TypeScript and XState contained: only the watchdog and the worker bound their CPU time and memory. */
    allow_untrusted_ts: z.boolean().default(false),
    /** Hosts whose processes may send here; undefined: all. */
    reachable_from: distinct(reference(scope, HOST_KINDS)).optional(),
    lifecycle: hostLifecycleSchema(scope),
  };
}

export function processHost(scope: Scope) {
  return z.strictObject({
    ...entryShape(scope, 'process.host'),
    host: z
      .strictObject({
        max_processes: count(1).optional(),
        /** At most so many workers run this host's processes at once. */
        workers: count(1).optional(),
        queue_size: count(1).optional(),
        local_queue_size: count(1).optional(),
      })
      .prefault({}),
    ...hostShape(scope),
  });
}

/** One process at a time, with the terminal; its exit code is the process's. */
export function terminalHost(scope: Scope) {
  return z.strictObject({ ...entryShape(scope, 'terminal.host'), ...hostShape(scope) });
}

/** Capability name -> its settings; an empty value counts as `{}`. */
function capabilitiesSchema(scope: Scope) {
  const settings = z
    .looseObject({})
    .nullable()
    .transform(value => value ?? {});
  const record = z.record(z.string(), settings, {
    error: issue =>
      Array.isArray(issue.input)
        ? 'expected names with their settings, found a list; write for example {time: {}, logger: {}}'
        : undefined,
  });
  return always(record, (granted, report, issues) => {
    for (const name of Object.keys(granted)) {
      const fault = faultOfCapability(scope, name);
      if (fault !== undefined) report([name], fault, { at: 'key', kind: 'NOT_FOUND' });
      else checkSettings(scope, granted, name, report, issues);
    }
  });
}

/** Why there is no such capability; undefined: there is, or it is not known which there are. */
export function faultOfCapability(scope: Scope, name: string): string | undefined {
  const known = scope.options.capabilities;
  if (known === undefined || known.includes(name)) return undefined;
  // The first belong to the process model itself; the last are modules of Node, which trusted hosts can grant.
  if (ALWAYS_GRANTED.has(name) || name.startsWith('node:')) return undefined;
  const all = [...known].sort();
  return `there is no such capability${didYouMean(name, all, `; there are: ${all.join(', ')}`)}`;
}

/**
 * The capability's own schema judges its settings, and entries that they name must be there. They stay as written: linking reads them with the same schema, and
 * what a schema makes of its input need not be valid input itself.
 */
function checkSettings(
  scope: Scope,
  granted: { readonly [name: string]: unknown },
  name: string,
  report: Report,
  issues: unknown[],
): void {
  const schemas = scope.options.capabilitySettings;
  const schema = schemas !== undefined && Object.hasOwn(schemas, name) ? schemas[name] : undefined;
  if (schema === undefined || granted[name] === undefined) return;
  const result = schema.safeParse(granted[name], { error: plainWords });
  if (!result.success) {
    for (const issue of result.error.issues) issues.push({ ...issue, path: [name, ...issue.path] });
    return;
  }
  for (const { path, id, kinds } of scope.options.capabilityReferences?.[name]?.(result.data as never) ?? []) {
    const found = scope.find(id, kinds);
    if (typeof found !== 'string') report([name, ...path], found.message, { kind: found.kind });
  }
}
