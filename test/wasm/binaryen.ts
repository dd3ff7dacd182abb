/** Binaryen's tools, which come as programs for Node.js. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TOOLS = join(dirname(createRequire(import.meta.url).resolve('binaryen')), 'bin');

/** What `wasm-opt` makes of `input`. Throws what it has to complain about. */
export function wasmOpt(input: Uint8Array, options: readonly string[]): Promise<Uint8Array> {
  return runTool('wasm-opt', [input], ([from]) => [from, ...options]);
}

/** One module of both, by `wasm-merge`: what `module` imports from `from` is what `other` exports. */
export function wasmMerge(
  module: Uint8Array,
  other: Uint8Array,
  from: string,
  options: readonly string[],
): Promise<Uint8Array> {
  return runTool('wasm-merge', [module, other], ([one, two]) => [one, 'module', two, from, ...options]);
}

async function runTool(
  tool: string,
  inputs: readonly Uint8Array[],
  argumentsOf: (files: readonly string[]) => readonly string[],
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), `troupe-${tool}-`));
  try {
    const files = inputs.map((_, i) => join(folder, `in${i}`));
    const output = join(folder, 'out');
    await Promise.all(files.map((file, i) => writeFile(file, inputs[i])));
    await run(process.execPath, [join(TOOLS, tool), ...argumentsOf(files), '-o', output]);
    return await readFile(output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
