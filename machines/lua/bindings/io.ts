/** `io` with values of every type, shown as `print` shows them. */
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { VALUE_TAG } from '../vm/layout.ts';
import { pushOperation } from './operation.ts';

export function ioModule(engine: Engine): HostModule {
  const writing =
    (operation: string, separator: string, end: string): HostFunction =>
    L =>
      pushOperation(engine, L, 'io', operation, [joined(engine, L, separator, end)]);
  return {
    name: 'io',
    functions: {
      write: writing('write', '', ''),
      write_error: writing('write_error', '', ''),
      print: writing('write', '\t', '\n'),
      eprint: writing('write_error', '\t', '\n'),
    },
  };
}

/** All arguments by `tostring`: text, or bytes where one of them is no text. */
function joined(engine: Engine, L: number, separator: string, end: string): string | Uint8Array {
  const { vm } = engine;
  const count = vm.count(L);
  const parts: (string | Uint8Array)[] = [];
  for (let index = 1; index <= count; index++) {
    vm.api.luaL_tolstring(L, index, 0);
    const at = vm.top(L);
    if (index > 1) parts.push(separator);
    parts.push(vm.text.read(vm.memory.i32[at >>> 2], vm.memory.u8[(at + VALUE_TAG) >>> 0]));
    vm.api.lua_settop(L, -2);
  }
  parts.push(end);
  if (parts.every(part => typeof part === 'string')) return parts.join('');
  return new Uint8Array(Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part))));
}
