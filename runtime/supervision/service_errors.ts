/** What can go wrong with services besides what their processes do. */
import { formatDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import { didYouMean } from '../registry/suggest.ts';

/** Of a spawn that was refused: whose name it wanted is the operator's to solve, and may be solved by time. */
export function nameHeld(service: string, name: string | undefined, error: TroupeError): TroupeError {
  if (error.kind !== 'ALREADY_EXISTS' || name === undefined) return error;
  const holder = error.details?.pid;
  const who = typeof holder === 'string' ? holder : 'another process';
  return new TroupeError(
    `name "${name}" of service ${service} is held by ${who}: give one of the two another name, or let it go`,
    { kind: 'ALREADY_EXISTS', retryable: true, details: { name, pid: who } },
  );
}

/** `limit`: milliseconds. */
export function startTimeout(limit: number): TroupeError {
  return new TroupeError(
    `its process did not wait for anything within ${formatDuration(limit)} of its start and was terminated: ` +
      'raise "lifecycle.start_timeout", or let it compute less before it first receives',
    { kind: 'TIMEOUT', retryable: true, details: { start_timeout: limit } },
  );
}

/** A text that follows the id of a service. `plight` follows "which". `final`: it will not run by itself. */
export function requiredDown(required: string, plight: string, final: boolean): TroupeError {
  return new TroupeError(`${final ? 'cannot start: it requires' : 'waits for'} ${required}, which ${plight}`, {
    kind: 'UNAVAILABLE',
    retryable: !final,
    details: { requires: required },
  });
}

export function wasStopped(): TroupeError {
  return new TroupeError('was stopped before it ran', { kind: 'CANCELED', retryable: true });
}

export function overtaken(service: string): TroupeError {
  return new TroupeError(`service ${service} was told otherwise meanwhile: another start or stop came after this one`, {
    kind: 'CONFLICT',
    retryable: true,
  });
}

/** A start that was asked for did not lead to a service that runs. */
export function notStarted(service: string, error: TroupeError): TroupeError {
  const { kind, retryable, details } = error;
  return new TroupeError(`service ${service} does not run: ${error.message}`, { kind, retryable, details });
}

export function cannotStart(service: string, error: TroupeError): TroupeError {
  const { kind, retryable, details } = error;
  return new TroupeError(`service ${service} cannot start: ${error.message}`, { kind, retryable, details });
}

/** `services`: those that there are. */
export function noSuchService(id: string, services: readonly string[]): TroupeError {
  return new TroupeError(
    `there is no service ${id}${didYouMean(id, services, services.length === 0 ? '; this deployment has none' : '; "troupe services" lists them')}`,
    { kind: 'NOT_FOUND', retryable: false, details: { id } },
  );
}

export function ranBySupervisor(id: string, supervisor: string): TroupeError {
  return new TroupeError(
    `${id} is a child of supervisor ${supervisor}, which starts and stops it: name the supervisor`,
    {
      kind: 'INVALID',
      retryable: false,
      details: { id, supervisor },
    },
  );
}
