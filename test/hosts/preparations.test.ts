/** What is compiled again when something of a deployment has changed, and what is not. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { machineTypes } from '../../machines/index.ts';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { prepareDeployment } from '../../runtime/hosts/prepare.ts';
import { Preparations } from '../../runtime/hosts/preparations.ts';
import type { Artifact, MachineType } from '../../runtime/machine.ts';
import { DeploymentError } from '../../runtime/registry/problem.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { type Files, writeDeployment } from '../deploy.ts';

const test = suite('preparations');

const ENTRIES = `
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: lua, kind: process.lua, source: "file://main.lua", imports: {words: "app:words"}}
  - {name: words, kind: library.lua, source: "file://words.lua", imports: {deep: "app:deep"}}
  - {name: deep, kind: library.lua, source: "return {}"}
  - {name: ts, kind: process.ts, source: "file://main.ts"}
  - {name: machine, kind: process.xstate, source: "file://machine.ts"}
  - {name: wasm, kind: process.wasm, language: assemblyscript, source: "file://main.as.ts"}
  - {name: wat, kind: function.wat, source: "file://answer.wat", method: answer}
`;
const FILES: Files = {
  'app.yaml': `namespace: app\nentries:${ENTRIES}`,
  'main.lua': 'local words = require("words")\nreturn function() return words end',
  'words.lua': 'return require("deep")',
  'main.ts':
    "import { defineProcess } from 'troupe/sdk';\nimport { greet } from './lib/greet';\nexport default defineProcess(function* () { return greet(); });",
  'lib/greet.ts': "import { word } from './word.js';\nexport const greet = () => word;",
  'lib/word.ts': "export const word = 'hello';",
  'machine.ts':
    "import { createMachine } from 'xstate';\nimport { first } from './first';\nexport default createMachine({ initial: first, states: { [first]: {} } });",
  'first/index.ts': "export const first = 'start';",
  'main.as.ts': 'import { answer } from "./answer.as";\nexport function main(): i32 { return answer(); }',
  'answer.as.ts': 'export function answer(): i32 { return 42; }',
  'answer.wat': '(module (func (export "answer") (result i32) (i32.const 42)))',
};

class Folder {
  readonly root = writeDeployment(FILES);
  readonly preparations = new Preparations();
  /** Ids for which a machine was asked since this was last looked at. */
  #asked: string[] = [];
  readonly #machines: MachineType[] = machineTypes.map(machine => ({
    kinds: machine.kinds,
    consent: machine.consent,
    load: () => assert.unreachable('nothing is loaded') as never,
    prepare: (entry, tools) => {
      this.#asked.push(entry.id);
      return machine.prepare(entry, tools);
    },
  }));

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  remove(path: string): void {
    rmSync(join(this.root, path));
  }

  async artifacts(): Promise<ReadonlyMap<string, Artifact>> {
    const { preparations } = this;
    const options = { machines: this.#machines, capabilities: capabilityDefinitions, preparations };
    return (await prepareDeployment(await readDeployment(this.root), options)).artifacts;
  }

  /** Prepare, and answer whose machines were asked. */
  async prepared(): Promise<string[]> {
    await this.artifacts();
    return this.asked();
  }

  /** The same where it must fail. */
  async refused(message: string): Promise<string[]> {
    try {
      await this.artifacts();
    } catch (thrown) {
      assert.instance(thrown, DeploymentError);
      assert.match((thrown as Error).message, message);
      return this.asked();
    }
    assert.unreachable('it could be prepared');
    return [];
  }

  asked(): string[] {
    const asked = this.#asked.sort();
    this.#asked = [];
    return asked;
  }
}

const ALL = ['app:deep', 'app:lua', 'app:machine', 'app:ts', 'app:wasm', 'app:wat', 'app:words'];

test('nothing has changed: nothing is compiled, and the artifacts are the same', async () => {
  const folder = new Folder();
  const first = await folder.artifacts();
  assert.equal(folder.asked(), ALL);
  const second = await folder.artifacts();
  assert.equal(folder.asked(), []);
  for (const [id, artifact] of first) assert.is(second.get(id), artifact, id);
});

test('only what a file goes into is compiled again', async () => {
  const folder = new Folder();
  await folder.prepared();
  const changes: readonly (readonly [string, string, readonly string[]])[] = [
    ['main.lua', 'return function() return 1 end', ['app:lua']],
    ['words.lua', 'return {1, require("deep")}', ['app:words']],
    ['main.ts', `${FILES['main.ts']}\n`, ['app:ts']],
    ['lib/word.ts', "export const word = 'bye';", ['app:ts']],
    ['first/index.ts', "export const first = 'other';", ['app:machine']],
    ['main.as.ts', `${FILES['main.as.ts']}\n`, ['app:wasm']],
    ['answer.as.ts', 'export function answer(): i32 { return 43; }', ['app:wasm']],
    ['answer.wat', String(FILES['answer.wat']).replace('42', '43'), ['app:wat']],
    ['unrelated.ts', 'const', []],
  ];
  for (const [file, text, expected] of changes) {
    folder.write(file, text);
    // A library is part of each program that imports it.
    const asked = await folder.prepared();
    assert.equal(asked, file === 'words.lua' ? ['app:lua', ...expected] : expected, file);
  }
});

test('a library of a library is part of a program', async () => {
  const folder = new Folder();
  await folder.prepared();
  folder.write('app.yaml', String(FILES['app.yaml']).replace('return {}', 'return {1}'));
  assert.equal(await folder.prepared(), ['app:deep', 'app:lua', 'app:words']);
});

test('a definition that moves stays, one that changes does not', async () => {
  const folder = new Folder();
  await folder.prepared();
  folder.write('app.yaml', `# A line above all others.\n${FILES['app.yaml']}`);
  assert.equal(await folder.prepared(), []);
  folder.write(
    'app.yaml',
    String(FILES['app.yaml'])
      .replace('"file://main.ts"', '"file://main.ts", imports: [logger]')
      .replace('method: answer', 'method: answer, meta: {note: new}'),
  );
  assert.equal(await folder.prepared(), ['app:ts', 'app:wat']);
});

test('a host that becomes trusted has its TypeScript compiled anew', async () => {
  const folder = new Folder();
  await folder.prepared();
  folder.write('app.yaml', String(FILES['app.yaml']).replace('allow_untrusted_ts: true', 'trusted: true'));
  const asked = await folder.prepared();
  assert.ok(asked.includes('app:ts') && asked.includes('app:machine'), asked.join());
});

test('a file that would be taken instead of another one is seen when it appears', async () => {
  const folder = new Folder();
  await folder.prepared();
  folder.write('first.ts', "export const first = 'nearer';");
  assert.equal(await folder.prepared(), ['app:machine']);
  folder.write('lib/word.js', "export const word = 'as it is written';");
  assert.equal(await folder.prepared(), ['app:ts']);
  folder.remove('lib/word.js');
  assert.equal(await folder.prepared(), ['app:ts']);
});

test('while something is broken only that is compiled, until it is not', async () => {
  const folder = new Folder();
  await folder.prepared();
  folder.write('answer.as.ts', 'export function answer(): i32 { return missing; }');
  folder.write('lib/word.ts', "export const word = 'while it is broken';");
  assert.equal(await folder.refused("answer.as.ts:1:40: Cannot find name 'missing'."), ['app:ts', 'app:wasm']);
  assert.equal(await folder.refused("Cannot find name 'missing'."), ['app:wasm']);
  // Back to what it was before: that is known still.
  folder.write('answer.as.ts', String(FILES['answer.as.ts']));
  assert.equal(await folder.prepared(), []);
});

test('it is known which files matter, those that are missing included', async () => {
  const folder = new Folder();
  await folder.prepared();
  const { preparations } = folder;
  const reads = (path: string): boolean => preparations.files.has(join(folder.root, path));
  for (const path of ['lib/word.ts', 'lib/word.js', 'first/index.ts', 'first.ts', 'answer.as.ts']) {
    assert.ok(reads(path), path);
  }
  assert.not(reads('README.md'));
  folder.write('main.ts', String(FILES['main.ts']).replace('./lib/greet', './lib/absent'));
  folder.write('main.as.ts', String(FILES['main.as.ts']).replace('./answer.as', './nothere'));
  assert.equal(await folder.refused('Could not resolve "./lib/absent"'), ['app:ts', 'app:wasm']);
  assert.ok(reads('lib/absent.ts'));
  assert.ok(reads('nothere.ts'));
  // What the deployment has no more is forgotten.
  folder.write('app.yaml', 'namespace: app\nentries:\n  - {name: host, kind: process.host}\n');
  assert.equal(await folder.prepared(), []);
  assert.not(reads('lib/absent.ts'));
});

test.run();
