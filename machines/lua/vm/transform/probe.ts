/** Proves that a transformed binary does what it was transformed for: a few small programs, some milliseconds. */
import { Status } from '../layout.ts';
import { BareLua, type Limits } from './bare_lua.ts';
import { check } from './refusal.ts';

/** Instructions in one slice. */
const FUEL = 10_000;
const OVERDRAFT = 1_000_000;
const LIMITS: Limits = { fuel: FUEL, overdraft: OVERDRAFT };

/** How often an endless program is preempted before it counts as endless. */
const SLICES = 5;

/** Throws, naming the first program that did not behave. */
export function probe(module: WebAssembly.Module): void {
  const lua = new BareLua(module);
  check(lua.transformed, 'it exports no yield_base');

  const yields = lua.run('for i = 1, 100 do coroutine.yield(i) end return pcall(coroutine.yield)');
  check(yields.yields === 101 && yields.status === 0, 'a program that yields does not end');
  check(yields.thrown === 0, 'a yield throws');

  probeEndless(lua, 'an endless loop', 'while true do end');
  probeEndless(
    lua,
    'an endless loop in a coroutine of a coroutine',
    'coroutine.wrap(function() coroutine.wrap(function() while true do end end)() end)()',
  );
  probeError(lua, 'pattern too complex', 'local n = 28; return ("a"):rep(n):find(("a?"):rep(n) .. ("a"):rep(n))');
  probeError(
    lua,
    'runs too long where it cannot be interrupted',
    'table.sort({3, 2, 1}, function() while true do end end)',
  );
}

function probeEndless(lua: BareLua, what: string, source: string): void {
  const L = lua.open();
  const thread = lua.load(L, source);
  for (let i = 0; i < SLICES; i++) {
    check(lua.resume(thread, LIMITS) === Status.Yield && lua.wasPreempted, `${what} is not preempted`);
  }
  lua.api.lua_close(L);
  lua.expectBalance();
}

function probeError(lua: BareLua, message: string, body: string): void {
  const { status, text } = lua.run(`local ok, message = pcall(function() ${body} end) return message`, LIMITS);
  check(status === 0 && text.endsWith(message), `"${body}" ends in "${text}" instead of "${message}"`);
}
