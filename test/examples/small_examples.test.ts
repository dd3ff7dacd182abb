import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { command, EXAMPLES } from './access_log_job.ts';

const test = suite('small examples');

/** What a command prints; its README shows the same. */
async function printed(example: string, id: string, ...args: string[]): Promise<string> {
  const { terminal, exit } = await command(join(EXAMPLES, example), id, new MemoryTerminal({ args }));
  assert.is(exit.error, undefined);
  return terminal.output;
}

test('hello: every language says hello', async () => {
  assert.is(
    await printed('hello', 'hello:everybody', 'Ada'),
    ['Lua', 'TypeScript', 'XState', 'WebAssembly'].map(language => `Hello, Ada, from ${language}\n`).join(''),
  );
});

test('ping-pong: Lua and WebAssembly play', async () => {
  assert.is(await printed('ping-pong', 'rally:ping', '3'), 'ping 1, pong 1\nping 2, pong 2\nping 3, pong 3\n');
});

test('xstate-invokes-lua: the machine acts on the value and on the error', async () => {
  assert.is(await printed('xstate-invokes-lua', 'order:place', 'lamp', '12'), '12 x lamp: 318.60\n');
  assert.is(await printed('xstate-invokes-lua', 'order:place', 'sofa', '1'), 'refused: we do not sell sofa\n');
});

test.run();
