/** `http_client` where the objects of the language are frozen, as in threads that run TypeScript which is not trusted. */
import 'ses';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { httpClientCapability } from '../../runtime/capabilities/http_client.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, failureOf, refusal } from './call.ts';
import { closeServers, serve, serveRaw } from './http_servers.ts';

(globalThis as unknown as { lockdown(options: object): void }).lockdown({
  overrideTaming: 'min',
  consoleTaming: 'unsafe',
  domainTaming: 'unsafe',
});

const test = suite('http_client after lockdown');

test('answers, refusals and failures are the same', async () => {
  assert.ok(Object.isFrozen(Error.prototype));
  const caller = new Caller({}, systemClock);
  const good = await serve((_request, response) => response.end('hello'));
  const heads = await serveRaw(socket => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`));
  const nonsense = await serveRaw(socket => socket.end('hello\r\n\r\n'));
  const short = await serveRaw(socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'));
  const shut = await serveRaw(socket => socket.destroy());
  const silent = await serve(() => caller.end());
  const get = (origin: string, options: Payload = {}) =>
    caller.call(httpClientCapability, { allow: ['http://*:*'], private_addresses: true }, 'get', origin, options);
  assert.is(((await get(good.origin)) as { body: string }).body, 'hello');
  for (const { origin } of [heads, nonsense, short, shut]) assert.is((await refusal(get(origin))).kind, 'UNAVAILABLE');
  // What the library says of it, whose errors write over what is frozen.
  assert.is((await failureOf(get(heads.origin))).details?.code, 'UND_ERR_HEADERS_OVERFLOW');
  assert.is((await refusal(get(good.origin, { max_bytes: 2 }))).kind, 'INVALID');
  assert.is((await refusal(get(silent.origin))).kind, 'CANCELED');
  const strict = caller.call(httpClientCapability, { allow: ['http://*:*'] }, 'get', good.origin);
  assert.is((await refusal(strict)).kind, 'PERMISSION_DENIED');
  closeServers();
});

test.run();
