/** A loaded TypeScript entry on one host. */
import { createHash } from 'node:crypto';
import { TroupeError } from '../../runtime/errors.ts';
import type { Entry, Image, ImportTable, Program, StateMachine } from '../../runtime/machine.ts';
import { bodyOf, type Definition, handlersOf, isDefinition } from '../../sdk/typescript/define.ts';
import type { HandlerTable } from '../../sdk/typescript/handlers.ts';
import { HandlerProcess } from './handler_process.ts';
import { exportFor, type LoadedModule } from './module.ts';
import { MovableProcess, RECORD_VERSION } from './movable_process.ts';
import { TypeScriptProcess } from './process.ts';

type AnyDefinition = Definition<any, any, any>;

/** What drives the processes of a program. */
type ProcessClass = new (program: TypeScriptProgram) => StateMachine;

export class TypeScriptProgram implements Program {
  readonly payloads = 'value';
  readonly imports: ImportTable;
  /** Whether its processes see the language alone. */
  readonly contained: boolean;
  /** What can resume an image of this program: the same sources in the same version of the record. */
  readonly identity: string;
  readonly #entry: Entry;
  readonly #module: LoadedModule;
  /** Definitions by method, where all processes share them. */
  readonly #shared = new Map<string, AnyDefinition>();
  #class: ProcessClass | undefined = undefined;
  /** Of a module with state: evaluated to learn what it defines, for the next process. */
  #spare: AnyDefinition | undefined = undefined;

  constructor(entry: Entry, module: LoadedModule, imports: ImportTable, artifact: string) {
    this.#entry = entry;
    this.#module = module;
    this.imports = imports;
    this.contained = module.contained;
    this.identity = createHash('sha256').update(`ts ${RECORD_VERSION} ${artifact}`).digest('hex');
  }

  get id(): string {
    return this.#entry.id;
  }

  create(): StateMachine {
    this.#class ??= this.#classOf(this.#entry.method);
    // A process whose module cannot be evaluated fails in its first step, with the error.
    return new (this.#class ?? TypeScriptProcess)(this);
  }

  resume(image: Image): StateMachine {
    return MovableProcess.resume(this, image);
  }

  /** Undefined where the module cannot be evaluated. */
  #classOf(method: string): ProcessClass | undefined {
    let definition: AnyDefinition;
    try {
      definition = this.#definition(method);
    } catch {
      return undefined;
    }
    if (!this.#module.stateless) this.#spare = definition;
    if (handlersOf(definition) === undefined) return TypeScriptProcess;
    return this.#module.movable ? MovableProcess : HandlerProcess;
  }

  /** What a process runs that is a body. Throws what evaluating the module throws. */
  body(method: string): AnyDefinition {
    const definition = this.#definition(method);
    if (handlersOf(definition) !== undefined) throw this.#otherStyle(method, 'handlers', 'a body');
    return definition;
  }

  /** What a process runs that is handlers. */
  handlers(method: string): HandlerTable {
    const table = handlersOf(this.#definition(method));
    if (table === undefined) throw this.#otherStyle(method, 'a body', 'handlers');
    return table;
  }

  /** Evaluates the module, for this process alone where it has state. */
  #definition(method: string): AnyDefinition {
    const shared = this.#shared.get(method);
    if (shared !== undefined) return shared;
    if (this.#spare !== undefined && method === this.#entry.method) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const found: unknown = this.#module.evaluate()[exportFor(method)];
    if (!isDefinition(found)) throw this.#module.refuse(method);
    if (this.#module.stateless) {
      // Functions can refer to themselves and keep something in their properties.
      this.#module.freeze(handlersOf(found)?.all ?? bodyOf(found));
      this.#shared.set(method, found);
    }
    return found;
  }

  /** What processes are driven by is settled once for an entry. */
  #otherStyle(method: string, found: string, expected: string): TroupeError {
    const { id, method: own } = this.#entry;
    return new TroupeError(
      `method "${method}" of ${id} is ${found}, and the entry's own method "${own}" is ${expected}: make "${method}" the method of an entry of its own`,
      { kind: 'INVALID', retryable: false },
    );
  }

  /** Evaluate a module that has no state while it is loaded. */
  check(): void {
    try {
      this.#definition(this.#entry.method);
    } catch (thrown) {
      throw this.errorOf(thrown);
    }
  }

  errorOf(thrown: unknown): TroupeError {
    return this.#module.stacks.errorOf(thrown);
  }
}
