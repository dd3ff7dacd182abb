import type { Entry } from '../registry/entry.ts';
import { dataOf } from '../registry/kinds.ts';

/** Programs that an entry runs: a service its process, a supervisor its children, a library all that may use it. */
export function programsOf(entry: Entry, entries: ReadonlyMap<string, Entry>): string[] {
  const service = dataOf(entry, 'process.service');
  if (service !== undefined) return [service.process];
  const supervisor = dataOf(entry, 'process.supervisor');
  if (supervisor !== undefined) {
    return supervisor.children.flatMap(({ process }) => {
      const child = entries.get(process);
      return child === undefined ? [process] : [process, ...programsOf(child, entries)];
    });
  }
  if (entry.kind !== 'library.lua') return [];
  return [...entries.values()].filter(({ kind }) => kind.endsWith('.lua')).map(({ id }) => id);
}
