/** `troupe dev`: a folder is edited in every language, broken, mended, moved away; what runs follows. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Files, writeDeployment } from '../deploy.ts';
import { DevProcess } from './dev_process.ts';
import { start, troupe } from './troupe.ts';

const test = suite('troupe dev');

const ENTRIES = `
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: lua, kind: process.lua, source: "file://main.lua", imports: {word: "app:word"}}
  - {name: word, kind: library.lua, source: "file://word.lua"}
  - {name: ts, kind: process.ts, source: "file://main.ts"}
  - {name: xstate, kind: process.xstate, source: "file://machine.ts"}
  - {name: wasm, kind: process.wasm, language: assemblyscript, source: "file://main.as.ts"}
  - {name: wat, kind: function.wat, source: "file://answer.wat", method: answer}
  - {name: yaml, kind: process.lua, source: "return function() return 'yaml 1' end"}
`;
const SHOW = `
  - {name: tty, kind: terminal.host, allow_untrusted_ts: true}
  - {name: show, kind: process.ts, source: "file://show.ts", imports: [io], meta: {command: {name: show}}}
`;
const LIBRARY = "export const word: string = 'ts 1';";
const FILES: Files = {
  'app.yaml': `namespace: app\nentries:${ENTRIES}`,
  'main.lua': 'local word = require("word")\nreturn function() return word end\n',
  'word.lua': 'return "lua 1"\n',
  'main.ts':
    "import { defineProcess } from 'troupe/sdk';\nimport { word } from './lib/word';\nexport default defineProcess(function* () {\n  return word;\n});\n",
  'lib/word.ts': LIBRARY,
  'machine.ts':
    "import { setup } from 'xstate';\nexport default setup({}).createMachine({\n  initial: 'said',\n  states: { said: { type: 'final' } },\n  output: () => 'xstate 1',\n});\n",
  'main.as.ts':
    "import { self } from 'troupe';\nimport { word } from './word.as';\nexport function main(): void {\n  self.exit(word());\n}\n",
  'word.as.ts': "export function word(): string {\n  return 'wasm 1';\n}\n",
  'answer.wat': '(module\n  (func (export "answer") (result i32)\n    (i32.const 1)))\n',
};
const SHOW_FILES: Files = {
  ...FILES,
  'show.yaml': `namespace: app\nentries:${SHOW}`,
  'show.ts': `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  const said: unknown[] = [];
  for (const name of ['lua', 'ts', 'xstate', 'wasm', 'wat', 'yaml']) said.push(yield* self.exec('app:' + name, 'app:host'));
  yield* self.io.write(said.join(', ') + '\\n');
});
`,
};

/** What is changed from 1 to 2, who that concerns, and what the command says then. */
const EDITS: readonly (readonly [string, readonly string[], string])[] = [
  ['word.lua', ['app:lua', 'app:word'], 'lua 2'],
  ['lib/word.ts', ['app:ts'], 'ts 2'],
  ['machine.ts', ['app:xstate'], 'xstate 2'],
  ['word.as.ts', ['app:wasm'], 'wasm 2'],
  ['answer.wat', ['app:wat'], ', 2, '],
  ['app.yaml', ['app:yaml'], 'yaml 2'],
];

/** A text as it is after an edit. */
function edited(file: string): string {
  const text = String(FILES[file]);
  return file === 'app.yaml' ? text.replace('yaml 1', 'yaml 2') : text.replace(/1(?=\D*$)/, '2');
}

function write(root: string, path: string, text: string): void {
  writeFileSync(join(root, path), text);
}

const running: DevProcess[] = [];

async function dev(files: Files, ...args: string[]): Promise<DevProcess> {
  const process = new DevProcess(writeDeployment(files), ...args);
  running.push(process);
  await process.expect('started');
  return process;
}

test.after.each(async () => {
  for (const { started } of running.splice(0)) {
    started.child.kill('SIGKILL');
    await started.finished;
  }
});

for (const workers of ['0', '2']) {
  test(`an edit in each language is in what runs next, ${workers} workers`, async () => {
    const root = writeDeployment(SHOW_FILES);
    const started = start(['dev', '--workers', workers, '-C', root, 'show']);
    try {
      await started.said('lua 1, ts 1, xstate 1, wasm 1, 1, yaml 1\n');
      for (const [file, , said] of EDITS) {
        write(root, file, edited(file));
        await started.said(said);
      }
      await started.said('lua 2, ts 2, xstate 2, wasm 2, 2, yaml 2\n');
    } finally {
      started.child.kill('SIGINT');
    }
    const { code, stderr } = await started.finished;
    assert.is(code, 0, stderr);
    assert.match(stderr, 'ended show with exit code 0; the next change starts it again');
    for (const [file, ids] of EDITS) {
      const line = stderr.split('\n').find(one => one.includes(`(${file})`));
      assert.match(line ?? '', `changed ${ids.join(', ')} (${file}) -> `, stderr);
    }
  });
}

/** One mistake for each language: what stands there instead, where it is said to be, and what is said. */
const MISTAKES: readonly {
  readonly file: string;
  readonly text: string;
  readonly at: string;
  readonly message: string;
  readonly frame: string;
}[] = [
  {
    file: 'word.lua',
    text: 'local function half(\n',
    at: 'word.lua:2:1',
    message: "<name> or '...' expected near <eof>",
    frame: '  1 | local function half(\n> 2 |\n    | ^\n',
  },
  {
    file: 'lib/word.ts',
    text: `${LIBRARY}\nexport const = 2;\n`,
    at: 'lib/word.ts:2:14',
    message: 'Expected identifier',
    frame: `  1 | ${LIBRARY}\n> 2 | export const = 2;\n    |              ^\n`,
  },
  {
    file: 'machine.ts',
    text: String(FILES['machine.ts']).replace("type: 'final'", "on: { x: 'nowhere' }"),
    at: 'app.yaml:7:50',
    message: 'nowhere',
    frame: '> 7 |   - {name: xstate, kind: process.xstate, source: "file://machine.ts"}\n',
  },
  {
    file: 'word.as.ts',
    text: 'export function word(): string {\n  return missing;\n}\n',
    at: 'word.as.ts:2:10',
    message: "Cannot find name 'missing'.",
    frame: '> 2 |   return missing;\n    |          ^\n',
  },
  {
    file: 'answer.wat',
    text: '(module\n  (func (export "answer") (result i32)\n    (i32.konst 1)))\n',
    at: 'answer.wat:3:6',
    message: 'unexpected token',
    frame: '> 3 |     (i32.konst 1)))\n    |      ^\n',
  },
  {
    file: 'app.yaml',
    text: String(FILES['app.yaml']).replace('process.ts', 'process.typescript'),
    at: 'app.yaml:6:22',
    message: 'unknown kind "process.typescript"',
    frame: '> 6 |   - {name: ts, kind: process.typescript, source: "file://main.ts"}\n    |                      ^\n',
  },
];

test('a mistake in each language is shown with its lines, what runs goes on, and the correction is said', async () => {
  const run = await dev(FILES, '--workers', '0');
  for (const { file, text, at, message, frame } of MISTAKES) {
    run.write(file, text);
    const { problems, running: goesOn, same } = await run.expect('broken');
    assert.equal([goesOn, same], [true, false]);
    const found = problems.find(problem => problem.message.includes(message));
    assert.ok(found, JSON.stringify(problems));
    const { file: where, line, column } = found.place!;
    assert.is(`${where}:${line}:${column}`, at, JSON.stringify(problems));
    assert.ok(found.frame.includes(frame), found.frame);
    run.write(file, String(FILES[file]));
    const { fixed, changed } = await run.expect('applied');
    assert.equal([fixed, changed], [true, []], file);
  }
  assert.is(await run.stop(), 0);
});

test('what is mended may bring something new, and several mistakes are shown at once', async () => {
  const run = await dev(FILES, '--workers', '0');
  run.write('word.as.ts', 'export function word(): string { return missing; }');
  assert.is((await run.expect('broken')).problems.length, 1);
  run.write('answer.wat', '(modul)');
  const { problems } = await run.expect('broken');
  assert.equal([...new Set(problems.map(({ place }) => place!.file))], ['answer.wat', 'word.as.ts']);
  run.write('answer.wat', edited('answer.wat'));
  assert.is((await run.expect('broken')).problems.length, 1);
  run.write('word.as.ts', edited('word.as.ts'));
  const { fixed, changed } = await run.expect('applied');
  assert.equal([fixed, [...changed].sort()], [true, ['app:wasm', 'app:wat']]);
});

test('files and folders that appear, are renamed and go', async () => {
  const run = await dev(FILES, '--workers', '0');
  run.write(
    'more/more.yaml',
    'namespace: more\nentries:\n  - {name: lua, kind: process.lua, source: "file://deep/a.lua"}\n',
  );
  run.write('more/deep/a.lua', 'return function() end');
  let event = await run.next();
  // The YAML may be seen before the source is there.
  if (event.event === 'broken') event = await run.next();
  assert.equal(event.event === 'applied' && event.added, ['more:lua'], JSON.stringify(event));
  // A folder with a source that is renamed: its entry is broken, and mended by the YAML.
  renameSync(join(run.root, 'more/deep'), join(run.root, 'more/other'));
  assert.match((await run.expect('broken')).problems[0].message, 'there is no file deep/a.lua');
  run.write(
    'more/more.yaml',
    'namespace: more\nentries:\n  - {name: lua, kind: process.lua, source: "file://other/a.lua"}\n',
  );
  assert.ok((await run.expect('applied')).fixed);
  run.write('more/other/a.lua', 'return function() return 1 end');
  assert.equal((await run.expect('applied')).changed, ['more:lua']);
  rmSync(join(run.root, 'more'), { recursive: true });
  event = await run.next();
  // A folder is not removed all at once either.
  if (event.event === 'broken') event = await run.next();
  assert.equal(event.event === 'applied' && event.removed, ['more:lua'], JSON.stringify(event));
});

test('the folder is moved away, edited, and moved back', async () => {
  const run = await dev(FILES, '--workers', '0');
  const { root } = run;
  renameSync(root, `${root}-away`);
  assert.ok((await run.expect('gone')).running);
  renameSync(`${root}-away`, root);
  await run.expect('back');
  run.write('word.lua', edited('word.lua'));
  assert.equal((await run.expect('applied')).changed, ['app:lua', 'app:word']);
});

test('it begins with what is there: nothing, then a mistake, then a deployment', async () => {
  const run = new DevProcess(writeDeployment({}), '--workers', '0');
  running.push(run);
  const { running: goesOn, problems } = await run.expect('broken');
  assert.not(goesOn);
  assert.match(problems[0].message, 'no deployment is in this folder');
  run.write('app.yaml', 'namespace: app\nentries:\n  - {name: a, kind: process.lua, source: "return function("}\n');
  assert.match((await run.expect('broken')).problems[0].place!.file, 'app.yaml');
  run.write('app.yaml', 'namespace: app\nentries:\n  - {name: a, kind: process.lua, source: "return 1"}\n');
  assert.is((await run.expect('started')).entries, 1);
  assert.is(await run.stop(), 0);
});

test('a command that there is not yet', async () => {
  const run = new DevProcess(writeDeployment(FILES), '--workers', '0', 'late');
  running.push(run);
  assert.match((await run.expect('broken')).problems[0].message, 'there is no command "late"');
  run.write(
    'late.yaml',
    'namespace: late\nentries:\n  - {name: tty, kind: terminal.host}\n  - {name: main, kind: process.lua, source: "return function() return 3 end", meta: {command: {name: late}}}\n',
  );
  await run.expect('started');
  const { name, code } = await run.expect('command_ended');
  assert.equal([name, code], ['late', 3]);
});

test('a command that runs is ended before it is started again, also where it does not listen', async () => {
  const files = (version: number): Files => ({
    'app.yaml':
      'namespace: app\nentries:\n  - {name: tty, kind: terminal.host}\n  - {name: main, kind: process.lua, source: "file://main.lua", modules: [io], meta: {command: {name: main}}}\n',
    'main.lua': `return function()\n  require("io").eprint("version ${version}")\n  process.inbox():receive()\nend\n`,
  });
  const run = await dev(files(1), '--workers', '1', 'main');
  await run.started.complained('version 1');
  run.write('main.lua', String(files(2)['main.lua']));
  await run.started.complained('version 2');
  assert.is((await run.expect('applied')).restarted, 1);
  assert.is(await run.stop(), 0);
});

test('services whose code has changed are started anew, those that cannot hear that they should end at once', async () => {
  const service = (name: string): string =>
    `  - {name: ${name}.service, kind: process.service, process: ${name}, host: host, lifecycle: {auto_start: true, stop_timeout: 1h}}\n`;
  const deaf = (version: number): string =>
    `return function()\n  require("logger"):info("deaf ${version}")\n  process.inbox():receive()\nend\n`;
  const hears = (version: number): string =>
    `return function(n)\n  require("logger"):info("hears ${version}, " .. tostring(n))\n  process.events():receive()\nend\n`;
  const yaml = `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: deaf, kind: process.lua, source: "file://deaf.lua", modules: [logger]}
  - {name: hears, kind: process.lua, source: "file://hears.lua", modules: [logger]}
${service('deaf')}${service('hears')}`;
  const run = await dev({ 'app.yaml': yaml, 'deaf.lua': deaf(1), 'hears.lua': hears(1) }, '--workers', '1');
  run.write('deaf.lua', deaf(2));
  let { changed, restarted } = await run.expect('applied');
  assert.equal([changed, restarted], [['app:deaf'], 1]);
  run.write('hears.lua', hears(2));
  ({ changed, restarted } = await run.expect('applied'));
  assert.equal([changed, restarted], [['app:hears'], 1]);
  run.write('app.yaml', yaml.replace('process: hears, host: host', 'process: hears, host: host, input: [1]'));
  ({ changed, restarted } = await run.expect('applied'));
  assert.equal([changed, restarted], [['app:hears.service'], 1]);
  assert.is(run.told.length, 4);
  await run.started.complained('hears 2, 1');
  run.started.child.kill('SIGKILL');
  const { stderr } = await run.started.finished;
  const said = [...stderr.matchAll(/deaf \d|hears \d, \w+/g)].map(([text]) => text);
  assert.equal(said.sort(), ['deaf 1', 'deaf 2', 'hears 1, nil', 'hears 2, 1', 'hears 2, nil']);
});

test('who wants to upgrade itself is told, children of supervisors are started anew', async () => {
  const upgrades = (version: number): string => `return function()
  require("logger"):info("upgrades ${version}")
  process.set_options({upgradable = true})
  while true do
    if process.events():receive().kind == "pid.outdated" then process.upgrade() end
  end
end
`;
  const child = (version: number): string =>
    `return function()\n  require("logger"):info("child ${version}")\n  process.inbox():receive()\nend\n`;
  const run = await dev(
    {
      'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: upgrades, kind: process.lua, source: "file://upgrades.lua", modules: [logger]}
  - {name: child, kind: process.lua, source: "file://child.lua", modules: [logger]}
  - {name: tree, kind: process.supervisor, children: [{process: child, host: host}], lifecycle: {auto_start: true}}
  - {name: s, kind: process.service, process: upgrades, host: host, lifecycle: {auto_start: true}}
`,
      'upgrades.lua': upgrades(1),
      'child.lua': child(1),
    },
    '--workers',
    '1',
  );
  run.write('upgrades.lua', upgrades(2));
  let { restarted, told } = await run.expect('applied');
  assert.equal([restarted, told], [0, 1]);
  await run.started.complained('upgrades 2');
  run.write('child.lua', child(2));
  ({ restarted, told } = await run.expect('applied'));
  assert.equal([restarted, told], [1, 0]);
  await run.started.complained('child 2');
});

test('a process that fails is shown with the lines of what runs', async () => {
  const run = new DevProcess(
    writeDeployment({
      'app.yaml':
        'namespace: app\nentries:\n  - {name: tty, kind: terminal.host}\n  - {name: a, kind: process.lua, source: "file://a.lua", meta: {command: {name: a}}}\n',
      'a.lua': 'return function()\n  local x = nil\n  return x.field\nend\n',
    }),
    '--workers',
    '1',
    'a',
  );
  running.push(run);
  const events = [await run.next(), await run.next(), await run.next()];
  assert.equal(events.map(({ event }) => event).sort(), ['command_ended', 'crashed', 'started']);
  for (const event of events) {
    if (event.event === 'command_ended') assert.is(event.code, 1);
    if (event.event !== 'crashed') continue;
    assert.is(event.id, 'app:a');
    assert.match(event.message, "attempt to index a nil value (local 'x')");
    assert.match(event.frame, '> 3 |   return x.field\n');
  }
});

test('a service that fails is started as soon as it is mended, however late its restart would be, or given up', async () => {
  const files: Files = {
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: late, kind: process.lua, source: "file://late.lua", imports: {word: "app:word"}}
  - {name: over, kind: process.lua, source: "file://over.lua", imports: {word: "app:word"}}
  - {name: word, kind: library.lua, source: "file://word.lua"}
  - {name: late.service, kind: process.service, process: late, host: host, lifecycle: {auto_start: true, restart: {initial_delay: 1h, max_delay: 1h}}}
  - {name: over.service, kind: process.service, process: over, host: host, lifecycle: {auto_start: true, restart: {max_attempts: 1, initial_delay: 1ms, jitter: 0}}}
`,
    'word.lua': 'return nil',
    'late.lua': 'local word = require("word")\nreturn function() print("late " .. word) process.events():receive() end',
    'over.lua': 'local word = require("word")\nreturn function() print("over " .. word) process.events():receive() end',
  };
  const root = writeDeployment(files);
  const started = start(['dev', '--workers', '0', '-C', root]);
  try {
    await started.complained('it is given up after 1 restarts');
    await started.complained('service app:late.service failed');
    await started.complained('runs 6 entries');
    write(root, 'word.lua', 'return "is mended"');
    await started.complained('late is mended');
    await started.complained('over is mended');
    await started.complained('2 processes restarted');
  } finally {
    started.child.kill('SIGINT');
  }
  assert.is((await started.finished).code, 0);
});

test('settings that are taken at the start only', async () => {
  const run = await dev(FILES, '--workers', '0');
  run.write('.troupe.yaml', 'security: {strict_mode: false}\nlogger: {level: debug}\n');
  assert.equal((await run.expect('restart_needed')).settings, ['logger']);
});

test('a call that is wrong ends at once', async () => {
  const { code, stderr } = await troupe('dev', '-C', '/nonexistent/folder');
  assert.is(code, 2);
  assert.match(stderr, 'there is no folder "/nonexistent/folder"');
  for (const option of ['-o', '--set']) {
    const wrong = await troupe('dev', '-C', writeDeployment(FILES), option, 'word');
    assert.is(wrong.code, 2);
    assert.match(wrong.stderr, `${option} word: write it as key=value`);
  }
});

test.run();
