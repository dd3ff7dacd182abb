/** How the events of a runtime reach their subscribers: by its main thread's scheduler, watched by its root process. */
import type { EventTransport } from './event_bus.ts';
import type { RootMachine } from './hosts/root_process.ts';
import { monitorProcess } from './lifecycle/links.ts';
import { copiedBytes, copyPayload } from './payload/copy.ts';
import { hostOfPid } from './pid.ts';
import type { Process } from './scheduler/process.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import type { Meta } from './security/authority.ts';

const NO_META: Meta = Object.freeze({});

export function eventTransport(scheduler: Scheduler, root: Process, machine: RootMachine): EventTransport {
  return {
    deliver({ from, system, kind, path, data }, pid, topic) {
      const event = {
        system,
        kind,
        ...(path === undefined ? {} : { path }),
        ...(data === undefined ? {} : { data }),
        from,
      };
      const value = copyPayload(event, 'event');
      return scheduler.sendAs(from, pid, topic, value, 1, copiedBytes());
    },
    watch(pid, ended) {
      const error = monitorProcess(root, pid);
      // Who embeds the runtime may watch it already, and both are told.
      if (error !== undefined && error.kind !== 'ALREADY_EXISTS') return error;
      machine.onExit(pid, ended);
      scheduler.kick();
      return undefined;
    },
    permits({ pid, entry, identity, system }, kind) {
      const authority = scheduler.deployed.hosts.get(hostOfPid(pid))?.authorityOf(identity);
      if (authority === undefined) return false;
      const action = 'events.subscribe';
      const resource = `${system}:${kind}`;
      const verdict = authority.judge(action, resource, undefined, NO_META);
      // What is granted was recorded when it subscribed.
      if (!verdict.allowed) scheduler.audit?.note({ pid, id: entry }, authority, action, resource, NO_META, verdict);
      return verdict.allowed;
    },
  };
}
