/** What all commands have in common. */
import type { MachineType } from '../machine.ts';

/** Semantics section 10. */
export const ExitCode = { Fine: 0, ProgramFailed: 1, Wrong: 2 } as const;

/** The languages, given by the entry point, because `runtime/` knows none. */
export interface Languages {
  readonly machines: readonly MachineType[];
  readonly machinesModule: string;
}

/** They are loaded only for commands that need them: that takes longer than most other commands do. */
export type LoadLanguages = () => Promise<Languages>;

/** Options that every command has. */
export interface CommonOptions {
  /** Folder of the deployment. */
  readonly directory: string;
  readonly json: boolean;
  readonly workers: number | undefined;
  readonly set: readonly string[];
  readonly override: readonly string[];
}
