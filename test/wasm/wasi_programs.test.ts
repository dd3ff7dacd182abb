/** C programs as they come from clang and wasi-libc. Sources and how they were built: `fixtures/wasi`. */
import { execFileSync } from 'node:child_process';
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { TOOLCHAIN_ENV } from '../toolchain_env.ts';
import * as assert from 'uvu/assert';
import { failure, wat } from './start.ts';
import { clang, fixture, nodeWasi, PROGRAMS, program, type Started, sha256, startWasi } from './wasi_start.ts';

const test = suite('wasi programs');
const modules = Object.fromEntries(PROGRAMS.map(name => [name, program(name)]));

async function using(
  options: Parameters<typeof startWasi>[1],
  body: (started: Started) => Promise<void>,
  programs = modules,
): Promise<void> {
  const started = await startWasi(programs, options);
  try {
    await body(started);
  } finally {
    await started.runtime.stop();
  }
}

test('the binaries were built from the sources beside them', () => {
  const built = new Map(
    readFileSync(fixture('sources.sha256'), 'utf8')
      .trim()
      .split('\n')
      .map(line => line.split(/\s+/).reverse() as [string, string]),
  );
  assert.equal([...built.keys()].sort(), PROGRAMS.map(name => `${name}.c`).sort());
  for (const [name, hash] of built)
    assert.is(sha256(readFileSync(fixture(name))), hash, `${name} changed: build it anew`);
});

test('cat copies standard input and files, byte for byte', () =>
  using({ input: ['one', '', 'zwei ü'] }, async ({ run, terminal, data }) => {
    assert.is(await run('cat'), null);
    assert.is(terminal.output, 'one\n\nzwei ü\n');
    terminal.output = '';
    writeFileSync(join(data, 'long.txt'), 'x'.repeat(100_000));
    writeFileSync(join(data, 'end.txt'), '!');
    assert.is(await run('cat', ['long.txt', '/end.txt', './end.txt']), null);
    assert.is(terminal.output, `${'x'.repeat(100_000)}!!`);
    terminal.output = '';
    const error = await failure(run('cat', ['none.txt', 'end.txt', '../app.yaml']));
    assert.equal(error.details, { exit_code: 1 });
    assert.is(terminal.output, '!');
    assert.is(
      terminal.errors,
      'cat: none.txt: No such file or directory\ncat: ../app.yaml: Capabilities insufficient\n',
    );
  }));

test('arguments, environment and exit codes', () =>
  using({}, async ({ run, terminal, runtime }) => {
    assert.is(await run('show', ['a b', 7, true, 'ü']), null);
    const given = ['show', 'a b', '7', 'true', 'ü'].map((text, i) => `argv[${i}]=${text}\n`).join('');
    assert.is(terminal.output, `${given}TEST_HOME=/home/of/tests\n`);
    const error = await failure(run('show', ['exit', 3]));
    assert.equal(
      [error.kind, error.message, error.details],
      ['INTERNAL', 'app:show ended with exit code 3', { exit_code: 3 }],
    );
    assert.is(terminal.errors, 'leaving\n');
    const aborted = await failure(run('show', ['abort']));
    assert.equal([aborted.kind, aborted.message], ['INTERNAL', 'unreachable']);
    terminal.output = '';
    // Without `env` there is nothing in the environment, and without `io` nothing is written.
    assert.is(await runtime.exec({ id: 'app:bare_show', host: 'app:h', args: ['x'] }), null);
    assert.is(terminal.output, '');
  }));

test('a process starts with nothing of the one before it, however that ended', () =>
  using({}, async ({ run, terminal }) => {
    for (const way of [['plain'], ['exit', 1], ['abort'], ['part'], ['plain']]) {
      terminal.output = '';
      await run('show', way).catch(() => undefined);
      if (way[0] !== 'abort') assert.match(terminal.output, /^argv\[0\]=show\nargv\[1\]=\w+\n/);
    }
    assert.is(terminal.output, 'argv[0]=show\nargv[1]=plain\nTEST_HOME=/home/of/tests\n');
  }));

test('sleeping and waiting for input let others run', () =>
  using({ input: ['x'] }, async ({ run, terminal }) => {
    const sleepers = Promise.all([run('naps', [300]), run('naps', [300])]);
    let ended = false;
    void sleepers.then(() => {
      ended = true;
    });
    await run('show');
    assert.is(ended, false);
    await sleepers;
    const lines = terminal.output.split('\n').filter(line => line.startsWith('slept'));
    assert.equal(lines, new Array(2).fill('slept 0 0, input 1, long enough 1, clock 1'));
  }));

test('a sleeping program can be terminated', () =>
  using({}, async ({ run, runtime }) => {
    const ended = failure(run('naps', [3_600_000], { name: 'sleeper' }));
    await run('show');
    runtime.terminate('sleeper');
    assert.is((await ended).kind, 'CANCELED');
  }));

test('an endless loop in a program stops nobody else', () =>
  using(
    {},
    async ({ run, runtime }) => {
      const ended = failure(run('spin', [], { name: 'spinning' }));
      assert.is(await run('show'), null);
      runtime.terminate('spinning');
      await ended;
    },
    {
      ...modules,
      spin: wat(`(module
        (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (loop (br 0))))`),
    },
  ));

/** What the same program does under Node's own WASI, in a folder that begins as the granted one. */
function oracle(
  name: string,
  args: readonly string[],
  input: string,
  folder: string,
): { output: string; code: number } {
  const scratch = mkdtempSync(join(tmpdir(), 'troupe-wasi-'));
  try {
    writeFileSync(join(scratch, 'in'), input);
    const [stdin, stdout, stderr] = [
      openSync(join(scratch, 'in'), 'r'),
      openSync(join(scratch, 'out'), 'w'),
      openSync(join(scratch, 'err'), 'w'),
    ];
    const code = nodeWasi(program(name), {
      args: [name, ...args],
      env: { TEST_HOME: '/home/of/tests' },
      preopens: { '/': folder },
      stdin,
      stdout,
      stderr,
    });
    for (const file of [stdin, stdout, stderr]) closeSync(file);
    return { output: readFileSync(join(scratch, 'out'), 'utf8'), code };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Names and contents of a folder. */
function contents(folder: string): { [path: string]: string } {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .map(entry => join(entry.parentPath, entry.name))
      .sort()
      .map(path => [path.slice(folder.length), existsAsFile(path)]),
  );
}

function existsAsFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '(folder)';
  }
}

const INPUT = ['a few words', '', 'on  three lines ü'];

for (const [name, ...args] of [
  ['cat'],
  ['cat', 'texts/one.txt', 'none.txt'],
  ['wc'],
  ['wc', 'texts/one.txt'],
  ['wc', 'none.txt'],
  ['show', 'exit', '7'],
  ['show', 'part'],
  ['tree'],
  ['tree', 'texts'],
]) {
  test(`${[name, ...args].join(' ')} does what it does under Node's own WASI`, () =>
    using({ input: INPUT }, async ({ run, terminal, data }) => {
      const twin = mkdtempSync(join(tmpdir(), 'troupe-wasi-'));
      try {
        writeFileSync(join(data, '.keep'), '');
        rmSync(join(data, 'texts'), { recursive: true, force: true });
        cpSync(fixture('.'), join(data, 'texts'), { recursive: true, filter: path => !path.endsWith('.wasm') });
        writeFileSync(join(data, 'texts', 'one.txt'), 'one two\nthree');
        cpSync(data, twin, { recursive: true });
        const expected = oracle(name, args, `${INPUT.join('\n')}\n`, twin);
        const code = await run(name, args).then(
          () => 0,
          error => error.details.exit_code,
        );
        assert.is(code, expected.code);
        assert.is(withoutLinks(terminal.output), withoutLinks(expected.output));
        assert.equal(withoutLink(contents(data)), withoutLink(contents(twin)));
      } finally {
        rmSync(twin, { recursive: true, force: true });
      }
    }));
}

/** Node makes links, which programs here cannot, and has another word for what lies outside. */
function withoutLinks(output: string): string {
  return output.replace(/^(symlink|outside): .*$/gm, '$1').replace(/^ *link .*\n/gm, '');
}

function withoutLink(files: { [path: string]: string }): { [path: string]: string } {
  const { '/made/link': _link, ...others } = files;
  return others;
}

if (clang === undefined) {
  console.log('skipped, since there is no clang: the sources are compiled anew');
} else {
  const compiler = clang;
  test('the sources compile, and what comes out does the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-wasi-'));
    try {
      const out = join(folder, 'show.wasm');
      execFileSync(compiler, ['--target=wasm32-wasi', '-O1', '-g', '-o', out, fixture('show.c')], {
        env: TOOLCHAIN_ENV,
      });
      await using(
        {},
        async ({ run, terminal }) => {
          assert.is(await run('show', ['x']), null);
          assert.is(terminal.output, 'argv[0]=show\nargv[1]=x\nTEST_HOME=/home/of/tests\n');
          // With names, the place of an error is a function of the program or of its libc.
          assert.is((await failure(run('show', ['abort']))).place, 'abort');
        },
        { show: new Uint8Array(readFileSync(out)) },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

test.run();
