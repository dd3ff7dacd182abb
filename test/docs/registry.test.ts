/** The reference of the YAML says what the schemas say, and its entries are a deployment that runs. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ENTRY_KINDS, type EntryKind } from '../../runtime/registry/entry.ts';
import { KIND_SCHEMAS } from '../../runtime/registry/kinds.ts';
import { Scope } from '../../runtime/registry/scope.ts';
import { settingsSchema } from '../../runtime/registry/settings.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';
import { Document, type Row, rows, spans } from './document.ts';
import { type Json, type Key, keysOf, schemaOf } from './keys.ts';

const test = suite('reference of the YAML');
const document = new Document('runtime/registry/README.md');
const scope = new Scope(new Map(), true);
const schemas = Object.fromEntries(ENTRY_KINDS.map(kind => [kind, schemaOf(KIND_SCHEMAS[kind](scope))]));

/** Those that a section of their own describes. */
const ELSEWHERE = ['meta', 'limits', 'lifecycle'];

function ownKeys(kind: EntryKind): Key[] {
  return keysOf(schemas[kind], ELSEWHERE).filter(({ key }) => !['name', 'kind', 'meta'].includes(key));
}

const asKey = ([key, type, otherwise]: Row): Key => ({ key: spans(key)[0], type, otherwise });

function compare(found: readonly Key[], expected: readonly Key[], what: string): void {
  const sorted = (keys: readonly Key[]) => [...keys].sort((a, b) => (a.key < b.key ? -1 : 1));
  assert.equal(sorted(found), sorted(expected), what);
}

/** A host has sections of its own for most of it. */
const host: Json = schemas['process.host'].properties;

test('keys of every entry', () => {
  compare(rows(document.section('## Every entry')).map(asKey), keysOf(host.meta, [], 'meta.'), 'meta');
});

test('keys of programs', () => {
  const written = rows(document.section('## Programs'));
  for (const kind of ENTRY_KINDS.filter(one => schemas[one].properties.source !== undefined)) {
    const applies = ([, kinds]: Row) =>
      kinds === 'all' || spans(kinds).some(glob => new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(kind));
    const found = written.filter(applies).map(([key, , type, otherwise]) => asKey([key, type, otherwise]));
    compare(found, ownKeys(kind), kind);
  }
});

for (const kind of ENTRY_KINDS.filter(one => schemas[one].properties.source === undefined)) {
  test(`keys of ${kind}`, () => {
    compare(rows(document.section(`### ${kind}`)).map(asKey), ownKeys(kind), kind);
  });
}

test('keys of limits, lifecycle and settings', () => {
  compare(rows(document.section('### limits')).map(asKey), keysOf(host.limits), 'limits');
  compare(
    rows(document.section('### lifecycle')).map(asKey),
    keysOf(schemas['process.service'].properties.lifecycle),
    'lifecycle',
  );
  const settings = keysOf(schemaOf(settingsSchema), ['limits']);
  compare(rows(document.section('## Settings of the runtime')).map(asKey), settings, 'settings');
});

test('services and supervisors are not started by themselves', () => {
  for (const kind of ['process.service', 'process.supervisor'] as const) {
    assert.is(schemas[kind].properties.lifecycle.properties.auto_start.default, false);
  }
});

test('what has no effect is named as it is written', () => {
  const known = new Set<string>([...ENTRY_KINDS, 'lifecycle', 'limits', 'security', 'restart', 'pool']);
  for (const { key } of ENTRY_KINDS.flatMap(kind => keysOf(schemas[kind], ['meta']))) known.add(key.split('.').at(-1)!);
  for (const kind of ENTRY_KINDS) for (const { key } of keysOf(schemas[kind])) known.add(key);
  for (const { key } of keysOf(schemaOf(settingsSchema))) known.add(key);
  for (const span of spans(document.section('## No effect yet')).filter(one => !one.includes('{'))) {
    assert.ok(known.has(span), `there is no ${span}`);
  }
});

test('there is an example of every kind', async () => {
  const { entries } = await readDeployment(writeDeployment(document.files));
  assert.equal([...new Set([...entries.values()].map(entry => entry.kind))].sort(), [...ENTRY_KINDS].sort());
});

test('the examples do what is shown', () => document.run(2));

test.run();
