/** A loaded machine on one host. */
import { TroupeError } from '../../runtime/errors.ts';
import { createHash } from 'node:crypto';
import type { Image, ImportTable, Program, StateMachine } from '../../runtime/machine.ts';
import { exportFor, type LoadedModule } from '../typescript/module.ts';
import { isMachine, type Machine } from './adapter.ts';
import { MovableXStateProcess, RECORD_VERSION } from './movable_process.ts';
import { XStateProcess } from './process.ts';

export class XStateProgram implements Program {
  readonly payloads = 'value';
  readonly imports: ImportTable;
  readonly id: string;
  readonly contained: boolean;
  /** What can resume an image of this program: the same sources in the same version of the record. */
  readonly identity: string;
  readonly #module: LoadedModule;
  /** Machines by method, where all processes share them. */
  readonly #shared = new Map<string, Machine>();

  constructor(id: string, module: LoadedModule, imports: ImportTable, artifact: string) {
    this.id = id;
    this.contained = module.contained;
    this.#module = module;
    this.imports = imports;
    this.identity = createHash('sha256').update(`xstate ${RECORD_VERSION} ${artifact}`).digest('hex');
  }

  create(): StateMachine {
    return this.#module.movable ? new MovableXStateProcess(this) : new XStateProcess(this);
  }

  resume(image: Image): StateMachine {
    return MovableXStateProcess.resume(this, image);
  }

  /** The machine that a process runs: evaluated for this process alone where its module has state. */
  machine(method: string): Machine {
    const shared = this.#shared.get(method);
    if (shared !== undefined) return shared;
    const found: unknown = this.#module.evaluate()[exportFor(method)];
    if (!isMachine(found)) throw this.#module.refuse(method);
    if (this.#module.stateless) {
      this.#module.freeze(found);
      this.#shared.set(method, found);
    }
    return found;
  }

  /** `machine`, for a module that is evaluated while it is loaded: what is wrong with it is INVALID, with its place. */
  check(method: string): void {
    try {
      // XState looks for the state that one begins in when it is entered first.
      for (const node of statesOf(this.machine(method).root)) void node.initial;
    } catch (thrown) {
      const error = this.errorOf(thrown);
      throw new TroupeError(`${error.place}: ${error.message}`, {
        kind: 'INVALID',
        retryable: false,
        details: error.details,
        stack: error.stack,
      });
    }
  }

  errorOf(thrown: unknown): TroupeError {
    return this.#module.stacks.errorOf(thrown);
  }
}

function* statesOf(node: Machine['root']): Generator<Machine['root']> {
  yield node;
  for (const child of Object.values(node.states)) yield* statesOf(child as Machine['root']);
}
