/** `troupe run` in a real terminal: keys, Ctrl-C, and the state in which the terminal is left. */
import { spawn, spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDeployment } from '../deploy.ts';
import { main } from './troupe.ts';

const test = suite('a real terminal');

/** Runs a command in a terminal of its own, which our pipes stand for. */
const IN_TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

const root = writeDeployment({
  'app.yaml': `namespace: app
entries:
  - {name: tty, kind: terminal.host}
  - {name: draws, kind: process.lua, source: "file://draws.lua", modules: [io], meta: {command: {name: draws}}}
`,
  'draws.lua': `local io = require("io")

return function(how)
  assert(io.raw_mode())
  io.alternate_screen()
  io.show_cursor(false)
  io.print("ready", io.is_tty("input"), io.columns() > 0)
  if how == "crash" then error("no luck") end
  if how == "echo" then
    while true do
      local key = io.read_key()
      if key.key == "q" then return 9 end
      io.print("key", key.ctrl and "ctrl" or "", key.key)
    end
  end
  if how == "cancel" then
    local event = process.events():receive()
    io.print(event.kind, event.reason)
    return 5
  end
  process.inbox():receive()
end`,
});

interface Seen {
  readonly output: string;
  /** Exit code of the command. */
  readonly code: number;
}

/** `keys` are typed one after the other, each once the text before it was shown. */
function inTerminal(how: string, ...keys: readonly (readonly [string, string])[]): Promise<Seen> {
  const shell = `stty rows 20 columns 70; '${process.execPath}' '${main}' run -C '${root}' draws ${how}; echo "code $?"; stty -a`;
  const child = spawn('python3', ['-c', IN_TERMINAL, 'sh', '-c', shell], {
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  let output = '';
  let next = 0;
  return new Promise((resolve, reject) => {
    child.stdout.on('data', data => {
      output += data;
      while (next < keys.length && output.includes(keys[next][0])) {
        child.stdin.write(keys[next++][1]);
      }
    });
    child.on('error', reject);
    child.on('close', () => {
      const code = /code (\d+)/.exec(output)?.[1];
      if (code === undefined) reject(new Error(`it did not end: ${JSON.stringify(output)}`));
      else resolve({ output, code: Number(code) });
    });
  });
}

/** Lines are edited and echoed, the screen is the usual one, and the cursor is there. */
function assertInOrder(output: string): void {
  for (const mode of ['icanon', 'echo', 'isig']) assert.match(output, new RegExp(`(?<![-\\w])${mode}\\b`));
  for (const [on, off] of [
    ['\u001b[?1049h', '\u001b[?1049l'],
    ['\u001b[?25l', '\u001b[?25h'],
    ['\u001b[?2004h', '\u001b[?2004l'],
  ]) {
    assert.ok(output.includes(on), on);
    assert.ok(output.lastIndexOf(off) > output.lastIndexOf(on), off);
  }
}

const missing = spawnSync('python3', ['-c', 'import pty']).status !== 0;
const stty = spawnSync('stty', ['--help']).error !== undefined;
if (missing || stty || process.platform === 'win32') {
  process.stdout.write('skipped: a real terminal needs python3 with the module pty, and stty\n');
} else {
  test('keys come as they are hit, and the exit code is that of the program', async () => {
    const { output, code } = await inTerminal('echo', ['ready', '\u001b[1;5C'], ['key\tctrl\tright', 'q']);
    assert.match(output, 'ready\ttrue\ttrue');
    assert.is(code, 9);
    assertInOrder(output);
  });

  test('Ctrl-C in raw mode is CANCEL', async () => {
    const { output, code } = await inTerminal('cancel', ['ready', '\u0003']);
    assert.match(output, 'pid.cancel\tinterrupted');
    assert.is(code, 5);
    assertInOrder(output);
  });

  test('a second Ctrl-C ends at once, with the terminal in order', async () => {
    const { output, code } = await inTerminal('ignore', ['ready', '\u0003'], ['once more', '\u0003']);
    assert.is(code, 130);
    assertInOrder(output);
  });

  test('a program that fails leaves the terminal in order, and its error on the usual screen', async () => {
    const { output, code } = await inTerminal('crash');
    assert.is(code, 1);
    assertInOrder(output);
    assert.ok(output.indexOf('no luck') > output.lastIndexOf('\u001b[?1049l'));
  });
}

test.run();
