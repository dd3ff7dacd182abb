/** `http_client`: what requests say, what answers are, and how much of everything there may be. */
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { httpClientCapability } from '../../runtime/capabilities/http_client.ts';
import { bindOperation } from '../../runtime/capabilities/link.ts';
import { operate } from '../../runtime/capabilities/operate.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, failureOf, refusal } from './call.ts';
import { closeServers, serve, serveRaw } from './http_servers.ts';

const test = suite<{ caller: Caller }>('http_client');

type Answer = { status: number; status_text: string; headers: any; body: any; url: string; redirected: boolean };

test.before.each(context => {
  context.caller = new Caller({}, systemClock);
});

test.after.each(({ caller }) => {
  caller.end();
  closeServers();
});

/** One grant for several calls. */
function granted(caller: Caller, settings: object) {
  const parsed = httpClientCapability.settings.parse({ private_addresses: true, ...settings });
  return async (name: string, ...args: Payload[]): Promise<Answer> => {
    const bound = bindOperation('http_client', name, httpClientCapability.operations[name] as never, parsed);
    return (await operate(caller, bound, args)) as Answer;
  };
}

const echo = () =>
  serve((request, response, body) => {
    response.setHeader('content-type', 'application/json');
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.setHeader('x-two', ['one', 'two']);
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
  });

test('each method sends what it is given and answers what came', async ({ caller }) => {
  const { origin } = await echo();
  const http = granted(caller, { allow: [`${origin}/*`] });
  for (const method of ['get', 'post', 'put', 'delete', 'patch']) {
    const answer = await http(method, `${origin}/a`, { as: 'json' });
    assert.is(answer.body.method, method.toUpperCase());
    assert.equal([answer.status, answer.status_text, answer.redirected], [200, 'OK', false]);
  }
  const head = await http('head', `${origin}/a`);
  assert.equal([head.status, head.body], [200, '']);
  assert.is((await http('request', 'options', `${origin}/a`, { as: 'json' })).body.method, 'OPTIONS');
  assert.match((await refusal(http('request', 'TRACE', origin))).message, 'method cannot be "TRACE"');
  assert.match((await refusal(http('request', 'GETT', origin))).message, 'did you mean "GET"?');
});

test('headers, query and bodies are what the program says', async ({ caller }) => {
  const { origin, seen } = await echo();
  const http = granted(caller, { allow: [`${origin}/*`] });
  const query = { q: 'a b&c', n: 5, list: ['x', true] };
  const answer = await http('post', `${origin}/find?first=1#part`, { query, json: { a: [1n, null] }, as: 'json' });
  assert.is(answer.body.url, '/find?first=1&q=a+b%26c&n=5&list=x&list=true');
  assert.is(answer.url, `${origin}${answer.body.url}`);
  assert.is(answer.body.body, '{"a":[1,null]}');
  assert.is(answer.body.headers['content-type'], 'application/json');
  assert.is(answer.body.headers['user-agent'], 'troupe');
  assert.equal(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.is(answer.headers['x-two'], 'one, two');
  await http('put', origin, { body: new Uint8Array([104, 105]), headers: { 'X-Trace': ['1', '2'], Accept: '*/*' } });
  assert.equal([seen[1].body, seen[1].headers['x-trace'], seen[1].headers.accept], ['hi', '1, 2', '*/*']);
  assert.is(seen[1].headers['content-length'], '2');
  // Nothing is kept from one request to the next.
  assert.is(seen[1].headers.cookie, undefined);
  await http('get', origin, { auth: { user: 'ann', password: 'a:b' } });
  assert.is(seen[2].headers.authorization, `Basic ${Buffer.from('ann:a:b').toString('base64')}`);
  await http('get', origin, { auth: { bearer: 'tok' } });
  assert.is(seen[3].headers.authorization, 'Bearer tok');
});

test('the body is text, bytes or the value of JSON', async ({ caller }) => {
  const bytes = Buffer.from([0xff, 0, 0xc3, 0xa9]);
  const { origin } = await serve((request, response) => response.end(request.url === '/bytes' ? bytes : '{"a":1}'));
  const http = granted(caller, { allow: [`${origin}/*`] });
  assert.equal((await http('get', `${origin}/bytes`, { as: 'bytes' })).body, new Uint8Array(bytes));
  assert.is((await http('get', `${origin}/bytes`)).body, '\ufffd\0\u00e9');
  assert.equal((await http('get', origin, { as: 'json' })).body, { a: 1 });
  assert.match((await refusal(http('get', `${origin}/bytes`, { as: 'json' }))).message, 'the answer is not JSON');
});

test('what is compressed comes unpacked', async ({ caller }) => {
  const text = 'again and again '.repeat(5000);
  const packed: { [coding: string]: Buffer } = {
    gzip: gzipSync(text),
    deflate: deflateSync(text),
    br: brotliCompressSync(text),
  };
  const { origin } = await serve((request, response) => {
    const coding = request.url!.slice(1);
    response.setHeader('content-encoding', coding);
    response.end(request.method === 'HEAD' ? undefined : Object.hasOwn(packed, coding) ? packed[coding] : 'as it is');
  });
  const http = granted(caller, { allow: [`${origin}/*`] });
  for (const coding of Object.keys(packed)) {
    const answer = await http('get', `${origin}/${coding}`);
    assert.ok(answer.body === text, coding);
    assert.is(answer.headers['content-encoding'], undefined);
    assert.is((await http('head', `${origin}/${coding}`)).status, 200);
  }
  const unknown = await http('get', `${origin}/toString`);
  assert.equal([unknown.body, unknown.headers['content-encoding']], ['as it is', 'toString']);
});

test('redirects are followed, counted, and change the method as they should', async ({ caller }) => {
  const { origin, seen } = await serve((request, response, body) => {
    const [, status, rest] = /^\/(\d+)(.*)$/.exec(request.url!) ?? [];
    if (status === undefined) return response.end(`${request.method} ${body}`);
    response.writeHead(Number(status), { location: rest === '' ? '/end' : rest });
    return response.end('gone elsewhere');
  });
  const http = granted(caller, { allow: [`${origin}/*`], redirects: 3 });
  const expected: [string, string][] = [
    ['301', 'GET '],
    ['302', 'GET '],
    ['303', 'GET '],
    ['307', 'POST hi'],
    ['308', 'POST hi'],
  ];
  for (const [status, end] of expected) {
    const answer = await http('post', `${origin}/${status}`, { body: 'hi', headers: { 'content-type': 'text/plain' } });
    assert.equal([answer.body, answer.redirected, answer.url], [end, true, `${origin}/end`], status);
    assert.is(seen.at(-1)!.headers['content-type'], end === 'POST hi' ? 'text/plain' : undefined);
  }
  assert.is((await http('put', `${origin}/302`, { body: 'x' })).body, 'PUT x');
  // An answer longer than may be read that nobody reads.
  assert.is((await http('get', `${origin}/302`, { max_bytes: 5 })).body, 'GET ');
  assert.is((await http('get', `${origin}/301/302/303/end`)).status, 200);
  const many = await refusal(http('get', `${origin}/301/301/301/301/end`));
  assert.equal(many.kind, 'UNAVAILABLE');
  assert.match(many.message, 'redirected more than 3 times');
  const first = await http('get', `${origin}/301`, { redirects: 0 });
  assert.equal([first.status, first.headers.location, first.body], [301, '/end', 'gone elsewhere']);
});

test('several requests at once are answered in their order, each for itself', async ({ caller }) => {
  let running = 0;
  let most = 0;
  const { origin } = await serve((request, response) => {
    most = Math.max(most, ++running);
    setImmediate(() => {
      running--;
      response.end(request.url);
    });
  });
  const http = granted(caller, { allow: [`${origin}/*`], concurrent: { process: 3 } });
  const requests = Array.from({ length: 9 }, (_, i) => ({ method: 'GET', url: `${origin}/${i}` }));
  requests[4].url = 'http://elsewhere.test/';
  const results = (await http('request_batch', requests)) as unknown as { answer?: Answer; error?: TroupeError }[];
  assert.equal(
    results.map(({ answer, error }) => answer?.body ?? error!.kind),
    ['/0', '/1', '/2', '/3', 'PERMISSION_DENIED', '/5', '/6', '/7', '/8'],
  );
  assert.ok(most <= 3, `${most} at once`);
  assert.equal(await http('request_batch', []), []);
  assert.match(
    (await refusal(http('request_batch', new Array(33).fill({})))).message,
    'requests must not hold more than 32, got 33',
  );
});

test('no more requests at once than a process and its host may have', async ({ caller }) => {
  const waiting: (() => void)[] = [];
  const { origin, seen } = await serve((_request, response) => waiting.push(() => response.end('late')));
  const http = granted(caller, { allow: [`${origin}/*`], concurrent: { process: 2, host: 2 } });
  const started = [http('get', origin), http('get', origin)];
  const refused = await failureOf(http('get', origin));
  assert.equal([refused.kind, refused.retryable], ['RATE_LIMITED', true]);
  assert.match(refused.message, 'raise concurrent.process of the http_client of test:host');
  const other = new Caller({}, systemClock, '{test:host|0x00002}');
  (other as { services: unknown }).services = caller.services;
  assert.match(
    (await refusal(granted(other, { allow: [`${origin}/*`], concurrent: { host: 2 } })('get', origin))).message,
    'concurrent.host',
  );
  while (seen.length < 2) await new Promise(setImmediate);
  for (const answer of waiting) answer();
  assert.equal(
    (await Promise.all(started)).map(({ body }) => body),
    ['late', 'late'],
  );
  const again = http('get', origin);
  while (seen.length < 3) await new Promise(setImmediate);
  waiting[2]();
  assert.is((await again).status, 200);
});

test('connections are used again, also after an answer that was not wanted', async ({ caller }) => {
  let connections = 0;
  const ports = new Set<number>();
  const { origin } = await serve((request, response) => {
    ports.add(request.socket.remotePort!);
    connections = ports.size;
    response.end(request.url);
  });
  const http = granted(caller, { allow: [`${origin}/*`] });
  for (let i = 0; i < 5; i++) await http('get', `${origin}/${i}`);
  assert.is(connections, 1);
  assert.is((await refusal(http('get', `${origin}/long`, { max_bytes: 2 }))).kind, 'INVALID');
  assert.is((await http('get', `${origin}/x`)).body, '/x');
  // Of another grant, though it is the same server.
  await granted(caller, { allow: [`${origin}/*`] })('get', origin);
  assert.ok(connections >= 2);
});

test('a slow server is left alone when the time is over', async () => {
  const armed: (() => void)[] = [];
  let now = 0;
  const clock = { ...systemClock, now: () => now, arm: (_: number, wake: () => void) => armed.push(wake) };
  const caller = new Caller({}, clock);
  let closed = (): void => undefined;
  const isClosed = new Promise<void>(resolve => {
    closed = resolve;
  });
  const { origin } = await serve((request, response) => {
    response.write('a beginning');
    request.socket.on('close', closed);
    // Woken early: nothing happens yet.
    for (const wake of armed.splice(0)) wake();
    now = 1000;
    for (const wake of armed.splice(0)) wake();
  });
  const http = granted(caller, { allow: [`${origin}/*`], timeout: '2s' });
  const error = await failureOf(http('get', `${origin}/slow?secret=1`, { timeout: '1s' }));
  assert.equal([error.kind, error.retryable], ['TIMEOUT', true]);
  assert.match(error.message, `http_client.get: ${origin}/slow: there was no answer within 1s`);
  await isClosed;
  assert.is(caller.open, 0);
  assert.match(
    (await refusal(http('get', origin, { timeout: '3s' }))).message,
    'timeout must not be more than 2s, the timeout of the host',
  );
});

test('the end of the process ends its requests', async ({ caller }) => {
  let closed = (): void => undefined;
  const isClosed = new Promise<void>(resolve => {
    closed = resolve;
  });
  const { origin } = await serve(request => {
    request.socket.on('close', closed);
    caller.end();
  });
  assert.is((await refusal(granted(caller, { allow: [`${origin}/*`] })('get', origin))).kind, 'CANCELED');
  await isClosed;
});

test('nothing is left behind by a request that is over', async ({ caller }) => {
  const { origin } = await echo();
  await granted(caller, { allow: [`${origin}/*`] })('get', origin);
  assert.is(caller.open, 0);
});

test('servers that are not there, or make no sense, are UNAVAILABLE', async ({ caller }) => {
  const none = await serveRaw(() => undefined);
  closeServers();
  const shut = await serveRaw(socket => socket.destroy());
  const nonsense = await serveRaw(socket => socket.end('SSH-2.0-OpenSSH\r\n'));
  const short = await serveRaw(socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort'));
  const broken = await serveRaw(socket =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nshort'),
  );
  const heads = await serveRaw(socket => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`));
  for (const { origin } of [none, shut, nonsense, short, broken, heads]) {
    const error = await failureOf(granted(caller, { allow: [`${origin}/*`] })('get', `${origin}/?token=1`));
    assert.is(error.kind, 'UNAVAILABLE', error.message);
    assert.is(error.details?.url, `${origin}/`);
    assert.not.match(error.message, 'token');
  }
  const unknown = new Caller(
    { resolve: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })) },
    systemClock,
  );
  const error = await failureOf(granted(unknown, { allow: ['http://nowhere.test/*'] })('get', 'http://nowhere.test/'));
  assert.equal([error.kind, error.retryable, error.details?.code], ['UNAVAILABLE', true, 'ENOTFOUND']);
});

test('strange names of headers are only names', async ({ caller }) => {
  const { origin } = await serveRaw(socket =>
    socket.end('HTTP/1.1 200 Fine\r\n__proto__: x\r\nconstructor: y\r\nContent-Length: 2\r\n\r\nok'),
  );
  const answer = await granted(caller, { allow: [`${origin}/*`] })('get', origin);
  assert.equal(Object.entries(answer.headers), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['content-length', '2'],
  ]);
  assert.is(answer.status_text, 'Fine');
});

test('arguments are refused with what is wrong with them', async ({ caller }) => {
  const http = granted(caller, { allow: ['http://*'], max_body: 10, max_response: 100 });
  const url = 'http://127.0.0.1/';
  const cases: [Payload[], RegExp][] = [
    [['127.0.0.1'], /no absolute URL/],
    [['ftp://127.0.0.1/'], /must begin with https:\/\/ or http:\/\/, not with ftp:/],
    [['file:///etc/passwd'], /not with file:/],
    [[`http://127.0.0.1/${'a'.repeat(20_000)}`], /longer than 16KiB/],
    [[url, { query: { a: 'a'.repeat(20_000) } }], /longer than 16KiB/],
    [[url, { query: { a: {} } }], /query.a must be a text/],
    [[url, { header: {} }], /there is no option "header"; did you mean "headers"/],
    [[url, { headers: { x: {} } }], /headers.x must be a text/],
    [[url, { headers: { 'a b': 'x' } }], /"a b" cannot be the name of a header/],
    [[url, { headers: { A: 'x', a: 'y' } }], /given twice/],
    [[url, { headers: { a: new Array(101).fill('x') } }], /at most 100/],
    [[url, { body: 'x', json: 1 }], /both given/],
    [[url, { body: 'x'.repeat(11) }], /the body has 11B, more than the 10B.*raise max_body/],
    [[url, { auth: { user: 'x' } }], /auth must be \{user, password\} or \{bearer\}/],
    [[url, { auth: { user: 'a:b', password: '' } }], /must not hold a colon/],
    [[url, { auth: { bearer: 'x' }, headers: { Authorization: 'y' } }], /both given/],
    [[url, { as: 'xml' }], /as cannot be "xml"/],
    [[url, { max_bytes: 101 }], /max_bytes must not be more than 100, the max_response of the host/],
    [[url, { redirects: 6 }], /redirects must not be more than 5/],
  ];
  for (const [args, message] of cases) {
    const refused = await refusal(http('post', ...args));
    assert.is(refused.kind, 'INVALID', refused.message);
    assert.match(refused.message, message);
  }
});

test('what a program sends comes as it was', async ({ caller }) => {
  const { origin, seen } = await serve((_request, response) => response.end());
  const body = randomBytes(300_000).toString('base64');
  await granted(caller, { allow: [`${origin}/*`] })('post', origin, { body });
  assert.ok(seen[0].body === body);
});

test.run();
