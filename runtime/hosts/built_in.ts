/** What every deployment has without declaring it: languages of the runtime's own, and entries that it alone starts. */
import type { Artifact, MachineType } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import { supervisorMachine } from '../supervision/supervisor_machine.ts';

export interface BuiltInEntry {
  readonly entry: Entry;
  readonly machine: MachineType;
  readonly artifact: Artifact;
}

export const BUILT_IN_MACHINES: readonly MachineType[] = [supervisorMachine];

export const BUILT_IN_ENTRIES: ReadonlyMap<string, BuiltInEntry> = new Map();
