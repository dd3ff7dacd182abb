/** The examples in C, Rust and AssemblyScript, and a program for WASI. */
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toTroupeError } from '../../runtime/errors.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { command, EXAMPLES } from './access_log_job.ts';

const test = suite('wasm examples');

function readme(example: string): string {
  return readFileSync(join(EXAMPLES, example, 'README.md'), 'utf8');
}

/** What a command prints, which its README must show. */
async function printed(example: string, id: string, args: string[], input: string[] = []): Promise<string> {
  const { terminal, exit } = await command(join(EXAMPLES, example), id, new MemoryTerminal({ args, input }));
  assert.is(exit.error, undefined);
  const shown = terminal.output.replace(/^(?=.)/gm, '    ');
  assert.ok(readme(example).includes(shown), `the README of ${example} shows\n${shown}`);
  return terminal.output;
}

test('wasm-c: tellers and ledger in C, customers in Lua, rates in TypeScript', async () => {
  const output = await printed('wasm-c', 'bank:day', []);
  assert.match(output, 'grace 100 XXX: we do not take XXX\nada has 1560 EUR\ngrace has 4500 EUR\n');
});

test('wasm-rust: words are counted by several processes', async () => {
  const lines = ['the cat and the dog', 'and the bird'];
  assert.is(await printed('wasm-rust', 'words:count', ['2'], lines), '   3 the\n   2 and\n');
  const { exit } = await command(
    join(EXAMPLES, 'wasm-rust'),
    'words:count',
    new MemoryTerminal({ args: ['many'], input: lines }),
  );
  assert.match(String(exit.error?.message), 'how many words is many?');
});

test('wasm-assemblyscript: primes', async () => {
  assert.is(await printed('wasm-assemblyscript', 'primes:count', ['100000']), '9592 primes below 100000\n');
});

/** Run a WASI program of `wasi-figlet` by Node.js itself: exit code and output. */
function figlet(args: readonly string[], input = ''): { code: number; output: string } {
  const folder = join(EXAMPLES, 'wasi-figlet');
  const scratch = mkdtempSync(join(tmpdir(), 'troupe-figlet-'));
  try {
    writeFileSync(join(scratch, 'in'), input);
    const wasi = new WASI({
      version: 'preview1',
      args: ['figlet', ...args],
      preopens: { '/': folder },
      stdin: openSync(join(scratch, 'in'), 'r'),
      stdout: openSync(join(scratch, 'out'), 'w'),
      stderr: openSync(join(scratch, 'err'), 'w'),
      returnOnExit: true,
    });
    const module = new WebAssembly.Module(readFileSync(join(folder, 'figlet.wasm')));
    const code = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject() as WebAssembly.Imports));
    return { code, output: readFileSync(join(scratch, 'out'), 'utf8') };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

test('wasi-figlet: the binary is a WASI command: arguments, files and input', () => {
  const { code, output } = figlet(['-f', 'slant', 'Troupe']);
  assert.is(code, 0);
  assert.ok(readme('wasi-figlet').includes(output.replace(/^(?=.)/gm, '    ').replace(/ +$/gm, '')));
  assert.equal(figlet([], 'hi\n'), figlet(['hi']));
  assert.is(figlet(['-f', 'nothing', 'x']).code, 1);
});

test('wasi-figlet: the same as a process', async () => {
  const shown = async (args: string[], input: string[] = []) => {
    const { terminal, exit } = await command(
      join(EXAMPLES, 'wasi-figlet'),
      'show:figlet',
      new MemoryTerminal({ args, input }),
    );
    return {
      code: exit.error === undefined ? 0 : toTroupeError(exit.error).details?.exit_code,
      output: terminal.output,
    };
  };
  for (const args of [
    ['-f', 'slant', 'Troupe'],
    ['hi', 'there'],
    ['-c', '-w', '60', 'x'],
    ['-f', 'nothing', 'x'],
  ]) {
    assert.equal(await shown(args), figlet(args));
  }
  assert.equal(await shown([], ['hi']), figlet([], 'hi\n'));
});

test.run();
