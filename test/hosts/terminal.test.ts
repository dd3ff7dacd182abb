/** The terminal: what is switched on in it is switched off again, whatever happens. */
import { PassThrough } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { colorDepth } from '../../runtime/hosts/color_depth.ts';
import { ScreenModes } from '../../runtime/hosts/screen_modes.ts';
import { StreamTerminal } from '../../runtime/hosts/stream_terminal.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import { FakeTty } from './fake_tty.ts';

const test = suite('terminal');

const KEYS = { ctrlC: 'key', ctrlZ: 'key' } as const;
const SIGNALS = { ctrlC: 'cancel', ctrlZ: 'suspend' } as const;

test('what was switched on is known from what was written, however it was cut, and undone', () => {
  const written = '\u001b[?1049h\u001b[?25l\u001b[1;31mred\u001b[?2004;1000h\u001b[?2004l\u001b[?7h\u001b[2J';
  for (let cut = 0; cut <= written.length; cut++) {
    const modes = new ScreenModes();
    modes.observe(written.slice(0, cut));
    modes.observe(written.slice(cut));
    assert.is(modes.undo(), '\u001b[0m\u001b[?1049l\u001b[?25h\u001b[?1000l', `cut at ${cut}`);
    assert.is(modes.redo(), '\u001b[?1049h\u001b[?25l\u001b[?1000h');
    modes.observe(modes.undo());
    assert.is(modes.any, false);
    assert.is(modes.undo(), '');
  }
});

test('a text that is coloured and reset needs no undoing; a reset of the terminal undoes all', () => {
  const modes = new ScreenModes();
  modes.observe('\u001b[31mred\u001b[0m and \u001b[1mbold\u001b[m');
  assert.is(modes.any, false);
  modes.observe('\u001b[?1049h\u001b[44m');
  assert.is(modes.any, true);
  modes.observe('\u001bc');
  assert.is(modes.any, false);
});

test('colours: what the environment and the output say', () => {
  const cases: readonly (readonly [{ [name: string]: string }, boolean, number])[] = [
    [{ TERM: 'xterm' }, true, 4],
    [{ TERM: 'xterm-256color' }, true, 8],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, true, 24],
    [{ TERM: 'xterm-direct' }, true, 24],
    [{ TERM: 'dumb', COLORTERM: 'truecolor' }, true, 0],
    [{ TERM: 'xterm-256color' }, false, 0],
    [{ TERM: 'xterm', NO_COLOR: '1' }, true, 0],
    [{ TERM: 'xterm', NO_COLOR: '' }, true, 4],
    [{ FORCE_COLOR: '3', NO_COLOR: '1' }, false, 24],
    [{ FORCE_COLOR: '2' }, false, 8],
    [{ FORCE_COLOR: '1' }, false, 4],
    [{ FORCE_COLOR: '' }, false, 4],
    [{ FORCE_COLOR: '0', TERM: 'xterm' }, true, 0],
    [{ FORCE_COLOR: 'toString' }, false, 4],
  ];
  for (const [environment, isTty, depth] of cases) {
    assert.is(colorDepth(environment, isTty), depth, JSON.stringify({ environment, isTty }));
  }
});

test('raw mode: keys come one by one; closing makes lines of them again and leaves no listeners', async () => {
  const before = process.listenerCount('exit');
  const { terminal, keyboard, screen } = new FakeTty();
  await terminal.setRaw(KEYS);
  assert.is(keyboard.isRaw, true);
  keyboard.write('a');
  assert.is(Buffer.from((await terminal.readPiece())!).toString(), 'a');
  await terminal.write('\u001b[?1049h\u001b[?25l');
  assert.is(process.listenerCount('exit'), before + 1);
  terminal.close();
  assert.is(keyboard.isRaw, false);
  assert.ok(screen.text.endsWith('\u001b[?1049l\u001b[?25h'));
  assert.is(process.listenerCount('exit'), before);
  assert.is(process.listenerCount('SIGTSTP'), 0);
});

for (const event of ['exit', 'uncaughtExceptionMonitor'] as const) {
  test(`${event}: the terminal is as it was before anything is said`, async () => {
    const { terminal, keyboard, screen } = new FakeTty();
    await terminal.setRaw(SIGNALS);
    await terminal.write('\u001b[?1049h\u001b[35m');
    // Only the listener of this terminal: others belong to the tests themselves.
    process
      .listeners(event as 'exit')
      .at(-1)!
      .call(process, 0);
    assert.is(keyboard.isRaw, false);
    assert.ok(screen.text.endsWith('\u001b[0m\u001b[?1049l'));
    terminal.close();
  });
}

test('Ctrl-C and Ctrl-Z in raw mode do what they always do, also while nobody reads; what was typed before is forgotten', async () => {
  const tty = new FakeTty();
  const { terminal, keyboard, asked } = tty;
  terminal.onInterrupt = () => asked.push('Ctrl-C');
  await terminal.setRaw(SIGNALS);
  keyboard.write('forgotten\u0003a');
  keyboard.write('\u001a');
  keyboard.write('b');
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(asked, ['Ctrl-C', 'suspend']);
  assert.is(Buffer.from((await terminal.readPiece())!).toString(), 'b');
  await terminal.setRaw(KEYS);
  keyboard.write('\u0003\u001a');
  assert.is(Buffer.from((await terminal.readPiece())!).toString(), '\u0003\u001a');
  assert.equal(asked, ['Ctrl-C', 'suspend']);
  terminal.close();
});

test('what nobody reads is kept up to a limit, and Ctrl-C still works beyond it', async () => {
  const { terminal, keyboard, asked } = new FakeTty();
  await terminal.setRaw(SIGNALS);
  const mebibyte = 1024 * 1024;
  for (let i = 0; i < 40; i++) keyboard.write('x'.repeat(64 * 1024));
  await new Promise(resolve => setTimeout(resolve, 20));
  assert.is((await terminal.readPiece())!.length, mebibyte);
  for (let i = 0; i < 40; i++) keyboard.write('x'.repeat(64 * 1024));
  keyboard.write('\u0003y');
  await new Promise(resolve => setTimeout(resolve, 20));
  assert.equal(asked, ['interrupt']);
  assert.is(Buffer.from((await terminal.readPiece())!).toString(), 'y');
  terminal.close();
});

for (const how of ['a shell lets it go on', 'nobody stops it']) {
  test(`suspended, and ${how}: in order in between, then as the program had it, which is told to draw anew`, async () => {
    const { terminal, keyboard, screen, asked } = new FakeTty();
    const sizes: unknown[] = [];
    terminal.onResize(size => sizes.push(size));
    await terminal.setRaw(SIGNALS);
    await terminal.write('\u001b[?1049h');
    const from = screen.text.length;
    // As the kernel would: the listener of this terminal is called, and stops the process itself (here: the job).
    process.listeners('SIGTSTP').at(-1)!.call(process, 'SIGTSTP');
    assert.equal(asked, ['stop']);
    assert.is(keyboard.isRaw, false);
    assert.is(screen.text.slice(from), '\u001b[?1049l');
    assert.is(process.listenerCount('SIGTSTP'), 0, 'else the signal would stop nobody');
    screen.columns = 100;
    if (how === 'nobody stops it') await new Promise(resolve => setTimeout(resolve, 300));
    else process.emit('SIGCONT', 'SIGCONT');
    assert.is(keyboard.isRaw, true);
    assert.is(screen.text.slice(from), '\u001b[?1049l\u001b[?1049h');
    assert.equal(sizes, [{ columns: 100, rows: 12 }]);
    assert.is(process.listenerCount('SIGTSTP'), 1);
    assert.is(process.listenerCount('SIGCONT'), 0);
    terminal.close();
  });
}

test('a terminal that is closed while suspended is not switched on again', async () => {
  const { terminal, keyboard, screen } = new FakeTty();
  await terminal.setRaw(SIGNALS);
  await terminal.write('\u001b[?1049h');
  process.listeners('SIGTSTP').at(-1)!.call(process, 'SIGTSTP');
  terminal.close();
  process.emit('SIGCONT', 'SIGCONT');
  assert.is(keyboard.isRaw, false);
  assert.ok(screen.text.endsWith('\u001b[?1049l'));
  assert.is(process.listenerCount('SIGTSTP'), 0);
});

test('no terminal: raw mode is refused, the size is the usual one, no colours, nothing is watched', async () => {
  const output = new PassThrough();
  const terminal = new StreamTerminal([], () => new PassThrough(), output, new PassThrough(), { environment: {} });
  try {
    await terminal.setRaw(KEYS);
    assert.unreachable();
  } catch (thrown) {
    assert.is((thrown as TroupeError).kind, 'UNAVAILABLE');
    assert.match((thrown as TroupeError).message, /standard input is a file or a pipe: read lines/);
  }
  await terminal.setRaw(undefined);
  assert.equal([terminal.columns, terminal.rows, terminal.colors, terminal.inputIsTty], [80, 24, 0, false]);
  await terminal.write('\u001b[?1049h');
  terminal.close();
  assert.is(output.read().toString(), '\u001b[?1049h', 'what a program writes into a file is not touched');
});

test('sizes are told as they change, until nobody listens', () => {
  const { terminal, screen } = new FakeTty();
  const sizes: unknown[] = [];
  const stop = terminal.onResize(size => sizes.push(size));
  screen.resize(100, 30);
  assert.equal([terminal.columns, terminal.rows], [100, 30]);
  stop();
  screen.resize(50, 20);
  assert.equal(sizes, [{ columns: 100, rows: 30 }]);
  assert.is(screen.listenerCount('resize'), 0);
});

test.run();
