import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { textCapability } from '../../runtime/capabilities/text.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, refusal } from './call.ts';

const test = suite('text');
const regexp = (operation: string, ...args: Payload[]) =>
  new Caller().call(textCapability, {}, `regexp_${operation}`, ...args);

test('matches are found with their places in bytes and their groups', async () => {
  assert.is(await regexp('match', '[0-9]+', 'abc123'), true);
  assert.is(await regexp('match', '^[0-9]+', 'abc123'), false);
  assert.equal(await regexp('find', '(?P<key>\\pL+)=(\\d)?', 'a=1 \u00e9=x'), [
    { start: 1, end: 3, groups: ['a=1', 'a', '1'] },
    { start: 5, end: 7, groups: ['\u00e9=', '\u00e9', null] },
  ]);
  assert.is(((await regexp('find', '.', 'abc', 2)) as unknown[]).length, 2);
  assert.equal(await regexp('names', '(?P<key>a)(b)'), ['', 'key', '']);
});

test('an empty match directly behind another does not count, as in Go', async () => {
  assert.is(await regexp('replace', 'a*', 'baac', 'x'), 'xbxcx');
  assert.equal(await regexp('split', 'a*', 'abaabaccadaaae', 5), ['', 'b', 'b', 'c', 'cadaaae']);
  assert.equal(await regexp('split', '', 'abc'), ['a', 'b', 'c']);
});

test('replacing by groups, splitting', async () => {
  assert.is(await regexp('replace', '(?P<first>\\w+) (\\w+)', 'ann lee', '$' + '{2}_$first $$1 $9'), 'lee_ann $1 ');
  assert.equal(await regexp('split', ',\\s*', 'a, b,c'), ['a', 'b', 'c']);
  assert.equal(await regexp('split', ',', 'a,b,c', 2), ['a', 'b,c']);
  assert.equal(await regexp('split', ',', 'a,b', 0), []);
  assert.equal(await regexp('split', ',', 'a,b', -1), ['a', 'b']);
});

test('texts come back whole from what is between matches and what matched', () =>
  fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), async text => {
      const found = (await regexp('find', '[a-m]+', text)) as { start: number; end: number; groups: string[] }[];
      const bytes = Buffer.from(text);
      for (const { start, end, groups } of found) assert.is(bytes.toString('utf8', start - 1, end), groups[0]);
      assert.is(await regexp('replace', '[a-m]+', text, '$0'), text);
      assert.is(((await regexp('split', '[a-m]+', text)) as string[]).length, found.length + 1);
    }),
  ));

test('no pattern runs away, and what is none is INVALID', async () => {
  assert.is(await regexp('match', '^(a+)+$', `${'a'.repeat(50_000)}!`), false);
  for (const pattern of ['(', '(a)\\1', '(?=a)', 'a{1000}{1000}', 'a'.repeat(1001)]) {
    assert.is((await refusal(regexp('match', pattern, 'a'))).kind, 'INVALID', pattern.slice(0, 20));
  }
});

test.run();
