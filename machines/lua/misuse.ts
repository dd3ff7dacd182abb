/**
 * What a program calls wrongly is raised as an error object of kind INVALID, with the name of the parameter. Its text
 * begins as Lua's own: "bad argument #1 to 'send' (dest: string expected, got number)".
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { Engine } from './engine.ts';
import { PARAMETERS } from './parameters.ts';
import { traceback } from './traceback.ts';

const METHODS = / methods$/;
const REST = '...';

/** Raise it from the host function that runs. Argument `index` counts from 1; of methods the first is the object. */
export function raiseMisuse(engine: Engine, L: number, index: number, message: string): never {
  const { vm, writer } = engine;
  const full = vm.runningFunction(L);
  const dot = full.lastIndexOf('.');
  const method = METHODS.test(full.slice(0, dot));
  const names = (PARAMETERS[full] ?? '').split(' ');
  const position = method ? index - 1 : index;
  const last = names[names.length - 1];
  const name = position === 0 ? 'self' : (names[position - 1] ?? (last === REST ? REST : ''));
  const named = name === '' || name === REST ? '' : `${name}: `;
  const text = `bad argument #${Math.max(position, 1)} to '${full.slice(dot + 1)}' (${named}${message})`;
  writer.pushError(L, new TroupeError(text, { kind: 'INVALID', retryable: false, stack: traceback(vm, L, 1).text }));
  vm.api.lua_error(L);
  throw new Error('unreachable: lua_error returned');
}
