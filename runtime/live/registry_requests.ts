/** What the socket of a runtime answers about its registry; everything it asks for is by its owner. */
import type { Request } from '../inspect/request_schema.ts';
import type { EntryKind } from '../registry/entry.ts';
import { showPlace } from '../registry/entry.ts';
import type { Author, ChangeOptions } from './change.ts';
import { type ExportedFile, exportOverlay } from './export.ts';
import type { LiveRegistry } from './live_registry.ts';

export type RegistryRequest = Extract<Request, { readonly ask: `registry.${string}` }>;

export interface ListedEntry {
  readonly id: string;
  readonly kind: EntryKind;
  readonly place: string;
  /** Whether it was set at run time. */
  readonly set: boolean;
}

export interface EntryList {
  readonly version: number;
  /** In the order of the deployment. */
  readonly entries: readonly ListedEntry[];
  /** What the folder has and was removed at run time. */
  readonly removed: readonly string[];
}

export interface Exported {
  readonly version: number;
  readonly files: readonly ExportedFile[];
  /** What was removed at run time, and where the folder has it. */
  readonly removed: readonly { readonly id: string; readonly place: string }[];
}

const OWNER: Author = { what: 'command line' };

/** Answers plain data, or rejects as `LiveRegistry` does. */
export async function answerRegistry(request: RegistryRequest, registry: LiveRegistry): Promise<unknown> {
  switch (request.ask) {
    case 'registry.list':
      return listEntries(registry);
    case 'registry.set':
      return registry.changeAll(request.yaml, request.name, optionsOf(request));
    case 'registry.remove':
      return registry.change(
        request.ids.map(id => ({ remove: id })),
        optionsOf(request),
      );
    case 'registry.undo':
      return registry.undo(request.version, optionsOf(request));
    case 'registry.history':
      return { version: registry.version, versions: registry.history() };
    case 'registry.diff':
      return {
        from: request.from,
        to: request.to ?? registry.version,
        changes: registry.difference(request.from, request.to),
      };
    case 'registry.export':
      return {
        version: registry.version,
        files: exportOverlay(registry.overlay),
        removed: removedOf(registry),
      } satisfies Exported;
  }
}

function optionsOf({
  if_version: ifVersion,
  note,
  dry_run: dryRun,
}: Extract<RegistryRequest, { readonly dry_run: boolean }>): ChangeOptions {
  return { by: OWNER, ifVersion, note, dryRun };
}

function listEntries(registry: LiveRegistry): EntryList {
  const { overlay, entries } = registry;
  return {
    version: registry.version,
    entries: [...entries.values()].map(({ id, kind, place }) => ({
      id,
      kind,
      place: showPlace(place),
      set: overlay.has(id),
    })),
    removed: removedOf(registry).map(({ id }) => id),
  };
}

function removedOf({ overlay, folder }: LiveRegistry): Exported['removed'] {
  const removed: { id: string; place: string }[] = [];
  for (const [id, { declaration }] of overlay) {
    const written = folder.declarations.get(id);
    // The files may have lost it since.
    if (declaration === undefined && written !== undefined) removed.push({ id, place: showPlace(written.tree.place) });
  }
  return removed;
}
