/** Every error that supervisors give, in one place. */
import { formatDuration } from '../duration.ts';
import { type ErrorDetails, TroupeError } from '../errors.ts';
import type { Child } from './children.ts';
import type { SupervisorSpecification } from './specification.ts';

/** How messages name a child: its key, and what runs where the key does not say it. */
export function shownChild({ key, specification: { process } }: Child): string {
  return key === process ? `"${key}"` : `"${key}" (${process})`;
}

/** A supervisor that fails because of a child: `cause` says with what the child failed. */
function because(child: Child, cause: TroupeError | undefined, details: ErrorDetails): ErrorDetails {
  const known = { child: child.key, process: child.specification.process, ...details };
  return cause === undefined ? known : { ...known, cause: cause.message, cause_kind: cause.kind, ...placeOf(cause) };
}

function placeOf(error: TroupeError): ErrorDetails {
  return error.place === undefined ? {} : { place: error.place };
}

/** `culprits`: how often each child was to be restarted within the time. */
export function gaveUp(
  supervisor: string,
  { intensity: { max, within } }: SupervisorSpecification,
  culprits: readonly (readonly [key: string, count: number])[],
  child: Child,
): TroupeError {
  const shown = culprits.slice(0, 5).map(([key, count]) => `"${key}" ${count === 1 ? 'once' : `${count} times`}`);
  const others = culprits.length - shown.length;
  if (others > 0) shown.push(`${others} others`);
  const last = child.error === undefined ? 'ended without an error' : `failed: ${child.error.message}`;
  const restarts = Object.fromEntries(culprits.slice(0, 100));
  return new TroupeError(
    `supervisor ${supervisor} gave up: more than ${max} restarts within ${formatDuration(within)} ("intensity"): ` +
      `${shown.join(', ')}; the last was ${shownChild(child)}, which ${last}`,
    { kind: 'UNAVAILABLE', details: because(child, child.error, { restarts, max, within }) },
  );
}

/** The kind of the cause is kept: it says whether another try may help. */
export function childNotStarted(supervisor: string, child: Child, cause: TroupeError): TroupeError {
  return new TroupeError(
    `supervisor ${supervisor} cannot start: child ${shownChild(child)} failed before it waited for anything: ${cause.message}`,
    { kind: cause.kind, retryable: cause.retryable, details: because(child, cause, {}) },
  );
}

/** Of a kind of its own, not to be taken for a mistake in the call. */
export function childNotRenewed(child: Child, cause: TroupeError): TroupeError {
  return new TroupeError(`child ${shownChild(child)} failed before it waited for anything: ${cause.message}`, {
    kind: 'UNAVAILABLE',
    retryable: cause.retryable,
    details: because(child, cause, {}),
  });
}

export function startTimeout(child: Child, milliseconds: number): TroupeError {
  return new TroupeError(
    `child ${shownChild(child)} did not come to wait for anything within ${formatDuration(milliseconds)} ("start_timeout") and was terminated`,
    { kind: 'TIMEOUT', retryable: true, details: { child: child.key, start_timeout: milliseconds } },
  );
}

export function childKeyTaken(key: string): TroupeError {
  return new TroupeError(`there is a child "${key}" already: choose another name, or delete that one first`, {
    kind: 'ALREADY_EXISTS',
    retryable: false,
    details: { child: key },
  });
}

export function childNotFound(supervisor: string, child: string): TroupeError {
  return new TroupeError(
    `supervisor ${supervisor} has no child "${child}": a child is called by its key or its PID, see "children"`,
    { kind: 'NOT_FOUND', retryable: false, details: { child } },
  );
}

export function childRuns(child: Child): TroupeError {
  const what = child.state === 'restarting' ? 'is being restarted' : 'runs';
  return new TroupeError(`child ${shownChild(child)} ${what}: terminate it first`, {
    kind: 'CONFLICT',
    retryable: false,
    details: { child: child.key, state: child.state },
  });
}

export function notForTemplates(supervisor: string, verb: string): TroupeError {
  return new TroupeError(
    `${verb}: a child of ${supervisor} is forgotten when it ends, because its strategy is simple_one_for_one; start another one`,
    { kind: 'INVALID', retryable: false },
  );
}

/** `wanted`: whether the supervisor has a template. */
export function notATemplate(supervisor: string, wanted: boolean): TroupeError {
  return new TroupeError(
    wanted
      ? `start_child: the children of ${supervisor} are made from its template (simple_one_for_one): give a list of further arguments`
      : `start_child: ${supervisor} has no template: give the id of an entry, or an object such as {process: "app:worker"}`,
    { kind: 'INVALID', retryable: false },
  );
}

/** It ended before it answered. */
export function supervisorEnded(pid: string, cause: TroupeError | undefined): TroupeError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new TroupeError(`supervisor ${pid} has ended and did not answer${why}`, {
    kind: 'UNAVAILABLE',
    retryable: false,
    details: { pid },
  });
}

export function callGivenUp(verb: string): TroupeError {
  return new TroupeError(`supervisor.${verb}: the call was given up`, {
    kind: 'CANCELED',
    retryable: true,
  });
}
