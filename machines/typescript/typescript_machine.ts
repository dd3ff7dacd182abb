/** TypeScript as a language of the runtime: `process.ts` and `function.ts`. */
import type { Artifact, Entry, ImportTable, MachineType, Program } from '../../runtime/machine.ts';
import * as sdk from '../../sdk/typescript/index.ts';
import { shownClasses } from '../../sdk/typescript/shown_classes.ts';
import { LoadedModule, type ModuleData } from './module.ts';
import { TypeScriptProgram } from './program.ts';
import type { Provision } from './provision.ts';

const EXPECTED = 'made by defineProcess or defineFunction: `export default defineProcess(function* (self) { ... })`';

const provision: Provision = {
  modules: new Map([['troupe/sdk', Object.freeze({ ...sdk })]]),
  classes: shownClasses,
};
const provided: ReadonlySet<string> = new Set(provision.modules.keys());

export const typescriptMachine: MachineType = {
  kinds: ['process.ts', 'function.ts'],
  consent: 'allow_untrusted_ts',

  async prepare(entry, tools) {
    const { prepareModule } = await import('./prepare_module.ts');
    return prepareModule(entry, tools, { provided, expected: EXPECTED });
  },

  load(entry: Entry, artifact: Artifact, imports: ImportTable): Program {
    const module = new LoadedModule(entry, artifact.data as ModuleData, imports, provision, EXPECTED);
    const program = new TypeScriptProgram(entry, module, imports, artifact.sha256);
    // Without state nothing runs here but definitions, so that a wrong export is found by who spawns.
    if (module.stateless) program.check();
    return program;
  },
};
