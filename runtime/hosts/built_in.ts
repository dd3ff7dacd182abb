/** What every deployment has without declaring it: languages of the runtime's own, and entries that it alone starts. */
import type { Artifact, MachineType } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import { MADE_SUPERVISOR, SUPERVISOR_CALL, SUPERVISOR_START } from '../supervision/built_in_ids.ts';
import { supervisorCallMachine } from '../supervision/supervisor_call.ts';
import { madeSupervisorMachine, supervisorMachine } from '../supervision/supervisor_machine.ts';
import { supervisorStartMachine } from '../supervision/supervisor_start.ts';

export interface BuiltInEntry {
  readonly entry: Entry;
  readonly machine: MachineType;
  readonly artifact: Artifact;
}

/** Of entries that deployments declare. */
export const BUILT_IN_MACHINES: readonly MachineType[] = [supervisorMachine];

/** An entry of the runtime's own. */
export function builtInEntry(id: string, kind: Entry['kind']): Entry {
  const [namespace, name] = id.split(':');
  return {
    id,
    namespace,
    name,
    kind,
    meta: {},
    place: { file: '(built in)', line: 1, column: 1 },
    source: undefined,
    method: 'main',
    wants: [],
    libraries: {},
    data: {},
  };
}

function builtIn(id: string, kind: Entry['kind'], machine: MachineType): [string, BuiltInEntry] {
  return [id, { entry: builtInEntry(id, kind), machine, artifact: { sha256: '', data: undefined } }];
}

/** No deployment declares the namespace `system`, and no program can start them by their ids. */
export const BUILT_IN_ENTRIES: ReadonlyMap<string, BuiltInEntry> = new Map([
  builtIn(MADE_SUPERVISOR, 'process.supervisor', madeSupervisorMachine),
  builtIn(SUPERVISOR_START, 'registry.entry', supervisorStartMachine),
  builtIn(SUPERVISOR_CALL, 'registry.entry', supervisorCallMachine),
]);
