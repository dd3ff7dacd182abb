import pc from 'picocolors';
import type { ProcessRow } from '../inspect/process_report.ts';
import type { ProcessList } from '../inspect/survey.ts';
import { ExitCode } from './options.ts';
import { type RunningOptions, withRuntime } from './running.ts';
import { type Column, showTable } from './table.ts';

export interface PsOptions extends RunningOptions {
  readonly host: string | undefined;
  readonly entry: string | undefined;
  readonly limit: number;
}

const COLUMNS: readonly Column[] = [
  { head: 'PID', kept: true },
  { head: 'ENTRY' },
  { head: 'KIND' },
  { head: 'THREAD', align: 'right' },
  { head: 'STATE' },
  { head: 'MAILBOX', align: 'right' },
  { head: 'LINKS', align: 'right' },
  { head: 'MONITORS', align: 'right' },
  { head: 'NAMES' },
];

/** `troupe ps`: the processes of a deployment that runs. */
export function psCommand(options: PsOptions): Promise<number> {
  return withRuntime(options, async client => {
    const { host, entry, limit } = options;
    const list = await client.ask<ProcessList>({ ask: 'ps', host, entry, limit });
    if (options.json) process.stdout.write(`${JSON.stringify(list)}\n`);
    else print(list);
    return ExitCode.Fine;
  });
}

function print({ processes, count, threads, silent }: ProcessList): void {
  const { stdout, stderr } = process;
  const colors = pc.createColors(pc.isColorSupported && stdout.isTTY);
  if (processes.length > 0) {
    stdout.write(showTable(COLUMNS, processes.map(cellsOf), stdout.isTTY ? stdout.columns : undefined, colors));
  }
  const shown = processes.length < count ? `; the first ${processes.length} are shown (--limit)` : '';
  const summary = `${count} ${count === 1 ? 'process' : 'processes'} on ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  stdout.write(`${colors.dim(summary + shown)}\n`);
  for (const { thread, running, why } of silent) {
    const culprit = running === undefined ? '' : `, a step of ${running} holds it`;
    stderr.write(`warning: thread ${thread}: ${why}${culprit}; its processes are missing\n`);
  }
}

function cellsOf(row: ProcessRow): string[] {
  const more = row.name_count - row.names.length;
  return [
    row.pid,
    row.entry,
    row.kind,
    String(row.thread),
    row.state,
    String(row.mailbox),
    String(row.links),
    String(row.monitors),
    row.names.join(' ') + (more > 0 ? ` and ${more} more` : ''),
  ];
}
