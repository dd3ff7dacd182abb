/** A runtime with the programs of the benchmark. */
import { fileURLToPath } from 'node:url';
import { createServices } from '../../runtime/capabilities/services.ts';
import { systemClock } from '../../runtime/clock.ts';
import { LineLog } from '../../runtime/logger.ts';
import { machinesModule, machineTypes } from '../../machines/index.ts';
import { Runtime, type RuntimeOptions } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';

const programs = fileURLToPath(new URL('../../../test/bench/programs', import.meta.url));

/** Ends of processes that belong to what is measured. */
const WANTED = new Set(['process terminated', 'told to fail']);

export async function startBench(options: Pick<RuntimeOptions, 'workers' | 'placement'>): Promise<Runtime> {
  // What is logged is made, and not shown: crashes belong to what is measured.
  const log = new LineLog({ level: 'info', format: 'text', clock: systemClock, write: () => undefined });
  return Runtime.start({
    ...options,
    services: createServices({ root: programs, log }),
    deployment: await readDeployment(programs),
    machines: machineTypes,
    machinesModule,
    onCrash: (_pid, id, error) => {
      if (!WANTED.has(error.message)) process.stderr.write(`${id}: ${error.message}\n`);
    },
  });
}
