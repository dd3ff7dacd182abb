/** A terminal host: one process that has the terminal, in every language, and a terminal that is in order after it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { ProcessEvent } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy, type Files } from '../deploy.ts';
import { FakeTty } from './fake_tty.ts';

const test = suite('terminal host');

/**
 * The same program in each language: it says what it sees, then each key and each size that comes, and ends with 7 at a `q`.
 */
const FILES = {
  'tty.yaml': `version: "1.0"
namespace: tty
entries:
  - {name: terminal, kind: terminal.host, trusted: true}
  - {name: lua, kind: process.lua, source: file://keys.lua, modules: [io], meta: {command: {name: lua}}}
  - {name: typescript, kind: process.ts, source: file://keys.ts, imports: [io], meta: {command: {name: typescript}}}
  - {name: draws, kind: process.lua, source: file://draws.lua, modules: [io], meta: {command: {name: draws}}}
`,
  'keys.lua': `local io = require("io")

return function(...)
  local resized, arrived = process.listen("resized"), channel.new()
  local size = io.on_resize("resized")
  io.write(table.concat({...}, " "), " ", size.columns, "x", size.rows, " ", io.colors(), "\\n")
  assert(io.raw_mode())
  coroutine.spawn(function()
    while true do arrived:send(assert(io.read_key())) end
  end)
  while true do
    local got = channel.select{arrived:case_receive(), resized:case_receive()}
    if got.channel == resized then io.write(got.value.columns, "x", got.value.rows, "\\n")
    elseif got.value.key == "q" then return 7
    else io.write(got.value.ctrl and "ctrl+" or "", got.value.key, "\\n") end
  end
end`,
  'keys.ts': `import { defineProcess } from 'troupe/sdk';

export default defineProcess(function* (self, ...args: string[]) {
  const resized = self.listen('resized');
  const size = self.io.onResize('resized');
  yield* self.io.write(args.join(' ') + ' ' + size.columns + 'x' + size.rows + ' ' + self.io.colors() + '\\n');
  yield* self.io.rawMode();
  self.fork(function* () {
    for (;;) {
      const size: any = yield* resized.receive();
      yield* self.io.write(size.columns + 'x' + size.rows + '\\n');
    }
  });
  for (;;) {
    const key = yield* self.io.readKey();
    if (key.key === 'q') return 7;
    yield* self.io.write((key.ctrl ? 'ctrl+' : '') + key.key + '\\n');
  }
});`,
  'draws.lua': `local io = require("io")

return function(how)
  assert(io.raw_mode(true, {ctrl_c = "key"}))
  io.alternate_screen()
  io.show_cursor(false)
  io.write("\\27[31mdrawn\\n")
  if how == "crash" then error("no luck") end
  if how == "end" then return end
  process.inbox():receive()
end`,
};

/** Apart from the others: it takes long to compile. */
const WASM = {
  'tty.yaml': `version: "1.0"
namespace: tty
entries:
  - {name: terminal, kind: terminal.host}
  - name: wasm
    kind: process.wasm
    source: file://keys.as.ts
    language: assemblyscript
    imports: [io]
    meta: {command: {name: wasm}}
`,
  'keys.as.ts': `import { Answer, Message, operate, select, self, Sources, startOperation, Value } from 'troupe';

@external('troupe:io', 'on_resize')
declare function onResize(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external('troupe:io', 'raw_mode')
declare function rawMode(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external('troupe:io', 'start_read_key')
declare function readKey(tag: i32, args: usize, argsLength: i32): i32;
@external('troupe:io', 'write')
declare function write(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external('troupe:io', 'colors')
declare function colors(args: usize, argsLength: i32, area: usize, capacity: i32): i32;

function say(text: string): void {
  operate(write, [Value.string(text + '\\n')]);
}

function shown(size: Value): string {
  return size.get('columns').asInt().toString() + 'x' + size.get('rows').asInt().toString();
}

export function main(): i32 {
  const size = operate(onResize, [Value.string('resized')])!;
  const args: string[] = [];
  for (let i = 0; i < self.args.length; i++) args.push(self.args.at(i).asString());
  say(args.join(' ') + ' ' + shown(size) + ' ' + operate(colors)!.asInt().toString());
  operate(rawMode);
  startOperation(readKey, 1);
  let code = 0;
  while (code == 0) {
    const arrival = select(Sources.Inbox | Sources.Answers);
    if (arrival instanceof Answer) {
      const key = (arrival as Answer).payload;
      if (key.get('key').asString() == 'q') code = 7;
      else say((key.get('ctrl').asBool() ? 'ctrl+' : '') + key.get('key').asString());
      startOperation(readKey, 1);
    } else say(shown((arrival as Message).payload));
  }
  return code;
}`,
};

interface Shown {
  readonly runtime: Runtime;
  readonly tty: FakeTty;
  /** Start a program in the terminal. */
  watch(id: string, ...args: string[]): { readonly pid: string; readonly exit: Promise<ProcessEvent> };
}

async function withTerminal(files: Files, workers: number, work: (shown: Shown) => Promise<void>): Promise<void> {
  const tty = new FakeTty();
  const services = createServices({ terminal: tty.terminal, log: silentLog });
  const runtime = await deploy(files, { workers, services });
  try {
    const watch = (id: string, ...args: string[]) => runtime.watch({ id, host: 'tty:terminal', args });
    await work({ runtime, tty, watch });
  } finally {
    await runtime.stop();
    tty.terminal.close();
  }
}

for (const language of ['lua', 'typescript', 'wasm']) {
  test(`${language}: arguments, size, colours, keys, sizes that change, the exit code`, () =>
    withTerminal(language === 'wasm' ? WASM : FILES, 1, async ({ tty, watch }) => {
      const { exit } = watch(`tty:${language}`, 'one', 'two');
      await tty.screen.wrote('one two 40x12 4\n');
      await tty.screen.wrote('\u001b[?2004h');
      tty.keyboard.write('\u001b[A');
      await tty.screen.wrote('up\n');
      tty.screen.resize(100, 30);
      await tty.screen.wrote('100x30\n');
      tty.keyboard.write('\u0001');
      await tty.screen.wrote('ctrl+a\n');
      tty.keyboard.write('q');
      assert.equal((await exit).result, { value: 7 });
      assert.is(tty.keyboard.isRaw, false);
      assert.ok(tty.screen.text.endsWith('\u001b[?2004l'));
    }));
}

const ENDS: { readonly [how: string]: (shown: Shown, pid: string) => unknown } = {
  end: () => undefined,
  crash: () => undefined,
  'be killed': ({ runtime }, pid) => runtime.terminate(pid),
  'be stopped with the runtime': ({ runtime }) => runtime.stop(),
  'be halted with the runtime': ({ runtime }) => runtime.halt(),
};

for (const [how, end] of Object.entries(ENDS)) {
  test(`a program that draws may ${how}: the terminal is as it was`, () =>
    withTerminal(FILES, 0, async shown => {
      const { tty, watch } = shown;
      const { pid, exit } = watch('tty:draws', how);
      await tty.screen.wrote('drawn');
      await end(shown, pid);
      await exit;
      assert.is(tty.keyboard.isRaw, false);
      assert.ok(
        tty.screen.text.endsWith('\u001b[0m\u001b[?2004l\u001b[?1049l\u001b[?25h'),
        JSON.stringify(tty.screen.text),
      );
    }));
}

test('there is one process at a time; the next one may start when it has ended', () =>
  withTerminal(FILES, 0, async ({ tty, runtime, watch }) => {
    const { pid, exit } = watch('tty:draws', 'wait');
    try {
      watch('tty:draws', 'end');
      assert.unreachable();
    } catch (thrown) {
      assert.instance(thrown, TroupeError);
      const { kind, retryable, message } = thrown as TroupeError;
      assert.equal({ kind, retryable }, { kind: 'RATE_LIMITED', retryable: true });
      assert.match(message, 'host "tty:terminal" is full: it runs one process at a time');
    }
    await tty.screen.wrote('drawn');
    runtime.terminate(pid);
    await exit;
    assert.equal((await watch('tty:draws', 'end').exit).result, { value: undefined });
  }));

test.run();
