import { createServices } from '../capabilities/services.ts';
import { StreamTerminal } from '../hosts/stream_terminal.ts';
import { toJson } from '../payload/json.ts';
import { Runtime } from '../runtime.ts';
import { parseArgument } from './argument.ts';
import { logCrash } from './crash_log.ts';
import { type CommonOptions, ExitCode, type Languages } from './options.ts';
import { logOf, openDeployment } from './open.ts';
import { errorObject, reporting, showError } from './report.ts';
import { stopOnSignals, surviveRejections } from './signals.ts';

/** `troupe exec`: run one entry, print its value as JSON. */
export function execCommand(
  id: string,
  args: readonly string[],
  options: CommonOptions & { host?: string },
  languages: Languages,
): Promise<number> {
  return reporting(options, async () => {
    const deployment = await openDeployment(options);
    const log = logOf(deployment);
    surviveRejections(log);
    const terminal = new StreamTerminal([]);
    let executed = '';
    let release = (): void => undefined;
    const runtime = await Runtime.start({
      deployment,
      ...languages,
      // One worker is enough for one program, and leaves the main thread to listen to Ctrl-C whatever the program does.
      workers: options.workers ?? deployment.settings.workers ?? 1,
      services: createServices({ root: deployment.root, terminal, log }),
      onStarting: starting => {
        release = stopOnSignals(terminal, () => void starting.stop());
      },
      onCrash: (pid, crashed, error) => {
        // How the executed process itself ends is shown when it does.
        if (pid !== executed) logCrash(log, pid, crashed, error);
      },
    });
    try {
      // What cannot be spawned is a wrong call; a TroupeError thrown here says so.
      const { pid, exit } = runtime.watch({ id, host: options.host, args: args.map(parseArgument) });
      executed = pid;
      const { value, error } = (await exit).result ?? {};
      if (error === undefined) {
        process.stdout.write(`${toJson(value)}\n`);
        return ExitCode.Fine;
      }
      if (options.json) process.stdout.write(`${JSON.stringify({ error: errorObject(error) })}\n`);
      else process.stderr.write(showError(error));
      return ExitCode.ProgramFailed;
    } finally {
      await runtime.stop();
      release();
      terminal.close();
    }
  });
}
