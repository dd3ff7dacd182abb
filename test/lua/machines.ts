/** What worker threads of these tests load. */
import { luaMachine } from '../../machines/lua/lua_machine.ts';
import type { MachineType } from '../../runtime/machine.ts';

export const machineTypes: readonly MachineType[] = [luaMachine];

export const machinesModule: string = import.meta.url;
