/** How a program begins and ends: its entry method, found in what the script returns, and what that method returns. */
import { TroupeError } from '../../runtime/errors.ts';
import type { ExitResult, Payload } from '../../runtime/machine.ts';
import type { Engine } from './engine.ts';
import type { LuaProgram } from './program.ts';
import { Kind } from './values/kinds.ts';
import { REGISTRY, REGISTRY_GLOBALS, Tag, TYPE_MASK, Type, VALUE_TAG } from './vm/layout.ts';

/**
 * Called in the process with the script's first result on the stack, a function or a table of them: pushes the method
 * and its arguments, and answers how many values that are. Raises, with advice, where there is no such method.
 */
export function pushEntryMethod(
  engine: Engine,
  L: number,
  program: LuaProgram,
  method: string,
  args: readonly Payload[],
): number {
  const { vm, writer } = engine;
  const { api, text } = vm;
  const type = api.lua_type(L, 1);
  if (type === Type.Table) {
    text.push(L, method);
    if (api.lua_gettable(L, 1) !== Type.Function) {
      writer.pushError(L, program.explainNoMember(method));
      return api.lua_error(L);
    }
  } else if (type === Type.Function) {
    api.lua_pushvalue(L, 1);
  } else {
    vm.adapter.rawGetInteger(L, REGISTRY, REGISTRY_GLOBALS);
    text.push(L, method);
    const isGlobal = api.lua_rawget(L, -2) === Type.Function;
    writer.pushError(L, program.explainNoMethod(method, type, isGlobal));
    return api.lua_error(L);
  }
  if (api.lua_checkstack(L, args.length + 10) === 0) vm.raise(L, 'too many arguments');
  for (const argument of args) writer.push(L, argument);
  return 1 + args.length;
}

/** What the method left on the stack of `L` (semantics section 3): a second result that is text or error is an error. */
export function readResult(engine: Engine, L: number): ExitResult {
  const { vm, reader } = engine;
  const count = vm.count(L);
  try {
    if (count >= 2) {
      const second = vm.argument(L, 2);
      const tag = vm.memory.u8[(second + VALUE_TAG) >>> 0];
      if ((tag & TYPE_MASK) === Type.String) {
        return { error: new TroupeError(vm.text.readText(vm.memory.i32[second >>> 2], tag)) };
      }
      if (tag === Tag.Userdata && vm.memory.i32[reader.data(second) >>> 2] === Kind.Error) {
        return { error: reader.read(second, 'error') as TroupeError };
      }
    }
    return { value: count === 0 ? undefined : reader.read(vm.argument(L, 1), 'result') };
  } catch (refused) {
    return { error: refused as TroupeError };
  }
}
