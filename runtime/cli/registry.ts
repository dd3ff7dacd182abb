import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { text as readStream } from 'node:stream/consumers';
import pc from 'picocolors';
import { TroupeError } from '../errors.ts';
import type { InspectClient } from '../inspect/client.ts';
import { LONGEST_REQUEST } from '../inspect/protocol.ts';
import type { RequestWithoutId } from '../inspect/request_schema.ts';
import { type ChangeResult, type EntryChange, showAuthor, type VersionRow } from '../live/change.ts';
import type { EntryList, Exported } from '../live/registry_requests.ts';
import { escapeControls } from '../logger.ts';
import { ExitCode } from './options.ts';
import { type RunningOptions, withRuntime } from './running.ts';
import { showTable } from './table.ts';

export interface ChangeCommandOptions extends RunningOptions {
  readonly dryRun: boolean;
  readonly ifVersion: number | undefined;
  readonly note: string | undefined;
}

/** `troupe registry list`. */
export function listCommand(options: RunningOptions): Promise<number> {
  return answering<EntryList>(options, { ask: 'registry.list' }, ({ entries, version, removed }) => {
    const rows = entries.map(({ id, kind, place, set }) => [id, kind, set ? 'run time' : 'folder', place]);
    table(['ID', 'KIND', 'FROM', 'PLACE'], rows);
    const without = removed.length === 0 ? '' : `; removed: ${removed.map(escapeControls).join(', ')}`;
    process.stdout.write(`version ${version}, ${entries.length} entries${without}\n`);
  });
}

/** `troupe registry set`. */
export function setCommand(file: string, options: ChangeCommandOptions): Promise<number> {
  return withRuntime(options, async client => {
    const yaml = await readEntries(file);
    const name = file === '-' ? 'standard input' : basename(file);
    return change(client, options, { ask: 'registry.set', yaml, name, ...changingOf(options) });
  });
}

/** `troupe registry remove`. */
export function removeCommand(ids: readonly string[], options: ChangeCommandOptions): Promise<number> {
  return withRuntime(options, client =>
    change(client, options, { ask: 'registry.remove', ids: [...ids], ...changingOf(options) }),
  );
}

/** `troupe registry undo`. */
export function undoCommand(version: number | undefined, options: ChangeCommandOptions): Promise<number> {
  return withRuntime(options, client =>
    change(client, options, { ask: 'registry.undo', version, ...changingOf(options) }),
  );
}

/** `troupe registry history`. */
export function historyCommand(options: RunningOptions): Promise<number> {
  return answering<{ versions: readonly VersionRow[] }>(options, { ask: 'registry.history' }, ({ versions }) => {
    const rows = versions.map(({ version, at, by, undone_to: undone, changes, note }) => [
      String(version),
      new Date(at * 1_000).toISOString(),
      showAuthor(by),
      (undone === undefined ? '' : `back to ${undone}: `) + (shortened(changes) || '-'),
      note ?? '',
    ]);
    table(['VERSION', 'AT', 'BY', 'CHANGES', 'NOTE'], rows);
  });
}

/** `troupe registry diff`. */
export function diffCommand(from: number, to: number | undefined, options: RunningOptions): Promise<number> {
  return answering<{ changes: readonly EntryChange[] }>(options, { ask: 'registry.diff', from, to }, ({ changes }) => {
    for (const { id, what, keys } of changes) {
      process.stdout.write(
        `${what} ${escapeControls(id)}${keys.length === 0 ? '' : `: ${escapeControls(keys.join(', '))}`}\n`,
      );
    }
  });
}

/** `troupe registry export`. */
export function exportCommand(namespace: string | undefined, options: RunningOptions): Promise<number> {
  return answering<Exported>(options, { ask: 'registry.export' }, exported => printExport(exported, namespace));
}

function printExport({ files, removed }: Exported, namespace: string | undefined): void {
  const wanted = namespace === undefined ? files : files.filter(file => file.namespace === namespace);
  if (wanted.length > 1) {
    const names = files.map(file => file.namespace).join(', ');
    throw new TroupeError(`entries of several namespaces were set, and a file has one: name one of ${names}`, {
      kind: 'INVALID',
      retryable: false,
    });
  }
  if (wanted.length === 0 && namespace !== undefined) {
    throw new TroupeError(`nothing of the namespace "${namespace}" was set at run time`, {
      kind: 'NOT_FOUND',
      retryable: false,
    });
  }
  // Where standard output goes into a file, this is to be read by a person.
  for (const { id, place } of removed) {
    process.stderr.write(`removed at run time: ${escapeControls(id)}; take it out of ${escapeControls(place)}\n`);
  }
  for (const { yaml } of wanted) process.stdout.write(yaml);
}

async function change(
  client: InspectClient,
  { json, dryRun }: ChangeCommandOptions,
  request: RequestWithoutId,
): Promise<number> {
  const changed = await client.ask<ChangeResult>(request);
  if (json) process.stdout.write(`${JSON.stringify({ ok: true, ...changed })}\n`);
  else {
    for (const what of ['added', 'changed', 'removed'] as const) {
      for (const id of changed[what]) process.stdout.write(`${what} ${escapeControls(id)}\n`);
    }
    for (const { id, why } of changed.needs_restart) {
      process.stdout.write(`${escapeControls(id)} runs as before until it is restarted (${why.join(', ')})\n`);
    }
    const state = dryRun ? 'nothing was changed: this was a dry run at' : 'the deployment is';
    process.stdout.write(`${state} version ${changed.version}\n`);
  }
  return ExitCode.Fine;
}

function answering<T>(options: RunningOptions, request: RequestWithoutId, show: (answer: T) => void): Promise<number> {
  return withRuntime(options, async client => {
    const answer = await client.ask<T>(request);
    if (options.json) process.stdout.write(`${JSON.stringify(answer)}\n`);
    else show(answer);
    return ExitCode.Fine;
  });
}

function changingOf({ dryRun, ifVersion, note }: ChangeCommandOptions): {
  dry_run: boolean;
  if_version: number | undefined;
  note: string | undefined;
} {
  return { dry_run: dryRun, if_version: ifVersion, note };
}

async function readEntries(file: string): Promise<string> {
  let yaml: string;
  try {
    yaml = file === '-' ? await readStream(process.stdin) : readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new TroupeError(`${file} cannot be read: ${(thrown as Error).message}`, {
      kind: 'NOT_FOUND',
      retryable: false,
    });
  }
  // Quotes and line ends take more room on the way.
  if (Buffer.byteLength(JSON.stringify(yaml)) <= LONGEST_REQUEST - 10_000) return yaml;
  throw new TroupeError(`${file} is too long to be set in one step: name programs with file://, or split it`, {
    kind: 'RATE_LIMITED',
    retryable: false,
  });
}

/** `+app:a ~app:b -app:c`, some of them. */
function shortened(changes: readonly EntryChange[]): string {
  const signs = { added: '+', changed: '~', removed: '-' } as const;
  const some = changes.slice(0, 5).map(({ id, what }) => signs[what] + id);
  const more = changes.length > some.length ? ` and ${changes.length - some.length} more` : '';
  return some.join(' ') + more;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const { stdout } = process;
  const width = stdout.isTTY ? stdout.columns : undefined;
  const colors = pc.createColors(pc.isColorSupported && stdout.isTTY === true);
  const columns = heads.map((head, i) => ({ head, ...(i === 0 ? { kept: true } : {}) }));
  stdout.write(showTable(columns, rows, width, colors));
}
