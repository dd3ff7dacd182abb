/** The programs of the scenarios: those in the repository, and those made here where there is a compiler. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, missing, PREBUILT, REPOSITORY, type Toolchain } from './prebuilt.ts';
import type { Programs } from './scenarios.ts';

/** As they lie in the repository; `language` is the ending of their names. */
export function prebuiltPrograms(language: string): Programs {
  return programs(wasm => join(REPOSITORY, wasm), language);
}

/** Made anew with a toolchain; undefined, after saying why, where it is missing. */
export function rebuiltPrograms(language: string, toolchain: Toolchain): Programs | undefined {
  const reason = missing(toolchain);
  if (reason !== undefined) {
    console.log(`skip: programs compiled here (${toolchain}), because there is no compiler for them: ${reason}`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'troupe-built-'));
  try {
    return programs(wasm => {
      const output = join(folder, 'program.wasm');
      compile({ ...PREBUILT.find(one => one.wasm === wasm)!, toolchain }, output);
      return output;
    }, language);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function programs(fileOf: (wasm: string) => string, language: string): Programs {
  const read = (name: string) => readFileSync(fileOf(`test/sdk/programs/${name}_${language}.wasm`));
  return { scenarios: read('scenarios'), handlers: read('handlers') };
}
