import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TroupeError } from '../../runtime/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy } from '../deploy.ts';

const test = suite('watchdog');

/** Milliseconds: long enough for a loaded machine, short enough for a test. */
const LIMIT = 500;

const PROGRAMS = `import { defineProcess } from 'troupe/sdk';

function forever(): void {
  for (let i = 0; ; i++) {
    if (i < 0) break;
  }
}

export const generator = defineProcess(function* () {
  try {
    forever();
  } finally {
    yield;
  }
});

export const regularExpression = defineProcess(function* () {
  return /^(a+)+$/.test('a'.repeat(60) + 'b');
});

export const sort = defineProcess(function* () {
  return [3, 1, 2].sort(() => {
    forever();
    return 0;
  });
});

export const json = defineProcess(function* () {
  return JSON.stringify({ toJSON: forever });
});

export const sends = defineProcess(function* (self) {
  for (;;) self.send('nobody.has.this.name', 'x', { a: [1, 2, { b: 'c' }] });
});

export const long = defineProcess(function* (self, steps: number) {
  let sum = 0;
  for (let i = 0; i < steps; i++) sum = (sum + i) % 1_000_003;
  return sum;
});

export const echo = defineProcess(function* (self) {
  for (;;) {
    const message = yield* self.receive();
    self.send(message.from, 'echo', message.payload);
  }
});
`;

const ASYNC = `import { defineProcess } from 'troupe/sdk';

export const asyncStart = defineProcess(async () => {
  for (let i = 0; ; i++) if (i < 0) break;
});

export const asyncEcho = defineProcess(async self => {
  for (;;) {
    const message = await self.receive();
    await self.time.sleep('1ms');
    self.send(message.from, 'echo', message.payload);
  }
});
`;

const MACHINE = `import { setup } from 'xstate';
export default setup({
  actions: {
    hang: () => {
      for (let i = 0; ; i++) if (i < 0) break;
    },
  },
}).createMachine({ initial: 'a', states: { a: { on: { go: { actions: 'hang' } } } } });
`;

const LUA = `return function()
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    process.send(message:from(), "echo", message:payload():data())
  end
end
`;

const TRUSTED = `import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile } from 'node:fs/promises';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { defineProcess } from 'troupe/sdk';

const storage = new AsyncLocalStorage<string>();

export const stored = defineProcess(function* () {
  storage.run('inside', () => {
    for (let i = 0; ; i++) if (i < 0) break;
  });
});

/** Everything that a thread's event loop does for a program. */
export const alive = defineProcess(async () => {
  const told: string[] = [];
  await pause(5);
  told.push('timer');
  await turn();
  told.push('immediate');
  const { port1, port2 } = new MessageChannel();
  const received = new Promise(resolve => port1.once('message', resolve));
  port2.postMessage('port');
  told.push(String(await received));
  port1.close();
  told.push((await readFile('/dev/null', 'utf8')) === '' ? 'file' : '');
  await storage.run('store', async () => {
    await pause(1);
    told.push(String(storage.getStore()));
  });
  return told;
});

export const waits = defineProcess(function* () {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;

const METHODS = ['generator', 'regularExpression', 'sort', 'json', 'sends', 'long', 'echo'];

const YAML = `namespace: w
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: node, kind: process.host, trusted: true}
${METHODS.map(method => `  - {name: ${method}, kind: process.ts, source: file://programs.ts, method: ${method}, imports: [time], meta: {default_host: "w:host"}}`).join('\n')}
${['stored', 'alive', 'waits'].map(method => `  - {name: ${method}, kind: process.ts, source: file://trusted.ts, method: ${method}, meta: {default_host: "w:node"}}`).join('\n')}
${['asyncStart', 'asyncEcho'].map(method => `  - {name: ${method}, kind: process.ts, source: file://async.ts, method: ${method}, imports: [time], meta: {default_host: "w:node"}}`).join('\n')}
  - {name: machine, kind: process.xstate, source: file://machine.ts}
  - {name: lua, kind: process.lua, source: file://echo.lua}
`;

const FILES = {
  'w.yaml': YAML,
  'programs.ts': PROGRAMS,
  'async.ts': ASYNC,
  'trusted.ts': TRUSTED,
  'machine.ts': MACHINE,
  'echo.lua': LUA,
};

function start(workers: number): Promise<Runtime> {
  return deploy(FILES, { workers, watchdog: LIMIT, placement: 'round-robin' });
}

/** Send to a process and wait for its answer. */
async function answers(runtime: Runtime, pid: string): Promise<void> {
  await new Promise<void>(resolve => {
    runtime.onMessage(message => {
      if (message.payload === pid) resolve();
    });
    assert.is(runtime.send(pid, 'call', pid), undefined);
  });
}

function hostOf(id: string): string {
  return id.startsWith('w:async') ? 'w:node' : 'w:host';
}

async function endOf(runtime: Runtime, id: string, host = hostOf(id)): Promise<TroupeError> {
  const { pid, exit } = runtime.watch({ id, host });
  if (id === 'w:machine') runtime.send(pid, 'go', null);
  const { result } = await exit;
  return result!.error!;
}

const PLACES: readonly (readonly [string, RegExp])[] = [
  ['w:generator', /^programs\.ts:4:/],
  ['w:asyncStart', /^async\.ts:4:/],
  ['w:regularExpression', /^programs\.ts:18:/],
  ['w:sort', /^programs\.ts:4:/],
  ['w:json', /^programs\.ts:4:/],
  ['w:sends', /^programs\.ts:33:/],
  ['w:machine', /^machine\.ts:5:/],
];

test('a step that never returns is ended where it is, and everybody else on its thread goes on', async () => {
  const runtime = await start(1);
  const others = ['w:echo', 'w:asyncEcho', 'w:lua'].map(id => runtime.spawn({ id, host: hostOf(id) }));
  for (const [id, place] of PLACES) {
    const error = await endOf(runtime, id);
    assert.is(error.kind, 'TIMEOUT', `${id}: ${error.message}`);
    assert.is(error.retryable, false);
    assert.match(
      error.message,
      /^a step did not return for .*s and was ended \(limit: 500ms, "watchdog" in \.troupe\.yaml\)/,
    );
    assert.match(error.place!, place, id);
    assert.ok((error.details!.milliseconds as number) >= LIMIT);
    for (const pid of others) await answers(runtime, pid);
  }
  await runtime.stop();
});

test('the thread keeps timers, immediates, ports, files and stores of async functions', async () => {
  const runtime = await start(1);
  for (const id of ['w:generator', 'w:stored', 'w:waits', 'w:generator', 'w:stored']) {
    const host = ['w:stored', 'w:waits'].includes(id) ? 'w:node' : 'w:host';
    assert.is((await endOf(runtime, id, host)).kind, 'TIMEOUT', id);
    const told = await runtime.exec({ id: 'w:alive', host: 'w:node' });
    assert.equal(told, ['timer', 'immediate', 'port', 'file', 'store']);
  }
  await runtime.stop();
});

test('two workers that hang at once', async () => {
  const runtime = await start(2);
  const errors = await Promise.all([
    endOf(runtime, 'w:generator'),
    endOf(runtime, 'w:sends'),
    endOf(runtime, 'w:sort'),
  ]);
  assert.equal(
    errors.map(error => error.kind),
    ['TIMEOUT', 'TIMEOUT', 'TIMEOUT'],
  );
  await runtime.stop();
});

test('a step that is long but returns is left alone, and the limit is a setting', async () => {
  const usual = await deploy(FILES, { workers: 1 });
  assert.type(await usual.exec({ id: 'w:long', host: 'w:host', args: [300_000_000] }), 'number');
  await usual.stop();
  const strict = await deploy({ ...FILES, '.troupe.yaml': 'watchdog: 300ms' }, { workers: 1 });
  const error = await endOf(strict, 'w:generator');
  assert.match(error.message, /limit: 300ms/);
  await strict.stop();
});

test.run();
