/** Deployments of WebAssembly entries for the tests of this folder. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import wabt from 'wabt';
import { type TroupeError, toTroupeError } from '../../runtime/errors.ts';
import type { Payload, SpawnRequest } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { StartOptions } from '../../sdk/embed/index.ts';
import { deploy, type Files } from '../deploy.ts';

// Compiled AssemblyScript is kept between runs, but not where the user's own is.
process.env.XDG_CACHE_HOME ??= join(tmpdir(), 'troupe-test-cache');

const tools = await wabt();

/** WebAssembly text as a binary, names included. */
export function wat(text: string): Uint8Array {
  const module = tools.parseWat('test.wat', text, { bulk_memory: true, multi_value: true, exceptions: true });
  try {
    return new Uint8Array(module.toBinary({ write_debug_names: true }).buffer);
  } finally {
    module.destroy();
  }
}

/** A deployment on host `app:h` with these entries (flow mappings) and files. */
export function start(entries: readonly string[], files: Files, options: StartOptions = {}): Promise<Runtime> {
  const list = [`{name: h, kind: process.host, allow_untrusted_ts: true}`, ...entries]
    .map(entry => `  - ${entry}\n`)
    .join('');
  return deploy({ 'app.yaml': `version: "1.0"\nnamespace: app\nentries:\n${list}`, ...files }, options);
}

/** Run an entry of `app` on its host to its end: the value. */
export function run(
  runtime: Runtime,
  name: string,
  args: readonly Payload[] = [],
  more: Partial<SpawnRequest> = {},
): Promise<Payload> {
  return runtime.exec({ id: `app:${name}`, host: 'app:h', args, ...more });
}

/** The error that something ends with. */
export async function failure(outcome: Promise<unknown>): Promise<TroupeError> {
  let value: unknown;
  try {
    value = await outcome;
  } catch (thrown) {
    return toTroupeError(thrown);
  }
  throw new Error(`it did not fail, but gave ${JSON.stringify(value)}`);
}

/** What a deployment is refused with: all problems as text. */
export async function refusal(entries: readonly string[], files: Files): Promise<string> {
  let runtime: Runtime;
  try {
    runtime = await start(entries, files);
  } catch (thrown) {
    return String(thrown);
  }
  await runtime.stop();
  throw new Error('it was not refused');
}
