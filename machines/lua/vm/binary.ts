/**
 * The Lua binary: Lua 5.4.4 as WebAssembly, taken from the `wasmoon` package and pinned by its content.
 *
 * Everything in this folder relies on the exact layout of that build, so a file with another sha256 is refused rather
 * than trusted. wasmoon's JavaScript is not used: its wrappers cost 2 to 78 microseconds a call.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TroupeError } from '../../../runtime/errors.ts';

const GLUE_SHA256 = '95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c';

/** Reads, checks and compiles `glue.wasm` of wasmoon 1.16.0. Throws INTERNAL where another build is installed. */
export function compileLuaBinary(): WebAssembly.Module {
  const file = join(dirname(createRequire(import.meta.url).resolve('wasmoon')), 'glue.wasm');
  const bytes = readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== GLUE_SHA256) {
    throw new TroupeError(
      'the installed "wasmoon" is not the one this runtime was built for: install wasmoon 1.16.0 exactly (npm ci)',
      { kind: 'INTERNAL', retryable: false, place: file, details: { expected: GLUE_SHA256, found: sha256 } },
    );
  }
  return new WebAssembly.Module(bytes);
}
