/**
 * Regular expressions in policies: RE2's, so that no pattern explodes, and with a bound on what one match may cost,
 * since whoever is judged may have chosen the text.
 */
import { RE2JS } from 're2js';
import { compileRegexp } from '../capabilities/regexp.ts';

/** Instructions of the pattern times characters of the text; some ten milliseconds at worst. */
const MOST_WORK = 500_000;

/** What a search for the pattern in this text costs, as `MOST_WORK` counts. */
export function searchWork(pattern: RE2JS, text: string): number {
  return pattern.programSize() * text.length;
}

/** Whether the pattern is found in the text; undefined: it is no pattern, or the search would cost too much. */
export function findsPattern(pattern: unknown, text: string): boolean | undefined {
  if (typeof pattern !== 'string') return undefined;
  let compiled: RE2JS;
  try {
    compiled = compileRegexp(pattern, 'matches');
  } catch {
    return undefined;
  }
  return searchWork(compiled, text) > MOST_WORK ? undefined : compiled.matcher(text).find();
}

/** What to say of a pattern that cannot be compiled, to be put behind "a regular expression"; undefined: it can. */
export function faultOfPattern(value: unknown): string | undefined {
  if (typeof value !== 'string') return '';
  try {
    RE2JS.compile(value);
    return undefined;
  } catch (thrown) {
    if (!isPatternElsewhere(value)) return '';
    const why = (thrown as Error).message.replace(/^error parsing regexp: /, '');
    return ` that RE2 knows, in which nothing looks around or back: ${why}`;
  }
}

/** Whoever wrote it knows that it is a regular expression, and must be told why it is none here. */
function isPatternElsewhere(value: string): boolean {
  try {
    new RegExp(value, 'u');
    return true;
  } catch {
    return false;
  }
}
