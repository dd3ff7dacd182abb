/** How long it takes until a WebAssembly program can be spawned: in processes of their own, because code warms up. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileAssemblyscript } from '../../machines/wasm/sources/assemblyscript.ts';
import { wasmEntry } from '../wasm/load_program.ts';
import type { Measurement } from './measurement.ts';

/** With AssemblyScript's allocator and collector it is a module of 5 KB. */
const PROGRAM = `export function main(n: i32): i32 {
  const squares = new Array<i32>();
  for (let i = 0; i < n; i++) squares.push(i * i);
  return squares.length;
}`;

/** Median milliseconds of `count` processes, each with an empty cache or all with the same. */
function loading(cache: 'empty' | 'filled') {
  return async (_runtime: unknown, count: number): Promise<number> => {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
    try {
      const file = join(folder, 'program.wasm');
      const module = await compileAssemblyscript(wasmEntry(PROGRAM), { root: folder });
      if (module.length < 4500 || module.length > 6000) throw new Error(`the module has ${module.length} bytes`);
      writeFileSync(file, module);
      if (cache === 'filled') loadOnce(file, join(folder, 'cache'));
      const taken = Array.from({ length: count }, (_, index) =>
        loadOnce(file, join(folder, cache === 'filled' ? 'cache' : `cache-${index}`)),
      );
      return taken.sort((a, b) => a - b)[taken.length >> 1];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

function loadOnce(file: string, cache: string): number {
  const script = fileURLToPath(new URL('./wasm_load_once.js', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script, file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, XDG_CACHE_HOME: cache },
  });
  const taken = Number(stdout);
  if (status !== 0 || !(taken > 0)) throw new Error(`loading failed (code ${status}): ${stdout}`);
  return taken;
}

const shared = { machine: 'wasm', unit: 'ms', workers: 0, count: 5 } as const;

export const WASM_LOAD_MEASUREMENTS: readonly Measurement[] = [
  {
    ...shared,
    name: 'load-cold',
    what: 'load a module of 5 KB, the first of the process, nothing kept',
    target: 30,
    run: loading('empty'),
  },
  {
    ...shared,
    name: 'load-warm',
    what: 'the same, its form kept on disk',
    target: 5,
    run: loading('filled'),
  },
];
