/** Source text to bytecode of this thread's machine, and syntax errors to places. */
import { TroupeError } from '../../runtime/errors.ts';
import type { BundledUnit } from './bundle.ts';
import type { Engine } from './engine.ts';
import { Status, VALUE_TAG } from './vm/layout.ts';

/** `name:line: message`, as Lua writes it. */
const LUA_MESSAGE = /^(.*?):(\d+): (.*)$/s;
const NEAR = / near '(.*)'$/s;

/**
 * The chunk as bytecode, with line numbers. Throws INVALID with `file:line:column` for what is not Lua. Bytecode made
 * here is trusted; it never leaves this thread.
 */
export function compileUnit(engine: Engine, unit: BundledUnit): Uint8Array {
  const { vm } = engine;
  const L = vm.api.luaL_newstate();
  try {
    if (vm.load(L, Buffer.from(unit.text, 'utf8'), unit.chunkName, 't') === Status.Ok) return vm.dump(L);
    const at = vm.top(L);
    throw syntaxError(unit, vm.text.readText(vm.memory.u32[at >>> 2], vm.memory.u8[at + VALUE_TAG]));
  } finally {
    vm.api.lua_close(L);
  }
}

function syntaxError(unit: BundledUnit, message: string): TroupeError {
  const [, , line, text] = LUA_MESSAGE.exec(message) ?? ['', '', '1', message];
  const source = unit.text.split('\n')[Number(line) - 1] ?? '';
  const near = NEAR.exec(text)?.[1] ?? '';
  const column = Math.max(source.indexOf(near), 0) + 1;
  return new TroupeError(text, {
    kind: 'INVALID',
    retryable: false,
    place: `${unit.chunkName.slice(1)}:${line}:${column}`,
    details: { entry: unit.id },
  });
}
