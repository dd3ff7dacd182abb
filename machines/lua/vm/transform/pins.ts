/**
 * sha256 of `glue.wasm` in the one version of wasmoon that the transform was written for, and of what it makes of it.
 * The second changes with every change of the transform or of the slot assembly; `build.js --pin` writes it.
 */
export const INPUT_SHA256 = '95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c';
export const OUTPUT_SHA256 = 'd1f15cfbf324dd1a8d13602f3cd19f70fb260c3e10f2acb50f8dce1b56f023c4';
