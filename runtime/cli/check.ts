import { capabilityDefinitions } from '../capabilities/index.ts';
import { prepareDeployment } from '../hosts/prepare.ts';
import { type CommonOptions, ExitCode, type Languages } from './options.ts';
import { openDeployment, reporting } from './open.ts';

/** `troupe check`: read, compile and link; run nothing. */
export function checkCommand(options: CommonOptions, languages: Languages): Promise<number> {
  return reporting(options, async () => {
    const deployment = await openDeployment(options);
    const data = await prepareDeployment(deployment, {
      machines: languages.machines,
      capabilities: capabilityDefinitions,
    });
    const summary = { entries: data.entries.length, programs: data.artifacts.size };
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: true, ...summary })}\n`);
    else process.stdout.write(`ok: ${summary.entries} entries, ${summary.programs} programs compiled and linked\n`);
    return ExitCode.Fine;
  });
}
