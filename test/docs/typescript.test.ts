/** The reference of the TypeScript SDK names what is there, all of it; its examples compile, strictly, and run. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { securityCapability } from '../../runtime/capabilities/security.ts';
import { Bytes } from '../../runtime/payload/bytes.ts';
import { camelCase } from '../../sdk/typescript/capabilities.ts';
import { Channel, Incoming, Timer } from '../../sdk/typescript/channel.ts';
import { Running } from '../../sdk/typescript/command.ts';
import { SelfOfHandlers } from '../../sdk/typescript/handler_self.ts';
import * as sdk from '../../sdk/typescript/index.ts';
import { Names } from '../../sdk/typescript/names.ts';
import { Self } from '../../sdk/typescript/self.ts';
import { Actor, Policy, Scope, securityMethods } from '../../sdk/typescript/security.ts';
import { Spawner } from '../../sdk/typescript/spawner.ts';
import * as xstate from '../../sdk/typescript/xstate.ts';
import { Document, readProject, rows, sameNames, spans } from './document.ts';
import { typeErrors } from './typescript_program.ts';

const test = suite('reference of the TypeScript SDK');
const document = new Document('sdk/typescript/README.md');
/** `self.send(dest, topic)` -> `self.send`, from the first cells of all tables. */
const namesIn = (text: string): string[] =>
  rows(text)
    .flatMap(([first]) => spans(first))
    .map(span => /^\w+(\.\w+)?/.exec(span)![0]);
const handlers = document.section('## Handlers');
const named = namesIn(document.text.replace(handlers, ''));

const members: readonly [string, { readonly prototype: object }][] = [
  ['self', Self],
  ['incoming', Incoming],
  ['channel', Channel],
  ['timer', Timer],
  ['running', Running],
  ['registry', Names],
  ['spawner', Spawner],
  ['bytes', Bytes],
  ['actor', Actor],
  ['scope', Scope],
  ['policy', Policy],
];

for (const [name, shown] of members) {
  test(`members of ${name}`, () => {
    const found = named.filter(one => one.startsWith(`${name}.`)).map(one => one.slice(name.length + 1));
    // What only overrides is described where it comes from.
    const inherited = (member: string): boolean =>
      !found.includes(member) && member in Object.getPrototypeOf(shown.prototype);
    sameNames(
      found,
      Object.getOwnPropertyNames(shown.prototype).filter(member => member !== 'constructor' && !inherited(member)),
      name,
    );
  });
}

test('members of security', () => {
  const found = named.filter(one => one.startsWith('security.')).map(one => one.slice('security.'.length));
  const operations = Object.keys(securityCapability.operations).map(camelCase);
  sameNames(found, [...operations, ...Object.keys(securityMethods)], 'security');
});

test('members of self of handlers', () => {
  const found = namesIn(handlers).filter(one => one.startsWith('self.'));
  const own = Object.getOwnPropertyNames(SelfOfHandlers.prototype).filter(
    name => name !== 'constructor' && !Object.hasOwn(Self.prototype, name),
  );
  sameNames(
    found.map(one => one.slice('self.'.length)),
    own,
    'self',
  );
});

test('exports of troupe/sdk', () => {
  const section = document.section('## Exports of `troupe/sdk`');
  const values = Object.keys(sdk);
  const all = [...readProject('sdk/typescript/index.ts').matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(
    ([, names]) =>
      names.split(',').map(name =>
        name
          .trim()
          .replace(/^type /, '')
          .replace(/^\w+ as /, ''),
      ),
  );
  for (const name of values) assert.ok(all.includes(name), name);
  sameNames(
    spans(section).filter(span => /^[A-Za-z]+$/.test(span)),
    all,
    'exports',
  );
});

test('exports of troupe/sdk/xstate', () => {
  const found = rows(document.section('## XState')).map(([first]) => spans(first)[0].replace(/\(.*/, ''));
  sameNames(found, Object.keys(xstate), 'exports');
});

test('kinds of events', () => {
  for (const [name, text] of Object.entries(sdk.EventKind)) {
    assert.ok(
      rows(document.text).some(row => row[0] === `\`EventKind.${name}\`` && row[1] === `\`${text}\``),
      name,
    );
  }
});

test('the examples compile', async () => {
  assert.is(await typeErrors(document.files), '');
});

for (const workers of [0, 2]) {
  test(`the examples do what is shown, ${workers} workers`, () => document.run(workers));
}

test.run();
