/** The registry of a running deployment as operations of capabilities see it, on every thread: plain data in and out. */
import { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import type { Author, Change, WriteGrant } from './change.ts';

interface Asked {
  readonly if_version: number | undefined;
  readonly note: string | undefined;
  readonly by: Author;
  readonly within: WriteGrant;
}

export interface ChangesAsked extends Asked {
  readonly changes: readonly Change[];
}

export interface UndoAsked extends Asked {
  readonly version: number | undefined;
}

export interface RegistryService {
  /** `request`: a `ChangesAsked`. A `ChangeResult`; rejects with the reason, and nothing was changed. */
  applyChanges(request: Payload): Promise<Payload>;
  /** `request`: an `UndoAsked`. A `ChangeResult`. */
  undoChanges(request: Payload): Promise<Payload>;
  /** A list of `VersionRow`, the newest first. */
  pastVersions(): Promise<Payload>;
  presentVersion(): Promise<Payload>;
}

/** Where nothing runs. */
export const NO_REGISTRY: RegistryService = {
  applyChanges: () => Promise.reject(noRuntime()),
  undoChanges: () => Promise.reject(noRuntime()),
  pastVersions: () => Promise.reject(noRuntime()),
  presentVersion: () => Promise.reject(noRuntime()),
};

export function noRuntime(): TroupeError {
  return new TroupeError('registry: there is no runtime whose entries could be changed', { kind: 'UNAVAILABLE' });
}
