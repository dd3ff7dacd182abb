/** Entry point of a worker thread: one scheduler, connected with the others. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { capabilityDefinitions } from '../capabilities/index.ts';
import { remoteServices, type ServicesSnapshot } from '../capabilities/remote_services.ts';
import { runtimeStopped } from '../catalogue.ts';
import { systemClock } from '../clock.ts';
import { toTroupeError } from '../errors.ts';
import { Deployed, type DeployedData } from '../hosts/deployed.ts';
import { ThreadAnswers } from '../inspect/thread_questions.ts';
import { LOG_LEVELS, type LogFields, type LogLevel, type LogOrigin, type LogSink } from '../logger.ts';
import type { MachineType } from '../machine.ts';
import { packPayload } from '../payload/messagepack.ts';
import { Audit, packAudit } from '../security/audit.ts';
import { LocalMember, obey, type Order } from './member.ts';
import { onAbortedStep } from './aborted_step.ts';
import { join, type MeshData } from './mesh.ts';
import { type Asked, tell } from './questions.ts';
import { ThreadChanges } from './thread_changes.ts';

export interface WorkerStart {
  readonly mesh: MeshData;
  readonly data: DeployedData;
  /** URL of the module whose `machineTypes` are the languages. */
  readonly machinesModule: string;
  readonly shared: readonly unknown[];
  /** The lowest level that the main thread's log takes. */
  readonly logLevel: LogLevel;
  readonly services: { readonly port: MessagePort; readonly snapshot: ServicesSnapshot };
  /** Where the watchdog says which step it has cut off. */
  readonly notices: MessagePort;
}

/** What a worker tells the main thread unasked. */
export type WorkerReport =
  | {
      readonly report: 'crash';
      readonly pid: string;
      readonly id: string;
      readonly error: Uint8Array;
      readonly revision: number;
    }
  | { readonly report: 'audit'; readonly record: Uint8Array }
  | {
      readonly report: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: Uint8Array | undefined;
      readonly origin: LogOrigin | undefined;
    };

/** Records go to the main thread's log, so that there is one log with one order and one format. */
class ParentLog implements LogSink {
  readonly #parent: MessagePort;
  readonly #threshold: number;

  constructor(parent: MessagePort, level: LogLevel) {
    this.#parent = parent;
    this.#threshold = LOG_LEVELS.indexOf(level);
  }

  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#threshold;
  }

  log(level: LogLevel, message: string, fields?: LogFields, origin?: LogOrigin): void {
    if (!this.enabled(level)) return;
    const packed = fields === undefined ? undefined : packPayload(fields);
    // An origin may be more than its two fields, and what more it is cannot be sent.
    const from = origin === undefined ? undefined : { id: origin.id, pid: origin.pid };
    this.#parent.postMessage({ report: 'log', level, message, fields: packed, origin: from } satisfies WorkerReport);
  }
}

async function main(start: WorkerStart, parent: MessagePort): Promise<void> {
  const { machineTypes } = (await import(start.machinesModule)) as { machineTypes: readonly MachineType[] };
  const { port, snapshot } = start.services;
  const services = remoteServices(port, snapshot, new ParentLog(parent, start.logLevel));
  const deployed = new Deployed(start.data, machineTypes, capabilityDefinitions, start.shared);
  const { scheduler, post } = join(start.mesh, deployed, systemClock, services);
  const member = new LocalMember(post);
  const answers = new ThreadAnswers(scheduler);
  const changes = new ThreadChanges(scheduler);
  onAbortedStep(start.notices, error => scheduler.abortStep(error));
  scheduler.onCrash = (pid, id, error, revision) => {
    parent.postMessage({ report: 'crash', pid, id, error: packPayload(error), revision } satisfies WorkerReport);
  };
  scheduler.audit = new Audit(systemClock, start.data.auditGrants ?? false, record => {
    parent.postMessage({ report: 'audit', record: packAudit(record) } satisfies WorkerReport);
  });
  parent.on('message', (order: Order | Asked | 'stop') => {
    if (order === 'stop') {
      scheduler.stop(runtimeStopped());
      parent.postMessage('stopped');
    } else if ('ask' in order) void tell(order, answers, changes, parent);
    else void obey(order, member, parent);
  });
  // A promise that a program leaves behind and that fails later must not take the worker with it.
  process.on('unhandledRejection', cause => {
    services.log.log('error', `a promise was rejected and nobody handled it: ${toTroupeError(cause).message}`);
  });
  parent.postMessage('ready');
}

if (parentPort !== null) {
  const parent = parentPort;
  main(workerData as WorkerStart, parent).catch((error: unknown) => {
    parent.postMessage(error instanceof Error ? error.message : String(error));
  });
}
