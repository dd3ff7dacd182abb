/**
 * Troupe inside a Node.js program.
 *
 *     import { startDeployment } from 'troupe';
 *
 *     const runtime = await startDeployment('deployment', { workers: 2 });
 *     console.log(await runtime.exec({ id: 'app:add', args: [1, 2] }));
 *     await runtime.stop();
 *
 * The one place that knows both the runtime and the languages.
 */
import { machinesModule, machineTypes } from '../../machines/index.ts';
import { capabilityScope } from '../../runtime/capabilities/index.ts';
import { type Deployment, type LoadOptions, loadDeployment } from '../../runtime/registry/load.ts';
import { Runtime, type RuntimeOptions } from '../../runtime/runtime.ts';

export { machinesModule, machineTypes } from '../../machines/index.ts';
export { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
export { createServices, type Services } from '../../runtime/capabilities/services.ts';
export { type Clock, systemClock } from '../../runtime/clock.ts';
export { type ErrorKind, TroupeError } from '../../runtime/errors.ts';
export type { ExitResult, Payload, ProcessEvent, SpawnRequest } from '../../runtime/machine.ts';
export { Bytes, type BytesSource } from '../../runtime/payload/bytes.ts';
export { type Deployment, loadDeployment } from '../../runtime/registry/load.ts';
export { DeploymentError, type Problem } from '../../runtime/registry/problem.ts';
export { Runtime, type RuntimeOptions } from '../../runtime/runtime.ts';
export type { ServiceState, ServiceStatus } from '../../runtime/supervision/service.ts';

/** Everything but what is known here. */
export type StartOptions = Partial<Omit<RuntimeOptions, 'deployment' | 'machines' | 'machinesModule'>>;

/** Read a deployment folder with the capabilities of this installation. Rejects with a DeploymentError. */
export function readDeployment(root: string, options: LoadOptions = {}): Promise<Deployment> {
  return loadDeployment(root, { ...capabilityScope, ...options });
}

/** Read, check and start a deployment folder. Rejects with a DeploymentError, and nothing was started. */
export async function startDeployment(root: string, options: StartOptions = {}): Promise<Runtime> {
  return Runtime.start({ ...options, deployment: await readDeployment(root), machines: machineTypes, machinesModule });
}
