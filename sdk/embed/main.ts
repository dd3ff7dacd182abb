#!/usr/bin/env node
/** The command `troupe`. */
import { machinesModule, machineTypes } from '../../machines/index.ts';
import { runCommandLine } from '../../runtime/cli/command_line.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), { machines: machineTypes, machinesModule });
