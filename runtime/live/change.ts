/** What is asked of the registry of a running deployment, and what it answers. */
import type { Payload } from '../payload/payload.ts';
import type { RestartNeeded } from '../supervision/services.ts';

/** One entry. Changes that are asked for together are done as one: all of them, or none. */
export type Change =
  /** The keys of an entry as in YAML, with `namespace` and `name`, or `id` for both. It takes the place of one of the same id. */
  { readonly set: Payload } | { readonly remove: string };

/** Of one step. */
export const MOST_CHANGES = 1_000;

/** Who has changed something. */
export interface Author {
  /** `process`, or what else it was: `command line`, `program` (which embeds the runtime), `dev`. */
  readonly what: string;
  readonly pid?: string;
  /** Id of the entry that it runs. */
  readonly entry?: string;
  /** Id of the actor for whom it acts. */
  readonly actor?: string;
}

/** What the host of a process lets it change. */
export interface WriteGrant {
  readonly host: string;
  /** Ids, or globs of ids; true: all. */
  readonly write: true | readonly string[];
  /** Whether what it sets may name files of the deployment's folder. */
  readonly files: boolean;
}

export interface ChangeOptions {
  readonly by: Author;
  readonly note?: string;
  /** CONFLICT where the deployment is of another version. */
  readonly ifVersion?: number;
  /** Find out what would become of it; nothing is changed. */
  readonly dryRun?: boolean;
  /** Of definitions that say none. */
  readonly namespace?: string;
  /** For a process: what it may change. */
  readonly within?: WriteGrant;
}

/** Ids, in the order of the deployment. */
export interface ChangeResult {
  /** Of the deployment as it is now. */
  readonly version: number;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** How many entries stayed as they were. */
  readonly unchanged: number;
  /** Services whose processes still run what their entries said before. */
  readonly needs_restart: readonly RestartNeeded[];
}

/** What became of one entry between two versions. */
export interface EntryChange {
  readonly id: string;
  readonly what: 'added' | 'changed' | 'removed';
  /** Keys of its definition that are not the same, sorted; of one that was changed. */
  readonly keys: readonly string[];
}

export interface VersionRow {
  readonly version: number;
  /** Unix time in seconds. */
  readonly at: number;
  readonly by: Author;
  readonly note: string | undefined;
  /** The version whose state an undo has brought back. */
  readonly undone_to: number | undefined;
  readonly changes: readonly EntryChange[];
}

/** `process app:manager {app:host|0x00003} for ann`, `command line`. */
export function showAuthor({ what, pid, entry, actor }: Author): string {
  const who = [what, entry, pid].filter(part => part !== undefined).join(' ');
  return actor === undefined ? who : `${who} for ${actor}`;
}
