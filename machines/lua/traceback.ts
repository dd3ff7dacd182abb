/** Where a coroutine stands, read from its call stack without touching it: works in coroutines that failed or wait. */
import { DEBUG_DEFINED, DEBUG_LINE, DEBUG_NAME, DEBUG_NAME_WHAT, DEBUG_SHORT_SOURCE, DEBUG_WHAT } from './vm/layout.ts';
import type { LuaVm } from './vm/vm.ts';

/** Frames shown from the innermost on, and from the outermost back, where there are more. */
const FIRST = 12;
const LAST = 8;

export interface Traceback {
  /** As Lua writes it: `stack traceback:` and one line a frame. */
  readonly text: string;
  /** The innermost frame that is Lua code: its chunk as Lua shows it, and the line. Undefined and 0 where none is. */
  readonly chunk: string | undefined;
  readonly line: number;
}

/** The stack of `L` from `level` on (0: the function that runs). */
export function traceback(vm: LuaVm, L: number, level = 0): Traceback {
  const { api, text } = vm;
  const frames: string[] = [];
  let innermost: string | undefined;
  let innermostLine = 0;
  const what = text.name('Slnt');
  const depth = depthOf(vm, L) - level;
  for (let i = 0; i < depth; i++) {
    if (depth > FIRST + LAST && i === FIRST) {
      frames.push(`\n\t...\t(skipping ${depth - FIRST - LAST} levels)`);
      i = depth - LAST;
    }
    api.lua_getstack(L, level + i, vm.out);
    api.lua_getinfo(L, what, vm.out);
    const { i32 } = vm.memory;
    const source = text.readName(vm.out + DEBUG_SHORT_SOURCE);
    const line = i32[(vm.out + DEBUG_LINE) >>> 2];
    frames.push(`\n\t${line > 0 ? `${source}:${line}` : source}: in ${functionName(vm, source)}`);
    if (innermost === undefined && line > 0) {
      innermost = source;
      innermostLine = line;
    }
  }
  return { text: `stack traceback:${frames.join('')}`, chunk: innermost, line: innermostLine };
}

/** How many functions are active. By halving: finding the nth takes n steps, and a runaway recursion has 100 000. */
function depthOf(vm: LuaVm, L: number): number {
  const { api, out } = vm;
  let low = 0;
  let high = 1;
  while (api.lua_getstack(L, high, out) !== 0) {
    low = high;
    high *= 2;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (api.lua_getstack(L, middle, out) !== 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Name of the function in `vm.out`. */
function functionName(vm: LuaVm, source: string): string {
  const { i32 } = vm.memory;
  const word = (offset: number) => vm.text.readName(i32[(vm.out + offset) >>> 2]);
  const kind = word(DEBUG_NAME_WHAT);
  if (kind !== '') return `${kind === 'global' ? 'function' : kind} '${word(DEBUG_NAME)}'`;
  const what = word(DEBUG_WHAT);
  if (what === 'main') return 'main chunk';
  if (what === 'C') return '?';
  return `function <${source}:${i32[(vm.out + DEBUG_DEFINED) >>> 2]}>`;
}
