import type { Entry } from '../registry/entry.ts';
import type { Overlay, OverlayItem } from '../registry/overlay.ts';
import { type Fields, itemsOf, type Tree } from '../registry/tree.ts';

/** Bytes that a value of a definition takes beside its text, roughly. */
const VALUE = 100;

type Entries = ReadonlyMap<string, Entry>;

/** Items do not change, and neither does the program that was read for one. */
const known = new WeakMap<OverlayItem, number>();

/** Bytes that an overlay keeps in memory, roughly. `entries`: of the deployment that was made with it. */
export function overlaySize(overlay: Overlay, entries: Entries): number {
  let size = 0;
  for (const [id, item] of overlay) size += itemSize(item, entries.get(id));
  return size;
}

/** Its values and texts, and the program that was read for it. */
export function itemSize(item: OverlayItem, entry: Entry | undefined): number {
  let size = known.get(item);
  if (size === undefined) {
    const { declaration } = item;
    size = declaration === undefined ? VALUE : treeSize(declaration.tree) + (entry?.source?.bytes.length ?? 0);
    known.set(item, size);
  }
  return size;
}

function treeSize(tree: Tree): number {
  const { content } = tree;
  if (typeof content === 'string') return VALUE + content.length;
  let size = VALUE;
  for (const item of itemsOf(tree) ?? []) size += treeSize(item);
  if (content instanceof Map) {
    for (const { key, value } of (content as Fields).values()) size += key.length + treeSize(value);
  }
  return size;
}
