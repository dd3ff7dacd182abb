/** Deployments of Lua programs for tests. */
import { createServices } from '../../runtime/capabilities/services.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { LogLevel, LogSink } from '../../runtime/logger.ts';
import type { Payload } from '../../runtime/machine.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { type Files, writeDeployment } from '../deploy.ts';
import { machineTypes, machinesModule } from './machines.ts';

/** What programs logged. */
export class LogRecorder implements LogSink {
  readonly lines: { level: LogLevel; message: string; fields: unknown }[] = [];

  enabled(): boolean {
    return true;
  }

  log(level: LogLevel, message: string, fields?: unknown): void {
    this.lines.push({ level, message, fields });
  }
}

export interface Deployed {
  readonly runtime: Runtime;
  readonly log: LogRecorder;
}

/** On this thread, or spread over worker threads in turn. */
export async function deployLua(files: Files, workers = 0): Promise<Deployed> {
  const log = new LogRecorder();
  const deployment = await readDeployment(writeDeployment(files));
  const runtime = await Runtime.start({
    deployment,
    machines: machineTypes,
    machinesModule,
    workers,
    placement: 'round-robin',
    services: createServices({ log, root: deployment.root }),
  });
  return { runtime, log };
}

const MODULES = 'modules: [time, logger, json, random, funcs, ctx]';

/** Of hosts of which a test says nothing: the runner repeats tests with programs interrupted at every opportunity. */
const SLICE = process.env.TROUPE_TEST_SLICE;
const LIMITS = SLICE === undefined ? '{}' : `{cpu_slice: ${SLICE}}`;

/**
 * A deployment with one namespace `app`, a host `host` and a process for each script, by name; `more` are further
 * entries in YAML, each line one entry in flow style; `limits` are those of the host, in YAML.
 */
export function scripts(
  sources: { readonly [name: string]: string },
  more: readonly string[] = [],
  limits = LIMITS,
): Files {
  const files: { [path: string]: string } = {};
  const entries = [`  - {name: host, kind: process.host, limits: ${limits}}`, ...more.map(entry => `  - ${entry}`)];
  for (const [name, source] of Object.entries(sources)) {
    files[`${name}.lua`] = source;
    entries.push(`  - {name: ${name}, kind: process.lua, source: "file://${name}.lua", ${MODULES}}`);
  }
  files['app.yaml'] = `version: "1.0"\nnamespace: app\nentries:\n${entries.join('\n')}\n`;
  return files;
}

/** Deploy scripts, run the one named `main` and answer what it returns; rejects with its error. */
export async function runScripts(
  sources: { readonly [name: string]: string },
  more: readonly string[] = [],
  ...args: Payload[]
): Promise<Payload> {
  const { runtime } = await deployLua(scripts(sources, more));
  try {
    return await runtime.exec({ id: 'app:main', host: 'app:host', args });
  } finally {
    await runtime.stop();
  }
}

/** Run a script's body, as its `main`, and answer what it returns; rejects with its error. */
export function run(body: string, ...args: Payload[]): Promise<Payload> {
  return runScripts({ main: `return function(...)\n${body}\nend\n` }, [], ...args);
}

/** The error with which a script's body ends. */
export async function failure(body: string, ...args: Payload[]): Promise<TroupeError> {
  try {
    const value = await run(body, ...args);
    throw new Error(`ended with ${JSON.stringify(value)} instead of an error`);
  } catch (thrown) {
    if (thrown instanceof TroupeError) return thrown;
    throw thrown;
  }
}
