/**
 * The Lua binary: Lua 5.4.4 as WebAssembly, taken from the `wasmoon` package and pinned by its content.
 *
 * What runs is that binary put through the transform of this folder (`transform/`), which the build makes once
 * (`build.ts`) and leaves beside this file as `lua.wasm`: its yields return instead of throwing, its programs can be
 * preempted, and every process has a slot of memory of its own. Where the file is missing, or is not the one that this
 * version was tested with, wasmoon's own binary takes its place: the same programs run, slower, and endless loops are
 * not interrupted.
 *
 * Everything in this folder relies on the exact layout of that build, so a file with another sha256 is refused rather
 * than trusted. wasmoon's JavaScript is not used: its wrappers cost 2 to 78 microseconds a call.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TroupeError } from '../../../runtime/errors.ts';
import { INPUT_SHA256, OUTPUT_SHA256 } from './transform/pins.ts';

export interface LuaBinary {
  readonly module: WebAssembly.Module;
  /** Whether it went through the transform. */
  readonly transformed: boolean;
}

/** `stock` runs wasmoon's own binary although the transformed one is there: to compare, or to find out who is to blame. */
const CHOICE = 'TROUPE_LUA';

/** Reads, checks and compiles the binary. Throws INTERNAL where another build of wasmoon is installed. */
export function compileLuaBinary(): LuaBinary {
  const choice = process.env[CHOICE] ?? '';
  if (choice !== '' && choice !== 'stock') {
    throw new TroupeError(`the environment variable ${CHOICE} can only be "stock", not "${choice}"`, {
      kind: 'INVALID',
      retryable: false,
    });
  }
  if (choice === '') {
    const made = readTransformed();
    if (made instanceof Uint8Array)
      return { module: new WebAssembly.Module(made as Uint8Array<ArrayBuffer>), transformed: true };
    process.emitWarning(`Lua runs on wasmoon's own binary, without preemption: ${made}`, { code: 'TROUPE_LUA_STOCK' });
  }
  return { module: new WebAssembly.Module(readStock() as Uint8Array<ArrayBuffer>), transformed: false };
}

/** The transformed binary, or why it cannot be used. */
function readTransformed(): Uint8Array | string {
  const file = fileURLToPath(new URL('./lua.wasm', import.meta.url));
  if (!existsSync(file)) return `${file} is missing; "npm run build" makes it`;
  const bytes = readFileSync(file);
  if (sha256(bytes) !== OUTPUT_SHA256) return `${file} is of another version; "npm run build" makes it anew`;
  return bytes;
}

function readStock(): Uint8Array {
  const file = join(dirname(createRequire(import.meta.url).resolve('wasmoon')), 'glue.wasm');
  const bytes = readFileSync(file);
  const found = sha256(bytes);
  if (found === INPUT_SHA256) return bytes;
  throw new TroupeError(
    'the installed "wasmoon" is not the one this runtime was built for: install wasmoon 1.16.0 exactly (npm ci)',
    { kind: 'INTERNAL', retryable: false, place: file, details: { expected: INPUT_SHA256, found } },
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
