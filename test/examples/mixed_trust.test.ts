/** The example of mixed trust: what its README shows is what happens, and nothing else does. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { command, EXAMPLES } from './access_log_job.ts';

const test = suite('mixed trust');

const folder = join(EXAMPLES, 'mixed-trust');
const notes = join(folder, 'notes', 'all.txt');

test('plug-ins do their work and nothing besides, in every language', async () => {
  rmSync(notes, { force: true });
  const { terminal, exit } = await command(folder, 'mixed:demo', new MemoryTerminal());
  assert.is(exit.error, undefined);
  assert.is(exit.value, 0);
  const shown = readFileSync(join(folder, 'README.md'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('    '))
    .map(line => line.slice(4));
  const from = shown.indexOf('plug-ins at work, for ann, who writes:');
  const printed = terminal.output.trimEnd().split('\n');
  assert.equal(printed, shown.slice(from, from + printed.length));
  // All three languages are told the same.
  const outcomes = (plugin: string): string[] => {
    const begin = printed.indexOf(`${plugin} tries to:`) + 1;
    return printed.slice(begin, begin + 7).map(line => line.slice(34));
  };
  assert.equal(outcomes('nosy_lua'), outcomes('nosy_wasm'));
  assert.not.ok(printed.some(line => line.endsWith('DONE')));
  const written = readFileSync(notes, 'utf8').trimEnd().split('\n');
  assert.equal(
    written.map(line => line.slice(line.indexOf('}') + 2)),
    ['3 words', 'LET IT CRASH', 'hsarc ti tel'],
  );
  rmSync(notes);
});

test.run();
