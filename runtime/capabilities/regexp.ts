/**
 * Regular expressions in RE2's syntax: no backreferences, no looking around, and in return a time that grows with the
 * text and never explodes. For `text`; places are in bytes from 1, both ends included, as Lua counts.
 */
import { RE2JS } from 're2js';
import type { Payload } from '../payload/payload.ts';
import { invalid } from './arguments.ts';
import { LONGEST_WORK, tookTooLong, withinLimit } from './time_limit.ts';

/** One match. `groups[0]` is the whole; a group that took no part is null. */
export interface RegexpMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | null)[];
}

const LONGEST_PATTERN = 1000;
const LONGEST_TEXT = 4 * 1024 * 1024;
/** Instructions of the pattern times characters of the text: below it a match takes milliseconds at most. */
const CHEAP = 1_000_000;
const MOST_KEPT = 100;
const kept = new Map<string, RE2JS>();

/** The pattern, ready; throws INVALID where it is none. */
export function compileRegexp(pattern: string, operation: string): RE2JS {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > LONGEST_PATTERN) {
    throw invalid(operation, `pattern is longer than ${LONGEST_PATTERN} characters`);
  }
  let made: RE2JS;
  try {
    made = RE2JS.compile(pattern);
  } catch (thrown) {
    throw invalid(operation, `pattern "${pattern}" cannot be used: ${(thrown as Error).message}`);
  }
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(pattern, made);
  return made;
}

export function testRegexp(pattern: string, text: string, operation: string): boolean {
  const regexp = compileRegexp(pattern, operation);
  return limited(regexp, text, operation, () => regexp.matcher(text).find());
}

/** The first `limit` matches, from left to right; an empty one directly behind another does not count. */
export function findRegexp(pattern: string, text: string, limit: number, operation: string): RegexpMatch[] {
  const regexp = compileRegexp(pattern, operation);
  return limited(regexp, text, operation, () => {
    const matcher = regexp.matcher(text);
    const found: RegexpMatch[] = [];
    const count = matcher.groupCount();
    let last = -1;
    let characters = 0;
    let bytes = 0;
    while (found.length < limit && matcher.find()) {
      const [from, to] = [matcher.start(), matcher.end()];
      if (from === to && from === last) continue;
      last = to;
      const start = bytes + Buffer.byteLength(text.slice(characters, from));
      const groups = Array.from({ length: count + 1 }, (_, i) => matcher.group(i));
      bytes = start + Buffer.byteLength(text.slice(from, to));
      characters = to;
      found.push({ start: start + 1, end: bytes, groups });
    }
    return found;
  });
}

/** Go's templates: `$1`, `${1}`, `$name`, `${name}`; `$$` is a dollar sign. */
export function replaceRegexp(pattern: string, text: string, template: string, operation: string): string {
  const names = compileRegexp(pattern, operation).namedGroups();
  const bytes = Buffer.from(text, 'utf8');
  let result = '';
  let at = 0;
  for (const { start, end, groups } of findRegexp(pattern, text, Number.POSITIVE_INFINITY, operation)) {
    result += bytes.toString('utf8', at, start - 1);
    result += template.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_all, dollar, bare, braced) => {
      if (dollar !== undefined) return '$';
      const name: string = bare ?? braced;
      return groups[/^\d+$/.test(name) ? Number(name) : (names[name] ?? -1)] ?? '';
    });
    at = end;
  }
  return result + bytes.toString('utf8', at);
}

/** The texts between matches, at most `limit` of them. */
export function splitRegexp(pattern: string, text: string, limit: number, operation: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of findRegexp(pattern, text, Number.POSITIVE_INFINITY, operation)) {
    if (parts.length >= limit - 1) break;
    // An empty match at either end separates nothing.
    if (end === 0 || (end < start && start > bytes.length)) continue;
    parts.push(bytes.toString('utf8', at, start - 1));
    at = end;
  }
  parts.push(bytes.toString('utf8', at));
  return parts;
}

/** Names of the groups by number, the whole match first; empty where a group has none. */
export function groupNames(pattern: string, operation: string): string[] {
  const regexp = compileRegexp(pattern, operation);
  const names: string[] = new Array(regexp.groupCount() + 1).fill('');
  for (const [name, index] of Object.entries(regexp.namedGroups())) names[index] = name;
  return names;
}

function limited<T extends Payload | RegexpMatch[]>(regexp: RE2JS, text: string, operation: string, work: () => T): T {
  if (text.length > LONGEST_TEXT) throw invalid(operation, `text is longer than ${LONGEST_TEXT} characters`);
  if (regexp.programSize() * text.length <= CHEAP) return work();
  try {
    return withinLimit(work);
  } catch (thrown) {
    if (!tookTooLong(thrown)) throw thrown;
    throw invalid(operation, `matching took longer than ${LONGEST_WORK} ms: take a shorter text or a simpler pattern`);
  }
}
