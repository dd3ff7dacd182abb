import pc from 'picocolors';
import type { CapabilityChange } from '../hosts/capability_matrix.ts';
import type { Policy } from '../live/rollout.ts';
import type { ProcessOutcome, UpgradeReport } from '../live/upgrade.ts';
import { formatDuration } from '../duration.ts';
import { escapeControls } from '../logger.ts';
import { ExitCode } from './options.ts';
import { type RunningOptions, withRuntime } from './running.ts';

export interface UpgradeOptions extends RunningOptions {
  readonly dryRun: boolean;
  readonly policy: Policy;
  /** Milliseconds. */
  readonly stable: number | undefined;
}

/** What `--help` adds to the list of options. */
export const UPGRADE_HELP = `
The folder is read again. What is broken changes nothing. Processes that have asked for it (set_options upgradable) are told by an
OUTDATED event and upgrade themselves; of the others those of services and supervisors are restarted, one after the other:
  --policy restart  services and children of supervisors are stopped in order and started anew; others run on (default)
  --policy replace  a process goes on as the new code where it waits: same PID and mailbox, arguments from its service
  --policy leave    only tell those that asked for it
If one of them fails before the new code has run for stable_threshold of its service (5s without one; --stable), everything is
brought back to what it was.

With a target only its processes are dealt with; what else has changed in the folder counts for new processes all the same.

Exit codes: 0 done, or nothing to do; 1 rolled back; 2 the new deployment, or the call, is wrong.`;

/** The runtime waits until what is new has proved itself. */
const NO_TIMEOUT = Number.POSITIVE_INFINITY;

/** `troupe upgrade`: bring what has changed in the folder to a deployment that runs. */
export function upgradeCommand(target: string | undefined, options: UpgradeOptions): Promise<number> {
  return withRuntime(options, async client => {
    const { policy, stable, dryRun } = options;
    const request = { ask: 'upgrade', target, policy, stable, dry_run: dryRun } as const;
    const report = await client.ask<UpgradeReport>(request, NO_TIMEOUT);
    const failed = report.outcome === 'rolled back';
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: !failed, ...report })}\n`);
    else print(report);
    return failed ? ExitCode.ProgramFailed : ExitCode.Fine;
  });
}

function print(report: UpgradeReport): void {
  const { stdout, stderr } = process;
  const planned = report.outcome === 'planned';
  const lines = [
    ...listed('added', report.added),
    ...listed('changed', report.changed),
    ...listed('removed', report.removed),
    ...report.capabilities.map(capabilityLine),
    ...report.processes.map(process => processLine(process, planned)),
  ];
  for (const line of lines) stdout.write(`${escapeControls(line)}\n`);
  if (report.outcome === 'rolled back') {
    const { red } = pc.createColors(pc.isColorSupported && stderr.isTTY);
    stderr.write(
      `${red('rolled back')} to what was before (version ${report.version + 1}): ${escapeControls(report.why ?? '')}\n`,
    );
    for (const process of report.undone) stderr.write(`${escapeControls(processLine(process, false))}\n`);
  } else stdout.write(`${ending(report)}\n`);
}

function ending({ outcome, version, stable, waiting }: UpgradeReport): string {
  if (outcome === 'unchanged') return 'nothing has changed';
  if (outcome === 'planned') return 'nothing was done (--dry-run)';
  const held = stable > 0 ? `, without a failure for ${formatDuration(stable)}` : '';
  const late =
    waiting === 0 ? '' : `; ${waiting} ${waiting === 1 ? 'process still runs' : 'processes still run'} the old code`;
  return `version ${version} runs${held}${late}`;
}

function listed(what: string, ids: readonly string[]): string[] {
  return ids.length === 0 ? [] : [`${what}: ${ids.join(', ')}`];
}

function capabilityLine({ entry, host, gained, lost }: CapabilityChange): string {
  const parts = [
    gained.length > 0 ? `gains ${gained.join(', ')}` : '',
    lost.length > 0 ? `loses ${lost.join(', ')}` : '',
  ];
  return `${entry} on ${host} ${parts.filter(part => part !== '').join(' and ')}`;
}

const DONE = {
  told: 'was told',
  restarted: 'restarted',
  replaced: 'goes on with the new code',
  left: 'runs on as it is',
};
const PLANNED = {
  told: 'would be told',
  restarted: 'would restart',
  replaced: 'would go on with the new code',
  left: 'would run on as it is',
};

function processLine({ pid, id, what, now, error }: ProcessOutcome, planned: boolean): string {
  const as = what === 'restarted' && now !== null ? ` as ${now}` : '';
  const failure = error === null ? '' : `, and failed: ${error.message}`;
  const who = pid === '' ? id : `${pid} (${id})`;
  return `${who} ${(planned ? PLANNED : DONE)[what]}${as}${failure}`;
}
