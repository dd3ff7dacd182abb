/** `text`: regular expressions that cannot run away (`regexp.ts`). */
import { z } from 'zod';
import type { Payload } from '../payload/payload.ts';
import { integerArgument, textArgument } from './arguments.ts';
import type { CapabilityDefinition } from './capability.ts';
import { findRegexp, groupNames, replaceRegexp, splitRegexp, testRegexp } from './regexp.ts';

const settings = z.strictObject({});

export const textCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'text',
  summary: 'Regular expressions in linear time',
  settings,
  grantedByDefault: true,
  operations: {
    regexp_match: {
      summary: 'Whether the pattern matches somewhere in the text',
      args: ['pattern', 'text'],
      mode: 'sync',
      run: (_context, _settings, args) => testRegexp(...both(args, 'text.regexp_match'), 'text.regexp_match'),
    },
    regexp_find: {
      summary: 'The matches, at most limit: a list of {start, end, groups}',
      args: ['pattern', 'text', 'limit?'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const [pattern, text] = both(args, 'text.regexp_find');
        const found = findRegexp(pattern, text, limitArgument(args[2], 'text.regexp_find'), 'text.regexp_find');
        return found.map(({ start, end, groups }) => ({ start, end, groups: [...groups] }));
      },
    },
    regexp_replace: {
      summary:
        'The text with every match replaced; a dollar sign and a number or name in the replacement is a group, two a dollar sign',
      args: ['pattern', 'text', 'replacement'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const replacement = textArgument(args[2], 'text.regexp_replace', 'replacement');
        return replaceRegexp(...both(args, 'text.regexp_replace'), replacement, 'text.regexp_replace');
      },
    },
    regexp_split: {
      summary: 'The texts between the matches, at most limit of them',
      args: ['pattern', 'text', 'limit?'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const [pattern, text] = both(args, 'text.regexp_split');
        const limit = limitArgument(args[2], 'text.regexp_split');
        return limit === 0 ? [] : splitRegexp(pattern, text, limit, 'text.regexp_split');
      },
    },
    regexp_names: {
      summary: 'Names of the groups, the whole match first; empty where a group has none. INVALID: no pattern',
      args: ['pattern'],
      mode: 'sync',
      run: (_context, _settings, args) =>
        groupNames(textArgument(args[0], 'text.regexp_names', 'pattern'), 'text.regexp_names'),
    },
  },
};

function both(args: readonly Payload[], operation: string): [pattern: string, text: string] {
  return [textArgument(args[0], operation, 'pattern'), textArgument(args[1], operation, 'text')];
}

/** Below zero, as nothing: all. */
function limitArgument(value: Payload, operation: string): number {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY;
  const limit = integerArgument(value, operation, 'limit', Number.MIN_SAFE_INTEGER);
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}
