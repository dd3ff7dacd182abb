/**
 * The build step of the Lua binary: makes `lua.wasm` beside this file out of wasmoon's `glue.wasm` and the slot assembly.
 *
 *     node dist/machines/lua/vm/build.js          makes it, unless it is there
 *     node dist/machines/lua/vm/build.js --pin    makes it, and accepts it: writes its sha256 to transform/pins.ts
 *
 * Nothing depends on its success: where a step fails there is no `lua.wasm`, one line on stderr says why, and Lua runs on
 * wasmoon's own binary. With `--pin` a failure is an error.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TroupeError } from '../../../runtime/errors.ts';
import { INPUT_SHA256, OUTPUT_SHA256 } from './transform/pins.ts';
import { probe } from './transform/probe.ts';
import { compileObjectAssembly, compileSlotAssembly } from './transform/slot_assembly.ts';
import { transformLua } from './transform/transform.ts';

const OUTPUT = join(import.meta.dirname, 'lua.wasm');
const PINS = 'machines/lua/vm/transform/pins.ts';
const PIN = '--pin';

async function build(pin: boolean): Promise<void> {
  if (!pin && existsSync(OUTPUT) && sha256(readFileSync(OUTPUT)) === OUTPUT_SHA256) return;
  rmSync(OUTPUT, { force: true });
  const root = packageFolder();
  const glue = readGlue();
  const { bytes, edits, functions } = transformLua(
    glue,
    await compileSlotAssembly(root),
    await compileObjectAssembly(root),
  );
  if (!WebAssembly.validate(bytes)) throw failure('the result of the transform is no valid module');
  const found = sha256(bytes);
  if (!pin && found !== OUTPUT_SHA256) {
    throw failure(`the result of the transform (sha256 ${found}) is not the tested one: see "${PIN}" in ${PINS}`);
  }
  probe(new WebAssembly.Module(bytes));
  if (pin) writePins(join(root, PINS), found);
  // Somebody else may be reading or building, too: the file is there as a whole or not at all.
  const temporary = `${OUTPUT}.${process.pid}`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, OUTPUT);
  process.stdout.write(`Lua: made lua.wasm of ${bytes.length} bytes with ${edits} edits in ${functions} functions\n`);
}

function readGlue(): Uint8Array {
  const file = join(dirname(createRequire(import.meta.url).resolve('wasmoon')), 'glue.wasm');
  const bytes = new Uint8Array(readFileSync(file));
  const found = sha256(bytes);
  if (found !== INPUT_SHA256) {
    throw failure(`${file} (sha256 ${found}) is not the one of wasmoon 1.16.0; install that version exactly (npm ci)`);
  }
  return bytes;
}

/** The folder of package.json, above this file whatever folder was built into. */
function packageFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw failure(`there is no package.json above ${import.meta.dirname}`);
  }
}

function writePins(file: string, output: string): void {
  const text = readFileSync(file, 'utf8');
  const changed = text.replace(/(OUTPUT_SHA256 = ')[0-9a-f]*/, `$1${output}`);
  writeFileSync(file, changed);
  process.stdout.write(`Lua: ${changed === text ? 'the pin was right' : `pinned ${output}`}\n`);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function failure(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INTERNAL', retryable: false });
}

async function main(options: readonly string[]): Promise<void> {
  const unknown = options.find(option => option !== PIN);
  if (unknown !== undefined) {
    process.stderr.write(`Lua: unknown option "${unknown}"; there is only ${PIN}\n`);
    process.exitCode = 2;
    return;
  }
  const pin = options.includes(PIN);
  try {
    await build(pin);
  } catch (error) {
    rmSync(OUTPUT, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    const what = pin ? 'nothing is pinned' : "using wasmoon's own binary without preemption and slots";
    process.stderr.write(`Lua: ${what}, because ${why}\n`);
    if (pin) process.exitCode = 1;
  }
}

await main(process.argv.slice(2));
