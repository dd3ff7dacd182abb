/** Every language there is. Worker threads load this module by its URL. */
import type { MachineType } from '../runtime/machine.ts';
import { typescriptMachine } from './typescript/typescript_machine.ts';

export const machineTypes: readonly MachineType[] = [typescriptMachine];

/** What `RuntimeOptions.machinesModule` takes. */
export const machinesModule: string = import.meta.url;
