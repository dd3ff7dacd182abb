/** A loaded TypeScript entry on one host. */
import type { TroupeError } from '../../runtime/errors.ts';
import type { ImportTable, Program, StateMachine } from '../../runtime/machine.ts';
import { Definition } from '../../sdk/typescript/define.ts';
import { exportFor, type LoadedModule } from './module.ts';
import { TypeScriptProcess } from './process.ts';

type AnyDefinition = Definition<any, any, any>;

export class TypeScriptProgram implements Program {
  readonly payloads = 'value';
  readonly imports: ImportTable;
  readonly #module: LoadedModule;
  /** Definitions by method, where all processes share them. */
  readonly #shared = new Map<string, AnyDefinition>();

  constructor(module: LoadedModule, imports: ImportTable) {
    this.#module = module;
    this.imports = imports;
  }

  create(): StateMachine {
    return new TypeScriptProcess(this);
  }

  /** What a process runs: evaluates the module, for this process alone where it has state. Throws what that throws. */
  definition(method: string): AnyDefinition {
    const shared = this.#shared.get(method);
    if (shared !== undefined) return shared;
    const found: unknown = this.#module.evaluate()[exportFor(method)];
    if (!(found instanceof Definition)) throw this.#module.refuse(method);
    if (this.#module.stateless) this.#shared.set(method, found);
    return found;
  }

  /** `definition`, for a module that is evaluated while it is loaded. */
  check(method: string): void {
    try {
      this.definition(method);
    } catch (thrown) {
      throw this.errorOf(thrown);
    }
  }

  errorOf(thrown: unknown): TroupeError {
    return this.#module.stacks.errorOf(thrown);
  }
}
