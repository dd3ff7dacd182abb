/**
 * sha256 of `glue.wasm` in the one version of wasmoon that the transform was written for, and of what it makes of it.
 * The second changes with every change of the transform or of the slot assembly; `build.js --pin` writes it.
 */
export const INPUT_SHA256 = '95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c';
export const OUTPUT_SHA256 = '7e5fc9d72dc51e3327077c1db82aa8ac077d081e4c7eb0bd29abf15960f22054';
