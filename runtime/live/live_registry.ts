/**
 * The registry of a running deployment: entries are added, changed and removed, one step after the other. A step is
 * validated as the whole deployment that it would make, as `troupe check` does, and is done by `Runtime.apply`, which brings
 * it to all threads at once; where anything is wrong nothing has changed.
 */
import type { Clock } from '../clock.ts';
import { deploymentReplaced } from '../catalogue.ts';
import { TroupeError } from '../errors.ts';
import type { Entry, Place } from '../registry/entry.ts';
import { type DeploymentFolder, readFolder } from '../registry/folder.ts';
import { type Deployment, deploymentOf, type OverlayFindings } from '../registry/load.ts';
import { NOTHING_SET, type Overlay } from '../registry/overlay.ts';
import {
  type Author,
  type Change,
  type ChangeResult,
  type ChangeOptions,
  type EntryChange,
  MOST_CHANGES,
  type VersionRow,
} from './change.ts';
import { overlaySize } from './definition_size.ts';
import { Definitions } from './definitions.ts';
import { entryChange, type EntryStep, entrySteps } from './difference.ts';
import { History } from './history.ts';
import type { Changed } from './transition.ts';
import { closedFor, refuseChange } from './write_grant.ts';

/** What of a runtime is needed. */
export interface LiveRuntime {
  readonly deployment: Deployment;
  /** Of the deployment: each `apply` makes the next one. */
  readonly version: number;
  /** Rejects, and nothing has changed: with CONFLICT where the deployment is not `onto` any more. */
  apply(next: Deployment, onto: Deployment): Promise<Changed>;
  /** Compile and link what would change, and do nothing with it. Rejects with what is wrong. */
  check(next: Deployment): Promise<void>;
}

/** Steps that wait for those before them. */
const MOST_WAITING = 100;
/** What is set at run time, all together. */
const MOST_SET = 10_000;
const MOST_SET_BYTES = 256 * 1024 * 1024;
/** Of a note. */
const LONGEST_NOTE = 1_000;

/** What a step makes of what is set at run time. */
interface Step {
  readonly overlay: Overlay;
  readonly folder: DeploymentFolder;
  readonly found?: OverlayFindings;
  readonly undoneTo?: number;
}

export class LiveRegistry {
  readonly #clock: Clock;
  readonly #runtime: LiveRuntime;
  readonly #history: History;
  /** The step that was asked for last. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** What is applied just now; it is noted when that has succeeded. */
  #applying: Deployment | undefined;

  constructor(runtime: LiveRuntime, clock: Clock) {
    this.#clock = clock;
    this.#runtime = runtime;
    const by: Author = { what: 'start' };
    this.#history = new History(runtime.deployment, { version: runtime.version, at: clock.unix() / 1_000, by });
  }

  get version(): number {
    return this.#runtime.version;
  }

  /** What is set at run time; a deployment that is read anew is to be laid under it. */
  get overlay(): Overlay {
    return this.#runtime.deployment.overlay ?? NOTHING_SET;
  }

  /** Of the deployment that runs, by id. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#runtime.deployment.entries;
  }

  /** As it was read. Throws INVALID where the deployment was made of none. */
  get folder(): DeploymentFolder {
    const { folder } = this.#runtime.deployment;
    if (folder === undefined) throw withoutFolder();
    return folder;
  }

  /**
   * All of the changes, or none. Rejects with a DeploymentError that has every problem, or with a TroupeError: CONFLICT for
   * another version than `ifVersion`, PERMISSION_DENIED, RATE_LIMITED.
   */
  change(changes: readonly Change[], options: ChangeOptions): Promise<ChangeResult> {
    return this.#step('apply', options, folder => {
      if (changes.length > MOST_CHANGES) throw tooMany(`one step may have ${MOST_CHANGES} changes`);
      const { entries } = this;
      const { within } = options;
      const closed = within === undefined ? undefined : closedFor(within, entries.get(within.host)?.place);
      const definitions = new Definitions(folder.root, closed);
      changes.forEach((change, index) => {
        if ('set' in change) definitions.set(change.set, index, options.namespace);
        else definitions.remove(change.remove, entries, folder.declarations.has(change.remove));
      });
      return this.#laidOver(folder, definitions);
    });
  }

  /** The same with the text of a file as it could lie in the folder. `name`: how messages call it. */
  changeAll(yaml: string, name: string, options: ChangeOptions): Promise<ChangeResult> {
    return this.#step('apply', options, folder => {
      const definitions = new Definitions(folder.root);
      definitions.setAll(yaml, name, folder.options.env ?? process.env);
      return this.#laidOver(folder, definitions);
    });
  }

  /**
   * Bring back what was set at run time in an earlier version, as a new one; where none is named, in the one before what the
   * present one shows. Rejects as `change` does, and with NOT_FOUND for a version that is not kept.
   */
  undo(version: number | undefined, options: ChangeOptions): Promise<ChangeResult> {
    return this.#step('undo', options, folder => {
      const undoneTo = version ?? this.#history.before();
      return { overlay: this.#history.overlayAt(undoneTo), folder, undoneTo };
    });
  }

  /** The deployment that `reload` would make. Throws a DeploymentError. */
  read(): Deployment {
    const { root, options } = this.folder;
    return deploymentOf(readFolder(root, options), this.overlay);
  }

  /** Read the folder again and bring what it says now under what is set at run time. Rejects as `change` does. */
  reload(options: ChangeOptions): Promise<ChangeResult> {
    return this.#step('reload', options, ({ root, options: read }) => ({
      overlay: this.overlay,
      folder: readFolder(root, read),
    }));
  }

  /**
   * The folder is again what it was before `onto`, in a version of its own; what was set at run time since stays. Rejects as
   * `change` does, and with CONFLICT where the folder was read again in between.
   */
  restore(before: Deployment, onto: Deployment, options: ChangeOptions): Promise<ChangeResult> {
    return this.#step('restore', options, folder => {
      if (folder !== onto.folder) throw deploymentReplaced();
      return { overlay: this.overlay, folder: before.folder! };
    });
  }

  /** The newest first. */
  history(): VersionRow[] {
    this.#catchUp();
    return this.#history.rows();
  }

  /** What has become of the entries from one version to the other (the present one where it is left out). Throws NOT_FOUND. */
  difference(from: number, to?: number): EntryChange[] {
    this.#catchUp();
    return this.#history.difference(from, to ?? this.#history.version);
  }

  async #step(
    operation: string,
    options: ChangeOptions,
    make: (folder: DeploymentFolder) => Step,
  ): Promise<ChangeResult> {
    // Processes that ask for too much lock nobody else out.
    if (options.within !== undefined && this.#waiting >= MOST_WAITING) {
      throw tooMany(`${MOST_WAITING} changes of the registry wait already`, true);
    }
    this.#waiting++;
    const before = this.#last;
    const step = before.then(() => this.#take(operation, options, make));
    this.#last = step.catch(() => undefined);
    try {
      return await step;
    } finally {
      this.#waiting--;
    }
  }

  async #take(
    operation: string,
    options: ChangeOptions,
    make: (folder: DeploymentFolder) => Step,
  ): Promise<ChangeResult> {
    this.#catchUp();
    const { deployment, version } = this.#runtime;
    const { ifVersion, by, note, dryRun } = options;
    if (ifVersion !== undefined && ifVersion !== version) throw otherVersion(operation, ifVersion, version);
    if (note !== undefined && note.length > LONGEST_NOTE) throw tooMany(`a note may have ${LONGEST_NOTE} characters`);
    const { overlay, folder, found, undoneTo } = make(this.folder);
    if (operation !== 'reload') this.#judge(operation, options, overlay);
    const next = deploymentOf(folder, overlay, found);
    this.#bound(overlay, next);
    const steps = entrySteps(deployment.entries, next.entries);
    if (dryRun) await this.#runtime.check(next);
    else if (operation !== 'apply' || steps.length > 0 || !sameIds(this.overlay, overlay)) {
      const changed = await this.#apply(next, deployment);
      if (changed === undefined) return this.#take(operation, options, make);
      const { needsRestart, ...applied } = changed;
      this.#history.record(next, {
        version: applied.version,
        at: this.#now,
        by,
        note,
        undoneTo,
        changed: applied.changed,
      });
      return { ...applied, needs_restart: needsRestart };
    }
    return { version, ...foreseen(steps, next), needs_restart: [] };
  }

  /** Undefined: somebody else has changed the deployment in between, so that the step must be made anew. */
  async #apply(next: Deployment, onto: Deployment): Promise<Changed | undefined> {
    this.#applying = next;
    try {
      return await this.#runtime.apply(next, onto);
    } catch (thrown) {
      if (this.#runtime.deployment !== onto) return undefined;
      throw thrown;
    } finally {
      this.#applying = undefined;
    }
  }

  #laidOver(folder: DeploymentFolder, definitions: Definitions): Step {
    const overlay = new Map(this.overlay);
    for (const id of definitions.dropped) overlay.delete(id);
    for (const [id, item] of definitions.items) overlay.set(id, item);
    return { overlay, folder, found: definitions };
  }

  /** What a process may not change it is refused before anything of it is looked at. */
  #judge(operation: string, { within }: ChangeOptions, overlay: Overlay): void {
    if (within === undefined) return;
    const { entries, folder } = this;
    const present = this.overlay;
    const place: Place | undefined = entries.get(within.host)?.place;
    for (const id of new Set([...present.keys(), ...overlay.keys()])) {
      const item = overlay.get(id);
      if (item === present.get(id)) continue;
      const touched = { id, entry: entries.get(id), item, folder: folder.declarations.get(id) };
      const refused = refuseChange(`registry.${operation}`, within, place, touched);
      if (refused !== undefined) throw refused;
    }
  }

  /** What is set is in the memory of all threads for as long as the runtime lives. */
  #bound(overlay: Overlay, { entries }: Deployment): void {
    if (overlay.size > MOST_SET) throw tooMany(`${MOST_SET} entries may be set at run time`);
    if (overlaySize(overlay, entries) > MOST_SET_BYTES) {
      throw tooMany(`what is set at run time may take ${MOST_SET_BYTES / 1024 / 1024} MiB`);
    }
  }

  /** Note what somebody else has applied. */
  #catchUp(): void {
    const { deployment, version } = this.#runtime;
    if (deployment === this.#history.deployment || deployment === this.#applying) return;
    this.#history.record(deployment, { version, at: this.#now, by: { what: 'program' } });
  }

  get #now(): number {
    return this.#clock.unix() / 1_000;
  }
}

/** What would become of the entries as far as they say it themselves; files that programs import may have changed, too. */
function foreseen(
  steps: readonly EntryStep[],
  { entries }: Deployment,
): Pick<ChangeResult, 'added' | 'changed' | 'removed' | 'unchanged'> {
  const changes = steps.map(entryChange);
  const of = (wanted: EntryChange['what']): string[] =>
    changes.filter(({ what }) => what === wanted).map(({ id }) => id);
  const added = of('added');
  const changed = of('changed');
  return { added, changed, removed: of('removed'), unchanged: entries.size - added.length - changed.length };
}

function sameIds(a: Overlay, b: Overlay): boolean {
  if (a.size !== b.size) return false;
  for (const id of a.keys()) if (!b.has(id)) return false;
  return true;
}

function tooMany(limit: string, retryable = false): TroupeError {
  const what = retryable ? 'try again when they are done' : 'ask for less';
  return new TroupeError(`${limit}; ${what}`, { kind: 'RATE_LIMITED', retryable });
}

function otherVersion(operation: string, wanted: number, version: number): TroupeError {
  return new TroupeError(
    `registry.${operation}: the deployment is of version ${version} now, not ${wanted}; look at what has changed, and try again with if_version ${version}`,
    { kind: 'CONFLICT', retryable: true, details: { version } },
  );
}

function withoutFolder(): TroupeError {
  return new TroupeError('this deployment was read from no folder, so its entries cannot be changed', {
    kind: 'INVALID',
    retryable: false,
  });
}
