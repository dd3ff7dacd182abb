/**
 * sha256 of `glue.wasm` in the one version of wasmoon that the transform was written for, and of what it makes of it.
 * The second changes with every change of the transform or of the slot assembly; `build.js --pin` writes it.
 */
export const INPUT_SHA256 = '95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c';
export const OUTPUT_SHA256 = 'f03d80d73f3a6d61e2e2901d7a81a828c69f95148b30603ccfe5a3a57ae82f34';
