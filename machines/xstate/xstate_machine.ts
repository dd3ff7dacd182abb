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

  async prepare(entry, tools) {
    const artifact = await prepareModule(entry, tools, { provided, expected: EXPECTED });
    // A module without state only defines, so that it can be asked for its machine before anything runs.
    checkMachine(entry, artifact, { ...NO_IMPORTS, trusted: tools.trusted });
    return artifact;
  },

  load(entry: Entry, artifact: Artifact, imports: ImportTable): Program {
    const module = new LoadedModule(entry, artifact.data as ModuleData, imports, modules, EXPECTED);
    return new XStateProgram(entry.id, module, imports, artifact.sha256);
  },
};

const NO_IMPORTS: ImportTable = { host: '', trusted: false, names: [], has: () => false, get: () => undefined };

/** Throws INVALID where the module's machine is none, or one that XState refuses. */
function checkMachine(entry: Entry, artifact: Artifact, imports: ImportTable): void {
  const module = new LoadedModule(entry, artifact.data as ModuleData, imports, modules, EXPECTED);
  if (module.stateless) new XStateProgram(entry.id, module, imports, artifact.sha256).check(entry.method);
}
