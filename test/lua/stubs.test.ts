/** The editor stubs of `sdk/lua` say what there is and nothing else: they are compared with the tables that bind the API. */
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { globalFunctions } from '../../machines/lua/bindings/sandbox.ts';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { machineTypes } from '../../machines/index.ts';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { optional, shownParameter, text } from '../../runtime/capabilities/parameters.ts';
import { prepareDeployment } from '../../runtime/hosts/prepare.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { PARAMETERS } from '../../machines/lua/parameters.ts';
import { MARK, readStub, STUBS, stubOf } from '../../sdk/lua/generate.ts';
import { writeDeployment } from '../deploy.ts';
import { readProject } from '../docs/document.ts';

const test = suite('editor stubs of Lua');

/** Editors know these themselves, as Lua has them. */
const LUAS_OWN = ['string', 'table', 'math', 'utf8'];

/** What a program finds under a name: a function, a text or number, or an object that the host makes. */
type Nature = 'function' | 'constant' | 'object';

interface Stub {
  /** `process.send`, `troupe.Channel:receive`, `assert`. */
  readonly name: string;
  readonly nature: Nature;
  /** Names of the parameters of a function, in order. */
  readonly params: readonly string[] | undefined;
  /** Those of them that are marked as optional. */
  readonly optional: readonly string[];
  /** Of a constant. */
  readonly value: string | number | undefined;
}

const files = new Map(
  readdirSync(STUBS)
    .filter(file => file.endsWith('.lua'))
    .map((file): [string, string] => [file, readFileSync(new URL(file, STUBS), 'utf8')]),
);

/** What the stubs declare, by name; fails where one is declared twice. */
const stubs = new Map<string, Stub>();
for (const text of files.values()) {
  for (const stub of declared(text)) {
    assert.not.ok(stubs.has(stub.name), `${stub.name} is declared twice`);
    stubs.set(stub.name, stub);
  }
}

/** Functions and constants of one file. A variable stands for its class where that is a class of objects. */
function declared(text: string): Stub[] {
  const classes = new Map<string, string>();
  for (const [, name, variable] of text.matchAll(/^---@class ([\w.]+).*\n(?:---.*\n)*local (\w+) = \{\}$/gm)) {
    classes.set(variable, name);
  }
  const nameOf = (owner: string | undefined, separator: string | undefined, member: string): string => {
    if (owner === undefined) return member;
    return separator === ':' ? `${classes.get(owner)}:${member}` : `${owner}.${member}`;
  };
  const found: Stub[] = [];
  const functions = /((?:^---.*\n)*)^function (?:([\w.]+)([.:]))?(\w+)\(([^)]*)\) end$/gm;
  for (const [, comment, owner, separator, member, list] of text.matchAll(functions)) {
    found.push({
      name: nameOf(owner, separator, member),
      nature: 'function',
      params: list === '' ? [] : list.split(', '),
      optional: [...comment.matchAll(/^---@param (\w+)\? /gm)].map(([, name]) => name),
      value: undefined,
    });
    const described = [...comment.matchAll(/^---@param (\w+|\.\.\.)\??(?= \S)/gm)].map(([, name]) => name);
    assert.equal(described, found.at(-1)!.params, `${found.at(-1)!.name}: its parameters and their descriptions`);
  }
  for (const [, owner, member, value] of text.matchAll(/^(?:([\w.]+)\.)?(\w+) = (".*"|[\d.e+]+)$/gm)) {
    const constant = JSON.parse(value) as string | number;
    const name = nameOf(owner, '.', member);
    found.push({ name, nature: 'constant', params: undefined, optional: [], value: constant });
  }
  for (const [, owner, member] of text.matchAll(/^---@type troupe\.\w+\n([\w.]+)\.(\w+) = nil$/gm)) {
    const name = nameOf(owner, '.', member);
    found.push({ name, nature: 'object', params: undefined, optional: [], value: undefined });
  }
  return found;
}

/** `channel methods` -> `troupe.Channel`, as are `held channel methods`; undefined for a table. */
function classOf(module: string): string | undefined {
  const methods = /^(?:held )?(\w)(\w*) methods$/.exec(module);
  return methods === null ? undefined : `troupe.${methods[1].toUpperCase()}${methods[2]}`;
}

interface Bound {
  readonly nature: Nature;
  readonly value?: string | number | bigint;
}

/** Everything that a program can call or read, by name. */
function bound(): Map<string, Bound> {
  const engine = engineOfThread();
  const all = new Map<string, Bound>([['_VERSION', { nature: 'constant', value: 'Lua 5.4' }]]);
  for (const name of globalFunctions(engine).keys()) all.set(name, { nature: 'function' });
  for (const module of engine.modules) {
    if (LUAS_OWN.includes(module.name)) continue;
    const of = classOf(module.name);
    for (const [member, how] of module.members) {
      if ('module' in how) continue;
      const name = of === undefined ? `${module.name}.${member}` : `${of}:${member}`;
      if ('constant' in how) all.set(name, { nature: 'constant', value: how.constant as string | number | bigint });
      else all.set(name, { nature: 'push' in how ? 'object' : 'function' });
    }
  }
  for (const { name, operations } of capabilityDefinitions.values()) {
    for (const operation of Object.keys(operations)) all.set(`${name}.${operation}`, { nature: 'function' });
  }
  return all;
}

test('what programs can use is in the stubs, and the stubs have nothing else', () => {
  const real = bound();
  const missing = [...real.keys()].filter(name => !stubs.has(name));
  assert.equal(missing, [], 'add these to sdk/lua');
  const invented = [...stubs.keys()].filter(name => !real.has(name));
  assert.equal(invented, [], 'remove these from sdk/lua');
});

test('functions, constants and objects are what programs see, constants with their values', () => {
  const real = bound();
  for (const { name, nature, value } of stubs.values()) {
    const seen = real.get(name);
    assert.is(nature, seen?.nature, name);
    assert.is(value, typeof seen?.value === 'bigint' ? Number(seen.value) : seen?.value, name);
  }
});

for (const definition of capabilityDefinitions.values()) {
  test(`${definition.name}: operations and their arguments are those of the capability`, () => {
    const present = readStub(definition.name);
    const advice = 'npm run build && node dist/sdk/lua/generate.js, then describe the types';
    assert.is(present, stubOf(definition, present), advice);
    assert.match(present ?? '', new RegExp(`^---@meta ${definition.name}\\n`));
    const luasOwn = engineOfThread().module(definition.name)?.members;
    for (const [name, { args }] of Object.entries(definition.operations)) {
      if (luasOwn?.has(name)) {
        // What the capability says of it is not what Lua answers.
        const byHand = present!.slice(0, present!.indexOf(MARK));
        assert.ok(byHand.includes(`\nfunction ${definition.name}.${name}(`), `${name}: describe it above the mark`);
        continue;
      }
      const stub = stubs.get(`${definition.name}.${name}`);
      assert.equal(
        stub?.params?.map(param => (stub.optional.includes(param) ? `${param}?` : param)),
        args.map(shownParameter),
      );
    }
  });
}

test('a capability without a stub gets a whole one, and what is described by hand stays', () => {
  const args = [text('from'), optional(text('most'))];
  const read = { summary: 'Read it', args, mode: 'async' as const, run: () => null };
  const definition = { ...capabilityDefinitions.get('json')!, name: 'tape', summary: 'A tape', operations: { read } };
  const fresh = stubOf(definition, undefined);
  assert.match(fresh, '---@meta tape\n\n---A tape\n---@class troupe.tape\nlocal tape = {}\n');
  assert.match(fresh, '---@param from any\n---@param most? any\n');
  assert.match(fresh, 'function tape.read(from, most) end\n\nreturn tape\n');
  const described = fresh
    .replace('---@param from any', '---@param from integer a place')
    .replace('---@return any value', '---@return string? text')
    .replace('local tape = {}\n', 'local tape = {}\n\ntape.LONG = 1\n');
  assert.is(stubOf(definition, described), described);
  const ownWay = '---@class troupe.tape\nlocal tape = {}\n\nfunction tape.read(reel) end\n\n';
  assert.not.match(stubOf(definition, fresh.replace(/---@class.*\nlocal tape = \{\}\n\n/, ownWay)), 'tape.read(from');
  const renamed = {
    ...definition,
    operations: { read: { ...read, args: [optional(text('from')), optional(text('count'))] } },
  };
  assert.is(
    stubOf(renamed, described),
    described
      .replace('from integer', 'from? integer')
      .replace('most? any', 'count? any')
      .replace('(from, most)', '(from, count)'),
  );
});

test('parameters are named as in the reference', () => {
  const reference = readProject('machines/lua/README.md');
  const cells = [...reference.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell]) => cell);
  const signatures = cells.flatMap(cell => [...cell.matchAll(/`([\w.]+)([.:])(\w+)\(([\w., ]*)\)`/g)]);
  assert.ok(signatures.length > 150, 'the reference has tables of signatures');
  for (const [, owner, separator, member, list] of signatures) {
    const of = separator === ':' ? classOf(`${owner} methods`) : owner;
    const stub = stubs.get(`${of}${separator}${member}`);
    assert.equal(stub?.params, list === '' ? [] : list.split(', '), `${owner}${separator}${member}`);
  }
});

test('messages about wrong arguments call the parameters by the names that the stubs give them', () => {
  const places = Object.keys(engineOfThread().vm.functions);
  for (const [name, parameters] of Object.entries(PARAMETERS)) {
    assert.ok(places.includes(name), `${name} is no function of the host`);
    const dot = name.lastIndexOf('.');
    const [module, member] = [name.slice(0, dot), name.slice(dot + 1)];
    const of = classOf(module);
    const stub = stubs.get(of !== undefined ? `${of}:${member}` : module === 'host' ? member : name);
    assert.equal(parameters.split(' '), stub?.params, name);
  }
  // And none is missing.
  for (const name of places) {
    const of = classOf(name.slice(0, name.lastIndexOf('.')));
    const member = name.slice(name.lastIndexOf('.') + 1);
    const stub = stubs.get(of === undefined ? name : `${of}:${member}`);
    if (stub?.params !== undefined && stub.params.length > 0) assert.ok(name in PARAMETERS, name);
  }
});

test('special kinds of channels have no methods that channels do not have', () => {
  for (const text of files.values()) {
    for (const [, fields] of text.matchAll(/^---@class [\w.]+: troupe\.Channel\n((?:---@field .*\n)+)/gm)) {
      for (const [, field] of fields.matchAll(/^---@field (\w+)/gm))
        assert.ok(stubs.has(`troupe.Channel:${field}`), field);
    }
  }
});

test('every type that is named is declared', () => {
  const all = [...files.values()].join('\n');
  const known = new Set([...all.matchAll(/^---@(?:class|alias) (troupe\.\w+)/gm)].map(([, name]) => name));
  for (const [, name] of all.matchAll(/(troupe\.\w+)/g)) assert.ok(known.has(name), name);
});

test('the settings of the README put aside what the stubs replace, and name types that there are', () => {
  const readme = readProject('sdk/lua/README.md');
  const settings = JSON.parse(/^```json\n([\s\S]*?)^```$/m.exec(readme)![1]) as { [key: string]: object };
  const aside = Object.keys(settings['runtime.builtin']).sort();
  assert.equal(aside, ['basic', 'coroutine', 'debug', 'io', 'os', 'package']);
  const all = [...files.values()].join('\n');
  for (const [, name] of readme.matchAll(/`(troupe\.\w+)`/g)) {
    assert.match(all, new RegExp(`^---@(class|alias) ${name}\\b`, 'm'));
  }
});

test('every stub is Lua, and those of modules answer their table', async () => {
  const names = [...files.keys()].map(file => file.slice(0, -'.lua'.length));
  const entries = names.map(name => `  - {name: ${name}, kind: library.lua, source: "file://${name}.lua"}\n`);
  const sources = Object.fromEntries(files);
  const deployment = await readDeployment(
    writeDeployment({ ...sources, 'stubs.yaml': `namespace: stubs\nentries:\n${entries.join('')}` }),
  );
  const prepared = await prepareDeployment(deployment, { machines: machineTypes, capabilities: capabilityDefinitions });
  assert.is(prepared.entries.length, names.length);
  for (const name of names) {
    if (name !== 'globals') assert.match(files.get(`${name}.lua`)!, new RegExp(`\\nreturn ${name}\\n$`));
  }
});

test.run();
