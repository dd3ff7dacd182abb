import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { jsonCapability } from '../../runtime/capabilities/json.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, failureOf, refusal } from './call.ts';

const test = suite('json.validate');
const json = (operation: string, ...args: Payload[]) => new Caller().call(jsonCapability, {}, operation, ...args);

const PERSON = {
  type: 'object',
  properties: { name: { type: 'string', pattern: '^[a-z]+$' }, age: { type: 'integer', minimum: 0 } },
  required: ['name'],
};

test('a value matches, or the error says where it does not', async () => {
  assert.is(await json('validate', PERSON, { name: 'ann', age: 3n }), true);
  assert.is(await json('validate', JSON.stringify(PERSON), { name: 'ann' }), true);
  assert.is(await json('validate_string', PERSON, '{"name": "ann"}'), true);
  const error = await failureOf(json('validate', PERSON, { name: 'ann', age: -1 }));
  assert.is(error.kind, 'INVALID');
  assert.is(error.message, 'json.validate: the value does not match the schema: #/age: -1 is less than 0.');
  const { errors } = error.details as { errors: { at: string; keyword: string; message: string }[] };
  assert.ok(errors.some(one => one.at === '#/age' && one.keyword === 'minimum' && one.message !== ''));
  assert.match((await refusal(json('validate', PERSON, {}))).message, '"name"');
  assert.match((await refusal(json('validate_string', PERSON, '{"name": 5}'))).message, '#/name');
});

test('references, true and false, and older drafts', async () => {
  const tree = { $defs: { node: { type: 'array', items: { $ref: '#/$defs/node' } } }, $ref: '#/$defs/node' };
  assert.is(await json('validate', tree, [[], [[]]]), true);
  assert.is((await refusal(json('validate', tree, [[1]]))).kind, 'INVALID');
  assert.is(await json('validate', true, 1), true);
  assert.is((await refusal(json('validate', false, 1))).kind, 'INVALID');
  const draft4 = { $schema: 'http://json-schema.org/draft-04/schema#', maximum: 3, exclusiveMaximum: true };
  assert.is(await json('validate', draft4, 2), true);
  assert.is((await refusal(json('validate', draft4, 3))).kind, 'INVALID');
  assert.is(await json('validate', [], 1), true);
});

test('a schema that cannot be used is INVALID, not an accident', async () => {
  for (const schema of [
    { $ref: '#/nothing' },
    { $ref: 'http://example.com/schema' },
    { $ref: '#' },
    { pattern: '(' },
    '{',
    '5',
    null,
    [1],
    'x'.repeat(2 ** 20 + 1),
  ]) {
    assert.is(
      (await refusal(json('validate', schema as Payload, 'text'))).kind,
      'INVALID',
      JSON.stringify(schema)?.slice(0, 40),
    );
  }
});

test('a pattern that would try for ever is stopped', async () => {
  const bomb = { properties: { x: { pattern: '^(a+)+$' } } };
  const error = await refusal(json('validate', bomb, { x: `${'a'.repeat(60)}!` }));
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, 'took longer than');
  // And the next check is not affected.
  assert.is(await json('validate', bomb, { x: 'aaa' }), true);
});

test('what JSON cannot hold is INVALID', async () => {
  assert.is((await refusal(json('validate', {}, new Uint8Array(1)))).kind, 'INVALID');
  assert.is((await refusal(json('validate_string', {}, '{'))).kind, 'INVALID');
});

test.run();
