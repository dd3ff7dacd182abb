/**
 * Where the calls of a process meet what its host and its policies allow: every action of semantics section 8, for every
 * language, before anything is done. A process that nothing restricts has no authority and is not asked.
 *
 * A PID says its host, so who may not send to a host learns nothing about what lives there. A name says nothing: one whose
 * holder is out of reach is not found.
 */
import { nameNotFound, nameTaken, notAllowed, notText } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import { isOfRuntime } from '../hosts/host.ts';
import type { Linked } from '../hosts/linked.ts';
import type { SpawnRequest } from '../machine.ts';
import { hostOfPid, looksLikePid } from '../pid.ts';
import type { Process } from '../scheduler/process.ts';
import { type Authority, Launch, type Meta, type Verdict } from '../security/authority.ts';
import { actorIn, type IdentifiedRequest, scopeIn } from '../security/identity.ts';
import { holderOf } from './naming.ts';

const NO_META: Meta = Object.freeze({});

/** PERMISSION_DENIED, or undefined: it may. `host`: where what it acts on is, if that matters. */
function refuse(
  process: Process,
  authority: Authority,
  action: string,
  resource: string,
  host: string | undefined,
  meta: Meta,
): TroupeError | undefined {
  return told(process, action, resource, meta, authority.judge(action, resource, host, meta));
}

/** Recorded where that is wanted, and as the program is told. */
function told(
  process: Process,
  action: string,
  resource: string,
  meta: Meta,
  verdict: Verdict,
): TroupeError | undefined {
  const { scheduler, host } = process.linked;
  const { audit } = scheduler;
  if (audit !== undefined && (!verdict.allowed || audit.grants)) {
    audit.note(process, process.authority ?? host.authorityOf(process.context), action, resource, meta, verdict);
  }
  return verdict.allowed ? undefined : notAllowed(action, resource, host.id, verdict);
}

/**
 * PERMISSION_DENIED for what the runtime alone may do to its own processes, whatever policies say: without the one that
 * the embedding program acts as nothing would come in any more.
 */
export function refuseRuntimes(process: Process, action: string, pid: string): TroupeError | undefined {
  if (!isOfRuntime(pid)) return undefined;
  const why = `${pid} belongs to the runtime`;
  const verdict: Verdict = { allowed: false, effect: 'deny', policy: undefined, rule: 'system', why };
  return told(process, action, pid, { host: hostOfPid(pid), sender_host: process.linked.host.id }, verdict);
}

/** `process.send`: whom to send to, or why not. What was allowed to a PID stays allowed. */
export function judgeSend(process: Process, authority: Authority, dest: string): string | TroupeError {
  if (authority.receivers.has(dest)) return dest;
  const judged = judgeDest(process, 'process.send', dest);
  if (judged === dest && process.linked.scheduler.audit?.grants !== true) authority.noteReceiver(dest);
  return judged;
}

/**
 * The PID that is acted on where a program names somebody by PID or name, or why it may not. A name is looked up once: on
 * another thread it can go to somebody else at any time, and what was judged must be what is done.
 */
export function judgeDest(process: Process, action: string, dest: string): string | TroupeError {
  const { authority } = process;
  if (typeof dest !== 'string') return notText('the destination', dest);
  if (authority === undefined) return dest;
  const isPid = looksLikePid(dest);
  const pid = isPid ? dest : holderOf(process.linked.scheduler, dest);
  const host = pid === undefined ? undefined : hostOfPid(pid);
  const refused = refuse(process, authority, action, dest, host, metaOf(authority, host));
  if (refused === undefined) return pid ?? nameNotFound(dest);
  return !isPid && isUnreachable(authority, host) ? nameNotFound(dest) : refused;
}

/** What conditions see of an action on a process, or on a host. */
function metaOf(authority: Authority, host: string | undefined): Meta {
  return { host: host ?? null, sender_host: authority.border.id };
}

function isUnreachable(authority: Authority, host: string | undefined): boolean {
  return host !== undefined && authority.border.unreachable.has(host);
}

/** A name that was looked up and found: NOT_FOUND where its holder is none that the process may send to. */
export function hidden(process: Process, name: string, found: string | TroupeError): TroupeError | undefined {
  const { authority } = process;
  if (authority === undefined || typeof found !== 'string') return undefined;
  const host = hostOfPid(found);
  const meta = metaOf(authority, host);
  const withheld = authority.withheld('lookup');
  if (withheld !== undefined) return told(process, 'process.registry.lookup', name, meta, withheld);
  return refuse(process, authority, 'process.send', name, host, meta) === undefined ? undefined : nameNotFound(name);
}

/** ALREADY_EXISTS; who holds the name is told to those who could look that up. Not a question of theirs: nothing is recorded. */
export function takenBy(process: Process, name: string, holder: string): TroupeError {
  return nameTaken(name, mayKnow(process, name, holder) ? holder : undefined);
}

function mayKnow(process: Process, name: string, holder: string): boolean {
  const { authority } = process;
  if (authority === undefined || holder === process.pid) return true;
  if (authority.withheld('lookup') !== undefined) return false;
  const host = hostOfPid(holder);
  return authority.judge('process.send', name, host, metaOf(authority, host)).allowed;
}

function refuseRegister(process: Process, authority: Authority, name: string): TroupeError | undefined {
  return refuse(process, authority, 'process.registry.register', name, undefined, NO_META);
}

/** The PID that a name is given to, or why it may not. */
export function judgeRegister(process: Process, name: string, pid: string = process.pid): string | TroupeError {
  const { authority } = process;
  if (authority === undefined || typeof name !== 'string') return pid;
  const refused = refuseRegister(process, authority, name);
  if (refused !== undefined) return refused;
  return pid === process.pid ? pid : judgeDest(process, 'process.registry.foreign', pid);
}

/** The PID that a name is taken from, or why it may not; undefined: nobody holds it, as far as the process may know. */
export function judgeUnregister(
  process: Process,
  authority: Authority,
  name: string,
): string | TroupeError | undefined {
  if (typeof name !== 'string') return undefined;
  const refused = refuse(process, authority, 'process.registry.unregister', name, undefined, NO_META);
  if (refused !== undefined) return refused;
  const holder = holderOf(process.linked.scheduler, name);
  if (holder === undefined || holder === process.pid) return holder;
  const host = hostOfPid(holder);
  const foreign = refuse(process, authority, 'process.registry.foreign', name, host, metaOf(authority, host));
  if (foreign === undefined) return holder;
  return isUnreachable(authority, host) ? undefined : foreign;
}

/** A spawn or an `exec` (`waits`), with everything that it asks for besides. */
export function refuseSpawn(
  process: Process,
  linked: Linked,
  request: IdentifiedRequest,
  waits: boolean,
): TroupeError | undefined {
  const { authority } = process;
  if (authority === undefined) return undefined;
  const { entry, host } = linked;
  const { context, identity, name, monitor, link } = request;
  const form = waits ? (request.call === true ? Launch.CALL : Launch.EXEC) : Launch.SPAWN;
  const plain = !monitor && !link && name === undefined && context === undefined && identity === undefined;
  if (plain && authority.mayLaunch(linked, form)) return undefined;
  const meta = metaOf(authority, host.id);
  const ask = (action: string, resource: string): TroupeError | undefined =>
    refuse(process, authority, action, resource, host.id, meta);
  // A call of what is no function is an exec.
  const isCall = request.call === true && entry.kind.startsWith('function.');
  let refused = ask(isCall ? 'funcs.call' : waits ? 'process.exec' : 'process.spawn', entry.id);
  if (refused === undefined && monitor) refused = ask('process.spawn.monitored', entry.id);
  if (refused === undefined && link) refused = ask('process.spawn.linked', entry.id);
  refused ??= ask('process.host', host.id);
  if (refused === undefined && name !== undefined) refused = refuseRegister(process, authority, name);
  if (refused === undefined && context !== undefined && Object.keys(context).length > 0) {
    refused = ask('process.context', entry.id);
  }
  if (refused === undefined && plain && process.linked.scheduler.audit?.grants !== true) {
    authority.noteLaunch(linked, form);
  }
  if (refused !== undefined || identity === undefined) return refused;
  return refuseIdentity(identity, ask);
}

/**
 * What a spawn under a name that is held does to the holder instead: all of it is asked before any of it is done. The
 * holder's PID is the answer, so it must be one that may be sent to; and who waits for a process takes it along at its own
 * end.
 */
export function refuseHolder(
  process: Process,
  name: string,
  holder: string,
  { monitor, link }: SpawnRequest,
  waits: boolean,
): TroupeError | undefined {
  const { authority } = process;
  if (authority === undefined) return undefined;
  const host = hostOfPid(holder);
  const meta = metaOf(authority, host);
  const ask = (action: string): TroupeError | undefined => refuse(process, authority, action, name, host, meta);
  let refused = ask('process.send');
  if (refused !== undefined && isUnreachable(authority, host)) return nameTaken(name, undefined);
  if (monitor || waits) refused ??= ask('process.monitor');
  if (link) refused ??= ask('process.link');
  if (waits) refused ??= ask('process.cancel') ?? ask('process.terminate');
  return refused;
}

/** Acting for somebody, and each policy to act under, must be allowed by itself. */
function refuseIdentity(
  identity: NonNullable<IdentifiedRequest['identity']>,
  ask: (action: string, resource: string) => TroupeError | undefined,
): TroupeError | undefined {
  const actor = actorIn(identity);
  let refused = actor === undefined ? undefined : ask('process.security', actor.id);
  const scope = scopeIn(identity);
  if (scope?.length === 0) refused ??= ask('process.security', 'none');
  for (const policy of scope ?? []) refused ??= ask('process.security', policy);
  return refused;
}

export function refuseUpgrade(process: Process, id: string): TroupeError | undefined {
  const { authority } = process;
  return authority === undefined ? undefined : refuse(process, authority, 'process.upgrade', id, undefined, NO_META);
}

/** What an operation of a capability asks, before it begins or while it runs; `quiet`: without a record. */
export function refuseOperation(
  process: Process,
  action: string,
  resource: string,
  meta: Meta = NO_META,
  quiet: boolean,
): TroupeError | undefined {
  const { authority } = process;
  if (authority === undefined) return undefined;
  if (!quiet) return refuse(process, authority, action, resource, undefined, meta);
  const verdict = authority.judge(action, resource, undefined, meta);
  return verdict.allowed ? undefined : notAllowed(action, resource, process.linked.host.id, verdict);
}

/** What the process would be told, without doing anything and without a record: see `troupe inspect --why`. */
export function wouldBe(process: Process, action: string, resource: string, meta: Meta = NO_META): Verdict {
  const authority = process.authority ?? process.linked.host.authorityOf(process.context);
  if (!action.startsWith('process.') && action !== 'funcs.call') {
    return authority.judgeAnew(action, resource, undefined, meta);
  }
  const host = placeOf(process, action, resource, meta);
  const around = host !== undefined || ON_PROCESSES.has(action) ? metaOf(authority, host) : NO_META;
  return authority.judgeAnew(action, resource, host, { ...around, ...meta });
}

/** Actions whose resource is a process, by PID or name. */
const ON_PROCESSES = new Set([
  'process.send',
  'process.cancel',
  'process.terminate',
  'process.monitor',
  'process.unmonitor',
  'process.link',
  'process.unlink',
  'process.registry.foreign',
]);

/** The host that is acted on, if that is known: said by who asks, or part of the resource. */
function placeOf(process: Process, action: string, resource: string, { host }: Meta): string | undefined {
  if (typeof host === 'string') return host;
  if (action === 'process.host') return resource;
  if (!ON_PROCESSES.has(action)) return undefined;
  const pid = looksLikePid(resource) ? resource : holderOf(process.linked.scheduler, resource);
  return pid === undefined ? undefined : hostOfPid(pid);
}
