/**
 * One process of `wasm_load.ts`: prepares and loads the module in the given file, the first one of the process, and prints
 * how many milliseconds that took.
 */
import { readFileSync } from 'node:fs';
import { loadWasm, prepareWasm, wasmEntry } from '../wasm/load_program.ts';

const entry = wasmEntry(new Uint8Array(readFileSync(process.argv[2])));
const begun = performance.now();
const program = loadWasm(entry, await prepareWasm(entry));
const taken = performance.now() - begun;
program.create().close();
process.stdout.write(`${taken}\n`);
