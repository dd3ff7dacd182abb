import pc from 'picocolors';
import type { ServiceRow, ServiceStarted } from '../inspect/service_row.ts';
import { TroupeError } from '../errors.ts';
import { ExitCode } from './options.ts';
import { showError } from './report.ts';
import { type RunningOptions, withRuntime } from './running.ts';
import { type Column, showTable } from './table.ts';

const COLUMNS: readonly Column[] = [
  { head: 'ID', kept: true },
  { head: 'STATE' },
  { head: 'PID', kept: true },
  { head: 'RESTARTS', align: 'right' },
  { head: 'SINCE' },
  { head: 'ERROR' },
];

/** `troupe services`: the services and supervisors that a deployment that runs starts itself. */
export function servicesCommand(options: RunningOptions): Promise<number> {
  return withRuntime(options, async client => {
    const list = await client.ask<{ services: readonly ServiceRow[] }>({ ask: 'services' });
    if (options.json) process.stdout.write(`${JSON.stringify(list)}\n`);
    else print(list.services);
    return ExitCode.Fine;
  });
}

/** A service may take as long to start and to stop as its entry says. */
const NO_TIMEOUT = Number.POSITIVE_INFINITY;

/** `troupe start` and `troupe restart`: exit code 1 where it does not run after its first try. */
export function startServiceCommand(
  how: 'start' | 'restart',
  service: string,
  options: RunningOptions,
): Promise<number> {
  return withRuntime(options, async client => {
    const answer = await client.ask<ServiceStarted>({ ask: how, service }, NO_TIMEOUT);
    const { error, service: row } = answer;
    const { stdout, stderr } = process;
    if (options.json) stdout.write(`${JSON.stringify({ ok: error === null, ...answer })}\n`);
    else if (error !== null) stderr.write(showError(new TroupeError(error.message, { kind: error.kind })));
    else stdout.write(`${row.id} is ${row.state}${row.pid === null ? '' : ` as ${row.pid}`}\n`);
    return error === null ? ExitCode.Fine : ExitCode.ProgramFailed;
  });
}

/** `troupe stop`: a service, after those that require it. */
export function stopServiceCommand(service: string, options: RunningOptions): Promise<number> {
  return withRuntime(options, async client => {
    const { stopped } = await client.ask<{ stopped: readonly string[] }>({ ask: 'stop', service }, NO_TIMEOUT);
    const said = stopped.length === 0 ? `${service} did not run` : `stopped ${stopped.join(', ')}`;
    process.stdout.write(options.json ? `${JSON.stringify({ ok: true, stopped })}\n` : `${said}\n`);
    return ExitCode.Fine;
  });
}

function print(services: readonly ServiceRow[]): void {
  const { stdout } = process;
  const colors = pc.createColors(pc.isColorSupported && stdout.isTTY);
  if (services.length > 0) {
    stdout.write(showTable(COLUMNS, services.map(cellsOf), stdout.isTTY ? stdout.columns : undefined, colors));
  } else stdout.write(`${colors.dim('this deployment has no services')}\n`);
}

function cellsOf({ id, state, pid, restarts, since, error }: ServiceRow): string[] {
  const time = since === null ? '' : new Date(Math.round(since * 1_000)).toISOString();
  return [id, state, pid ?? '', String(restarts), time, error?.message ?? ''];
}
