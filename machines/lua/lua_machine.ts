/** The Lua machine: entries of kind `process.lua`, `function.lua` and `library.lua` (design section 5). */
import type { MachineType } from '../../runtime/machine.ts';
import { engineOfThread, giveBackRegions } from './engine.ts';
import { prepareLua } from './prepare.ts';
import { LuaProgram } from './program.ts';
import { shareRegions } from './regions_of_thread.ts';

export const luaMachine: MachineType = {
  kinds: ['process.lua', 'function.lua', 'library.lua'],
  prepare: (entry, tools) => prepareLua(engineOfThread(), entry, tools),
  share: () => {
    giveBackRegions();
    return shareRegions();
  },
  load: (entry, artifact, imports, shared) => new LuaProgram(engineOfThread(shared), entry, artifact, imports, shared),
};
