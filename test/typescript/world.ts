/** Deployments of TypeScript entries for tests: one namespace `t`, one host, files named after their entries. */
import type { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { machineTypes } from '../../machines/index.ts';
import { deploy } from '../deploy.ts';
import { type Moves, movingMachine } from '../wasm/moving_machine.ts';

export interface World {
  /** Entry name -> text of its module, `process.ts` unless the text names another kind in `kinds`. */
  readonly [name: string]: string;
}

export interface WorldOptions {
  /** Lines of YAML inside the host, e.g. `trusted: true`. */
  readonly host?: string;
  /** Capabilities that every entry imports. */
  readonly imports?: readonly string[];
  /** Entry name -> kind, where it is not `process.ts`. */
  readonly kinds?: { readonly [name: string]: string };
  /** Entry name -> method, where it is not `main`. */
  readonly methods?: { readonly [name: string]: string };
  /** Files beside those of the entries. */
  readonly files?: { readonly [path: string]: string };
}

export function yamlOf(world: World, options: WorldOptions = {}): string {
  const lines = ['version: "1.0"', 'namespace: t', 'entries:'];
  const trust = options.host?.includes('trusted: true') ? '' : ', allow_untrusted_ts: true';
  lines.push(`  - {name: host, kind: process.host${trust}${options.host === undefined ? '' : `, ${options.host}`}}`);
  for (const name of Object.keys(world)) {
    const kind = options.kinds?.[name] ?? 'process.ts';
    const method = options.methods?.[name];
    const imports = (options.imports ?? []).join(', ');
    const parts = [`name: ${name}`, `kind: ${kind}`, `source: file://${name}.ts`, `imports: [${imports}]`];
    if (method !== undefined) parts.push(`method: ${method}`);
    lines.push(`  - {${parts.join(', ')}}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Start a deployment whose modules begin with an import of the SDK. */
export function start(world: World, options: WorldOptions = {}): Promise<Runtime> {
  const files: { [path: string]: string } = { 'index.yaml': yamlOf(world, options), ...options.files };
  for (const [name, text] of Object.entries(world)) files[`${name}.ts`] = text;
  return deploy(
    files,
    MOVES === undefined ? {} : { machines: machineTypes.map(machine => movingMachine(machine, 1, MOVES)) },
  );
}

/** Set by tests that repeat others with processes that move between all their steps; counts the moves. */
const MOVES = (globalThis as { troupeTestMoves?: Moves }).troupeTestMoves;

/** Start, run one entry to its end, stop. */
export async function run(
  world: World,
  id: string,
  args: readonly Payload[] = [],
  options: WorldOptions = {},
): Promise<Payload> {
  const runtime = await start(world, options);
  try {
    return await runtime.exec({ id: `t:${id}`, host: 't:host', args });
  } finally {
    await runtime.stop();
  }
}

/** The error with which something ends; fails where it does not. */
export async function errorOf(promise: Promise<unknown>): Promise<TroupeError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof Error) return thrown as TroupeError;
    throw new Error(`something that is no error was thrown: ${String(thrown)}`);
  }
  throw new Error('it should have failed');
}

/** What a deployment is refused with: one line a mistake. */
export async function refusal(world: World, options: WorldOptions = {}): Promise<string> {
  return (await errorOf(start(world, options).then(runtime => runtime.stop()))).message;
}
