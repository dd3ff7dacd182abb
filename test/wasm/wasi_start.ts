/** Deployments of WASI programs: one host for each way of granting, a folder of files, and a terminal in memory. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASI, type WASIOptions } from 'node:wasi';
import { createServices, type Services } from '../../runtime/capabilities/services.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { machinesModule, machineTypes } from '../../machines/index.ts';
import { Runtime } from '../../runtime/runtime.ts';
import type { Payload, SpawnRequest } from '../../runtime/machine.ts';
import { type LogSink, silentLog } from '../../runtime/logger.ts';
import { type Files, writeDeployment } from '../deploy.ts';
import { TOOLCHAIN_ENV } from '../toolchain_env.ts';

const FIXTURES = new URL('../../../test/wasm/fixtures/wasi/', import.meta.url);

export const PROGRAMS = ['cat', 'wc', 'show', 'naps', 'tree'] as const;

/** A file beside the programs. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(name, FIXTURES));
}

export function program(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(`${name}.wasm`)));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const ALL = 'imports: [io, fs, time, random, env, logger]';

/** Names of hosts and what they grant. */
const HOSTS = `
  - name: h
    kind: process.host
    capabilities: {io: {}, fs: {root: data, write: true}, time: {}, random: {}, env: {names: [TEST_HOME, TEST_MODE]}, logger: {}}
  - name: reading
    kind: process.host
    capabilities: {io: {}, fs: {root: data}, time: {}, random: {}, env: {}, logger: {}}
`;

export interface Started {
  readonly runtime: Runtime;
  readonly terminal: MemoryTerminal;
  /** The granted folder. */
  readonly data: string;
  run(name: string, args?: readonly Payload[], more?: Partial<SpawnRequest>): Promise<Payload>;
}

export interface Options {
  readonly input?: readonly string[];
  readonly log?: LogSink;
  readonly services?: Partial<Services>;
  /** Entries besides those of `modules`, as YAML list items without the dash. */
  readonly entries?: readonly string[];
  readonly files?: Files;
}

/** Each module is an entry with all imports, and as `bare_<name>` one with none. */
export async function startWasi(
  modules: { readonly [name: string]: Uint8Array },
  options: Options = {},
): Promise<Started> {
  const entries = Object.keys(modules).flatMap(name => [
    `{name: ${name}, kind: process.wasm, source: file://${name}.wasm, ${ALL}}`,
    `{name: bare_${name}, kind: process.wasm, source: file://${name}.wasm}`,
  ]);
  const list = [...entries, ...(options.entries ?? [])].map(entry => `  - ${entry}\n`).join('');
  const sources = Object.fromEntries(Object.entries(modules).map(([name, bytes]) => [`${name}.wasm`, bytes]));
  const root = writeDeployment({
    'app.yaml': `version: "1.0"\nnamespace: app\nentries:${HOSTS}${list}`,
    'data/.keep': '',
    ...sources,
    ...options.files,
  });
  const terminal = new MemoryTerminal({ input: options.input ?? [] });
  const environment = { TEST_HOME: '/home/of/tests', SECRET: 'not for programs' };
  const services = createServices({
    root,
    terminal,
    log: options.log ?? silentLog,
    environment,
    ...options.services,
  });
  const runtime = await Runtime.start({
    deployment: await readDeployment(root),
    machines: machineTypes,
    machinesModule,
    workers: 0,
    services,
  });
  return {
    runtime,
    terminal,
    data: join(root, 'data'),
    run: (name, args = [], more = {}) => runtime.exec({ id: `app:${name}`, host: 'app:h', args, ...more }),
  };
}

/** The program under Node's own WASI: its exit code. */
export function nodeWasi(bytes: Uint8Array, options: Omit<WASIOptions, 'version' | 'returnOnExit'>): number {
  const wasi = new WASI({ ...options, version: 'preview1', returnOnExit: true });
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(bytes),
    wasi.getImportObject() as WebAssembly.Imports,
  );
  return Number(wasi.start(instance));
}

/** A compiler that can build for WASI; undefined where there is none. */
export const clang = findClang();

function findClang(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-clang-'));
  try {
    writeFileSync(join(folder, 'm.c'), '#include <stdio.h>\nint main(void) { return puts(""); }\n');
    execFileSync('clang', ['--target=wasm32-wasi', '-o', join(folder, 'm'), join(folder, 'm.c')], {
      stdio: 'ignore',
      env: TOOLCHAIN_ENV,
    });
    return 'clang';
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
