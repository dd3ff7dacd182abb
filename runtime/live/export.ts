/** What was set at run time as YAML, so that it can be put into the folder. */
import { stringify } from 'yaml';
import type { Overlay } from '../registry/overlay.ts';
import { plain } from '../registry/tree.ts';

export interface ExportedFile {
  readonly namespace: string;
  /** A file of the deployment, for its top folder: `file://` is relative to that. */
  readonly yaml: string;
}

/** One file a namespace, in their order. */
export function exportOverlay(overlay: Overlay): ExportedFile[] {
  const byNamespace = new Map<string, unknown[]>();
  for (const { declaration } of overlay.values()) {
    if (declaration === undefined) continue;
    const entries = byNamespace.get(declaration.namespace);
    const entry = withoutReferences(plain(declaration.tree));
    if (entries === undefined) byNamespace.set(declaration.namespace, [entry]);
    else entries.push(entry);
  }
  return [...byNamespace]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, entries]) => ({
      namespace,
      yaml: stringify({ version: '1.0', namespace, entries }, { lineWidth: 0, aliasDuplicateObjects: false }),
    }));
}

/** References to the environment were replaced when it was set; what looks like one now is text. */
function withoutReferences(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${env:', () => '$${env:');
  if (Array.isArray(value)) return value.map(withoutReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutReferences(item)]));
}
