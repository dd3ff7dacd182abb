/** `process.service`: a process that is kept running (semantics section 7). */
import { z } from 'zod';
import { always, reference, type Report } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { entryShape, HOST_KINDS, PROCESS_KINDS } from './common.ts';
import { lifecycleSchema } from './lifecycle.ts';

export function processService(scope: Scope) {
  const fields = z.strictObject({
    ...entryShape(scope, 'process.service'),
    process: reference(scope, PROCESS_KINDS),
    host: reference(scope, HOST_KINDS).optional(),
    /** The arguments of the method. */
    input: z.array(z.unknown()).default([]),
    lifecycle: lifecycleSchema(scope),
  });
  return always(fields, (value, report) => {
    if (!('host' in value) && value.process !== undefined) requireDefaultHost(scope, value.process, [], report);
  }).transform(({ host, ...rest }) => ({ ...rest, host: host ?? scope.defaultHost(rest.process)! }));
}

/** Where no host is written there must be one that is meant without words. */
export function requireDefaultHost(scope: Scope, process: string, path: (string | number)[], report: Report): void {
  if (scope.defaultHost(process) !== undefined) return;
  const message = `no host is named for ${process}, and there is not exactly one process.host; add "host: ..."`;
  report(path, message, { kind: 'INVALID', whole: true });
}
