import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { luaMachine } from '../../machines/lua/lua_machine.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { type Files, writeDeployment } from '../deploy.ts';
import { deployLua, failure, run } from './deployed.ts';

const test = suite('lua libraries');

const HOST = '  - {name: host, kind: process.host}\n';

function files(entries: string, sources: { readonly [file: string]: string }): Files {
  return { 'app.yaml': `namespace: app\nentries:\n${HOST}${entries}`, ...sources };
}

async function runMain(deployment: Files) {
  const { runtime } = await deployLua(deployment);
  try {
    return await runtime.exec({ id: 'app:main', host: 'app:host' });
  } finally {
    await runtime.stop();
  }
}

/** What `prepare` of app:main says is wrong: `place: message`, sorted. */
async function problems(deployment: Files): Promise<string[]> {
  const root = writeDeployment(deployment);
  const { entries } = await readDeployment(root);
  try {
    await luaMachine.prepare(entries.get('app:main')!, { entry: id => entries.get(id), root, trusted: false });
    return [];
  } catch (thrown) {
    const list = thrown instanceof AggregateError ? thrown.errors : [thrown];
    return list.map((error: TroupeError) => `${error.place}: ${error.message}`).sort();
  }
}

test('libraries are evaluated once a process, whoever requires them first', async () => {
  const value = await runMain(
    files(
      '  - {name: main, kind: process.lua, source: "file://main.lua", imports: {util: "app:util", both: "app:both"}}\n' +
        '  - {name: util, kind: library.lua, source: "file://lib/util.lua", imports: {count: "app:counter"}}\n' +
        '  - {name: both, kind: library.lua, source: "file://lib/both.lua", imports: {u: "app:util", counter: "app:counter"}}\n' +
        '  - {name: counter, kind: library.lua, source: "file://lib/counter.lua"}\n',
      {
        'main.lua': `
          local util, both = require("util"), require("both")
          return function() return {util.twice(4), both.same(util), both.count(), require("util") == util} end`,
        'lib/util.lua':
          'local count = require("count") count.n = count.n + 1 return {twice = function(x) return 2 * x end}',
        'lib/both.lua': `
          local u, counter = require("u"), require("counter")
          return {same = function(x) return x == u end, count = function() return counter.n end}`,
        'lib/counter.lua': 'return {n = 0}',
      },
    ),
  );
  assert.equal(value, [8, true, 1, true]);
});

test('an error in a library names the library and its line', async () => {
  const deployment = files(
    '  - {name: main, kind: process.lua, source: "file://main.lua", imports: {bad: "app:bad"}}\n' +
      '  - {name: bad, kind: library.lua, source: "file://lib/bad.lua"}\n',
    {
      'main.lua': 'local bad = require("bad")\nreturn bad.run',
      'lib/bad.lua': 'return {\n  run = function()\n    error("inside")\n  end\n}',
    },
  );
  try {
    await runMain(deployment);
    assert.unreachable();
  } catch (error) {
    assert.is((error as TroupeError).message, 'inside');
    assert.is((error as TroupeError).place, 'lib/bad.lua:3');
  }
});

test('require of what is not declared says what to add', async () => {
  const missing = await failure('require("fs")');
  assert.is(missing.message, 'module "fs" is not declared: add "fs" to "modules:" of app:main (app.yaml:5:5)');
  assert.is(missing.place, 'main.lua:2');
  assert.is(
    (await failure('require("left_pad")')).message,
    'there is no module "left_pad" here: for a library of this deployment ' +
      'add "imports: {left_pad: namespace:library}" to app:main (app.yaml:5:5)',
  );
});

test('what is always there can be required too', async () => {
  assert.is(
    await run('return require("process") == process and require("string") == string and require("errors") == errors'),
    true,
  );
});

test('a library cannot wait while it is being loaded', async () => {
  const deployment = files(
    '  - {name: main, kind: process.lua, source: "file://main.lua", imports: {slow: "app:slow"}}\n' +
      '  - {name: slow, kind: library.lua, source: "process.inbox():receive() return {}"}\n',
    { 'main.lua': 'return function() return select(2, pcall(require, "slow")) end' },
  );
  assert.match((await runMain(deployment)) as string, /attempt to wait where it is not possible/);
});

test('syntax errors are found before anything runs, in all files at once', async () => {
  assert.equal(
    await problems(
      files(
        '  - {name: main, kind: process.lua, source: "file://main.lua", imports: {a: "app:a", b: "app:b"}}\n' +
          '  - {name: a, kind: library.lua, source: "file://a.lua"}\n' +
          '  - {name: b, kind: library.lua, source: "return {"}\n',
        {
          'main.lua': 'local x = 1\nlocal y = = 2\n',
          'a.lua': '#!/usr/bin/env lua\nlocal t = {}\n\nlocal function f(\n',
        },
      ),
    ),
    [
      "a.lua:5:1: <name> or '...' expected near <eof>",
      'app:b:1:1: unexpected symbol near <eof>',
      "main.lua:2:11: unexpected symbol near '='",
    ],
  );
});

test('a library that needs a module the entry does not declare is refused', async () => {
  assert.equal(
    await problems(
      files(
        '  - {name: main, kind: process.lua, source: "return print", imports: {a: "app:a"}}\n' +
          '  - {name: a, kind: library.lua, source: "return {}", modules: [time]}\n',
        {},
      ),
    ),
    ['app.yaml:5:65: library app:a needs module "time": add "time" to "modules:" of app:main (app.yaml:4:5)'],
  );
});

test('a source that is not UTF-8 is refused', async () => {
  const deployment = files('  - {name: main, kind: process.lua, source: "file://main.lua"}\n', {});
  assert.equal(await problems({ ...deployment, 'main.lua': new Uint8Array([0x72, 0xff, 0xfe]) }), [
    'main.lua:1:1: main.lua is not UTF-8 text',
  ]);
});

test('the artifact changes with anything that it is made of', async () => {
  const sha = async (deployment: Files) => {
    const root = writeDeployment(deployment);
    const { entries } = await readDeployment(root);
    const artifact = await luaMachine.prepare(entries.get('app:main')!, {
      entry: id => entries.get(id),
      root,
      trusted: false,
    });
    structuredClone(artifact.data);
    return artifact.sha256;
  };
  const entry = '  - {name: main, kind: process.lua, source: "file://main.lua", imports: {a: "app:a"}}\n';
  const library = (text: string) => `  - {name: a, kind: library.lua, source: "${text}"}\n`;
  const first = await sha(files(entry + library('return 1'), { 'main.lua': 'return print' }));
  assert.is(await sha(files(entry + library('return 1'), { 'main.lua': 'return print' })), first);
  assert.is.not(await sha(files(entry + library('return 2'), { 'main.lua': 'return print' })), first);
  assert.is.not(await sha(files(entry + library('return 1'), { 'main.lua': 'return warn' })), first);
});

test.run();
