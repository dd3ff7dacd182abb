/** Binaryen's `wasm-opt`, which comes as a program for Node.js. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAM = join(dirname(createRequire(import.meta.url).resolve('binaryen')), 'bin', 'wasm-opt');

/** What `wasm-opt` makes of `input`. Throws what it has to complain about. */
export async function wasmOpt(input: Uint8Array, options: readonly string[]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-wasm-opt-'));
  try {
    const [from, to] = [join(folder, 'in'), join(folder, 'out')];
    await writeFile(from, input);
    await run(process.execPath, [PROGRAM, from, ...options, '-o', to]);
    return await readFile(to);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
