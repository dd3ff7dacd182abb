import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { INPUT_SHA256, OUTPUT_SHA256 } from '../../machines/lua/vm/transform/pins.ts';
import { probe } from '../../machines/lua/vm/transform/probe.ts';
import { compileObjectAssembly, compileSlotAssembly } from '../../machines/lua/vm/transform/slot_assembly.ts';
import { transformLua } from '../../machines/lua/vm/transform/transform.ts';
import { ALLOCATOR_SLOT, CONTINUATION_SLOT } from '../../machines/lua/vm/words.ts';
import { BareLua } from '../../machines/lua/vm/transform/bare_lua.ts';
import { glue, transformed } from './bare_binaries.ts';

const test = suite('lua transform');

const root = new URL('../../../', import.meta.url).pathname;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('what the build makes is what was pinned', async () => {
  assert.is(sha256(glue), INPUT_SHA256);
  const { bytes } = transformLua(glue, await compileSlotAssembly(root), await compileObjectAssembly(root));
  assert.is(sha256(bytes), OUTPUT_SHA256, 'transform or slot assembly have changed: build.js --pin accepts them');
  probe(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>)).map(e => e.name);
  for (const name of ['slot_alloc', 'slot_clone', 'lua_gc', 'yield_base', 'yield_state']) {
    assert.ok(exports.includes(name), `${name} is not exported`);
  }
});

test('the same input gives the same output', () => {
  assert.is(sha256(transformLua(glue).bytes), sha256(transformLua(glue.slice()).bytes));
});

test('everything that was exported still is, at the same places of the table', () => {
  const names = (module: WebAssembly.Module) => WebAssembly.Module.exports(module).map(e => `${e.kind} ${e.name}`);
  const before = names(new WebAssembly.Module(glue));
  assert.equal(names(transformed).slice(0, before.length), before);
  const table = new BareLua(transformed).api.__indirect_function_table;
  assert.is(table.length, ALLOCATOR_SLOT + 1);
  assert.type(table.get(CONTINUATION_SLOT), 'function');
  assert.is(table.get(ALLOCATOR_SLOT), null);
});

test('a state can take memory up to 4 GiB, less a page', () => {
  const { memory } = new BareLua(transformed).api;
  assert.is(memory.grow(65_535 - memory.buffer.byteLength / 65_536), 256);
  assert.throws(() => memory.grow(2));
});

test('other files are refused', () => {
  const refuses = (bytes: Uint8Array, message: RegExp) => assert.throws(() => transformLua(bytes), message);
  refuses(new Uint8Array(), /not a WebAssembly module/);
  refuses(glue.subarray(0, 1000), /not a WebAssembly module/);
  refuses(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), /cannot be transformed: it has no table/);
  refuses(transformLua(glue).bytes, /exception/);
});

test('a text that a check looks for has to be there', () => {
  for (const text of ['pattern too complex', 'attempt to yield across', 'collectgarbage\0', 'gmatch\0']) {
    const changed = glue.slice();
    const at = Buffer.from(changed.buffer).indexOf(text);
    changed[at] = 'X'.charCodeAt(0);
    assert.throws(() => transformLua(changed), /cannot be transformed: /, `"${text}"`);
  }
});

test('a function that differs in one instruction is refused, and named', () => {
  // lua_status: local.get 0; i32.load8_u offset=6; end
  const at = Buffer.from(glue.buffer).indexOf(Buffer.from([0x20, 0, 0x2d, 0, 6, 0x0b]));
  assert.ok(at > 0);
  const changed = glue.slice();
  changed[at + 2] = 0x2c;
  assert.throws(() => transformLua(changed), /lua_status: the pattern ".*" matches 0 times/);
});

/** `(module (import "env" "memory" ...) (func (export "alloc") (param i32 i32 i32 i32) (result i32) ...))` */
function slotModule(body: readonly number[], more: readonly number[] = []): Uint8Array {
  const code = [0, ...body, 0x0b];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 14, 2, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f],
    ...[2, 18, 1, 3, ...Buffer.from('lua'), 10, ...Buffer.from('lua_gettop'), 0, 1],
    ...[3, 2, 1, 0],
    ...more,
    ...[7, 9, 1, 5, ...Buffer.from('alloc'), 0, 1],
    ...[10, code.length + 2, 1, code.length, ...code],
  ]);
}

test('functions of another module are linked: their calls lead to Lua', () => {
  // (call $lua_gettop (local.get 0)) + 40
  const { bytes } = transformLua(glue, slotModule([0x20, 0, 0x10, 0, 0x41, 40, 0x6a]));
  const lua = new BareLua(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
  const L = lua.open();
  lua.api.lua_pushnil(L);
  lua.api.lua_pushnil(L);
  const alloc = (lua.api as unknown as { slot_alloc(...args: number[]): number }).slot_alloc;
  assert.is(alloc(L, 0, 0, 0), 42);
  assert.is(lua.api.__indirect_function_table.get(ALLOCATOR_SLOT), alloc);
});

test('a module with anything but functions is not linked', () => {
  const withGlobal = slotModule([0x41, 0], [6, 6, 1, 0x7f, 1, 0x41, 0, 0x0b]);
  assert.throws(() => transformLua(glue, withGlobal), /the module to be linked has globals/);
});

test.run();
