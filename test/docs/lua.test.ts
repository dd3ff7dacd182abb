/** The reference of Lua names what is there, all of it and nothing else, and its examples run. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { globalFunctions } from '../../machines/lua/bindings/sandbox.ts';
import { engineOfThread } from '../../machines/lua/engine.ts';
import type { LinkedModule } from '../../machines/lua/host_module.ts';
import { KINDS } from '../../machines/lua/values/kinds.ts';
import { Document, sameNames, spans } from './document.ts';

const test = suite('reference of Lua');
const document = new Document('machines/lua/README.md');
const engine = engineOfThread();
/** Every call or constant that is written as code: `process.send(dest, ...)` -> `process.send`. */
const named = spans(document.text.replace(/^```[\s\S]*?^```$/gm, '')).map(
  span => /^[a-z_]+(?:[.:][A-Za-z_0-9]+)*/.exec(span)?.[0] ?? '',
);

function membersOf(module: LinkedModule, prefix: string): string[] {
  return [...module.members].flatMap(([name, member]) =>
    'module' in member ? membersOf(member.module, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

/** What the document names below `prefix`, files of the examples left out. */
const below = (prefix: string) =>
  named.filter(name => name.startsWith(prefix) && name.length > prefix.length && !name.endsWith('.lua'));

const MODULES = [
  ...['process', 'channel', 'coroutine', 'errors', 'payload', 'os', 'funcs'],
  ...['security', 'logger', 'io', 'crypto', 'text'],
];

for (const name of MODULES) {
  test(`members of ${name}`, () => {
    sameNames(below(`${name}.`), membersOf(engine.module(name)!, `${name}.`), name);
  });
}

test('members of time beside the operations', () => {
  sameNames(below('time.'), membersOf(engine.module('time')!, 'time.'), 'time');
});

for (const { name } of KINDS.filter(kind => kind.name !== '')) {
  test(`methods of a ${name}`, () => {
    const methods = engine.module(`${name} methods`);
    sameNames(below(`${name}:`), methods === undefined ? [] : membersOf(methods, `${name}:`), name);
  });
}

test('globals', () => {
  const section = document.section('## Globals');
  const first = section.match(/^\| `.*? \|/gm)!.flatMap(spans);
  const tables = ['string', 'table', 'math', 'utf8', 'process', 'channel', 'coroutine', 'errors', 'payload', 'os'];
  sameNames(first, [...globalFunctions(engine).keys(), ...tables], 'globals');
  for (const name of tables) assert.ok(engine.module(name) !== undefined, name);
  assert.not.ok(engine.module('string')!.members.has('dump'));
});

for (const workers of [0, 2]) {
  test(`the examples do what is shown, ${workers} workers`, () => document.run(workers));
}

test.run();
