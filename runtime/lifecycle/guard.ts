/**
 * Where the calls of a process meet what its host and its policies allow: every action of semantics section 8, for every
 * language, before anything is done. A process that nothing restricts has no authority and is not asked.
 *
 * A PID says its host, so who may not send to a host learns nothing about what lives there. A name says nothing: one whose
 * holder is out of reach is not found.
 */
import { nameNotFound, nameTaken, notAllowed } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
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
  const { audit } = process.linked.scheduler;
  if (audit !== undefined && (!verdict.allowed || audit.grants)) audit.note(process, action, resource, meta, verdict);
  return verdict.allowed ? undefined : notAllowed(action, resource, process.linked.host.id, verdict);
}

/** `process.send`. What was allowed to a PID stays allowed. */
export function refuseSend(process: Process, authority: Authority, dest: string): TroupeError | undefined {
  if (authority.receivers.has(dest)) return undefined;
  const refused = refuseDest(process, 'process.send', dest);
  if (refused === undefined && looksLikePid(dest) && process.linked.scheduler.audit?.grants !== true) {
    authority.noteReceiver(dest);
  }
  return refused;
}

/** What is done to a process that is named by PID or name. */
export function refuseDest(process: Process, action: string, dest: string): TroupeError | undefined {
  const { authority } = process;
  if (authority === undefined || typeof dest !== 'string') return undefined;
  const holder = looksLikePid(dest) ? dest : holderOf(process.linked.scheduler, dest);
  const host = holder === undefined ? undefined : hostOfPid(holder);
  const meta = { host: host ?? null, sender_host: authority.border.id };
  const refused = refuse(process, authority, action, dest, host, meta);
  if (refused === undefined || holder === dest || host === undefined) return refused;
  return authority.border.unreachable.has(host) ? nameNotFound(dest) : refused;
}

/** A name that was looked up and found: NOT_FOUND where its holder is none that the process may send to. */
export function hidden(process: Process, name: string, found: string | TroupeError): TroupeError | undefined {
  const { authority } = process;
  if (authority === undefined || typeof found !== 'string') return undefined;
  const host = hostOfPid(found);
  const meta = { host, sender_host: authority.border.id };
  const withheld = authority.withheld('lookup');
  if (withheld !== undefined) return told(process, 'process.registry.lookup', name, meta, withheld);
  return refuse(process, authority, 'process.send', name, host, meta) === undefined ? undefined : nameNotFound(name);
}

/** ALREADY_EXISTS; who holds the name is told to those who may know. */
export function takenBy(process: Process, name: string, holder: string): TroupeError {
  return nameTaken(name, hidden(process, name, holder) === undefined ? holder : undefined);
}

/** Spawn-or-signal, where the name is held: the holder is found by it, and related to the caller, as by other calls. */
export function refuseHolder(
  process: Process,
  name: string,
  holder: string,
  { monitor, link }: SpawnRequest,
  waits: boolean,
): TroupeError | undefined {
  if (process.authority === undefined) return undefined;
  if (hidden(process, name, holder) !== undefined) return nameTaken(name, undefined);
  let refused = monitor || waits ? refuseDest(process, 'process.monitor', holder) : undefined;
  if (link) refused ??= refuseDest(process, 'process.link', holder);
  return refused;
}

export function refuseRegister(process: Process, name: string, pid: string | undefined): TroupeError | undefined {
  const { authority } = process;
  if (authority === undefined || typeof name !== 'string') return undefined;
  const refused = refuse(process, authority, 'process.registry.register', name, undefined, NO_META);
  if (refused !== undefined || pid === undefined || pid === process.pid) return refused;
  return refuseDest(process, 'process.registry.foreign', pid);
}

export function refuseUnregister(process: Process, name: string): TroupeError | undefined {
  const { authority } = process;
  if (authority === undefined || typeof name !== 'string') return undefined;
  const refused = refuse(process, authority, 'process.registry.unregister', name, undefined, NO_META);
  if (refused !== undefined) return refused;
  const holder = holderOf(process.linked.scheduler, name);
  if (holder === undefined || holder === process.pid) return undefined;
  const foreign = refuseDest(process, 'process.registry.foreign', holder);
  return foreign !== undefined && authority.border.unreachable.has(hostOfPid(holder)) ? nameNotFound(name) : foreign;
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
  const meta = { host: host.id, sender_host: authority.border.id };
  const ask = (action: string, resource: string): TroupeError | undefined =>
    refuse(process, authority, action, resource, host.id, meta);
  let refused = waits
    ? ask(request.call === true ? 'funcs.call' : 'process.exec', entry.id)
    : ask('process.spawn', entry.id);
  if (refused === undefined && monitor) refused = ask('process.spawn.monitored', entry.id);
  if (refused === undefined && link) refused = ask('process.spawn.linked', entry.id);
  refused ??= ask('process.host', host.id);
  if (refused === undefined && name !== undefined) refused = refuseRegister(process, name, undefined);
  if (refused === undefined && context !== undefined && Object.keys(context).length > 0) {
    refused = ask('process.context', entry.id);
  }
  if (refused === undefined && plain && process.linked.scheduler.audit?.grants !== true) {
    authority.noteLaunch(linked, form);
  }
  if (refused !== undefined || identity === undefined) return refused;
  return refuseIdentity(identity, ask);
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
  const { host } = process.linked;
  const authority = process.authority ?? host.authorityOf(process.context);
  const target = meta.host ?? (looksLikePid(resource) ? hostOfPid(resource) : undefined);
  const known = typeof target === 'string' ? target : undefined;
  const asked = known === undefined ? meta : { host: known, sender_host: host.id, ...meta };
  return authority.judge(action, resource, known, asked);
}
