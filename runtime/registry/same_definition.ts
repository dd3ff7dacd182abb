import { isDeepStrictEqual } from 'node:util';
import type { Entry } from './entry.ts';

/**
 * Whether two entries say the same, wherever in the YAML they stand: every key, what they want, and the content of the
 * source. Not: what the source reads, and what the libraries are.
 */
export function sameDefinition(one: Entry, other: Entry): boolean {
  return one === other || isDeepStrictEqual(definitionOf(one), definitionOf(other));
}

function definitionOf({ id, kind, meta, place, source, method, wants, libraries, data }: Entry): object {
  const names = wants.map(({ name }) => name);
  // What an inline source imports is looked for from its YAML file.
  const file = source !== undefined && source.path === undefined ? place.file : undefined;
  const program = source && [source.name, source.sha256, source.closed];
  return { id, file, kind, meta, program, method, wants: names, libraries, data };
}
