/** Source text to bytecode of this thread's machine, and syntax errors to places. */
import { TroupeError } from '../../runtime/errors.ts';
import type { BundledUnit } from './bundle.ts';
import type { Engine } from './engine.ts';
import { Status } from './vm/layout.ts';

/** `name:line: message`, as Lua writes it. */
const LUA_MESSAGE = /^(.*?):(\d+): (.*)$/s;
/** Occurrences of a token on its line that are tried. */
const MAX_TRIES = 50;
const NEAR = / near '(.*)'$/s;

/**
 * The chunk as bytecode, with line numbers. Throws INVALID with `file:line:column` for what is not Lua. Bytecode made
 * here is trusted; it never leaves this thread.
 */
export function compileUnit(engine: Engine, unit: BundledUnit): Uint8Array {
  const { vm } = engine;
  const L = vm.newScratchState();
  try {
    const message = tryCompile(engine, L, unit, unit.text);
    if (message === undefined) return vm.dump(L);
    throw syntaxError(engine, L, unit, message);
  } finally {
    vm.closeScratchState(L);
  }
}

/** The host's own chunks, as bytecode. They are right: what is wrong is a bug of this machine. */
export function compileText(engine: Engine, text: string, name: string): Uint8Array {
  return compileUnit(engine, { id: name, chunkName: name, text, aliases: {}, place: name });
}

/** Leaves the function on the stack, or answers Lua's message. */
function tryCompile(engine: Engine, L: number, unit: BundledUnit, text: string): string | undefined {
  const { vm } = engine;
  if (vm.load(L, Buffer.from(text, 'utf8'), unit.chunkName, 't') === Status.Ok) return undefined;
  const at = vm.top(L);
  const message = vm.textAt(at);
  vm.api.lua_settop(L, 0);
  return message;
}

function syntaxError(engine: Engine, L: number, unit: BundledUnit, message: string): TroupeError {
  const [, , line, text] = LUA_MESSAGE.exec(message) ?? ['', '', '1', message];
  return new TroupeError(text, {
    kind: 'INVALID',
    retryable: false,
    place: `${unit.chunkName.slice(1)}:${line}:${columnOf(engine, L, unit, Number(line), message)}`,
    details: { entry: unit.id },
  });
}

/**
 * Lua tells the line and the token, not the column. Where the token stands on the line more than once, it is the first
 * one that gives the same message when the text ends behind it.
 */
function columnOf(engine: Engine, L: number, unit: BundledUnit, line: number, message: string): number {
  const lines = unit.text.split('\n');
  const source = lines[line - 1] ?? '';
  const token = NEAR.exec(message)?.[1];
  if (token === undefined || token === '') return 1;
  const before = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
  let column = source.indexOf(token);
  for (let at = column, tries = 0; at >= 0 && tries < MAX_TRIES; at = source.indexOf(token, at + 1), tries++) {
    column = at;
    if (tryCompile(engine, L, unit, unit.text.slice(0, before + at + token.length)) === message) break;
    engine.vm.api.lua_settop(L, 0);
  }
  return Math.max(column, 0) + 1;
}
