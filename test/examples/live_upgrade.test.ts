import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { command, copyOf, EXAMPLES } from './access_log_job.ts';

const test = suite('live upgrade');

const ROOT = join(EXAMPLES, 'live-upgrade');

for (const workers of [0, 2]) {
  test(`Lua, WebAssembly, TypeScript and Lua again under load: nothing is lost; ${workers} workers`, async () => {
    const { terminal, exit } = await command(ROOT, 'live:upgrade', new MemoryTerminal({ args: ['100ms'] }), {
      workers,
    });
    assert.is(exit.error, undefined);
    assert.is(exit.value, 0, terminal.output);
    const ran = [...terminal.output.matchAll(/^(\{.*?\}) (?:begins|goes on) as live:(\w+)/gm)];
    assert.equal(
      ran.map(([, , entry]) => entry),
      ['tally_lua', 'tally_wasm', 'tally_ts', 'tally_lua'],
    );
    assert.is(new Set(ran.map(([, pid]) => pid)).size, 1, 'one process');
    const row = (name: string): string => terminal.output.match(new RegExp(`^${name} +(.*)$`, 'm'))![1];
    assert.ok(Number(row('sent')) > 4 * 200);
    assert.is(row('counted'), row('sent'));
    assert.equal(['lost', 'doubled', 'out of order', 'same process'].map(row), ['0', '0', '0', 'yes']);
  });
}

test('a tally that loses a number is found out', async () => {
  const tally = readFileSync(join(ROOT, 'tally.ts'), 'utf8');
  const forgetful = tally.replace(
    '    count(_self, tallies, { from, payload }) {',
    '$&\n      if (payload === 250) return;',
  );
  assert.is.not(forgetful, tally);
  const upgrade = readFileSync(join(ROOT, 'upgrade.ts'), 'utf8').replace(
    /const NEXT = .*/,
    "const NEXT = ['live:tally_lua'];",
  );
  const root = copyOf('live-upgrade', {
    'tally.ts': forgetful,
    'upgrade.ts': upgrade,
    'deployment.yaml': readFileSync(join(ROOT, 'deployment.yaml'), 'utf8').replace(
      '{process: tally_lua, name: tally}',
      '{process: tally_ts, name: tally}',
    ),
  });
  const { terminal, exit } = await command(root, 'live:upgrade', new MemoryTerminal({ args: ['100ms'] }));
  assert.is(exit.value, 1, terminal.output);
  assert.match(terminal.output, /^lost +4$/m);
  assert.match(terminal.output, /^out of order +4$/m);
});

test('an upgrade that fails is said by the command, and the supervisor starts another tally', async () => {
  const upgrade = readFileSync(join(ROOT, 'upgrade.ts'), 'utf8').replace("'live:tally_wasm'", "'live:nowhere'");
  const root = copyOf('live-upgrade', { 'upgrade.ts': upgrade });
  const { exit } = await command(root, 'live:upgrade', new MemoryTerminal({ args: ['50ms'] }));
  assert.match(exit.error?.message ?? '', /^upgrade: entry "live:nowhere" not found/);
});

test.run();
