/** The words for what zod itself finds; checks of the schemas bring their own. */
import type { z } from 'zod';
import { didYouMean } from './suggest.ts';
import { foundWords, oneOf } from './words.ts';

const EXPECTED: { readonly [type: string]: string } = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
};

/**
 * What zod found, as a text that follows `key: `. Two answers are meant for `validate`: `''` for a union, whose forms it
 * looks into, and the known keys, separated by spaces, where there are unknown ones.
 */
export function plainWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${EXPECTED[issue.expected] ?? issue.expected}, found ${foundWords(issue.input)}${hint(issue)}`;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? issue.origin === 'string'
          ? 'expected a text that is not empty'
          : `expected at least ${issue.minimum} item${issue.minimum === 1 ? '' : 's'}`
        : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}, found ${foundWords(issue.input)}`;
    case 'too_big':
      return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}, found ${foundWords(issue.input)}`;
    case 'invalid_value': {
      const known = (issue.values as unknown[]).map(String);
      const near = typeof issue.input === 'string' ? didYouMean(issue.input, known) : '';
      return `expected ${oneOf(known)}, found ${foundWords(issue.input)}${near}`;
    }
    case 'invalid_union':
      return '';
    case 'unrecognized_keys':
      return Object.keys((issue.inst?._zod.def as { shape?: object } | undefined)?.shape ?? {}).join(' ');
    default:
      return `${foundWords(issue.input)} cannot be used here`;
  }
}

function hint(issue: { readonly expected: string; readonly input?: unknown }): string {
  const { expected, input } = issue;
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) return '; put it in quotes';
  if (expected === 'array' && typeof input === 'string' && /^[\w.:*-]+$/.test(input)) return `; write [${input}]`;
  if (expected === 'boolean' && (input === 'yes' || input === 'on')) return '; write true';
  if (expected === 'boolean' && (input === 'no' || input === 'off')) return '; write false';
  return '';
}
