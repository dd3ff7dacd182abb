/** What `troupe dev` has to say. With `--json` each of these is a line. */
import type { ErrorKind } from '../errors.ts';
import type { Place } from '../registry/entry.ts';

/** What came of a new state of the folder. */
export interface Outcome {
  /** Ids of entries. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Processes that were ended and started again with the new code. */
  readonly restarted: number;
  /** Processes that got an OUTDATED event, because they want to upgrade themselves. */
  readonly told: number;
}

/** Something that is wrong. */
export interface Trouble {
  readonly message: string;
  readonly kind: ErrorKind;
  /** Null: it is nowhere in the folder. */
  readonly place: Place | null;
  /** The lines around its place; empty where there are none. */
  readonly frame: string;
}

export type DevEvent =
  /** It runs for the first time. */
  | { readonly event: 'started'; readonly root: string; readonly entries: number; readonly services: number }
  /**
   * The new state runs, `ms` milliseconds after the first change was seen. `files`: those that changed, relative to the
   * root. `fixed`: it was broken before; then there may be nothing that is new.
   */
  | (Outcome & {
      readonly event: 'applied';
      readonly files: readonly string[];
      readonly ms: number;
      readonly fixed: boolean;
    })
  /** It cannot run as it is; `running`: what ran before goes on. `same`: these are the problems that were shown before. */
  | {
      readonly event: 'broken';
      readonly problems: readonly Trouble[];
      readonly running: boolean;
      readonly same: boolean;
    }
  /** Settings that are different now and are taken only at the start. */
  | { readonly event: 'restart_needed'; readonly settings: readonly string[] }
  | { readonly event: 'gone'; readonly root: string; readonly running: boolean }
  | { readonly event: 'back'; readonly root: string }
  /** Some changes will not be seen. */
  | { readonly event: 'unseen'; readonly message: string }
  /** A process ended with an error. */
  | (Trouble & { readonly event: 'crashed'; readonly pid: string; readonly id: string })
  /** The command has ended, and is started again by the next change. */
  | { readonly event: 'command_ended'; readonly name: string; readonly code: number };
