/** The Lua machine: entries of kind `process.lua`, `function.lua` and `library.lua` (design section 5). */
import type { MachineType } from '../../runtime/machine.ts';
import type { Bundle } from './bundle.ts';
import { engineOfThread } from './engine.ts';
import { prepareLua } from './prepare.ts';
import { LuaProgram } from './program.ts';

export const luaMachine: MachineType = {
  kinds: ['process.lua', 'function.lua', 'library.lua'],
  prepare: (entry, tools) => prepareLua(engineOfThread(), entry, tools),
  load: (entry, artifact, imports) => new LuaProgram(engineOfThread(), entry, artifact.data as Bundle, imports),
};
