/** The reference of the capabilities says what their definitions say, and its example runs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { ALWAYS_GRANTED } from '../../runtime/capabilities/link.ts';
import { shownParameter } from '../../runtime/capabilities/parameters.ts';
import { Document, rows, sameNames, spans } from './document.ts';
import { keysOf, schemaOf } from './keys.ts';

const test = suite('reference of the capabilities');
const document = new Document('runtime/capabilities/README.md');
const headings = [...document.text.matchAll(/^## (\S+)$/gm)].map(([, name]) => name);

test('every capability has a section, and no other', () => {
  assert.equal(headings, [...capabilityDefinitions.keys()]);
});

test('what needs no grant is named', () => {
  for (const name of ALWAYS_GRANTED) assert.ok(spans(document.text).includes(name), name);
});

for (const definition of capabilityDefinitions.values()) {
  test(`${definition.name}: default, settings and operations`, () => {
    const section = document.section(`## ${definition.name}`);
    assert.is(/By default: (yes|no)/.exec(section)?.[1], definition.grantedByDefault ? 'yes' : 'no');

    const written = rows(section);
    const settings = keysOf(schemaOf(definition.settings));
    assert.equal(
      written
        .filter(row => row.length === 4)
        .map(([key, type, otherwise]) => ({ key: spans(key)[0], type, otherwise })),
      settings,
    );
    assert.is(/No settings/.test(section), settings.length === 0);

    const operations = Object.entries(definition.operations).map(
      ([name, { args, mode }]) => `${name}(${args.map(shownParameter).join(', ')})${mode === 'sync' ? '' : ' waits'}`,
    );
    const found = written.filter(row => row.length === 3).map(([call, waits]) => `${spans(call)[0]} ${waits}`.trim());
    sameNames(found, operations, 'operations');
  });
}

test('the example does what is shown', () => document.run(2));

test.run();
