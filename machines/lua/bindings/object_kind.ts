import type { Engine } from '../engine.ts';
import type { Kind } from '../values/kinds.ts';
import { Tag, VALUE_TAG } from '../vm/layout.ts';

/** Whether the value at stack index `index` is an object of this kind. */
export function isKind(engine: Engine, L: number, index: number, kind: Kind): boolean {
  const { vm, reader } = engine;
  if (index > vm.count(L)) return false;
  const at = vm.argument(L, index);
  return vm.memory.u8[(at + VALUE_TAG) >>> 0] === Tag.Userdata && vm.memory.i32[reader.data(at) >>> 2] === kind;
}
