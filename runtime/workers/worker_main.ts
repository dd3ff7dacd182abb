/** Entry point of a worker thread: one scheduler, connected with the others. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { capabilityDefinitions } from '../capabilities/index.ts';
import { remoteServices, type ServicesSnapshot } from '../capabilities/remote_services.ts';
import { runtimeStopped } from '../catalogue.ts';
import { systemClock } from '../clock.ts';
import { Deployed, type DeployedData } from '../hosts/deployed.ts';
import { LineLog, writeStderr } from '../logger.ts';
import type { MachineType } from '../machine.ts';
import { join, type MeshData } from './mesh.ts';

export interface WorkerStart {
  readonly mesh: MeshData;
  readonly data: DeployedData;
  /** URL of the module whose `machineTypes` are the languages. */
  readonly machinesModule: string;
  readonly services: { readonly port: MessagePort; readonly snapshot: ServicesSnapshot };
}

async function main(start: WorkerStart, parent: MessagePort): Promise<void> {
  const { machineTypes } = (await import(start.machinesModule)) as { machineTypes: readonly MachineType[] };
  const { port, snapshot } = start.services;
  const log = new LineLog({ level: 'info', format: 'text', clock: systemClock, write: writeStderr });
  const services = remoteServices(port, snapshot, log);
  const deployed = new Deployed(start.data, machineTypes, capabilityDefinitions);
  const scheduler = join(start.mesh, deployed, systemClock, services);
  parent.on('message', () => {
    scheduler.stop(runtimeStopped());
    parent.postMessage('stopped');
  });
  parent.postMessage('ready');
}

if (parentPort !== null) {
  const parent = parentPort;
  main(workerData as WorkerStart, parent).catch((error: unknown) => {
    parent.postMessage(error instanceof Error ? error.message : String(error));
  });
}
