/** The socket of a runtime beside its processes: clients that keep to no rules hold up nobody, and get in nobody's way. */
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLog } from '../../runtime/logger.ts';
import { LONGEST_REQUEST } from '../../runtime/inspect/protocol.ts';
import { deploymentKey, listSockets } from '../../runtime/inspect/socket_folder.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { createServices, machineTypes } from '../../sdk/embed/index.ts';
import { deploy } from '../deploy.ts';
import { RawClient } from './raw_client.ts';
import { useSessionFolder } from './session_folder.ts';

const folder = useSessionFolder();

const test = suite<{ runtime: Runtime; path: string }>('socket of a runtime');

const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: closed, kind: process.host, allow_untrusted_ts: true, reachable_from: [mount], capabilities: {process: {operations: []}}}
  - {name: holds, kind: process.ts, source: "file://holds.ts"}
  - {name: reaches, kind: process.ts, source: "file://reaches.ts", imports: [fs]}
  - {name: mount, kind: process.host, allow_untrusted_ts: true, capabilities: {fs: {root: ".", write: true}}}
`,
  'holds.ts': `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  const message = yield* self.receive();
  return { topic: message.topic, payload: message.payload };
});`,
  'reaches.ts': `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, path: string) {
  const said: string[] = [];
  const fs = self.capability('fs');
  for (const [name, ...args] of [['open', {}], ['open', { write: true }], ['readFile'], ['writeFile', 'x']] as [string, ...any[]][]) {
    try {
      yield* (fs as any)[name](path, ...args);
      said.push(name);
    } catch (error) {
      said.push((error as any).kind);
    }
  }
  return said;
});`,
};

test.before.each(async context => {
  context.runtime = await deploy(FILES, { inspect: true });
  const [{ path }] = listSockets(folder, deploymentKey(context.runtime.deployment.root));
  context.path = path;
});

test.after.each(async ({ runtime }) => runtime.stop());

/** A well-behaved client gets its answer, whatever others do. */
async function stillAnswers(path: string): Promise<void> {
  const client = await RawClient.greeted(path);
  client.say({ id: 7, ask: 'ps' });
  const { id, value } = await client.line();
  assert.is(id, 7);
  assert.is(value.threads, 1);
  client.close();
}

test("the socket is its owner's alone, says who it is, and is gone with the runtime", async ({ runtime, path }) => {
  assert.is(statSync(path).mode & 0o777, 0o600);
  const client = await RawClient.open(path);
  client.say({ hello: 1 });
  const hello = await client.line();
  assert.is(hello.protocol, 1);
  assert.is(hello.root, runtime.deployment.root);
  assert.is(hello.pid, process.pid);
  await runtime.stop();
  await client.closed;
  assert.not(existsSync(path));
});

test('a runtime is not opened unless that was asked for', async () => {
  const runtime = await deploy(FILES);
  assert.equal(listSockets(folder, deploymentKey(runtime.deployment.root)), []);
  await runtime.stop();
});

test('a runtime that cannot open its socket says so and goes on', async () => {
  const lines: string[] = [];
  const log = { ...silentLog, log: (_level: string, message: string) => void lines.push(message) };
  const session = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = join(folder, '..', 'x');
  try {
    mkdirSync(process.env.XDG_RUNTIME_DIR);
    writeFileSync(join(process.env.XDG_RUNTIME_DIR, 'troupe'), '');
    const runtime = await deploy(FILES, { inspect: true, services: createServices({ root: '.', log }) });
    assert.is(lines.length, 1);
    assert.match(lines[0], /cannot be inspected while it runs: the folder for sockets .* is not safe: it is no folder/);
    assert.is(typeof runtime.spawn({ id: 'app:holds', host: 'app:host' }), 'string');
    await runtime.stop();
  } finally {
    process.env.XDG_RUNTIME_DIR = session;
  }
});

test('several runtimes of one program have sockets of their own', async ({ runtime, path }) => {
  const other = await Runtime.start({ deployment: runtime.deployment, machines: machineTypes, inspect: true });
  const key = deploymentKey(runtime.deployment.root);
  assert.is(listSockets(folder, key).length, 2);
  await other.stop();
  assert.equal(
    listSockets(folder, key).map(file => file.path),
    [path],
  );
  await stillAnswers(path);
});

test('requests are answered in order, and a client that says no more still reads its answers', async ({ path }) => {
  const client = await RawClient.greeted(path);
  for (let id = 0; id < 20; id++) client.say({ id, ask: 'ps' });
  client.socket.end();
  for (let id = 0; id < 20; id++) assert.is((await client.line()).id, id);
  assert.is(await client.line(), undefined);
});

test('send, cancel and terminate are the calls of the owner, also where the deployment is strict', async () => {
  const strict = await deploy({ ...FILES, '.troupe.yaml': 'security: {strict_mode: true}\n' }, { inspect: true });
  const [{ path }] = listSockets(folder, deploymentKey(strict.deployment.root));
  const client = await RawClient.greeted(path);
  const ask = async (request: object): Promise<any> => {
    client.say({ id: 1, ...request });
    return client.line();
  };
  const first = strict.watch({ id: 'app:holds', host: 'app:closed' });
  assert.is((await ask({ ask: 'send', to: first.pid, topic: 'work', payloads: [{ a: 1 }] })).value.pid, first.pid);
  assert.equal((await first.exit).result?.value, { topic: 'work', payload: { a: 1 } });
  const second = strict.watch({ id: 'app:holds', host: 'app:host', name: 'second' });
  assert.is((await ask({ ask: 'cancel', to: 'second', reason: 'enough' })).value.pid, second.pid);
  assert.is((await ask({ ask: 'terminate', to: 'second' })).value.pid, second.pid);
  assert.is((await second.exit).result?.error?.message, 'process terminated');
  assert.is((await ask({ ask: 'terminate', to: 'second' })).error.kind, 'NOT_FOUND');
  assert.is((await ask({ ask: 'send', to: 'nobody', topic: 'x', payloads: [] })).error.kind, 'NOT_FOUND');
  assert.is((await ask({ ask: 'send', to: 'nobody', topic: '@x', payloads: [] })).error.kind, 'NOT_FOUND');
  const refused = await ask({ ask: 'terminate', to: strict.pid });
  assert.is(refused.error.kind, 'INVALID');
  assert.match(refused.error.message, /is the runtime itself/);
  await strict.stop();
});

test('who does not greet, or speaks another version, is told so and hung up on', async ({ path }) => {
  for (const [line, message] of [
    ['{"id": 1, "ask": "ps"}', /begins with the line/],
    ['GET / HTTP/1.1\r', /begins with the line/],
    ['', /begins with the line/],
    ['{"hello": 2}', /speaks version 1 of the protocol, not 2/],
  ] as const) {
    const client = await RawClient.open(path);
    client.socket.write(`${line}\n{"id":1,"ask":"ps"}\n`);
    const { error } = await client.line();
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, message);
    assert.is(await client.line(), undefined);
  }
  await stillAnswers(path);
});

test('a request that is wrong is answered with what is wrong, and the next one is taken', async ({ path }) => {
  const client = await RawClient.greeted(path);
  const wrong: [string, RegExp][] = [
    ['nonsense', /one line of JSON/],
    ['"\ud800', /one line of JSON/],
    ['null', /the request is wrong/],
    ['[]', /the request is wrong/],
    ['{"id":1,"ask":"eval","code":"1"}', /ask: /],
    ['{"id":1,"ask":"ps","limit":1e9}', /limit: /],
    ['{"id":1,"ask":"ps","colour":"red"}', /"colour"/],
    ['{"id":-1,"ask":"ps"}', /id: /],
    ['{"id":1,"ask":"inspect","process":{"__proto__":1}}', /process: /],
    [`{"id":1,"ask":"inspect","process":"${'x'.repeat(20_000)}"}`, /process: /],
    ['{"id":1,"ask":"inspect","process":"{app:host|0x99999}"}', /not found/],
  ];
  for (const [line, message] of wrong) {
    client.socket.write(`${line}\n`);
    assert.match((await client.line()).error.message, message);
  }
  client.socket.write(Buffer.from([0xff, 0xfe, 10]));
  assert.match((await client.line()).error.message, /UTF-8/);
  client.say({ id: 2, ask: 'ps' });
  assert.is((await client.line()).id, 2);
  client.close();
});

test('what is nested deeper than can be sent is refused, and nothing is broken', async ({ runtime, path }) => {
  const { pid } = runtime.watch({ id: 'app:holds', host: 'app:host' });
  const client = await RawClient.greeted(path);
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  client.socket.write(`{"id":1,"ask":"send","to":"${pid}","topic":"x","payloads":[${deep}]}\n`);
  assert.is((await client.line()).id, 1);
  client.socket.write(`{"id":2,"ask":"why","process":"${pid}","action":"a","resource":"b","meta":{"m":${deep}}}\n`);
  assert.is((await client.line()).id, 2);
  await stillAnswers(path);
  client.close();
});

test('a line without an end is cut off at its limit', async ({ path }) => {
  const client = await RawClient.greeted(path);
  client.socket.write('x'.repeat(LONGEST_REQUEST + 1));
  assert.match((await client.line()).error.message, /a line may have 1048576 bytes/);
  assert.is(await client.line(), undefined);
  await stillAnswers(path);
});

test('who asks without reading is not read from any more', async ({ path }) => {
  const client = await RawClient.greeted(path);
  client.socket.pause();
  // Refusals are the cheapest way to make a runtime say something.
  const request = `{"id":1,"ask":"inspect","process":"${'x'.repeat(9_000)}"}\n`;
  let taken = 0;
  for (let i = 0; i < 200; i++) {
    const before = client.socket.bytesWritten;
    client.socket.write(request.repeat(100));
    await new Promise(resolve => setImmediate(resolve));
    taken = before - client.socket.writableLength;
  }
  // Of 180 MB it has taken what lies in the buffers of the system, and what may be asked at once.
  assert.ok(taken < 16 << 20, `${taken} bytes`);
  assert.ok(client.socket.writableLength > 100 << 20);
  await stillAnswers(path);
  client.close();
});

test('silent clients make room: one more always gets in', async ({ path }) => {
  const silent = await Promise.all(Array.from({ length: 60 }, () => RawClient.open(path)));
  await stillAnswers(path);
  let gone = 0;
  for (const client of silent) void client.closed.then(() => gone++);
  await stillAnswers(path);
  assert.ok(gone >= 40, `${gone} of 60 were hung up on`);
  for (const client of silent) client.close();
});

test('a client that goes away in the middle hurts nobody', async ({ path }) => {
  for (let i = 0; i < 50; i++) {
    const client = await RawClient.greeted(path);
    client.say({ id: 1, ask: 'ps' });
    client.close();
  }
  await stillAnswers(path);
});

test('a process that may use the folder as files cannot reach a socket in it', async ({ runtime }) => {
  let connections = 0;
  const path = join(runtime.deployment.root, 'some.sock');
  const server = createServer(() => connections++);
  await new Promise<void>(resolve => server.listen(path, resolve));
  try {
    const said = await runtime.exec({ id: 'app:reaches', host: 'app:mount', args: ['some.sock'] });
    assert.equal(said, ['INVALID', 'INVALID', 'INVALID', 'INVALID']);
    assert.is(connections, 0);
  } finally {
    server.close();
  }
});

test.run();
