import { writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { systemClock } from '../clock.ts';
import { TroupeError } from '../errors.ts';
import { addRejection } from '../hosts/prepare.ts';
import type { BuildTools, BuiltFile, MachineType } from '../machine.ts';
import { makeFolder } from '../make_folder.ts';
import type { Entry } from '../registry/entry.ts';
import type { Deployment } from '../registry/load.ts';
import { DeploymentError, ProblemList } from '../registry/problem.ts';
import { didYouMean } from '../registry/suggest.ts';
import { openDeployment } from './open.ts';
import { type CommonOptions, ExitCode, type Languages } from './options.ts';
import { reporting } from './report.ts';

export interface BuildOptions extends CommonOptions, Pick<BuildTools, 'optimize' | 'text'> {
  /** Folder for what is built; undefined: `build` in that of the deployment. */
  readonly out: string | undefined;
}

/** One file to write. */
interface Output {
  readonly entry: Entry;
  /** Relative to the deployment where it lies within, with forward slashes. */
  readonly shown: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Milliseconds that its entry took. */
  readonly duration: number;
}

/** `troupe build`: write what compilers make of entries as files, so that they are not needed where it runs. */
export function buildCommand(ids: readonly string[], options: BuildOptions, languages: Languages): Promise<number> {
  return reporting(options, async () => {
    const deployment = await openDeployment(options);
    const outputs = await buildAll(deployment, ids, options, languages.machines);
    for (const { path, bytes } of outputs) await write(path, bytes);
    process.stdout.write(options.json ? asJson(outputs) : asTable(outputs));
    return ExitCode.Fine;
  });
}

async function buildAll(
  deployment: Deployment,
  ids: readonly string[],
  options: BuildOptions,
  machines: readonly MachineType[],
): Promise<Output[]> {
  const { root } = deployment;
  const { optimize, text } = options;
  const folder = options.out === undefined ? join(root, 'build') : resolve(options.out);
  const entries = ids.length === 0 ? [...deployment.entries.values()] : ids.map(id => entryOf(deployment, id));
  const tools: BuildTools = { entry: id => deployment.entries.get(id), root, optimize, text };
  const problems = new ProblemList();
  const outputs: Output[] = [];
  for (const entry of new Set(entries)) {
    const begun = systemClock.now();
    let files: readonly BuiltFile[] | undefined;
    try {
      files = await machines.find(machine => machine.kinds.includes(entry.kind))?.build?.(entry, tools);
    } catch (thrown) {
      addRejection(thrown, entry, problems);
      continue;
    }
    const duration = systemClock.now() - begun;
    if (files === undefined && ids.length > 0) throw nothingToBuild(entry);
    for (const { extension, bytes } of files ?? []) {
      const path = join(folder, `${entry.namespace}.${entry.name}${extension}`);
      const taken = outputs.find(output => output.path === path);
      if (taken !== undefined) throw sameOutput(taken.entry, entry, path);
      outputs.push({ entry, shown: shown(root, path), path, bytes, duration });
    }
  }
  if (problems.found.length > 0) throw new DeploymentError(problems.sorted());
  return outputs;
}

function entryOf(deployment: Deployment, id: string): Entry {
  const found = deployment.entries.get(id);
  if (found !== undefined) return found;
  const hint = didYouMean(id, deployment.entries.keys());
  throw new TroupeError(`there is no entry "${id}"${hint}`, { kind: 'NOT_FOUND', retryable: false });
}

function nothingToBuild(entry: Entry): TroupeError {
  return new TroupeError(
    `${entry.id} (${entry.kind}) has nothing to build: no compiler makes a file of it; leave it out`,
    { kind: 'INVALID', retryable: false },
  );
}

function sameOutput(one: Entry, other: Entry, path: string): TroupeError {
  return new TroupeError(
    `${one.id} and ${other.id} would both be written to ${path}; build one of them into another folder with --out`,
    { kind: 'CONFLICT', retryable: false },
  );
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  try {
    makeFolder(dirname(path));
    await writeFile(path, bytes);
  } catch (thrown) {
    throw new TroupeError(`cannot write ${path}: ${(thrown as Error).message}; choose another folder with --out`, {
      kind: 'PERMISSION_DENIED',
      retryable: false,
    });
  }
}

function shown(root: string, path: string): string {
  const within = relative(root, path);
  return within.startsWith('..') || isAbsolute(within) ? path : within.split(sep).join('/');
}

function asJson(outputs: readonly Output[]): string {
  const built = outputs.map(({ entry, shown: output, bytes, duration }) => ({
    id: entry.id,
    source: entry.source?.name ?? null,
    output,
    bytes: bytes.length,
    duration_ms: duration,
  }));
  return `${JSON.stringify({ ok: true, built })}\n`;
}

function asTable(outputs: readonly Output[]): string {
  if (outputs.length === 0) return 'nothing to build: no entry has a language with a compiler\n';
  const rows = outputs.map(({ entry, shown: output, bytes, duration }) => [
    entry.id,
    entry.source?.name ?? '',
    output,
    `${bytes.length} bytes`,
    `${Math.round(duration)} ms`,
  ]);
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)));
  const line = (row: string[]): string =>
    row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ');
  return rows.map(row => `${line(row)}\n`).join('');
}
