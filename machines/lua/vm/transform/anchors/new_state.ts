/** `lua_newstate`: where the seed of string hashes is made of the time and of addresses. */
import type { Program } from '../program.ts';
import { check } from '../refusal.ts';

export interface NewState {
  readonly lua_newstate: number;
  /** Where `g->seed` is stored: the `local.get` of its value. */
  readonly seed: number;
}

export function findNewState(program: Program): NewState {
  const code = program.exported('lua_newstate');
  const { first } = code.only(
    'g->seed = luai_makeseed(L) in lua_newstate',
    'tee.4 br_if.0 end get.2 get.1 store.* get.2 const.0 store',
  );
  const seed = first + 4;
  check(code.instructions[seed].value === 1, 'the seed is not in the local that was its address');
  return { lua_newstate: code.index, seed };
}
