/** wasmoon's Lua binary and what the transform makes of it, for tests that compare the two. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { BareLua } from '../../machines/lua/vm/transform/bare_lua.ts';
import { transformLua } from '../../machines/lua/vm/transform/transform.ts';

export const glue = new Uint8Array(
  readFileSync(join(dirname(createRequire(import.meta.url).resolve('wasmoon')), 'glue.wasm')),
);
export const stock = new WebAssembly.Module(glue);
export const transformed = new WebAssembly.Module(transformLua(glue).bytes as Uint8Array<ArrayBuffer>);

/** Addresses differ between states. */
export function withoutAddresses(text: string): string {
  return text.replace(/(table|function|thread|userdata|builtin): (?:builtin: )?(?:0x)?[0-9a-fA-F]+/g, '$1: ADDRESS');
}

/** `(func (export "f") (param i32 ...) (result i32))`, which calls what it imports as `e.f`. */
function trampoline(params: number): WebAssembly.Module {
  const types = [0x60, params, ...Array<number>(params).fill(0x7f), 1, 0x7f];
  return new WebAssembly.Module(
    new Uint8Array([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, types.length + 1, 1, ...types],
      ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0],
      ...[7, 5, 1, 1, 0x66, 0, 0],
    ]),
  );
}

/** Puts a JavaScript function into Lua's function table; answers its slot. */
export function hostFunction(lua: BareLua, params: number, fn: (...args: number[]) => number): number {
  const table = lua.api.__indirect_function_table;
  const slot = table.grow(1);
  table.set(slot, new WebAssembly.Instance(trampoline(params), { e: { f: fn } }).exports.f);
  return slot;
}
