/** `troupe:process`: what every program can call. One set of functions a program; `running.guest` is who calls. */
import type { BoundCapability } from '../../../runtime/capabilities/capability.ts';
import { badTimer, reservedTopic } from '../../../runtime/catalogue.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload, SpawnRequest } from '../../../runtime/machine.ts';
import { type IdentifiedRequest, withoutIdentity } from '../../../runtime/security/identity.ts';
import { kindOfCode, OptionBits, Sources } from '../abi/codes.ts';
import { Unwinding } from './ending.ts';
import type { Guest, HostCalls, Running } from './guest.ts';
import { notAnError } from './refusals.ts';
import { identityOf } from './request_identity.ts';
import { spawnRequest } from './spawn_request.ts';
import { guestFrames } from './trap.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** `set_options`: leave the option as it is. */
const UNCHANGED = -1;

/** `security`: as the host grants it to the entry; without it a spawn cannot say for whom the child acts. */
export function processCalls(running: Running, security: BoundCapability | undefined): HostCalls {
  return {
    ...resultCalls(running),
    ...outwardCalls(running, security),
    ...inwardCalls(running),
    ...commandCalls(running, security),
  };
}

/** Own identity, held results, errors and the end. */
function resultCalls(running: Running): HostCalls {
  return {
    pid: (area, capacity) => running.guest.results.giveText(running.guest.out.pid, area, capacity),
    id: (area, capacity) => running.guest.results.giveText(running.guest.out.id, area, capacity),
    args: (area, capacity) => running.guest.give(running.guest.args, area, capacity),
    context: (area, capacity) =>
      running.guest.give(withoutIdentity(running.guest.out.context) as Payload, area, capacity),
    take_result: (area, capacity) => running.guest.results.take(area, capacity),
    last_error: (area, capacity) => running.guest.results.lastError(area, capacity),

    exit(value, valueLength) {
      const guest = running.guest;
      const read = guest.read.payload(value, valueLength, 'the value of exit');
      if (read === undefined) throw new Unwinding({ how: 'fail', error: guest.read.fault });
      throw new Unwinding({ how: 'exit', value: read });
    },
    fail(code, message, messageLength, retryable, details, detailsLength) {
      const guest = running.guest;
      const text = guest.read.text(message, messageLength, 'the message of fail');
      const read = text === undefined ? undefined : guest.read.map(details, detailsLength, 'the details of fail');
      if (text === undefined || read === undefined) throw new Unwinding({ how: 'fail', error: guest.read.fault });
      throw new Unwinding({
        how: 'fail',
        error: new TroupeError(text, {
          kind: kindOfCode(code),
          retryable: retryable < 0 ? undefined : retryable !== 0,
          details: detailsLength === 0 ? undefined : read,
          stack: guestFrames(`fail: ${text}`, new Error().stack, guest.functionName).stack,
        }),
      });
    },
    fail_with(error, errorLength) {
      const guest = running.guest;
      const read = guest.read.payload(error, errorLength, 'the error of fail_with');
      const given = read === undefined ? guest.read.fault : read instanceof TroupeError ? read : notAnError;
      throw new Unwinding({ how: 'fail', error: given });
    },
    upgrade(id, idLength, args, argsLength) {
      const guest = running.guest;
      const target = guest.read.optionalText(id, idLength, 'the id of upgrade');
      if (target === undefined) return guest.refused();
      const list = guest.read.list(args, argsLength, 'the arguments of upgrade');
      throw new Unwinding({ how: 'upgrade', id: target, args: list ?? guest.read.fault });
    },
  };
}

/** What reaches others at once. */
function outwardCalls(running: Running, security: BoundCapability | undefined): HostCalls {
  const spawnWith =
    (monitor: boolean, link: boolean) =>
    (
      id: number,
      idLength: number,
      host: number,
      hostLength: number,
      args: number,
      argsLength: number,
      area: number,
      capacity: number,
    ) => {
      const guest = running.guest;
      const request = guest.read.simpleRequest(id, idLength, host, hostLength, args, argsLength);
      return request === undefined ? guest.refused() : spawn(guest, { ...request, monitor, link }, area, capacity);
    };
  return {
    send(dest, destLength, topic, topicLength, payload, payloadLength) {
      const guest = running.guest;
      const target = guest.read.text(dest, destLength, 'the destination');
      if (target === undefined) return guest.refused();
      const subject = guest.read.text(topic, topicLength, 'the topic');
      if (subject === undefined) return guest.refused();
      const packed = guest.read.packed(payload, payloadLength, 'the payload');
      if (packed === undefined) return guest.refused();
      const error = guest.out.send(target, subject, packed, 1, payloadLength);
      return error === undefined ? 0 : guest.results.refuse(error);
    },
    send_list(dest, destLength, topic, topicLength, payloads, payloadsLength) {
      const guest = running.guest;
      const target = guest.read.text(dest, destLength, 'the destination');
      if (target === undefined) return guest.refused();
      const subject = guest.read.text(topic, topicLength, 'the topic');
      if (subject === undefined) return guest.refused();
      const list = guest.read.list(payloads, payloadsLength, 'the payloads');
      if (list === undefined) return guest.refused();
      const error = guest.out.send(target, subject, list.length === 1 ? list[0] : list, list.length, payloadsLength);
      return error === undefined ? 0 : guest.results.refuse(error);
    },

    spawn: spawnWith(false, false),
    spawn_monitored: spawnWith(true, false),
    spawn_linked: spawnWith(false, true),
    spawn_linked_monitored: spawnWith(true, true),
    spawn_with(request, requestLength, area, capacity) {
      const guest = running.guest;
      const read = fullRequest(guest, security, request, requestLength);
      return read === undefined ? guest.refused() : spawn(guest, read, area, capacity);
    },

    monitor: onText(running, 'the PID', (guest, pid) => guest.code(guest.out.monitor(pid))),
    unmonitor: onText(running, 'the PID', (guest, pid) => guest.code(guest.out.unmonitor(pid))),
    link: onText(running, 'the PID', (guest, pid) => guest.code(guest.out.link(pid))),
    unlink: onText(running, 'the PID', (guest, pid) => guest.code(guest.out.unlink(pid))),
    terminate: onText(running, 'the destination', (guest, dest) => guest.code(guest.out.terminate(dest))),
    unregister: onText(running, 'the name', (guest, name) => {
      const held = guest.out.unregister(name);
      return typeof held === 'boolean' ? Number(held) : guest.results.refuse(held);
    }),
    cancel(dest, destLength, reason, reasonLength) {
      const guest = running.guest;
      const target = guest.read.text(dest, destLength, 'the destination');
      if (target === undefined) return guest.refused();
      const why = guest.read.optionalText(reason, reasonLength, 'the reason');
      return why === undefined ? guest.refused() : guest.code(guest.out.cancel(target, why ?? undefined));
    },
    register(name, nameLength, pid, pidLength) {
      const guest = running.guest;
      const given = guest.read.text(name, nameLength, 'the name');
      if (given === undefined) return guest.refused();
      const holder = guest.read.optionalText(pid, pidLength, 'the PID');
      return holder === undefined ? guest.refused() : guest.code(guest.out.register(given, holder ?? undefined));
    },
    lookup(name, nameLength, area, capacity) {
      const guest = running.guest;
      const given = guest.read.text(name, nameLength, 'the name');
      if (given === undefined) return guest.refused();
      const pid = guest.out.lookup(given);
      return typeof pid === 'string' ? guest.results.giveText(pid, area, capacity) : guest.results.refuse(pid);
    },
    set_options(trapLinks, upgradable) {
      running.guest.read.charge();
      running.guest.out.setOptions({
        ...(trapLinks === UNCHANGED ? {} : { trap_links: trapLinks !== 0 }),
        ...(upgradable === UNCHANGED ? {} : { upgradable: upgradable !== 0 }),
      });
      return 0;
    },
    get_options() {
      running.guest.read.charge();
      const { trap_links, upgradable } = running.guest.out.options();
      return (trap_links ? OptionBits.TRAP_LINKS : 0) | (upgradable ? OptionBits.UPGRADABLE : 0);
    },
  };
}

/** What comes in. */
function inwardCalls(running: Running): HostCalls {
  return {
    listen: onText(running, 'the topic', (guest, topic) => {
      if (topic.startsWith('@')) return guest.results.refuse(reservedTopic(topic));
      const refused = guest.events.listen(topic);
      guest.chargeWork();
      if (refused !== undefined) return guest.results.refuse(refused);
      guest.arrivals.listen(topic);
      return 0;
    }),
    unlisten: onText(running, 'the topic', (guest, topic) => {
      guest.events.unlisten(topic);
      guest.arrivals.unlisten(topic);
      return 0;
    }),
    try_receive: (area, capacity) => running.guest.poll(Sources.INBOX, area, capacity),
    try_select: (sources, area, capacity) => running.guest.poll(sources, area, capacity),

    receive(area, capacity) {
      const guest = running.guest;
      if (guest.isResuming()) return guest.finish(area, capacity);
      return guest.receive(Sources.INBOX, undefined, NEVER, area, capacity);
    },
    receive_timeout(limit, area, capacity) {
      const guest = running.guest;
      if (guest.isResuming()) return guest.finish(area, capacity);
      return guest.receive(Sources.INBOX, undefined, limit, area, capacity);
    },
    receive_on(topic, topicLength, limit, area, capacity) {
      const guest = running.guest;
      if (guest.isResuming()) return guest.finish(area, capacity);
      const text = guest.read.text(topic, topicLength, 'the topic');
      return text === undefined ? guest.refused() : guest.receive(0, text, limit, area, capacity);
    },
    select(sources, limit, area, capacity) {
      const guest = running.guest;
      if (guest.isResuming()) return guest.finish(area, capacity);
      return guest.receive(sources, undefined, limit, area, capacity);
    },
  };
}

/** What is answered later, by suspending the caller or by a record. */
function commandCalls(running: Running, security: BoundCapability | undefined): HostCalls {
  return {
    exec(id, idLength, host, hostLength, args, argsLength, area, capacity) {
      const guest = running.guest;
      if (guest.isResuming()) return guest.finish(area, capacity);
      const request = guest.read.simpleRequest(id, idLength, host, hostLength, args, argsLength);
      return request === undefined ? guest.refused() : guest.exec(request);
    },
    exec_with(request, requestLength, area, capacity) {
      const guest = running.guest;
      if (guest.isResuming()) return guest.finish(area, capacity);
      const read = fullRequest(guest, security, request, requestLength);
      return read === undefined ? guest.refused() : guest.exec(read);
    },
    call(id, idLength, args, argsLength, area, capacity) {
      const guest = running.guest;
      if (guest.isResuming()) return guest.finish(area, capacity);
      const request = guest.read.simpleRequest(id, idLength, 0, 0, args, argsLength);
      return request === undefined ? guest.refused() : guest.exec({ ...request, call: true });
    },

    start_timer(tag, milliseconds) {
      const guest = running.guest;
      if (!(milliseconds > 0)) return guest.results.refuse(badTimer());
      const own = guest.openTag(tag);
      if (own === undefined) return guest.refused();
      guest.out.timer(own, milliseconds);
      return 0;
    },
    start_exec(tag, request, requestLength) {
      const guest = running.guest;
      const read = fullRequest(guest, security, request, requestLength);
      return read === undefined ? guest.refused() : startExec(guest, tag, read);
    },
    start_call(tag, id, idLength, args, argsLength) {
      const guest = running.guest;
      const request = guest.read.simpleRequest(id, idLength, 0, 0, args, argsLength);
      return request === undefined ? guest.refused() : startExec(guest, tag, { ...request, call: true });
    },
    abandon(tag) {
      running.guest.abandon(tag);
    },
  };
}

function onText(running: Running, what: string, act: (guest: Guest, text: string) => number) {
  return (text: number, length: number): number => {
    const guest = running.guest;
    const read = guest.read.text(text, length, what);
    return read === undefined ? guest.refused() : act(guest, read);
  };
}

function spawn(guest: Guest, request: SpawnRequest, area: number, capacity: number): number {
  const pid = guest.out.spawn(request);
  return typeof pid === 'string' ? guest.results.giveText(pid, area, capacity) : guest.results.refuse(pid);
}

function startExec(guest: Guest, tag: number, request: SpawnRequest): number {
  const own = guest.openTag(tag);
  if (own === undefined) return guest.refused();
  guest.out.exec(own, request);
  return 0;
}

function fullRequest(
  guest: Guest,
  security: BoundCapability | undefined,
  request: number,
  requestLength: number,
): SpawnRequest | undefined {
  const map = guest.read.map(request, requestLength, 'the spawn request');
  if (map === undefined) return undefined;
  const read = spawnRequest(map);
  if (read instanceof TroupeError) return refusedRequest(guest, read);
  const { actor, scope, ...rest } = read;
  if (actor === undefined && scope === undefined) return rest;
  const identity = identityOf(guest, security, actor, scope);
  if (identity instanceof TroupeError) return refusedRequest(guest, identity);
  const identified: IdentifiedRequest = { ...rest, identity };
  return identified;
}

function refusedRequest(guest: Guest, why: TroupeError): undefined {
  guest.read.fault = why;
  return undefined;
}
