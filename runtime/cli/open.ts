/** From the options of a command to a deployment that has been read, or to the exit code that says why not. */
import { availableParallelism } from 'node:os';
import { capabilityScope } from '../capabilities/index.ts';
import { systemClock } from '../clock.ts';
import { TroupeError } from '../errors.ts';
import { LineLog, type LogSink, writeStderr } from '../logger.ts';
import { type Deployment, loadDeployment } from '../registry/load.ts';
import { DeploymentError } from '../registry/problem.ts';
import { type CommonOptions, ExitCode } from './options.ts';
import { errorObject, showError, showProblems } from './report.ts';

/** `key=value` -> its two halves; a TroupeError where there is no `=`. */
export function halves(option: string, text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new TroupeError(`${option} ${text}: write it as key=value`, { kind: 'INVALID', retryable: false });
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}

export async function openDeployment(options: CommonOptions): Promise<Deployment> {
  return loadDeployment(options.directory, {
    ...capabilityScope,
    settings: options.set.map(text => {
      const [key, value] = halves('--set', text);
      return { key, value };
    }),
    overrides: options.override.map(text => {
      const [path, value] = halves('-o', text);
      return { path, value };
    }),
  });
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

/** What `--json` prints for a deployment that cannot run. */
export function problemList(error: DeploymentError): object {
  return { problems: error.problems.map(({ place, message, kind }) => ({ ...place, message, kind })) };
}

/** Run a command's body; what it throws is shown, and the exit code says whose fault it was. `outcome`: of a deployment with problems. */
export async function reporting(
  options: Pick<CommonOptions, 'json'>,
  body: () => Promise<number>,
  outcome?: string,
): Promise<number> {
  try {
    return await body();
  } catch (thrown) {
    if (thrown instanceof DeploymentError) {
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ ok: false, ...problemList(thrown) })}\n`);
      } else process.stderr.write(showProblems(thrown, outcome));
      return ExitCode.Wrong;
    }
    if (thrown instanceof TroupeError) {
      if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, error: errorObject(thrown) })}\n`);
      else process.stderr.write(showError(thrown));
      return ExitCode.Wrong;
    }
    throw thrown;
  }
}
