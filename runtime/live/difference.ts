/** What is not the same in two deployments, entry by entry. */
import { isDeepStrictEqual } from 'node:util';
import type { Entry } from '../registry/entry.ts';
import type { EntryChange } from './change.ts';

/** What an entry says, key by key: of its source only the hash, so that a history holds no programs. */
export interface Facts {
  readonly [key: string]: unknown;
}

/** One entry before and after; undefined: it was not there. */
export interface EntryStep {
  readonly id: string;
  readonly before: Facts | undefined;
  readonly after: Facts | undefined;
}

type Entries = ReadonlyMap<string, Entry>;

/** Those that are there after, in their order, then those that are not there any more. */
export function entrySteps(before: Entries, after: Entries): EntryStep[] {
  const steps: EntryStep[] = [];
  for (const [id, entry] of after) {
    const old = before.get(id);
    if (old === entry) continue;
    const step = { id, before: old && factsOf(old), after: factsOf(entry) };
    if (isStep(step)) steps.push(step);
  }
  for (const [id, entry] of before) {
    if (!after.has(id)) steps.push({ id, before: factsOf(entry), after: undefined });
  }
  return steps;
}

/** Whether anything is different. */
export function isStep({ before, after }: EntryStep): boolean {
  if (before === undefined || after === undefined) return before !== after;
  return changedKeys(before, after).length > 0;
}

export function entryChange({ id, before, after }: EntryStep): EntryChange {
  if (before === undefined) return { id, what: 'added', keys: [] };
  if (after === undefined) return { id, what: 'removed', keys: [] };
  return { id, what: 'changed', keys: changedKeys(before, after) };
}

export function factsOf(entry: Entry): Facts {
  const { kind, meta, method, source, wants, libraries, data } = entry;
  const names = wants.map(({ name }) => name);
  const asked = kind.endsWith('.lua') ? { modules: names, imports: libraries } : { imports: names };
  if (source === undefined) return { kind, meta, ...data };
  // The same text is another program where it may import other things.
  const program = [source.name, source.sha256, source.closed];
  return { kind, meta, source: program, method, ...asked, ...data };
}

function changedKeys(before: Facts, after: Facts): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter(key => !isDeepStrictEqual(before[key], after[key])).sort();
}
