import pc from 'picocolors';
import type { CapabilityChange } from '../hosts/capability_matrix.ts';
import type { Policy } from '../live/policy.ts';
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
  const ended = !planned && what === 'restarted' && now === null && error === null ? ', and has ended' : '';
  const who = pid === '' ? id : `${pid} (${id})`;
  return `${who} ${(planned ? PLANNED : DONE)[what]}${as}${failure}${ended}`;
}
