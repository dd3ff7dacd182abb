import { capabilityDefinitions } from '../capabilities/index.ts';
import { prepareDeployment } from '../hosts/prepare.ts';
import { DeploymentError } from '../registry/problem.ts';
import { capabilityMatrix } from '../hosts/capability_matrix.ts';
import { openDeployment } from './open.ts';
import { type CommonOptions, ExitCode, type Languages } from './options.ts';
import { problemList, reporting, showProblems } from './report.ts';
import { showMatrix } from './show_matrix.ts';

/**
 * `troupe check`: read, compile and link; run nothing. Says which capabilities each entry has on each host that runs it,
 * also where some are missing.
 */
export function checkCommand(options: CommonOptions, languages: Languages): Promise<number> {
  return reporting(options, async () => {
    const deployment = await openDeployment(options);
    const matrix = capabilityMatrix(deployment, capabilityDefinitions);
    if (!options.json) process.stdout.write(showMatrix(matrix));
    try {
      const data = await prepareDeployment(deployment, {
        machines: languages.machines,
        capabilities: capabilityDefinitions,
      });
      const programs = data.entries.filter(({ id, source }) => source !== undefined && data.artifacts.has(id)).length;
      const summary = { entries: data.entries.length, programs };
      if (options.json) process.stdout.write(`${JSON.stringify({ ok: true, ...summary, ...matrix })}\n`);
      else process.stdout.write(`ok: ${summary.entries} entries, ${summary.programs} programs compiled and linked\n`);
      return ExitCode.Fine;
    } catch (thrown) {
      if (!(thrown instanceof DeploymentError)) throw thrown;
      if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, ...problemList(thrown), ...matrix })}\n`);
      else process.stderr.write(showProblems(thrown));
      return ExitCode.Wrong;
    }
  });
}
