/** XState as a language of the runtime: `process.xstate`. */
import type { Artifact, Entry, ImportTable, MachineType, Program } from '../../runtime/machine.ts';
import * as sdk from '../../sdk/typescript/index.ts';
import * as sdkForMachines from '../../sdk/typescript/xstate.ts';
import { LoadedModule, type ModuleData, prepareModule } from '../typescript/module.ts';
import { xstateForPrograms } from './adapter.ts';
import { XStateProgram } from './program.ts';

const EXPECTED = 'a machine: `export default setup({ ... }).createMachine({ ... })`';

const modules: ReadonlyMap<string, object> = new Map([
  ['troupe/sdk', Object.freeze({ ...sdk })],
  ['troupe/sdk/xstate', Object.freeze({ ...sdkForMachines })],
  ['xstate', xstateForPrograms],
]);
const provided: ReadonlySet<string> = new Set(modules.keys());

export const xstateMachine: MachineType = {
  kinds: ['process.xstate'],

  prepare(entry, tools) {
    return prepareModule(entry, tools, { provided, expected: EXPECTED });
  },

  load(entry: Entry, artifact: Artifact, imports: ImportTable): Program {
    const module = new LoadedModule(entry, artifact.data as ModuleData, imports, modules, EXPECTED);
    const program = new XStateProgram(module, imports);
    // Without state nothing runs here but descriptions, so that a wrong machine is found by who spawns.
    if (module.stateless) program.check(entry.method);
    return program;
  },
};
