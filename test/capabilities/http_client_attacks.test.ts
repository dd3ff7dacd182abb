/** `http_client`: what must not be reached, however it is written, and what must not fill the memory. */
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isPublicAddress } from '../../runtime/capabilities/http_client_address.ts';
import { httpClientCapability } from '../../runtime/capabilities/http_client.ts';
import type { Address } from '../../runtime/capabilities/http_client_resolve.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, failureOf, refusal } from './call.ts';
import { closeServers, serve, serveRaw, serveSecurely } from './http_servers.ts';

const test = suite('attacks on http_client');

test.after.each(() => closeServers());

function get(caller: Caller, settings: object, url: string, options?: Payload) {
  return caller.call(httpClientCapability, settings, 'get', url, options) as Promise<{ body: string; status: number }>;
}

/** A caller for whom each name stands for these addresses, one list after the other; the last one stays. */
function resolving(...answers: string[][]): { caller: Caller; asked: string[] } {
  const asked: string[] = [];
  const resolve = async (hostname: string): Promise<Address[]> => {
    const addresses = answers[Math.min(asked.push(hostname), answers.length) - 1];
    return addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { caller: new Caller({ resolve }, systemClock), asked };
}

const NOT_PUBLIC = [
  ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['169.254.169.254', '100.64.0.1', '224.0.0.1', '255.255.255.255', '192.0.0.1', '198.18.0.1', '240.0.0.1'],
  ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', 'fe80::1'],
  ...['fc00::1', 'fd00:ec2::254', 'ff02::1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1'],
  ...['2002:7f00:1::', '2002:a00:1::', '2001:0:7f00:1::', '2001:db8::1', 'fec0::1', '::ffff:0:127.0.0.1', '100::1'],
];
const PUBLIC = ['8.8.8.8', '93.184.216.34', '172.32.0.1', '::ffff:8.8.8.8', '64:ff9b::808:808', '2606:4700::1111'];

test('which addresses are public', () => {
  for (const address of NOT_PUBLIC) assert.not(isPublicAddress(address), address);
  for (const address of PUBLIC) assert.ok(isPublicAddress(address), address);
  for (const text of ['', 'localhost', '8.8.8', '8.8.8.8 ', '08.8.8.8', '8.8.8.8%eth0'])
    assert.not(isPublicAddress(text), text);
});

test('an IPv4 address is judged alike in every form that holds it', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), bits => {
      const bytes = [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255];
      const plain = isPublicAddress(bytes.join('.'));
      const words = `${((bits >>> 16) & 0xffff).toString(16)}:${(bits & 0xffff).toString(16)}`;
      assert.is(isPublicAddress(`::ffff:${words}`), plain);
      assert.is(isPublicAddress(`64:ff9b::${words}`), plain);
      // Written as one number, as URLs may be.
      assert.is(new URL(`http://${bits}/`).hostname, bytes.join('.'));
    }),
  ));

test('addresses that are not public are refused in every form in which a URL can be written', async () => {
  let connected = 0;
  const { port } = await serveRaw(() => connected++);
  const { caller, asked } = resolving(['127.0.0.1']);
  const forms = [
    ...['127.0.0.1', '2130706433', '0x7f.1', '0x7f000001', '0177.0.0.1', '127.1', '127.0.0.1.', '0', '0.0.0.0'],
    ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[64:ff9b::7f00:1]'],
    ...[
      '\uff11\uff12\uff17.0.0.1',
      '127\u30020\u30020\u30021',
      '169.254.169.254',
      '[fd00:ec2::254]',
      '%31%32%37.0.0.1',
    ],
  ];
  for (const host of forms) {
    const refused = await refusal(get(caller, { allow: ['http://*:*'] }, `http://${host}:${port}/`));
    assert.is(refused.kind, 'PERMISSION_DENIED', `${host}: ${refused.message}`);
    assert.match(refused.message, 'say private_addresses: true under its capabilities');
  }
  assert.equal([connected, asked], [0, []]);
});

test('a name that stands for such an address is refused, also if it stands for others as well', async () => {
  let connected = 0;
  const { port } = await serveRaw(() => connected++);
  for (const addresses of [['127.0.0.1'], ['8.8.8.8', '127.0.0.1'], ['::1'], ['169.254.169.254'], ['localhost']]) {
    const { caller } = resolving(addresses);
    const refused = await refusal(get(caller, { allow: ['http://*:*'] }, `http://inside.example.org:${port}/`));
    assert.is(refused.kind, 'PERMISSION_DENIED', refused.message);
    // Which address it is says how the network inside looks.
    for (const address of addresses) assert.not.match(refused.message, address);
  }
  for (const host of ['localhost', 'LOCALHOST']) {
    const refused = await refusal(
      get(new Caller({}, systemClock), { allow: ['http://*:*'] }, `http://${host}:${port}/`),
    );
    assert.is(refused.kind, 'PERMISSION_DENIED', host);
  }
  assert.is(connected, 0);
});

test('a name that changes its meaning is judged by what it means when the connection is made', async () => {
  let connected = 0;
  const { port } = await serveRaw(() => connected++);
  // Nobody answers there, so the first request ends by its timeout, which comes at once.
  const clock = { ...systemClock, now: () => now, arm: (_: number, wake: () => void) => void (over = wake) };
  let now = 0;
  let over = (): void => undefined;
  const answers = [['93.184.216.34'], ['127.0.0.1']];
  let asked = 0;
  const resolve = async (): Promise<Address[]> => {
    const [address] = answers[Math.min(asked++, 1)];
    setImmediate(() => {
      now += 1e6;
      over();
    });
    return [{ address, family: 4 }];
  };
  const caller = new Caller({ resolve }, clock);
  const settings = { allow: ['http://rebinding.test:*'] };
  const kinds: string[] = [];
  for (let i = 0; i < 2; i++) {
    kinds.push((await refusal(get(caller, settings, `http://rebinding.test:${port}/`))).kind);
  }
  assert.ok(kinds[0] === 'TIMEOUT' || kinds[0] === 'UNAVAILABLE', kinds[0]);
  assert.is(kinds[1], 'PERMISSION_DENIED');
  // Once for each connection: there is no other look whose answer could be another one.
  assert.equal([asked, connected], [2, 0]);
});

test('only what the host names is asked for', async () => {
  const { origin, port, seen } = await serve((_request, response) => response.end('here'));
  const { caller } = resolving(['127.0.0.1']);
  const allow = [
    { host: '127.0.0.1', scheme: 'http', ports: [port], methods: ['get'], paths: ['/v1/*', '/exact'] },
    `http://*.example.org:${port}`,
  ];
  const allowed = [
    ...[`${origin}/v1/a`, `${origin}/v1/../v1/a`, `${origin}/exact`, `${origin}/v1/?a=/../x`],
    ...[`http://a.example.org:${port}/`, `http://a.b.EXAMPLE.org:${port}/x%2f..`],
  ];
  for (const url of allowed) assert.is((await get(caller, { allow, private_addresses: true }, url)).status, 200, url);
  const count = seen.length;
  const refused = [
    ...[`${origin}/`, `${origin}/v2/a`, `${origin}/v1/../v2`, `${origin}/v1/%2e%2e/v2`, `${origin}/v1/..%2fv2`],
    ...[`${origin}/v1/..%5cv2`, `${origin}/v1//a`, `${origin}/exact/`, `${origin}/exactly`, `${origin}/V1/a`],
    ...[`https://127.0.0.1:${port}/v1/a`, 'http://127.0.0.1/v1/a', `http://127.0.0.2:${port}/v1/a`],
    ...[`http://example.org:${port}/`, `http://evilexample.org:${port}/`, `http://a.example.org.evil.test:${port}/`],
    ...[`http://a.example.org.:${port}/`, `http://.example.org:${port}/`, `http://a.example.org:${port + 1}/`],
    // A Cyrillic letter.
    `http://a.ex\u0430mple.org:${port}/`,
  ];
  for (const url of refused) {
    const { kind, message } = await refusal(get(caller, { allow, private_addresses: true }, url));
    assert.is(kind, 'PERMISSION_DENIED', url);
    assert.match(message, 'test:host does not allow');
  }
  const post = caller.call(httpClientCapability, { allow, private_addresses: true }, 'post', `${origin}/v1/a`);
  assert.match((await refusal(post)).message, `does not allow POST ${origin}/v1/a; add it under capabilities`);
  assert.is((await refusal(get(caller, {}, origin))).kind, 'PERMISSION_DENIED');
  assert.is(seen.length, count);
});

test('a name in front of the host does not make it another host', async () => {
  const { caller, asked } = resolving(['8.8.8.8']);
  const allow = ['http://good.example.org'];
  for (const url of [
    'http://good.example.org@evil.test/',
    'http://good.example.org:x@evil.test/',
    'http://u@good.example.org/',
  ]) {
    const refused = await refusal(get(caller, { allow }, url));
    assert.is(refused.kind, 'INVALID');
    assert.match(refused.message, 'must not hold a user name; say it as auth');
  }
  for (const url of [
    'http://evil.test#good.example.org/',
    'http://evil.test\\good.example.org/',
    'http://evil.test/@good.example.org',
  ]) {
    assert.is((await refusal(get(caller, { allow }, url))).kind, 'PERMISSION_DENIED', url);
  }
  assert.equal(asked, []);
});

test('a redirect is judged like a request', async () => {
  const other = await serve((_request, response) => response.end('secret'));
  const { origin } = await serve((request, response) => {
    response.writeHead(302, { location: decodeURIComponent(request.url!.slice(1)) });
    response.end();
  });
  const targets: [string, string][] = [
    [`${other.origin}/`, 'PERMISSION_DENIED'],
    [`//127.0.0.1:${other.port}/`, 'PERMISSION_DENIED'],
    ['http://169.254.169.254/latest/meta-data/', 'PERMISSION_DENIED'],
    ['http://127.0.0.1@evil.test/', 'INVALID'],
    ['file:///etc/passwd', 'INVALID'],
    ['gopher://127.0.0.1/', 'INVALID'],
    ['http://[', 'INVALID'],
  ];
  const settings = { allow: [`${origin}/*`], private_addresses: true };
  for (const [target, kind] of targets) {
    const refused = await refusal(
      get(new Caller({}, systemClock), settings, `${origin}/${encodeURIComponent(target)}`),
    );
    assert.is(refused.kind, kind, `${target}: ${refused.message}`);
    if (kind === 'PERMISSION_DENIED') assert.match(refused.message, 'does not allow the redirect to GET');
  }
  assert.equal(other.seen, []);
});

test('policies are asked for each target, by its address without query', async () => {
  const { origin, port, seen } = await serve((request, response) => {
    if (request.url === '/end') return response.end('end');
    response.writeHead(307, { location: '/end' });
    return response.end();
  });
  const caller = new Caller({}, systemClock);
  caller.denies = (_action, resource) => resource.endsWith('/end');
  const settings = { allow: [`${origin}/*`], private_addresses: true };
  assert.equal(await refusal(get(caller, settings, `${origin}/begin?key=secret`)), {
    kind: 'PERMISSION_DENIED',
    message: `denied: http.request ${origin}/end`,
  });
  const meta = JSON.stringify({ method: 'GET', scheme: 'http', host: '127.0.0.1', port });
  assert.equal(caller.asked, [`http.request ${origin}/begin ${meta}`, `http.request ${origin}/end ${meta}`]);
  assert.is(seen.length, 1);
});

test('what is meant for one origin does not go to another', async () => {
  const other = await serve((_request, response) => response.end('there'));
  const { origin, seen } = await serve((request, response) => {
    response.writeHead(302, { location: request.url === '/same' ? '/out' : `${other.origin}/` });
    response.end();
  });
  const settings = { allow: [`${origin}/*`, `${other.origin}/*`], private_addresses: true };
  const headers = { Cookie: 'id=1', 'X-Kept': 'yes' };
  await get(new Caller({}, systemClock), settings, `${origin}/same`, { headers, auth: { bearer: 'token' } });
  assert.equal(
    seen.map(one => [one.headers.authorization, one.headers.cookie]),
    [
      ['Bearer token', 'id=1'],
      ['Bearer token', 'id=1'],
    ],
  );
  const there = other.seen[0].headers;
  assert.equal([there.authorization, there.cookie, there['x-kept']], [undefined, undefined, 'yes']);
});

test('a circle of redirects comes to an end', async () => {
  const { origin, seen } = await serve((_request, response) => {
    response.writeHead(302, { location: '/again' });
    response.end();
  });
  const refused = await refusal(
    get(new Caller({}, systemClock), { allow: [`${origin}/*`], private_addresses: true }, `${origin}/again`),
  );
  assert.match(refused.message, 'redirected more than 5 times');
  assert.is(seen.length, 6);
});

test('one request stays one request', async () => {
  const received: string[] = [];
  const { origin } = await serveRaw(socket =>
    socket.on('data', data => {
      received.push(data.toString('latin1'));
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    }),
  );
  const settings = { allow: [`${origin}/*`], private_addresses: true };
  const caller = new Caller({}, systemClock);
  const refused: Payload[] = [
    ...['a\r\nX-Injected: 1', 'a\nb', 'a\rb', 'a\0b', '\u0100'].map(value => ({ x: value })),
    ...['a\r\nb', 'a:b', 'a b', '', 'caf\u00e9'].map(name => ({ [name]: 'x' })),
    ...[
      'Host',
      'host',
      'Connection',
      'Transfer-Encoding',
      'Content-Length',
      'Keep-Alive',
      'TE',
      'Trailer',
      'Upgrade',
    ].map(name => ({ [name]: 'x' })),
    ...['Expect', 'Proxy-Authorization', 'proxy-connection', 'HTTP2-Settings'].map(name => ({ [name]: 'x' })),
  ];
  for (const headers of refused) {
    assert.is((await refusal(get(caller, settings, origin, { headers }))).kind, 'INVALID', JSON.stringify(headers));
  }
  assert.is((await refusal(get(caller, settings, origin, { auth: { bearer: 'a\r\nX: y' } }))).kind, 'INVALID');
  assert.equal(received, []);
  await get(caller, settings, `${origin}/a\r\nX-Injected: 1 HTTP/1.1\r\n\r\nGET /b`);
  assert.is(received.length, 1);
  assert.match(received[0], /^GET \/aX-Injected:%201%20HTTP\/1\.1GET%20\/b HTTP\/1\.1\r\n/);
  assert.not.match(received[0].toLowerCase(), '\r\nx-injected');
});

test('an answer without end is not read to its end', async () => {
  let sent = 0;
  const { origin } = await serve((_request, response) => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    const more = (): void => {
      while (!response.destroyed && response.write(piece)) sent += piece.length;
    };
    response.on('drain', more);
    more();
  });
  const settings = { allow: [`${origin}/*`], private_addresses: true, max_response: '1MiB' };
  const error = await failureOf(get(new Caller({}, systemClock), settings, origin));
  assert.equal([error.kind, error.retryable], ['INVALID', false]);
  assert.match(error.message, 'the answer is longer than 1MiB; allow more by the option max_bytes, or by max_response');
  // What was in the buffers of the operating system was sent as well.
  assert.ok(sent < 64 << 20, `${sent} bytes were sent`);
});

test('what is small only while it is compressed is not unpacked to its end', async () => {
  const bomb = gzipSync(Buffer.alloc(200 << 20));
  const { origin } = await serve((_request, response) => {
    response.setHeader('content-encoding', 'gzip');
    response.end(bomb);
  });
  const settings = { allow: [`${origin}/*`], private_addresses: true, max_response: '1MiB' };
  const before = process.memoryUsage().arrayBuffers;
  assert.match((await refusal(get(new Caller({}, systemClock), settings, origin))).message, 'longer than 1MiB');
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20);
});

test('what unpacks to nothing, or comes after the end, is not read for ever', async () => {
  const empty = Buffer.concat(new Array(1000).fill(gzipSync('')));
  const { origin, seen } = await serve((request, response) => {
    response.setHeader('content-encoding', 'gzip');
    if (request.url === '/short') return response.end(Buffer.concat([gzipSync('all'), Buffer.alloc(300_000)]));
    const more = (): void => {
      while (!response.destroyed && response.write(request.url === '/nothing' ? empty : Buffer.alloc(20_000))) {}
    };
    if (request.url === '/after') response.write(gzipSync('all'));
    response.on('drain', more);
    return more();
  });
  const settings = { allow: [`${origin}/*`], private_addresses: true, max_response: '1MiB' };
  const caller = new Caller({}, systemClock);
  assert.is((await get(caller, settings, `${origin}/short`)).body, 'all');
  for (const path of ['nothing', 'after']) {
    assert.match((await refusal(get(caller, settings, `${origin}/${path}`))).message, 'longer than 1MiB', path);
  }
  assert.is(seen.length, 3);
});

test('requests at once share what one may take', async () => {
  const { origin } = await serve((_request, response) => response.end('x'.repeat(600)));
  const settings = { allow: [`${origin}/*`], private_addresses: true, max_response: 1000, concurrent: { process: 1 } };
  const requests = [{ url: origin }, { url: origin }];
  const results = await new Caller({}, systemClock).call(httpClientCapability, settings, 'request_batch', requests);
  assert.equal(
    (results as { answer?: object; error?: TroupeError }[]).map(({ error }) => error?.kind),
    [undefined, 'INVALID'],
  );
});

test('proxies of the environment are nobody', async () => {
  let connected = 0;
  const proxy = await serveRaw(() => connected++);
  const { origin } = await serve((_request, response) => response.end('direct'));
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'];
  for (const name of names) process.env[name] = proxy.origin;
  try {
    const answer = await get(new Caller({}, systemClock), { allow: [`${origin}/*`], private_addresses: true }, origin);
    assert.is(answer.body, 'direct');
  } finally {
    for (const name of names) delete process.env[name];
  }
  assert.is(connected, 0);
});

test('a server that cannot prove who it is gets no request', async () => {
  let requests = 0;
  const { port } = await serveSecurely(() => requests++);
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  try {
    const { caller } = resolving(['127.0.0.1']);
    for (const host of ['127.0.0.1', 'shop.example.org']) {
      const settings = { allow: [`https://${host}:${port}`], private_addresses: true };
      const error = await failureOf(get(caller, settings, `https://${host}:${port}/`));
      assert.equal([error.kind, error.retryable], ['UNAVAILABLE', false], error.message);
      assert.match(error.message, 'the server cannot prove that it is that host');
    }
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  }
  assert.is(requests, 0);
});

test('rules that could not mean anything are refused', () => {
  const cases: [unknown, string][] = [
    ['api.example.org', 'is not a rule'],
    ['ftp://example.org', 'is not a rule'],
    ['https://user@example.org', 'is not a rule'],
    ['https://example.org/?q=*', 'is not a rule'],
    ['https://exa*mple.org', 'is not a host'],
    ['https://*.', 'is not a host'],
    [{ host: 'a/b' }, 'is not a host'],
    [{ host: 'example.org', methods: ['GTE'] }, 'did you mean "GET"?'],
    [{ host: 'example.org', paths: ['v1'] }, 'must begin with "/"'],
    [5, 'expected a URL such as'],
  ];
  for (const [rule, message] of cases) {
    const result = httpClientCapability.settings.safeParse({ allow: [rule] });
    assert.not(result.success, JSON.stringify(rule));
    assert.match(result.error!.issues[0].message, message);
  }
});

test.run();
