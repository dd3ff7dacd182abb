/** Every language there is. Worker threads load this module by its URL. */
import type { MachineType } from '../runtime/machine.ts';
import { luaMachine } from './lua/lua_machine.ts';
import { typescriptMachine } from './typescript/typescript_machine.ts';
import { wasmMachine } from './wasm/wasm_machine.ts';
import { xstateMachine } from './xstate/xstate_machine.ts';

export const machineTypes: readonly MachineType[] = [typescriptMachine, xstateMachine, luaMachine, wasmMachine];

/** What `RuntimeOptions.machinesModule` takes. */
export const machinesModule: string = new URL('./index.js', import.meta.url).href;
