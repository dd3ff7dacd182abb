/** From the options of a command to a deployment that has been read. */
import { availableParallelism } from 'node:os';
import { capabilityScope } from '../capabilities/index.ts';
import { systemClock } from '../clock.ts';
import { LineLog, type LogSink, writeStderr } from '../logger.ts';
import { type Deployment, type LoadOptions, loadDeployment } from '../registry/load.ts';
import { halves } from './argument.ts';
import type { CommonOptions } from './options.ts';

/** What the command line says about the deployment; a TroupeError where that is not to be understood. */
export function givenBy(options: CommonOptions): Pick<LoadOptions, 'settings' | 'overrides'> {
  return {
    settings: options.set.map(text => {
      const [key, value] = halves('--set', text);
      return { key, value };
    }),
    overrides: options.override.map(text => {
      const [path, value] = halves('-o', text);
      return { path, value };
    }),
  };
}

export async function openDeployment(options: CommonOptions): Promise<Deployment> {
  return loadDeployment(options.directory, { ...capabilityScope, ...givenBy(options) });
}

/** The log of the deployment's settings, on stderr. */
export function logOf(deployment: Deployment): LogSink {
  const { level = 'info', format = 'text' } = deployment.settings.logger ?? {};
  return new LineLog({ level, format, clock: systemClock, write: writeStderr });
}

/** How many worker threads: the option, the deployment's setting, or as many as the machine has cores. */
export function workersOf(options: CommonOptions, deployment: Deployment): number {
  return options.workers ?? deployment.settings.workers ?? availableParallelism();
}
