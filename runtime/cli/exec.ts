import { createServices } from '../capabilities/services.ts';
import { TroupeError } from '../errors.ts';
import { StreamTerminal } from '../hosts/terminal.ts';
import type { Payload } from '../machine.ts';
import { toJson } from '../payload/json.ts';
import { Runtime } from '../runtime.ts';
import { type CommonOptions, ExitCode, type Languages } from './options.ts';
import { openDeployment, reporting } from './open.ts';
import { errorObject, showError } from './report.ts';
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
    const services = createServices({ root: deployment.root, terminal: new StreamTerminal([]) });
    surviveRejections(services.log);
    const runtime = await Runtime.start({
      deployment,
      ...languages,
      workers: options.workers ?? deployment.settings.workers ?? 0,
      services,
    });
    const release = stopOnSignals(runtime);
    try {
      const value = await runtime.exec({ id, host: options.host, args: args.map(parseArgument) });
      process.stdout.write(`${toJson(value)}\n`);
      return ExitCode.Fine;
    } catch (thrown) {
      if (!(thrown instanceof TroupeError)) throw thrown;
      if (options.json) process.stdout.write(`${JSON.stringify({ error: errorObject(thrown) })}\n`);
      else process.stderr.write(showError(thrown));
      // A call that names what does not exist is a wrong call; anything else is the program's failure.
      const wrong = thrown.kind === 'NOT_FOUND' && thrown.details?.id !== undefined;
      return wrong || thrown.details?.host !== undefined ? ExitCode.Wrong : ExitCode.ProgramFailed;
    } finally {
      release();
      await runtime.stop();
    }
  });
}

/** JSON where it is JSON, text otherwise, so that `troupe exec app:greet Ada` needs no quotes within quotes. */
function parseArgument(text: string): Payload {
  try {
    return JSON.parse(text) as Payload;
  } catch {
    return text;
  }
}
