/** `io` on keys and on the screen, as operations. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ioCapability } from '../../runtime/capabilities/io.ts';
import { remoteServices, serveServices, snapshotServices } from '../../runtime/capabilities/remote_services.ts';
import { createServices } from '../../runtime/capabilities/services.ts';
import { systemClock } from '../../runtime/clock.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { FakeTty } from '../hosts/fake_tty.ts';
import { Caller, refusal } from './call.ts';

const test = suite('io: keys and screen');
const E = '\u001b';

type Io = (operation: string, ...args: Payload[]) => Promise<Payload>;

function callerOn(tty: FakeTty, pid?: string): { io: Io; caller: Caller } {
  const caller = new Caller({ terminal: tty.terminal }, systemClock, pid);
  return { caller, io: (operation, ...args) => caller.call(ioCapability, {}, operation, ...args) };
}

async function memory(
  options: ConstructorParameters<typeof MemoryTerminal>[0] = {},
): Promise<{ io: Io; terminal: MemoryTerminal }> {
  const terminal = new MemoryTerminal(options);
  const caller = new Caller({ terminal });
  return { terminal, io: (operation, ...args) => caller.call(ioCapability, {}, operation, ...args) };
}

const key = (name: string, more: { [key: string]: Payload } = {}) => ({
  key: name,
  ctrl: false,
  alt: false,
  shift: false,
  ...more,
});

test('keys are read one by one, a paste as one, split sequences as what they are', async () => {
  const tty = new FakeTty();
  const { io } = callerOn(tty);
  assert.is(await io('raw_mode'), true);
  assert.is(tty.keyboard.isRaw, true);
  assert.ok(tty.screen.text.includes(`${E}[?2004h`), 'pastes are marked');
  tty.keyboard.write('aB\u00fc');
  assert.equal(await io('read_key'), key('a', { text: 'a' }));
  assert.equal(await io('read_key'), key('b', { shift: true, text: 'B' }));
  assert.equal(await io('read_key'), key('\u00fc', { text: '\u00fc' }));
  const up = io('read_key');
  for (const byte of `${E}[1;5A`) {
    tty.keyboard.write(byte);
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.equal(await up, key('up', { ctrl: true }));
  const paste = io('read_key');
  for (const part of [`${E}[200~one\r`, `two ${E}[A ${E}[20`, '1~', 'x']) {
    tty.keyboard.write(part);
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.equal(await paste, key('paste', { text: `one\ntwo ${E}[A ` }));
  assert.equal(await io('read_key'), key('x', { text: 'x' }));
  tty.terminal.close();
});

test('a lone Escape is one after a moment; a timeout answers nothing, and the key that comes later is not lost', async () => {
  const tty = new FakeTty();
  const { io } = callerOn(tty);
  await io('raw_mode', true);
  tty.keyboard.write(E);
  assert.equal(await io('read_key'), key('escape'));
  assert.is(await io('read_key', 5), null);
  assert.is(await io('read_key', 0), null);
  tty.keyboard.write('late');
  assert.equal(await io('read_key', 10_000), key('l', { text: 'l' }));
  assert.equal(Buffer.from((await io('read')) as Uint8Array).toString(), 'ate');
  tty.keyboard.end();
  assert.is((await refusal(io('read_key'))).kind, 'NOT_FOUND');
  tty.terminal.close();
});

test('two paths that read keys get one each', async () => {
  const tty = new FakeTty();
  const { io } = callerOn(tty);
  await io('raw_mode');
  const both = [io('read_key'), io('read_key')];
  tty.keyboard.write('x');
  await new Promise(resolve => setImmediate(resolve));
  tty.keyboard.write('y');
  assert.equal((await Promise.all(both)).map(found => (found as { key: string }).key).sort(), ['x', 'y']);
  tty.terminal.close();
});

test('a paste whose end is never marked is what has come', async () => {
  const tty = new FakeTty();
  const { io } = callerOn(tty);
  await io('raw_mode');
  tty.keyboard.write(`${E}[200~half${E}[2`);
  assert.equal(await io('read_key'), key('paste', { text: `half${E}[2` }));
  tty.terminal.close();
});

test('lines, pieces and keys share the input: each leaves the rest to the next', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[a-z ]{0,6}$/), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
      fc.infiniteStream(fc.constantFrom('read_key', 'read_line', 'read')),
      async (lines, cuts, operations) => {
        const tty = new FakeTty();
        const { io } = callerOn(tty);
        const text = lines.map(line => `${line}\n`).join('');
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const size = cuts[turn % cuts.length];
          tty.keyboard.write(text.slice(at, at + size));
          at += size;
        }
        tty.keyboard.end();
        let seen = '';
        while (seen.length < text.length) {
          const operation = operations.next().value;
          if (operation === 'read_line') seen += `${await io('read_line')}\n`;
          else if (operation === 'read') seen += Buffer.from((await io('read', 2)) as Uint8Array).toString();
          else seen += ((await io('read_key')) as { text?: string }).text ?? '\n';
        }
        assert.is(seen, text);
        assert.is(await io('read_line'), null);
        tty.terminal.close();
      },
    ),
    { numRuns: 50 },
  ));

test('raw mode belongs to one process; what it switched on ends with it, and only that', async () => {
  const tty = new FakeTty();
  const one = callerOn(tty, '{test:host|0x00001}');
  const two = callerOn(tty, '{test:host|0x00002}');
  await one.io('raw_mode', true, { ctrl_c: 'key' });
  await one.io('alternate_screen');
  await one.io('show_cursor', false);
  await two.io('write', `${E}[?1000h`);
  assert.equal(await refusal(two.io('raw_mode', true)), {
    kind: 'CONFLICT',
    message: 'io.raw_mode: {test:host|0x00001} has the terminal in raw mode, and only it can change that',
  });
  assert.is((await refusal(two.io('raw_mode', false))).kind, 'CONFLICT');
  let from = tty.screen.text.length;
  one.caller.end();
  assert.is(tty.keyboard.isRaw, false);
  assert.is(tty.screen.text.slice(from), `${E}[?2004l${E}[?1049l${E}[?25h`);
  await two.io('raw_mode', true);
  await two.io('raw_mode', false);
  from = tty.screen.text.length;
  two.caller.end();
  assert.is(tty.screen.text.slice(from), `${E}[?1000l`);
  tty.terminal.close();
});

test('wrong options are refused with what there is', async () => {
  const { io } = await memory({ isTty: true });
  assert.match((await refusal(io('raw_mode', true, { ctrl_d: 'key' }))).message, 'there is no option "ctrl_d"');
  assert.match((await refusal(io('raw_mode', true, { ctrl_c: 'ignore' }))).message, 'there are: cancel, key');
  assert.match((await refusal(io('raw_mode', 'yes'))).message, 'on must be true or false');
  assert.match((await refusal(io('is_tty', 'outpt'))).message, 'did you mean "output"');
});

test('without a keyboard raw mode is UNAVAILABLE, and keys come from the pipe all the same', async () => {
  const { io } = await memory({ input: ['ab'] });
  assert.is((await refusal(io('raw_mode'))).kind, 'UNAVAILABLE');
  assert.is(await io('raw_mode', false), true);
  assert.is(await io('is_tty', 'input'), false);
  const keys: string[] = [];
  for (let i = 0; i < 3; i++) keys.push(((await io('read_key')) as { key: string }).key);
  assert.equal(keys, ['a', 'b', 'enter']);
});

test('sizes come as messages on the topic that was asked for, until it is another or none, or the process ends', async () => {
  const terminal = new MemoryTerminal({ columns: 90, rows: 20, isTty: true });
  const caller = new Caller({ terminal });
  const io: Io = (operation, ...args) => caller.call(ioCapability, {}, operation, ...args);
  assert.equal(await io('on_resize', 'resized'), { columns: 90, rows: 20 });
  terminal.resize({ columns: 91, rows: 21 });
  assert.equal([await io('columns'), await io('rows')], [91, 21]);
  await io('on_resize', 'size');
  terminal.resize({ columns: 92, rows: 22 });
  await io('on_resize');
  terminal.resize({ columns: 93, rows: 23 });
  await io('on_resize', 'size');
  caller.end();
  terminal.resize({ columns: 94, rows: 24 });
  assert.equal(caller.posted, [
    { topic: 'resized', payload: { columns: 91, rows: 21 } },
    { topic: 'size', payload: { columns: 92, rows: 22 } },
  ]);
  assert.match((await refusal(io('on_resize', '@exit'))).message, 'topic "@exit" is reserved');
});

test('a worker thread is told of sizes and can read keys', async () => {
  const { port1, port2 } = new MessageChannel();
  const tty = new FakeTty();
  const main = createServices({ terminal: tty.terminal, log: silentLog, environment: {} });
  serveServices(port1 as never, main);
  const worker = new Caller(remoteServices(port2 as never, snapshotServices(main), silentLog), systemClock);
  const io: Io = (operation, ...args) => worker.call(ioCapability, {}, operation, ...args);
  assert.equal(await io('on_resize', 'size'), { columns: 40, rows: 12 });
  assert.is(await io('is_tty', 'input'), true);
  await io('raw_mode');
  assert.is(tty.keyboard.isRaw, true);
  tty.keyboard.write(`${E}[B`);
  assert.equal(await io('read_key'), key('down'));
  tty.screen.resize(50, 15);
  await io('write', 'x');
  assert.equal([await io('columns'), await io('rows')], [50, 15]);
  assert.equal(worker.posted, [{ topic: 'size', payload: { columns: 50, rows: 15 } }]);
  await io('raw_mode', false);
  assert.is(tty.keyboard.isRaw, false);
  tty.terminal.close();
  port1.close();
});

test('styles are what the output can show, and nothing where it can show none', async () => {
  const styled = async (colors: 0 | 4 | 8 | 24, ...names: string[]) =>
    await (await memory({ colors })).io('style', 'x', ...names);
  assert.is(await styled(0, 'bold', 'red', '#ff8800'), 'x');
  assert.is(await styled(4, 'bold', 'red'), `${E}[1m${E}[31mx${E}[39m${E}[22m`);
  assert.is(await styled(4, 'on_bright_blue', 'gray'), `${E}[104m${E}[90mx${E}[39m${E}[49m`);
  assert.is(await styled(24, '#ff8800', 'on_#000001'), `${E}[38;2;255;136;0m${E}[48;2;0;0;1mx${E}[49m${E}[39m`);
  assert.is(await styled(8, '#ff8800'), `${E}[38;5;208mx${E}[39m`);
  assert.is(await styled(8, '#808080'), `${E}[38;5;244mx${E}[39m`);
  assert.is(await styled(4, '#fe0000'), `${E}[91mx${E}[39m`);
  assert.match((await refusal(styled(0, 'blod'))).message, 'there is no style "blod"; did you mean "bold"');
  for (const wrong of ['on_bold', 'bright_gray', '#12345', 'constructor', 'on_', '']) {
    assert.is((await refusal(styled(4, wrong))).kind, 'INVALID', wrong);
  }
});

test('the screen is steered where there is one', async () => {
  const calls: readonly (readonly [string, readonly Payload[], string])[] = [
    ['clear', [], `${E}[2J${E}[H`],
    ['clear', ['right'], `${E}[K`],
    ['move_to', [3], `${E}[3G`],
    ['move_to', [3, 4], `${E}[4;3H`],
    ['move_by', [-2, 3], `${E}[2D${E}[3B`],
    ['move_by', [0], ''],
    ['show_cursor', [false], `${E}[?25l`],
    ['alternate_screen', [], `${E}[?1049h`],
  ];
  for (const [operation, args, expected] of calls) {
    const tty = await memory({ isTty: true });
    assert.is(await tty.io(operation, ...args), true);
    assert.is(tty.terminal.output, expected, operation);
    const pipe = await memory();
    assert.is(await pipe.io(operation, ...args), true);
    assert.is(pipe.terminal.output, '', `${operation} into a pipe`);
  }
  const { io } = await memory({ isTty: true });
  assert.is((await refusal(io('move_to', 0))).kind, 'INVALID');
  assert.is((await refusal(io('move_to', 1, 1e9))).kind, 'INVALID');
  assert.is((await refusal(io('clear', 'all'))).kind, 'INVALID');
});

test('foreign text cannot steer the screen', async () => {
  const { io } = await memory();
  assert.is(await io('escape', `a${E}[2J\n\u009b31m\u202e\u00fc`), 'a\\u001b[2J\\n\\u009b31m\\u202e\u00fc');
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async text => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
      assert.not.match((await io('escape', `${E}]0;${text}`)) as string, /[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
});

test('width: what a terminal shows', async () => {
  const { io } = await memory();
  const widths: readonly (readonly [string, number])[] = [
    ['', 0],
    ['abc', 3],
    ['\u00fcber', 4],
    ['u\u0308ber', 4],
    ['\u65e5\u672c', 4],
    ['\uff21', 2],
    ['\ud55c\uae00', 4],
    ['\u{1f600}', 2],
    ['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', 2],
    ['\u2764\ufe0f', 2],
    ['\u200b', 0],
    [`${E}[1;31mred${E}[0m`, 3],
    [`${E}]8;;http://x\u0007link${E}]8;;\u0007`, 4],
    ['a\tb\n', 2],
  ];
  for (const [text, width] of widths) assert.is(await io('width', text), width, JSON.stringify(text));
});

test.run();
