/**
 * What the registry of a running deployment was. A version holds what was not the same as in the one before, so its
 * memory is that of what changed. The overlay of an earlier version is the present one with those steps taken back.
 */
import { TroupeError } from '../errors.ts';
import type { Deployment } from '../registry/load.ts';
import { NOTHING_SET, type Overlay, type OverlayItem } from '../registry/overlay.ts';
import type { Author, EntryChange, VersionRow } from './change.ts';
import { entryChange, entrySteps, type EntryStep, factsOf, isStep } from './difference.ts';
import { itemSize } from './definition_size.ts';

/** Versions that are kept, the present one included. */
export const MOST_VERSIONS = 100;
/** Bytes of definitions and programs that the kept versions set, all together; the present version is kept whatever it has. */
export const MOST_BYTES = 64 * 1024 * 1024;

interface ItemStep {
  readonly id: string;
  readonly before: OverlayItem | undefined;
  readonly after: OverlayItem | undefined;
}

interface Version {
  readonly version: number;
  readonly at: number;
  readonly by: Author;
  readonly note: string | undefined;
  readonly undoneTo: number | undefined;
  /** The version whose overlay it has: its own, that of the one before where only the folder changed, or what an undo brought back. */
  readonly shows: number;
  readonly entries: readonly EntryStep[];
  readonly items: readonly ItemStep[];
  readonly bytes: number;
}

/** What is noted of a new version. */
export interface Recorded {
  readonly version: number;
  /** Unix time in seconds. */
  readonly at: number;
  readonly by: Author;
  readonly note?: string;
  /** Of an undo: the version that it went back to. */
  readonly undoneTo?: number;
  /** Ids of entries that have changed, or of which files that they import have. */
  readonly changed?: readonly string[];
}

export class History {
  /** The oldest that is kept first. */
  readonly #versions: Version[];
  #deployment: Deployment;
  #bytes = 0;
  readonly #first: number;
  /** The version in which files that an entry imports were last found different, by id. */
  readonly #imported = new Map<string, number>();

  constructor(deployment: Deployment, { version, at, by, note }: Recorded) {
    this.#deployment = deployment;
    this.#first = version;
    this.#versions = [{ version, at, by, note, undoneTo: undefined, shows: version, entries: [], items: [], bytes: 0 }];
  }

  /** As of the last version. */
  get deployment(): Deployment {
    return this.#deployment;
  }

  get version(): number {
    return this.#last.version;
  }

  get overlay(): Overlay {
    return this.#deployment.overlay ?? NOTHING_SET;
  }

  /** Where the version is the last one still, no entry has become different, and what was set otherwise belongs to it. */
  record(next: Deployment, { version, at, by, note, undoneTo, changed = [] }: Recorded): void {
    const items = itemSteps(this.overlay, next.overlay ?? NOTHING_SET);
    const own = items.length > 0 ? version : this.#last.shows;
    const shows = undoneTo === undefined ? own : this.#find(undoneTo).shows;
    let bytes = 0;
    for (const { id, after } of items) if (after !== undefined) bytes += itemSize(after, next.entries.get(id));
    this.#bytes += bytes;
    const last = this.#last;
    if (version === last.version) {
      const merged = { ...last, shows, items: [...last.items, ...items], bytes: last.bytes + bytes };
      this.#versions[this.#versions.length - 1] = merged;
    } else {
      const entries = this.#stepsTo(next, version, changed);
      this.#versions.push({ version, at, by, note, undoneTo, shows, entries, items, bytes });
    }
    this.#deployment = next;
    this.#forget();
  }

  /** The newest first. */
  rows(): VersionRow[] {
    return this.#versions
      .map(({ version, at, by, note, undoneTo, entries }) => ({
        version,
        at,
        by,
        note,
        undone_to: undoneTo,
        changes: entries.map(entryChange),
      }))
      .reverse();
  }

  /**
   * The version to go back to where none is named: the one before what the present one shows, so that one undo after the
   * other goes back further and further. Throws NOT_FOUND.
   */
  before(): number {
    const { shows } = this.#last;
    const at = this.#versions.findIndex(({ version }) => version === shows);
    if (at > 0) return this.#versions[at - 1].version;
    const oldest = this.#versions[0].version;
    const why =
      at === 0 && oldest === this.#first
        ? 'nothing was set since the start'
        : `nothing older than version ${oldest} is kept`;
    throw new TroupeError(`there is nothing to undo: ${why}`, { kind: 'NOT_FOUND', retryable: false });
  }

  /** What was set at run time in that version. Throws NOT_FOUND. */
  overlayAt(version: number): Overlay {
    const until = this.#versions.indexOf(this.#find(version));
    const overlay = new Map(this.overlay);
    for (let i = this.#versions.length - 1; i > until; i--) {
      // The later step of an id first: some versions have several.
      for (const { id, before } of this.#versions[i].items.toReversed()) {
        if (before === undefined) overlay.delete(id);
        else overlay.set(id, before);
      }
    }
    return overlay;
  }

  /** What has become of the entries from one version to the other, which may be the older one. Throws NOT_FOUND. */
  difference(from: number, to: number): EntryChange[] {
    const first = this.#versions.indexOf(this.#find(from));
    const last = this.#versions.indexOf(this.#find(to));
    const steps = new Map<string, EntryStep>();
    for (const { entries } of this.#versions.slice(Math.min(first, last) + 1, Math.max(first, last) + 1)) {
      for (const { id, before, after } of entries) {
        steps.set(id, { id, before: steps.has(id) ? steps.get(id)!.before : before, after });
      }
    }
    return [...steps.values()]
      .map(step => (first <= last ? step : { id: step.id, before: step.after, after: step.before }))
      .filter(isStep)
      .map(entryChange)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  get #last(): Version {
    return this.#versions[this.#versions.length - 1];
  }

  #find(version: number): Version {
    const found = this.#versions.find(each => each.version === version);
    if (found !== undefined) return found;
    const kept = `versions ${this.#versions[0].version} to ${this.version} are kept`;
    throw new TroupeError(`there is no version ${version}: ${kept}`, { kind: 'NOT_FOUND', retryable: false });
  }

  #stepsTo(next: Deployment, version: number, changed: readonly string[]): EntryStep[] {
    const { entries } = this.#deployment;
    const steps = entrySteps(entries, next.entries).map(({ id, before, after }) => {
      const files = this.#imported.get(id);
      if (after === undefined) this.#imported.delete(id);
      return { id, before: before && { ...before, files }, after: after && { ...after, files } };
    });
    const known = new Set(steps.map(({ id }) => id));
    for (const id of changed) {
      const entry = next.entries.get(id);
      if (known.has(id) || entry === undefined) continue;
      const facts = factsOf(entry);
      steps.push({ id, before: { ...facts, files: this.#imported.get(id) }, after: { ...facts, files: version } });
      this.#imported.set(id, version);
    }
    return steps;
  }

  #forget(): void {
    while (this.#versions.length > MOST_VERSIONS || (this.#bytes > MOST_BYTES && this.#versions.length > 1)) {
      this.#bytes -= this.#versions.shift()!.bytes;
    }
    const oldest = this.#versions[0];
    if (oldest.items.length === 0) return;
    // Nothing older is left that its steps could lead back to.
    this.#bytes -= oldest.bytes;
    this.#versions[0] = { ...oldest, items: [], bytes: 0 };
  }
}

function itemSteps(before: Overlay, after: Overlay): ItemStep[] {
  const steps: ItemStep[] = [];
  for (const [id, item] of after) {
    const old = before.get(id);
    if (old !== item) steps.push({ id, before: old, after: item });
  }
  for (const [id, item] of before) if (!after.has(id)) steps.push({ id, before: item, after: undefined });
  return steps;
}
