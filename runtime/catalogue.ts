/**
 * Every error that the kernel gives to programs and users, in one place: text, kind, whether trying again may help.
 * Machines and capabilities have catalogues of their own for what only they can say.
 */
import { formatDuration } from './duration.ts';
import { TroupeError } from './errors.ts';
import { didYouMean } from './registry/suggest.ts';
import type { Verdict } from './security/authority.ts';
import { shortened } from './security/shortened.ts';
import { formatSize } from './size.ts';

export function reservedTopic(topic: string): TroupeError {
  return new TroupeError(`topic "${topic}" is reserved: topics that begin with "@" belong to the runtime`, {
    kind: 'INVALID',
    retryable: false,
  });
}

export function notText(what: string, value: unknown): TroupeError {
  return new TroupeError(`${what} must be a string, not ${value === null ? 'null' : typeof value}`, {
    kind: 'INVALID',
    retryable: false,
  });
}

export function processNotFound(dest: string): TroupeError {
  return new TroupeError(`process ${dest} not found`, { kind: 'NOT_FOUND', retryable: false, details: { dest } });
}

export function nameNotFound(name: string): TroupeError {
  return new TroupeError(`name "${name}" not found: no process is registered under it`, {
    kind: 'NOT_FOUND',
    details: { name },
  });
}

/** `pid`: the holder; undefined where it is not the caller's to know. */
export function nameTaken(name: string, pid: string | undefined): TroupeError {
  return new TroupeError(`name "${name}" is already registered${pid === undefined ? '' : ` by ${pid}`}`, {
    kind: 'ALREADY_EXISTS',
    retryable: false,
    details: pid === undefined ? { name } : { name, pid },
  });
}

export function badName(name: string): TroupeError {
  return new TroupeError(
    `"${name.slice(0, 40)}" cannot be a process name: a name has 1 to 200 bytes and does not begin with "{" or "@"`,
    { kind: 'INVALID', retryable: false },
  );
}

export function tooManyTopics(limit: number): TroupeError {
  return new TroupeError(
    `a process listens on ${limit} topics at most: take messages from the inbox, or unlisten some`,
    {
      kind: 'RATE_LIMITED',
      retryable: false,
      details: { limit },
    },
  );
}

export function tooManyNames(limit: number): TroupeError {
  return new TroupeError(`no room for another name: ${limit} names are registered`, {
    kind: 'RATE_LIMITED',
    retryable: true,
  });
}

export function tooManyNamesOfHost(host: string, limit: number): TroupeError {
  return new TroupeError(`processes of ${host} hold ${limit} names, as many as one host may; release some`, {
    kind: 'RATE_LIMITED',
    retryable: true,
    details: { host, limit },
  });
}

/** `limit` is known to the receiver's own scheduler only. */
export function mailboxFull(pid: string, limit?: number): TroupeError {
  const many = limit === undefined ? '' : ` (${limit} messages wait)`;
  return new TroupeError(`mailbox of ${pid} is full${many}: the message was not taken`, {
    kind: 'RATE_LIMITED',
    retryable: true,
    details: limit === undefined ? { dest: pid } : { dest: pid, limit },
  });
}

export function mailboxHeavy(pid: string, limit: number): TroupeError {
  return new TroupeError(
    `mailbox of ${pid} is full (${formatSize(limit)} wait, "limits.mailbox_bytes" of its host): the message was not taken`,
    { kind: 'RATE_LIMITED', retryable: true, details: { dest: pid, limit } },
  );
}

export function ringFull(worker: number): TroupeError {
  return new TroupeError(`worker ${worker} does not keep up: the way to it is full, the message was not taken`, {
    kind: 'RATE_LIMITED',
    retryable: true,
  });
}

/** `culprit`: PID of the process that was being stepped, where one was. */
export function workerLost(worker: number, cause: string, culprit: string | undefined): TroupeError {
  const during = culprit === undefined ? '' : ` while it ran ${culprit}`;
  return new TroupeError(`worker ${worker} was lost${during}: ${cause}`, {
    kind: 'UNAVAILABLE',
    retryable: true,
    details: culprit === undefined ? { worker } : { worker, culprit },
  });
}

export function workerGone(worker: number): TroupeError {
  return new TroupeError(`worker ${worker} was lost and is being replaced; try again`, {
    kind: 'UNAVAILABLE',
    retryable: true,
  });
}

export function entryNotFound(id: string): TroupeError {
  return new TroupeError(`entry "${id}" not found in this deployment`, {
    kind: 'NOT_FOUND',
    retryable: false,
    details: { id },
  });
}

export function entryNotRunnable(id: string, kind: string): TroupeError {
  return new TroupeError(`entry "${id}" is a ${kind} and cannot be run as a process`, {
    kind: 'INVALID',
    retryable: false,
    details: { id, kind },
  });
}

export function hostNotFound(id: string): TroupeError {
  return new TroupeError(`host "${id}" not found in this deployment`, {
    kind: 'NOT_FOUND',
    retryable: false,
    details: { host: id },
  });
}

export function notAHost(id: string, kind: string): TroupeError {
  return new TroupeError(`"${id}" is a ${kind}, not a host`, { kind: 'INVALID', retryable: false });
}

export function noHostGiven(id: string, hosts: number): TroupeError {
  return new TroupeError(
    `no host given for "${id}" and the deployment has ${hosts} hosts: name one, or set meta.default_host of the entry`,
    { kind: 'INVALID', retryable: false },
  );
}

export function hostNotRunning(id: string): TroupeError {
  return new TroupeError(`host "${id}" is not running`, { kind: 'UNAVAILABLE', retryable: true });
}

export function hostFull(id: string, limit: number): TroupeError {
  const why =
    limit === 1
      ? 'it runs one process at a time (as terminal hosts do; others have host.max_processes)'
      : `${limit} processes run (host.max_processes)`;
  return new TroupeError(`host "${id}" is full: ${why}`, {
    kind: 'RATE_LIMITED',
    retryable: true,
    details: { host: id, limit },
  });
}

export function tableFull(): TroupeError {
  return new TroupeError('the process table is full', { kind: 'UNAVAILABLE', retryable: true });
}

export function monitorExists(pid: string): TroupeError {
  return new TroupeError(`already monitoring ${pid}`, { kind: 'ALREADY_EXISTS', retryable: false });
}

export function notOneself(what: string): TroupeError {
  return new TroupeError(`a process cannot ${what} itself`, { kind: 'INVALID', retryable: false });
}

const TERMINATED = 'process terminated';

export function terminated(): TroupeError {
  return new TroupeError(TERMINATED, { kind: 'CANCELED', retryable: false });
}

/** Of an end: whether somebody else has brought it about by `terminate`. */
export function isTermination({ kind, message }: TroupeError): boolean {
  return kind === 'CANCELED' && message === TERMINATED;
}

export function linkedFailed(pid: string, cause: TroupeError | undefined): TroupeError {
  return new TroupeError(`linked process failed: ${pid}${cause === undefined ? '' : `: ${cause.message}`}`, {
    kind: 'CANCELED',
    details: cause === undefined ? { pid } : { pid, cause: cause.message },
  });
}

export function execTimeout(id: string, milliseconds: number): TroupeError {
  return new TroupeError(`"${id}" did not end within ${milliseconds} ms`, {
    kind: 'TIMEOUT',
    retryable: true,
    details: { id, timeout: milliseconds },
  });
}

export function badTimer(): TroupeError {
  return new TroupeError('a duration must be longer than zero', { kind: 'INVALID', retryable: false });
}

/** `milliseconds`: `limits.cpu_total`. Place and stack: where the program was. */
export function cpuTotalSpent(
  entry: string,
  milliseconds: number,
  standing: { readonly place?: string; readonly stack?: string },
): TroupeError {
  return new TroupeError(
    `has computed longer than "limits.cpu_total" of its host allows (${milliseconds} ms): raise it there, or do less`,
    { kind: 'RATE_LIMITED', retryable: false, details: { entry }, ...standing },
  );
}

const UPGRADE = 'upgrade: ';

export function isFailedUpgrade({ message }: TroupeError): boolean {
  return message.startsWith(UPGRADE);
}

/**
 * With all that `cause` says, its stack included; but that the upgrade would fail again is no reason for who keeps the process
 * running not to start it as what it was.
 */
export function upgradeFailed(cause: TroupeError): TroupeError {
  const { kind, details, stack } = cause;
  return new TroupeError(`${UPGRADE}${cause.message}`, {
    kind,
    retryable: cause.retryable || undefined,
    details,
    stack: stack?.includes('\n') ? stack : undefined,
  });
}

/** `host`: where the process runs that asked. */
export function notAllowed(action: string, resource: string, host: string, verdict: Verdict): TroupeError {
  const { policy, rule, why } = verdict;
  const shown = shortened(resource);
  return new TroupeError(`not allowed: "${action}" of "${shown}": ${shortened(why)}; ${remedyOf(verdict, host)}`, {
    kind: 'PERMISSION_DENIED',
    retryable: false,
    details: { action, resource: shown, host, policy: policy ?? null, rule: rule ?? null },
  });
}

/** What to change so that what was denied is allowed. */
export function remedyOf({ rule, effect }: Verdict, host: string): string {
  switch (rule) {
    case 'strict_mode':
      return 'give it one ("lifecycle.security" of its service or of its host, or whoever spawns it), or set "security.strict_mode: false"';
    case 'reachable_from':
      return 'list its host there';
    case 'capabilities.process.operations':
      return `list it there (${host})`;
    case 'system':
      return 'nobody else may do that to it';
    default:
      return effect === 'deny'
        ? 'change that policy, or act under another scope'
        : 'add a policy that allows it to the scope';
  }
}

export function consentMissing(
  entry: string,
  kind: string,
  host: string,
  consent: string,
  hostAt: string,
): TroupeError {
  return new TroupeError(
    `${hostAt}: "${entry}" is a ${kind}, and host "${host}", which is not trusted, does not say that it runs such programs: ` +
      `add "${consent}: true" to the host for a contained program, whose CPU time and memory only the watchdog and the ` +
      'worker bound, or "trusted: true" for an ordinary Node program, which may do whatever the runtime may do',
    {
      kind: 'PERMISSION_DENIED',
      retryable: false,
      place: hostAt,
      details: { entry, host, consent },
    },
  );
}

export function importNotGranted(
  entry: string,
  host: string,
  capability: string,
  wantedAt: string,
  hostAt: string,
): TroupeError {
  return new TroupeError(
    `${wantedAt}: "${entry}" imports "${capability}", which host "${host}" does not grant: ` +
      `add "${capability}: {}" to its capabilities (${hostAt}) or remove the import`,
    {
      kind: 'PERMISSION_DENIED',
      retryable: false,
      place: wantedAt,
      details: { entry, host, capability, host_place: hostAt },
    },
  );
}

export function unknownCapability(entry: string, capability: string, wantedAt: string, near?: string): TroupeError {
  return new TroupeError(
    `${wantedAt}: "${entry}" imports "${capability}", which is no capability` +
      (near === undefined ? '' : `; did you mean "${near}"?`),
    { kind: 'INVALID', retryable: false, place: wantedAt, details: { entry, capability } },
  );
}

/** `frames`: where it was, as in the stack of an error. */
export function stepAborted(milliseconds: number, limit: number, frames: string): TroupeError {
  const message =
    `a step did not return for ${formatDuration(Math.round(milliseconds))} and was ended (limit: ${formatDuration(limit)}, ` +
    '"watchdog" in .troupe.yaml): let long work wait now and then, or divide it among processes';
  return new TroupeError(message, {
    kind: 'TIMEOUT',
    retryable: false,
    details: { milliseconds: Math.round(milliseconds) },
    stack: `TroupeError: ${message}\n${frames}`,
  });
}

export function notASupervisor(pid: string): TroupeError {
  return new TroupeError(`${pid} is not a supervisor`, { kind: 'INVALID', retryable: false, details: { pid } });
}

export function runtimeStopped(): TroupeError {
  return new TroupeError('the runtime has been stopped', { kind: 'UNAVAILABLE', retryable: false });
}

export function invariantBroken(what: string): TroupeError {
  return new TroupeError(`invariant broken: ${what}; this is a defect of the runtime`, { kind: 'INTERNAL' });
}

// --- changes while a deployment runs ------------------------------------------------------------------------------

export function tooManyHosts(most: number): TroupeError {
  const text = `no more than ${most} hosts can be added while a deployment runs; start it again with what it is now`;
  return new TroupeError(text, { kind: 'RATE_LIMITED', retryable: false });
}

export function threadSilent(thread: number, milliseconds: number): TroupeError {
  const text = `thread ${thread} did not answer within ${milliseconds / 1000} s, so nothing was changed; a step there does not end`;
  return new TroupeError(text, { kind: 'UNAVAILABLE', retryable: true, details: { thread } });
}

export function deploymentReplaced(): TroupeError {
  return new TroupeError(
    'the deployment was changed by somebody else meanwhile; make the change again from what it is now',
    {
      kind: 'CONFLICT',
      retryable: true,
    },
  );
}

export function upgradeUnderWay(): TroupeError {
  const text = 'another upgrade of this deployment is under way; wait until it has ended';
  return new TroupeError(text, { kind: 'CONFLICT', retryable: true });
}

/** `ids`: of the entries that there are. */
export function noSuchTarget(target: string, ids: readonly string[]): TroupeError {
  const hint = didYouMean(target, ids, '; name a service, a supervisor, an entry, or a process by PID or name');
  return new TroupeError(`there is no entry ${target}${hint}`, { kind: 'NOT_FOUND', retryable: false });
}
