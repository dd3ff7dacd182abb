/** A runtime with the programs of the benchmark. */
import { fileURLToPath } from 'node:url';
import { machinesModule, machineTypes } from '../../machines/index.ts';
import { Runtime, type RuntimeOptions } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';

const programs = fileURLToPath(new URL('../../../test/bench/programs', import.meta.url));

export async function startBench(options: Pick<RuntimeOptions, 'workers' | 'placement'>): Promise<Runtime> {
  return Runtime.start({
    ...options,
    deployment: await readDeployment(programs),
    machines: machineTypes,
    machinesModule,
    onCrash: (_pid, id, error) => {
      if (error.message !== 'process terminated') process.stderr.write(`${id}: ${error.message}\n`);
    },
  });
}
