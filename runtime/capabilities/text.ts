/** `text`: regular expressions that cannot run away (`regexp.ts`). */
import { z } from 'zod';
import { type CapabilityDefinition, operation } from './capability.ts';
import { integer, optional, text } from './parameters.ts';
import { findRegexp, groupNames, replaceRegexp, splitRegexp, testRegexp } from './regexp.ts';

const settings = z.strictObject({});

/** Below zero: all. */
const LIMIT = optional(integer('limit', Number.MIN_SAFE_INTEGER), -1);

export const textCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'text',
  summary: 'Regular expressions in linear time',
  settings,
  grantedByDefault: true,
  operations: {
    regexp_match: operation({
      summary: 'Whether the pattern matches somewhere in the text',
      args: [text('pattern'), text('text')],
      mode: 'sync',
      run: (_context, _settings, [pattern, within]) => testRegexp(pattern, within, 'text.regexp_match'),
    }),
    regexp_find: operation({
      summary: 'The matches, at most limit: a list of {start, end, groups}',
      args: [text('pattern'), text('text'), LIMIT],
      mode: 'sync',
      run: (_context, _settings, [pattern, within, limit]) => {
        const found = findRegexp(pattern, within, most(limit), 'text.regexp_find');
        return found.map(({ start, end, groups }) => ({ start, end, groups: [...groups] }));
      },
    }),
    regexp_replace: operation({
      summary:
        'The text with every match replaced; a dollar sign and a number or name in the replacement is a group, two a dollar sign',
      args: [text('pattern'), text('text'), text('replacement')],
      mode: 'sync',
      run: (_context, _settings, [pattern, within, replacement]) =>
        replaceRegexp(pattern, within, replacement, 'text.regexp_replace'),
    }),
    regexp_split: operation({
      summary: 'The texts between the matches, at most limit of them',
      args: [text('pattern'), text('text'), LIMIT],
      mode: 'sync',
      run: (_context, _settings, [pattern, within, limit]) =>
        limit === 0 ? [] : splitRegexp(pattern, within, most(limit), 'text.regexp_split'),
    }),
    regexp_names: operation({
      summary: 'Names of the groups, the whole match first; empty where a group has none. INVALID: no pattern',
      args: [text('pattern')],
      mode: 'sync',
      run: (_context, _settings, [pattern]) => groupNames(pattern, 'text.regexp_names'),
    }),
  },
};

function most(limit: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}
