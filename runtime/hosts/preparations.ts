/**
 * What was made of the entries of one deployment, and from what, so that the next time only that is compiled which has
 * changed. An artifact is used again where its entry says the same, the entries that its machine asked for do too, and
 * every file that was read, or looked for and missing, is still what it was.
 */
import { readFileSync } from 'node:fs';
import type { Artifact, MachineType, PrepareTools } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import { sameDefinition } from '../registry/same_definition.ts';
import { sha256 } from '../registry/source.ts';

/** One preparation: what it was given, and what it saw. */
interface Preparation {
  /** As it was last seen. */
  entry: Entry;
  readonly root: string;
  readonly trusted: boolean;
  /** Undefined: it failed, or has not ended. */
  artifact: Artifact | undefined;
  /** Other entries that were asked for, by id. */
  readonly entries: Map<string, Entry | undefined>;
  /** sha256 of each file, by absolute path; undefined where there was none. */
  readonly files: Map<string, string | undefined>;
}

export class Preparations {
  readonly #quick: boolean;
  readonly #kept = new Map<string, Preparation>();
  /** Those that failed last, by entry: what they read may be what has to be corrected. */
  readonly #failed = new Map<string, Preparation>();
  /** Of entries that were there before as well: who goes back to one gets what was made of it, whatever its files are now. */
  readonly #known = new WeakMap<Entry, Preparation>();

  /** `quick`: as in `PrepareTools`. */
  constructor({ quick = false }: { readonly quick?: boolean } = {}) {
    this.#quick = quick;
  }

  /** Absolute paths of all files that were read or looked for, also by what could not be prepared; without the sources. */
  get files(): Set<string> {
    const found = new Set<string>();
    for (const known of [this.#kept, this.#failed]) {
      for (const { files } of known.values()) for (const path of files.keys()) found.add(path);
    }
    return found;
  }

  /** One round over all entries of a deployment; what belongs to others is forgotten. */
  round(entries: ReadonlyMap<string, Entry>): PreparationRound {
    for (const known of [this.#kept, this.#failed]) {
      for (const id of known.keys()) if (!entries.has(id)) known.delete(id);
    }
    return new PreparationRound(this.#quick, this.#kept, this.#failed, this.#known);
  }
}

/** Files are read at most once for all entries of a round. */
class PreparationRound {
  readonly #quick: boolean;
  readonly #kept: Map<string, Preparation>;
  readonly #failed: Map<string, Preparation>;
  readonly #known: WeakMap<Entry, Preparation>;
  readonly #contents = new Map<string, string | undefined>();

  constructor(
    quick: boolean,
    kept: Map<string, Preparation>,
    failed: Map<string, Preparation>,
    known: WeakMap<Entry, Preparation>,
  ) {
    this.#quick = quick;
    this.#kept = kept;
    this.#failed = failed;
    this.#known = known;
  }

  /** The artifact of an entry: the one that is known where nothing has changed. Rejects as `machine.prepare` does. */
  async prepare(machine: MachineType, entry: Entry, tools: PrepareTools): Promise<Artifact> {
    const known = this.#known.get(entry) ?? this.#kept.get(entry.id);
    if (known?.artifact !== undefined && this.#isStill(known, entry, tools)) {
      known.entry = entry;
      this.#keep(entry, known);
      return known.artifact;
    }
    const { root, trusted } = tools;
    const made: Preparation = { entry, root, trusted, artifact: undefined, entries: new Map(), files: new Map() };
    this.#failed.set(entry.id, made);
    made.artifact = await machine.prepare(entry, {
      root,
      trusted,
      quick: this.#quick,
      entry: id => {
        const found = tools.entry(id);
        made.entries.set(id, found);
        return found;
      },
      read: (path, content) => {
        made.files.set(path, content === undefined ? undefined : sha256(content));
        tools.read?.(path, content);
      },
    });
    this.#keep(entry, made);
    return made.artifact;
  }

  #keep(entry: Entry, preparation: Preparation): void {
    this.#failed.delete(entry.id);
    this.#kept.set(entry.id, preparation);
    this.#known.set(entry, preparation);
  }

  #isStill(known: Preparation, entry: Entry, tools: PrepareTools): boolean {
    if (known.root !== tools.root || known.trusted !== tools.trusted || !sameDefinition(known.entry, entry))
      return false;
    for (const [id, then] of known.entries) {
      const now = tools.entry(id);
      if (now === undefined || then === undefined ? now !== then : !sameDefinition(now, then)) return false;
    }
    // The very same entry is one of a folder that was not read again: what has become of its files since is not asked for.
    if (this.#known.get(entry) === known) return true;
    for (const [path, then] of known.files) if (this.#contentOf(path) !== then) return false;
    return true;
  }

  #contentOf(path: string): string | undefined {
    if (this.#contents.has(path)) return this.#contents.get(path);
    let content: string | undefined;
    try {
      content = sha256(readFileSync(path));
    } catch {
      // Missing, or not to be read: for who compiles it is the same.
    }
    this.#contents.set(path, content);
    return content;
  }
}
