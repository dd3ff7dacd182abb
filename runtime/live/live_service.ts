import { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import { DeploymentError } from '../registry/problem.ts';
import type { ChangeResult } from './change.ts';
import type { LiveRegistry } from './live_registry.ts';
import { type ChangesAsked, noRuntime, type RegistryService, type UndoAsked } from './registry_service.ts';

/** The registry of a runtime for its processes, which ask from all threads. */
export class LiveService implements RegistryService {
  #connected: LiveRegistry | undefined;

  /** From now on it is the registry of a runtime. */
  connect(registry: LiveRegistry): void {
    this.#connected = registry;
  }

  async applyChanges(request: Payload): Promise<Payload> {
    const { changes, if_version: ifVersion, ...options } = request as unknown as ChangesAsked;
    return answered('apply', this.#registry.change(changes, { ...options, ifVersion }));
  }

  async undoChanges(request: Payload): Promise<Payload> {
    const { version, if_version: ifVersion, ...options } = request as unknown as UndoAsked;
    return answered('undo', this.#registry.undo(version, { ...options, ifVersion }));
  }

  async pastVersions(): Promise<Payload> {
    return this.#registry.history() as unknown as Payload;
  }

  async presentVersion(): Promise<Payload> {
    return this.#registry.version;
  }

  get #registry(): LiveRegistry {
    if (this.#connected !== undefined) return this.#connected;
    throw noRuntime();
  }
}

async function answered(operation: string, step: Promise<ChangeResult>): Promise<Payload> {
  try {
    return (await step) as unknown as Payload;
  } catch (thrown) {
    throw thrown instanceof DeploymentError ? asError(operation, thrown) : thrown;
  }
}

/** What is wrong with a deployment as one error; `details.problems` has each with its place. */
function asError(operation: string, { problems, message }: DeploymentError): TroupeError {
  const kinds = new Set(problems.map(({ kind }) => kind));
  return new TroupeError(`registry.${operation}: nothing was changed: ${message}`, {
    kind: kinds.size === 1 ? problems[0].kind : 'INVALID',
    retryable: false,
    details: { problems: problems.map(({ place, message: text, kind }) => ({ ...place, message: text, kind })) },
  });
}
