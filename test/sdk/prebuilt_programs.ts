/** Programs of the repository as they lie there, and made anew where there is a compiler. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, missing, PREBUILT, REPOSITORY, type Toolchain } from './prebuilt.ts';
import type { Programs } from './scenarios.ts';

/** A binary, by its path in the repository. */
export type ReadProgram = (wasm: string) => Uint8Array;

export const readPrebuilt: ReadProgram = wasm => readFileSync(join(REPOSITORY, wasm));

/** Compiles binaries anew with a toolchain; undefined, after saying why, where it is missing. */
export function rebuilding(toolchain: Toolchain): ReadProgram | undefined {
  const reason = missing(toolchain);
  if (reason !== undefined) {
    console.log(`skip: programs compiled here (${toolchain}), because there is no compiler for them: ${reason}`);
    return undefined;
  }
  return wasm => {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-built-'));
    try {
      const output = join(folder, 'program.wasm');
      compile({ ...PREBUILT.find(one => one.wasm === wasm)!, toolchain }, output);
      return readFileSync(output);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** The programs of the scenarios as they lie in the repository; `language` is the ending of their names. */
export function prebuiltPrograms(language: string): Programs {
  return programs(readPrebuilt, language);
}

/** Made anew with a toolchain; undefined, after saying why, where it is missing. */
export function rebuiltPrograms(language: string, toolchain: Toolchain): Programs | undefined {
  const rebuild = rebuilding(toolchain);
  return rebuild && programs(rebuild, language);
}

function programs(readProgram: ReadProgram, language: string): Programs {
  const read = (name: string) => readProgram(`test/sdk/programs/${name}_${language}.wasm`);
  return { scenarios: read('scenarios'), handlers: read('handlers') };
}
