/** The shell, typed at: what its line editor does, what its commands do, and that what the scripts say stays text. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { ExitResult } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { FakeTty } from '../hosts/fake_tty.ts';
import { command, EXAMPLES, start } from './access_log_job.ts';

const test = suite('shell');

const ROOT = join(EXAMPLES, 'shell');
const UP = '\u001b[A';
const DOWN = '\u001b[B';
const LEFT = '\u001b[D';
const HOME = '\u001b[H';
const DELETE = '\u001b[3~';
const CTRL_LEFT = '\u001b[1;5D';

/** Somebody at a terminal. */
class Person {
  readonly tty = new FakeTty();
  readonly #runtime: Runtime;
  readonly exit: Promise<ExitResult | undefined>;

  private constructor(runtime: Runtime, tty: FakeTty) {
    this.tty = tty;
    this.#runtime = runtime;
    this.exit = runtime.watch({ id: 'shell:shell', host: 'shell:terminal' }).exit.then(event => event.result);
  }

  static async sitDown(): Promise<Person> {
    const tty = new FakeTty();
    tty.screen.resize(60, 20);
    const runtime = await start(ROOT, {
      workers: 1,
      services: createServices({ root: ROOT, terminal: tty.terminal, log: silentLog }),
    });
    const person = new Person(runtime, tty);
    await tty.screen.wrote('shell> ');
    return person;
  }

  /** Type, and wait until the screen shows something that was not there before. */
  async type(keys: string, expected: string): Promise<void> {
    const from = this.tty.screen.text.length;
    this.tty.keyboard.write(keys);
    await this.tty.screen.wrote(expected, from);
  }

  /** Type, and see what the line is then. A mark at the end of the keys makes sure that all were seen. */
  async edit(keys: string): Promise<string> {
    await this.type(`${keys}\u0005|`, '|');
    const line = this.line;
    await this.type('\u007f', '\u001b[K');
    return line.slice('shell> '.length, -1);
  }

  /** The line of the prompt as it was last drawn. */
  get line(): string {
    const { text } = this.tty.screen;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it takes away
    return text.slice(text.lastIndexOf('\r') + 1).replace(/\u001b\[[\d;]*[a-zA-Z]/g, '');
  }

  async leave(): Promise<void> {
    await this.#runtime.stop();
    this.tty.terminal.close();
  }
}

async function seated(work: (person: Person) => Promise<void>): Promise<void> {
  const person = await Person.sitDown();
  try {
    await work(person);
  } finally {
    await person.leave();
  }
}

test('a line is edited, completed, kept and found again', () =>
  seated(async person => {
    assert.is(await person.edit(`helo${LEFT}l`), 'hello');
    assert.is(await person.edit(`${HOME}x${DELETE}`), 'xello');
    assert.is(await person.edit(' w\u00f6rld\u0017'), 'xello ');
    assert.is(await person.edit('\u0015one two'), 'one two');
    assert.is(await person.edit(`${CTRL_LEFT}\u000b`), 'one ');
    assert.is(await person.edit('\u0015\u001b[200~a\nb\u001b[201~'), 'a b');
    assert.is(await person.edit('\u0015sp\tec\t'), 'spawn echo ');
    await person.type('\u0015foo\r', 'there is no command foo');
    await person.type('bar\r', 'there is no command bar');
    assert.is(await person.edit(`new${UP}${UP}`), 'foo');
    assert.is(await person.edit(DOWN), 'bar');
    assert.is(await person.edit(`${DOWN}er`), 'newer');
    await person.type('\u0015s\t', 'scripts  spawn  send');
    await person.type('\u0003', '^C');
    assert.is(await person.edit(''), '');
    const long = 'a line that is longer than the screen is wide, as lines often are, alas';
    assert.ok(long.endsWith(await person.edit(long)));
    await person.type(HOME, '\u001b[8G');
    assert.ok(`shell> ${long}`.startsWith(person.line) && person.line.length === 59, person.line);
    await person.type('\u000b\u0004', '\u001b[?2004l');
    assert.equal(await person.exit, { value: 0 });
    assert.is(person.tty.keyboard.isRaw, false);
  }));

test('scripts are started, asked, watched and killed; what they say is text', () =>
  seated(async person => {
    await person.type('spawn echo\r', '1 echo is {shell:cage|');
    await person.type('ask 1 {"a": [1]}\r', '{"a":[1]}');
    await person.type('spawn letters\r', '2 letters is {shell:cage|');
    await person.type('ask 2 hannah\r', '"h":2');
    await person.type('spawn rude\r', '3 rude is');
    const from = person.tty.screen.text.length;
    await person.type('ask 3 hello\r', '\\u001b[2J\\u001b]0;mine\\u0007\\u001b[H\\nshell> exit\\r');
    assert.not(person.tty.screen.text.slice(from).includes('\u001b[2J'), 'the screen was not cleared');
    await person.type('spawn spy\r', '4 spy is');
    await person.type('ask 4 what do you see\r', '"children":"PERMISSION_DENIED"');
    await person.type('ps\r', '4   spy');
    assert.not(person.tty.screen.text.includes('possible!'), 'the spy found a way');
    await person.type('spawn sum\r', '5 sum is');
    await person.type('ask 5 many\r', "5 sum ended: \u001b[39mattempt to add a 'number' with a 'string'");
    await person.type('spawn busy\r', '6 busy is');
    await person.type('send 6 work\r', 'shell> ');
    await person.type('kill 6\r', '6 busy ended: \u001b[39mprocess terminated');
    await person.type('ask 6 there?\r', 'there is no 6: ps lists them');
    await person.type('exit 300\r', 'an exit code is a number from 0 to 255');
    await person.type('exit 3\r', '\u001b[?2004l');
    assert.equal(await person.exit, { value: 3 });
  }));

test('Ctrl-C ends waiting, not the shell; what was typed meanwhile is there afterwards; the prompt follows the size', () =>
  seated(async person => {
    await person.type('spawn busy\r', '1 busy is');
    await person.type('ask 1 work\r', '\n');
    await person.type('scri\u0003', 'not waited for any more');
    await person.type('pts\r', 'counts the letters');
    const from = person.tty.screen.text.length;
    person.tty.screen.resize(30, 10);
    await person.tty.screen.wrote('shell> ', from);
    assert.is(person.line, 'shell> ');
    await person.type('kill 1\r', 'process terminated');
  }));

test('a script that answers without end does not keep the shell from ending it', () =>
  seated(async person => {
    await person.type('spawn flood\r', '1 flood is');
    await person.type('send 1 go\r', 'and another thing');
    await person.type('kill 1\r', '1 flood ended: \u001b[39mprocess terminated');
    await person.type('ps\r', 'shell> ');
  }));

test('commands can come from a file: no prompt, no colours, the exit code all the same', async () => {
  const input = ['spawn echo', 'ask 1 hello', 'spawn sum', 'ask 2 4', 'ask 2 5', 'ps', 'exit 4'];
  const { terminal, exit } = await command(ROOT, 'shell:shell', new MemoryTerminal({ input }));
  assert.equal(exit, { value: 4 });
  const lines = terminal.output.replace(/\{shell:cage\|0x[0-9a-f]+\}/g, 'PID').split('\n');
  assert.equal(lines, [
    '  1 echo is PID',
    '1 echo: hello',
    '  2 sum is PID',
    '2 sum: 4',
    '2 sum: 9',
    '  1   echo     PID answers: 1',
    '  2   sum      PID answers: 2',
    '',
  ]);
  const ended = await command(ROOT, 'shell:shell', new MemoryTerminal({ input: [] }));
  assert.equal(ended.exit, { value: 0 });
});

test.run();
