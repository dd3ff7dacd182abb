#!/usr/bin/env node
/** The command `troupe`. */
import { runCommandLine } from '../../runtime/cli/command_line.ts';
import type { Languages } from '../../runtime/cli/options.ts';

async function loadLanguages(): Promise<Languages> {
  const { machineTypes, machinesModule } = await import('../../machines/index.ts');
  return { machines: machineTypes, machinesModule };
}

process.exitCode = await runCommandLine(process.argv.slice(2), loadLanguages);
