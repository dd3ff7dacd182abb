/** Running the example `examples/access-log` on logs given as bytes. */
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { silentLog } from '../../runtime/logger.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { machinesModule, machineTypes, readDeployment, type StartOptions } from '../../sdk/embed/index.ts';
import type { ReferenceReport } from './access_log_reference.ts';

/** The repository's folder, from wherever the compiled tests lie. */
function repository(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
}

export const EXAMPLES = join(repository(), 'examples');
export const SAMPLE_FILE = join(EXAMPLES, 'access-log', 'access_log');

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-access-log-')));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** A file with this content; gone when the tests end. */
export function fileOf(content: string | Uint8Array, suffix = '.log'): string {
  const path = join(folder, `${files++}${suffix}`);
  writeFileSync(path, content);
  return path;
}

/** A copy of an example in which some files have other content. */
export function copyOf(example: string, changed: { readonly [file: string]: string }): string {
  const copy = join(folder, `${example}-${files++}`);
  cpSync(join(EXAMPLES, example), copy, { recursive: true });
  for (const [file, content] of Object.entries(changed)) writeFileSync(join(copy, file), content);
  return copy;
}

export async function start(root: string, options: StartOptions = {}): Promise<Runtime> {
  const deployment = await readDeployment(root);
  const services = options.services ?? createServices({ root: deployment.root, log: silentLog });
  return Runtime.start({ workers: 0, ...options, services, deployment, machines: machineTypes, machinesModule });
}

export interface Job {
  readonly chunk?: number;
  readonly parsers?: number;
  readonly chaos?: number;
}

export interface Outcome {
  readonly report: ReferenceReport & { approximate?: unknown; failed?: string };
  /** Parsers that were started in place of crashed ones. */
  readonly restarts: number;
}

/** Analyse a file and wait for the report. */
export async function analyse(runtime: Runtime, file: string, job: Job = {}): Promise<Outcome> {
  let restarts = 0;
  runtime.onMessage(message => {
    if (message.topic === 'progress') restarts = (message.payload as { restarts: number }).restarts;
  });
  const settings = { file, parsers: 2, chunk: 64 * 1024, top: 10, chaos: 0, ...job, progress: runtime.pid };
  const report = await runtime.exec({ id: 'log:job', host: 'log:work', args: [settings] });
  return { report: report as unknown as Outcome['report'], restarts };
}

export interface CommandOutcome {
  readonly terminal: MemoryTerminal;
  readonly exit: { readonly value?: unknown; readonly error?: Error };
}

/** Run a command of an example in a terminal of its own. */
export async function command(
  root: string,
  id: string,
  terminal: MemoryTerminal,
  options: StartOptions = {},
): Promise<CommandOutcome> {
  const runtime = await start(root, { ...options, services: createServices({ root, terminal, log: silentLog }) });
  try {
    const { exit } = runtime.watch({ id, host: `${id.split(':')[0]}:terminal`, args: [...terminal.args] });
    return { terminal, exit: (await exit).result ?? {} };
  } finally {
    await runtime.stop();
  }
}
