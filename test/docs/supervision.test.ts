/** The description of supervisors: its examples run, and its defaults are those of the schema. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KIND_SCHEMAS } from '../../runtime/registry/kinds.ts';
import { Scope } from '../../runtime/registry/scope.ts';
import { STRATEGIES } from '../../runtime/supervision/specification.ts';
import { Document, rows, sameNames, spans } from './document.ts';
import { keysOf, schemaOf } from './keys.ts';

const test = suite('description of supervisors');
const document = new Document('runtime/supervision/README.md');
const keys = keysOf(schemaOf(KIND_SCHEMAS['process.supervisor'](new Scope(new Map(), true))), ['lifecycle', 'meta']);

test('every key of a child and of a supervisor is there', () => {
  const written = rows(document.section('## Children')).map(([key]) => spans(key)[0]);
  const ofChildren = keys.map(({ key }) => /^children\[\]\.(\w+)$/.exec(key)?.[1]).filter(key => key !== undefined);
  // The same as `process`, in YAML alone.
  const expected = [...ofChildren.filter(key => key !== 'id'), 'strategy', 'intensity', 'auto_shutdown'];
  sameNames(written, expected, 'keys');
});

test('every strategy is there', () => {
  assert.equal(
    rows(document.section('## What a supervisor does')).map(([strategy]) => spans(strategy)[0]),
    [...STRATEGIES],
  );
});

for (const workers of [0, 2]) test(`the examples do what is shown, ${workers} workers`, () => document.run(workers));

test.run();
