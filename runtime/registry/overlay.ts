/** What was set at run time, laid over what a folder declares. */
import type { Declaration } from './declaration.ts';
import type { SourceReader } from './source.ts';

/** Immutable and shared: the history of a runtime holds the same ones. */
export interface OverlayItem {
  /** Undefined: the entry of this id is taken away. */
  readonly declaration: Declaration | undefined;
  /** Files that it names are read once, when it is set. Of the items that were set together it is the same. */
  readonly sources: SourceReader;
}

/** By id. Overrides (`-o`, `override:`) are of what the folder says, and change nothing of what is set at run time. */
export type Overlay = ReadonlyMap<string, OverlayItem>;

export const NOTHING_SET: Overlay = new Map();

export interface LaidOver {
  /** By id: those of the folder in its order, one that is set anew in the place of the old one, then those that are added. */
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Ids that were taken away. */
  readonly removed: ReadonlySet<string>;
  /** Who reads the files of what was set, by id. */
  readonly readers: ReadonlyMap<string, SourceReader>;
}

export function layOver(folder: ReadonlyMap<string, Declaration>, overlay: Overlay): LaidOver {
  const declarations = new Map(folder);
  const removed = new Set<string>();
  const readers = new Map<string, SourceReader>();
  for (const [id, { declaration, sources }] of overlay) {
    if (declaration === undefined) {
      declarations.delete(id);
      removed.add(id);
    } else {
      declarations.set(id, declaration);
      readers.set(id, sources);
    }
  }
  return { declarations, removed, readers };
}
