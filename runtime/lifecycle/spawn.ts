/**
 * Spawning (semantics section 2). Name, monitor and link are in force before the child's first step, so no exit can be
 * missed. Whatever fails is answered to the caller, and nothing is left behind.
 */
import { hostFull, hostNotRunning, notText, reservedTopic, tableFull } from '../catalogue.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { Host } from '../hosts/host.ts';
import type { Linked } from '../hosts/linked.ts';
import type { Payload, SpawnRequest } from '../machine.ts';
import { Message, type PidHolder } from '../message.ts';
import { formatPid, numberOf } from '../pid.ts';
import { Inherited } from '../scheduler/inherited.ts';
import { Process } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { faultOfContext, type IdentifiedRequest } from '../security/identity.ts';
import { refuseHolder, refuseSpawn, takenBy } from './guard.ts';
import { linkProcesses, monitorProcess, noteLink, noteWatching, onMonitor } from './links.ts';
import { checkName, claimName, holderOf } from './naming.ts';
import { monitorSignal } from './signal.ts';
import { awaitStart } from './wait.ts';

const NO_ARGS: readonly [] = Object.freeze([]) as readonly [];

export function spawnProcess(scheduler: Scheduler, parent: Process, request: SpawnRequest): string | TroupeError {
  return spawnChild(scheduler, parent, request, -1);
}

/** Why a process could not spawn that: nothing is done. */
export function faultOfSpawn(parent: Process, request: SpawnRequest): TroupeError | undefined {
  const linked = resolve(parent.linked.scheduler, parent, request);
  return linked instanceof TroupeError ? linked : refuseSpawn(parent, linked, request, false);
}

/**
 * Spawn; with `tag >= 0` the child's end answers that command of the parent. `allowed`: nobody is asked whether the parent
 * may.
 */
export function spawnChild(
  scheduler: Scheduler,
  parent: Process,
  request: IdentifiedRequest,
  tag: number,
  allowed = false,
): string | TroupeError {
  const linked = resolve(scheduler, parent, request);
  if (linked instanceof TroupeError) return linked;
  for (const { topic } of request.messages ?? []) {
    if (typeof topic !== 'string') return notText('the topic', topic);
    if (topic.charCodeAt(0) === 0x40) return reservedTopic(topic);
  }
  // Who starts others in order waits for their ends, and for nothing of theirs: policies are asked for a spawn.
  const asks = !allowed && !request.isBuiltIn;
  const refused = asks ? refuseSpawn(parent, linked, request, tag >= 0 && !request.announce) : undefined;
  if (refused !== undefined) return refused;
  const inherited = inheritance(parent, request, linked.host);
  if (inherited instanceof TroupeError) return inherited;
  const { name } = request;
  if (name !== undefined) {
    const bad = checkName(name);
    if (bad !== undefined) return bad;
    const holder = holderOf(scheduler, name);
    if (holder !== undefined) return meetHolder(parent, name, holder, request, tag);
  }
  const host = linked.host;
  const worker = scheduler.outbound === undefined ? scheduler.index : scheduler.outbound.place(host);
  if (worker === scheduler.index) {
    try {
      // Loading is part of the spawn: a program that cannot be loaded here is the caller's to know.
      linked.program;
    } catch (thrown) {
      return toTroupeError(thrown, 'INVALID');
    }
  } else {
    const refusal = scheduler.outbound!.refusal(worker);
    if (refusal !== undefined) return refusal;
  }
  if (!scheduler.counters.enter(host.index, host.maxProcesses)) return hostFull(host.id, host.maxProcesses);
  const { table } = scheduler;
  const slot = table.allocate();
  if (slot < 0) {
    scheduler.counters.leave(host.index);
    return tableFull();
  }
  const generation = table.generationOf(slot);
  const pid = formatPid(linked.pidPrefix, slot, generation);
  const { outbound } = scheduler;
  // Before it has a name, by which others find it at once.
  outbound?.announce(numberOf(slot, generation), worker, host);
  if (name !== undefined) {
    let holder: string | TroupeError | undefined;
    try {
      holder = claimName(scheduler, name, pid);
    } catch (thrown) {
      // The caller's stack has ended here.
      undo(scheduler, host, slot, generation, worker);
      throw thrown;
    }
    if (holder !== undefined) {
      undo(scheduler, host, slot, generation, worker);
      return typeof holder === 'string' ? meetHolder(parent, name, holder, request, tag) : holder;
    }
  }
  if (request.link) noteLink(parent, pid);
  if (request.monitor) noteWatching(parent, pid);
  if (worker !== scheduler.index) {
    const number = numberOf(slot, generation);
    try {
      outbound!.spawn(worker, {
        number,
        entry: linked.entry.id,
        revision: linked.revision,
        host: host.id,
        parent: parent.pid,
        tag,
        request,
        inherited,
      });
    } catch (thrown) {
      // Something of it cannot be written down.
      parent.extras?.links?.delete(pid);
      parent.extras?.watching?.delete(pid);
      if (name !== undefined) scheduler.names.release(name, pid);
      undo(scheduler, host, slot, generation, worker);
      return toTroupeError(thrown, 'INVALID');
    }
    return pid;
  }
  const related = name !== undefined || request.monitor || request.link || request.announce || tag >= 0;
  const sender = related ? parent.pid : undefined;
  const child = arrive(scheduler, linked, slot, generation, sender, request, tag, inherited, parent);
  // Who spawns most often sends to its child next; whoever must be asked for that is asked.
  if (parent.authority === undefined) {
    parent.lastDest = pid;
    parent.lastTarget = child;
  }
  return pid;
}

/** Nobody has learned of it: there is no such process after all. */
function undo(scheduler: Scheduler, host: Host, slot: number, generation: number, worker: number): void {
  scheduler.outbound?.retract(numberOf(slot, generation), worker);
  scheduler.table.release(slot, generation);
  scheduler.counters.leave(host.index);
}

/**
 * Put a child in the table of the scheduler it was placed on, with everything that must be in force before its first
 * step. `parent` is given where a relation, or a queued message, needs it.
 */
export function arrive(
  scheduler: Scheduler,
  linked: Linked,
  slot: number,
  generation: number,
  parent: string | undefined,
  request: SpawnRequest,
  tag: number,
  inherited: Inherited,
  sender: PidHolder | string,
): Process {
  const process = new Process(linked, slot, generation, request.args ?? NO_ARGS, inherited);
  if (request.method !== undefined) process.rare.method = request.method;
  if (request.name !== undefined) process.rare.names = new Set([request.name]);
  if (parent !== undefined) {
    if (request.monitor) onMonitor(process, parent, -1);
    if (tag >= 0) onMonitor(process, parent, tag);
    if (request.link) noteLink(process, parent);
    if (request.announce) awaitStart(process, parent);
  }
  if (request.messages !== undefined) {
    for (const { topic, payloads } of request.messages) process.append(messageOf(topic, payloads, sender));
  }
  scheduler.admit(process);
  return process;
}

/** One payload is itself, several are a list (semantics section 4). */
function messageOf(topic: string, payloads: readonly Payload[], sender: PidHolder | string): Message {
  return new Message(topic, sender, payloads.length === 1 ? payloads[0] : payloads, payloads.length);
}

function resolve(scheduler: Scheduler, parent: Process, request: IdentifiedRequest): Linked | TroupeError {
  const spawner = parent.linked;
  const last = spawner.lastSpawned;
  const remembered = last !== undefined && spawner.lastId === request.id && spawner.lastHost === request.host;
  if (remembered && last.host.running && request.revision === undefined) return last;
  const linked = lookUp(scheduler, parent, request);
  if (linked instanceof TroupeError) return linked;
  if (request.revision !== undefined) return scheduler.deployed.atRevision(linked, request.revision);
  // What the runtime brings along is never remembered for what programs name.
  if (request.isBuiltIn) return linked;
  spawner.lastId = request.id;
  spawner.lastHost = request.host;
  spawner.lastSpawned = linked;
  return linked;
}

function lookUp(scheduler: Scheduler, parent: Process, request: IdentifiedRequest): Linked | TroupeError {
  const { deployed } = scheduler;
  const { namespace } = parent.linked.entry;
  if (request.isBuiltIn) return deployed.linkAny(request.id, deployed.hosts.get(request.host!)!);
  if (typeof request.id !== 'string') return notText('the entry to spawn', request.id);
  if (request.host !== undefined && typeof request.host !== 'string') return notText('the host', request.host);
  const entry = deployed.entry(deployed.qualify(request.id, namespace));
  if (entry instanceof TroupeError) return entry;
  const host = deployed.hostFor(entry, request.host, namespace);
  if (host instanceof TroupeError) return host;
  if (!host.running) return hostNotRunning(host.id);
  return deployed.link(entry.id, host, namespace);
}

/** What the parent has, under what the request sets. Actor and scope have a way of their own: no context can forge them. */
function inheritance(parent: Process, request: IdentifiedRequest, host: Host): Inherited | TroupeError {
  const { context, identity } = request;
  if (context === undefined && identity === undefined) return host.inheritedThere(parent.inherited);
  const fault = context === undefined ? undefined : faultOfContext(context);
  if (fault !== undefined) return fault;
  return host.inheritedThere(new Inherited({ ...parent.inherited.context, ...context, ...identity }));
}

/** The name that the child should have is held. */
function meetHolder(
  parent: Process,
  name: string,
  holder: string,
  request: SpawnRequest,
  tag: number,
): string | TroupeError {
  return request.exclusive ? takenBy(parent, name, holder) : signalHolder(parent, name, holder, request, tag);
}

/**
 * Spawn-or-signal: the name is held, so the queued messages go to its holder. The caller's relation, or the command
 * that waits for the end, is with the holder then.
 */
function signalHolder(
  parent: Process,
  name: string,
  holder: string,
  request: SpawnRequest,
  tag: number,
): string | TroupeError {
  const refused = refuseHolder(parent, name, holder, request, tag >= 0);
  if (refused !== undefined) return refused;
  const { scheduler } = parent.linked;
  for (const { topic, payloads } of request.messages ?? []) {
    const payload = payloads.length === 1 ? payloads[0] : payloads;
    scheduler.sends++;
    const error = scheduler.sendFar(parent, holder, topic, payload, payloads.length, 0);
    if (error !== undefined) return error;
  }
  if (tag >= 0) {
    const error = scheduler.signalTo(holder, monitorSignal(parent.pid, tag));
    if (error !== undefined) return error;
  }
  if (request.monitor && !parent.extras?.watching?.has(holder)) {
    const error = monitorProcess(parent, holder);
    if (error !== undefined) return error;
  }
  return (request.link ? linkProcesses(parent, holder) : undefined) ?? holder;
}
