/** What the log says of processes that end with an error. */
import { isTermination } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import type { LogSink } from '../logger.ts';

/** Who terminates a process says why, where somebody wants to know: a supervisor that stops its children does not. */
export function logCrash(log: LogSink, pid: string, id: string, error: TroupeError): void {
  if (!isTermination(error)) log.log('error', `process ended: ${error.message}`, {}, { id, pid });
}
