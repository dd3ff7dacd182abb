/** XState as a language of the runtime: `process.xstate`. */
import type { Artifact, Entry, ImportTable, MachineType, Program } from '../../runtime/machine.ts';
import * as sdk from '../../sdk/typescript/index.ts';
import { shownClasses } from '../../sdk/typescript/shown_classes.ts';
import * as sdkForMachines from '../../sdk/typescript/xstate.ts';
import { LoadedModule, type ModuleData } from '../typescript/module.ts';
import type { Provision } from '../typescript/provision.ts';
import { containedXState, shownByXState, xstateForPrograms } from './adapter.ts';
import { XStateProgram } from './program.ts';

const EXPECTED = 'a machine: `export default setup({ ... }).createMachine({ ... })`';

const modulesOf = (xstate: object): ReadonlyMap<string, object> =>
  new Map([
    ['troupe/sdk', Object.freeze({ ...sdk })],
    ['troupe/sdk/xstate', Object.freeze({ ...sdkForMachines })],
    ['xstate', xstate],
  ]);
const trusted: Provision = { modules: modulesOf(xstateForPrograms), classes: [] };
const provided: ReadonlySet<string> = new Set(trusted.modules.keys());
let contained: Provision | undefined;

/** Throws UNAVAILABLE where this thread cannot contain programs. */
function provisionFor(imports: ImportTable): Provision {
  if (imports.trusted) return trusted;
  contained ??= { modules: modulesOf(containedXState()), classes: [shownClasses, shownByXState] };
  return contained;
}

export const xstateMachine: MachineType = {
  kinds: ['process.xstate'],
  consent: 'allow_untrusted_ts',

  async prepare(entry, tools) {
    const { prepareModule } = await import('../typescript/prepare_module.ts');
    const artifact = await prepareModule(entry, tools, { provided, expected: EXPECTED });
    // A module without state only defines, so that it can be asked for its machine before anything runs.
    checkMachine(entry, artifact, { ...NO_IMPORTS, trusted: tools.trusted });
    return artifact;
  },

  load(entry: Entry, artifact: Artifact, imports: ImportTable): Program {
    const module = new LoadedModule(entry, artifact.data as ModuleData, imports, provisionFor(imports), EXPECTED);
    return new XStateProgram(entry.id, module, imports, artifact.sha256);
  },
};

const NO_IMPORTS: ImportTable = { host: '', trusted: false, names: [], has: () => false, get: () => undefined };

/** Throws INVALID where the module's machine is none, or one that XState refuses. */
function checkMachine(entry: Entry, artifact: Artifact, imports: ImportTable): void {
  const module = new LoadedModule(entry, artifact.data as ModuleData, imports, provisionFor(imports), EXPECTED);
  if (module.stateless) new XStateProgram(entry.id, module, imports, artifact.sha256).check(entry.method);
}
