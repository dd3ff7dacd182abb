/**
 * sha256 of `glue.wasm` in the one version of wasmoon that the transform was written for, and of what it makes of it.
 * The second changes with every change of the transform or of the slot assembly; `build.js --pin` writes it.
 */
export const INPUT_SHA256 = '95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c';
export const OUTPUT_SHA256 = '86688ca746ce240470f23fdc25b58c3c5c0e1acf3ebae30e8c8e30be1eb36bfd';
