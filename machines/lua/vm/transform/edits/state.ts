/** What states need beside the control of their code: a seed that the host chooses, room, and one function more. */
import { HASH_SEED } from '../../words.ts';
import type { Anchors } from '../anchors.ts';
import * as asm from '../assemble.ts';
import type { Program } from '../program.ts';

/** 4 GiB. */
const MAX_PAGES = 65_536;

export function editStates(program: Program, { newState, libraries }: Anchors): void {
  // The stock seed is made of the time and of addresses, so that no two states hash alike.
  program.code(newState.lua_newstate).replace(newState.seed, asm.word(HASH_SEED));
  program.module.memoryMaximum = MAX_PAGES;
  program.module.exportFunction('lua_gc', libraries.lua_gc);
}
