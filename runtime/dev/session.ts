/**
 * From changes of a folder to a deployment that runs as the folder says: one state after the other, and what runs stays as
 * it is while the folder holds something that cannot run.
 *
 * A file may be seen half saved. So nothing is read before there was quiet for a moment, and what is wrong is looked at
 * once more before it is shown.
 */
import { realpathSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock.ts';
import { toTroupeError } from '../errors.ts';
import type { Place } from '../registry/entry.ts';
import type { Deployment } from '../registry/load.ts';
import { DeploymentError } from '../registry/problem.ts';
import { isSkippedFolder } from '../registry/scan.ts';
import { SETTINGS_FILE } from '../registry/settings.ts';
import { Debounce } from './debounce.ts';
import type { DevEvent, Outcome, Trouble } from './event.ts';
import { FolderWatch } from './folder_watch.ts';
import { lookAt, lookAtItself } from '../look_at.ts';

/** Milliseconds. */
const TIMES = { quiet: 30, longest: 150 };
/** Milliseconds until what is wrong is looked at again. */
const SECOND_LOOK = 100;

/** What runs now, and what became of what ran before. */
export interface Brought extends Outcome {
  readonly deployment: Deployment;
}

export interface DevTarget {
  /** Whether anything runs that stays where `apply` rejects. */
  readonly running: boolean;
  /**
   * Read the folder; start it, or bring what has changed into what runs. Rejects, and nothing is different, where it cannot
   * run as it is.
   */
  bring(): Promise<Brought>;
  /** Files besides the sources that went into what was compiled last, or would if they existed. */
  readonly files: Iterable<string>;
}

export interface DevOptions {
  /** Of the deployment: absolute and without links. */
  readonly root: string;
  readonly target: DevTarget;
  readonly tell: (event: DevEvent) => void;
  /** The lines around a place of a file of the deployment; empty where there are none. */
  readonly frame: (place: Place) => string;
  readonly clock: Clock;
}

/** What is new since the folder was read last. */
interface Changes {
  /** Relative to the root; folders end with a slash. */
  readonly files: ReadonlySet<string>;
  /** When the first of them was seen. */
  readonly since: number;
}

export class DevSession {
  readonly #options: DevOptions;
  readonly #debounce: Debounce;
  readonly #watch: FolderWatch;
  #files = new Set<string>();
  #since = 0;
  /** All that was read last, and all that was looked for. */
  #inputs: ReadonlySet<string> = new Set();
  /** Files that have changed while the folder was read, of which so it was not known whether they are inputs. */
  readonly #unsure = new Set<string>();
  /** Settings that the runtime was started with. */
  #settings: Deployment['settings'] | undefined;
  #toldSettings: readonly string[] = [];
  /** What was shown to be wrong; undefined: what runs is what the folder says. */
  #broken: string | undefined;
  #gone = false;
  #busy: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: DevOptions) {
    const { root, clock, tell, target } = options;
    this.#options = options;
    this.#debounce = new Debounce(clock, TIMES, () => void this.#run());
    const listener = {
      changed: (path: string, folder: boolean) => this.#changed(path, folder),
      gone: () => {
        this.#gone = true;
        tell({ event: 'gone', root, running: target.running });
      },
      back: () => {
        this.#gone = false;
        tell({ event: 'back', root });
        this.#touch();
      },
      failed: (error: Error) => tell({ event: 'unseen', message: error.message }),
    };
    this.#watch = new FolderWatch(root, isSkippedFolder, listener, clock);
  }

  /** Read the folder for the first time; resolves when it runs, or when it was said why not. */
  start(): Promise<void> {
    this.#since = this.#options.clock.now();
    return this.#run();
  }

  /** Look at nothing any more; resolves once nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#debounce.cancel();
    this.#watch.close();
    await this.#busy;
  }

  #changed(path: string, folder: boolean): void {
    // While something is wrong, any file may be what was missing.
    if (!folder && this.#broken === undefined && !this.#isInput(path)) {
      if (this.#busy !== undefined) this.#unsure.add(path);
      return;
    }
    this.#touch();
    const name = path.slice(this.#options.root.length + 1).replaceAll(sep, '/');
    this.#files.add(folder ? `${name}/` : name);
  }

  #touch(): void {
    if (this.#files.size === 0 && !this.#debounce.pending) this.#since = this.#options.clock.now();
    this.#debounce.touch();
  }

  #isInput(path: string): boolean {
    const name = basename(path);
    if (name === SETTINGS_FILE || (name.endsWith('.yaml') && !name.startsWith('.')) || this.#inputs.has(path))
      return true;
    // A link may lead to anything, and inputs beyond it may be known by other names.
    return lookAtItself(path)?.isSymbolicLink() === true;
  }

  #run(): Promise<void> {
    this.#again = true;
    this.#busy ??= this.#rounds().finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  async #rounds(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#round();
    }
  }

  /** Read, check and apply the folder as it is now. */
  async #round(): Promise<void> {
    const changes: Changes = { files: this.#files, since: this.#since };
    this.#files = new Set();
    // A file that is empty is about to be written.
    const halfSaved = [...changes.files].some(name => this.#isEmpty(name));
    let wrong = halfSaved ? [] : await this.#attempt(changes);
    if (wrong === undefined) return;
    await this.#wait(SECOND_LOOK);
    if (!this.#outdated) wrong = await this.#attempt(changes);
    if (wrong === undefined) return;
    // What has happened while this was computed is told by now.
    await new Promise<void>(resolve => this.#options.clock.defer(resolve));
    if (!this.#outdated) this.#tellBroken(wrong, changes);
    else for (const name of changes.files) this.#files.add(name);
  }

  /** Whether something has happened that the next round looks at. */
  get #outdated(): boolean {
    return this.#again || this.#debounce.pending || this.#gone || this.#closed;
  }

  /** What is wrong; undefined: it runs. */
  async #attempt({ files, since }: Changes): Promise<readonly Trouble[] | undefined> {
    const { target, tell, clock } = this.#options;
    const first = !target.running;
    try {
      const { deployment, ...outcome } = await target.bring();
      // Also those that it is made of no more.
      const named = this.#named(files);
      this.#noteInputs(deployment);
      const fixed = this.#broken !== undefined;
      this.#broken = undefined;
      if (first) this.#tellStarted(deployment);
      else if (fixed || outcome.added.length + outcome.changed.length + outcome.removed.length > 0) {
        const names = [...new Set([...named, ...this.#named(files)])].sort();
        tell({ event: 'applied', files: names, ...outcome, ms: clock.now() - since, fixed });
      }
      this.#tellSettings(deployment);
      return undefined;
    } catch (thrown) {
      return this.#troublesOf(thrown);
    }
  }

  #noteInputs({ entries }: Deployment): void {
    const named = new Set(this.#options.target.files);
    for (const { source } of entries.values()) if (source?.path !== undefined) named.add(source.path);
    const inputs = new Set(named);
    // What is edited is the file itself, where the deployment names a link to it.
    for (const path of named) inputs.add(realPathOf(path));
    this.#inputs = inputs;
    this.#watch.alsoFoldersOf(inputs);
    for (const path of this.#unsure) if (inputs.has(path)) this.#changed(path, false);
    this.#unsure.clear();
  }

  /** Those that the deployment is made of; an editor may have had others, which are gone. */
  #named(files: ReadonlySet<string>): string[] {
    const { root } = this.#options;
    return [...files].filter(name => name.endsWith('/') || this.#isInput(join(root, name)));
  }

  #tellStarted({ root, entries, settings }: Deployment): void {
    this.#settings = settings;
    const services = [...entries.values()].filter(({ kind }) => kind === 'process.service').length;
    this.#options.tell({ event: 'started', root, entries: entries.size, services });
  }

  /** Overrides are part of the entries. */
  #tellSettings({ settings }: Deployment): void {
    const then = this.#settings as { readonly [key: string]: unknown };
    const now = settings as { readonly [key: string]: unknown };
    const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])].sort();
    const different = keys.filter(key => key !== 'override' && !isDeepStrictEqual(then[key], now[key]));
    if (isDeepStrictEqual(different, this.#toldSettings)) return;
    this.#toldSettings = different;
    this.#options.tell({ event: 'restart_needed', settings: different });
  }

  #tellBroken(problems: readonly Trouble[], { files }: Changes): void {
    const { tell, target } = this.#options;
    const shown = JSON.stringify(problems.map(({ place, message }) => [place, message]));
    const same = shown === this.#broken;
    this.#broken = shown;
    // Who writes other files while something is wrong is not told each time.
    if (same && this.#named(files).length === 0) return;
    tell({ event: 'broken', problems, running: target.running, same });
  }

  #troublesOf(thrown: unknown): readonly Trouble[] {
    if (thrown instanceof DeploymentError) {
      return thrown.problems.map(problem => ({ ...problem, frame: this.#options.frame(problem.place) }));
    }
    const { message, kind } = toTroupeError(thrown, 'INTERNAL');
    return [{ place: null, message, kind, frame: '' }];
  }

  #isEmpty(name: string): boolean {
    const found = lookAt(join(this.#options.root, name));
    return found?.isFile() === true && found.size === 0;
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise(resolve => void this.#options.clock.arm(milliseconds, resolve));
  }
}

/** Where links lead; the path itself where there is no such file, or not yet. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
