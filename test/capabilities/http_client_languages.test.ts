/** `http_client` answers and refuses alike in every language and on every thread: one table of cases. */
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import type { AuditRecord } from '../../runtime/security/audit.ts';
import { type Agents, LANGUAGES, startAgents } from './agents.ts';
import { closeServers, serve } from './http_servers.ts';

const test = suite('http_client in every language');

/** Requests that are not answered and still there. */
let waiting = 0;

const { origin, port } = await serve((request, response, body) => {
  response.sendDate = false;
  switch (request.url) {
    case '/echo':
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ method: request.method, body, trace: request.headers['x-trace'] }));
    case '/bytes':
      return response.end(Buffer.from([0, 1, 254, 255]));
    case '/packed':
      response.setHeader('content-encoding', 'gzip');
      return response.end(gzipSync('unpacked'));
    case '/missing':
      response.writeHead(404, 'Not Here');
      return response.end('none');
    case '/moved':
      response.writeHead(302, { location: '/echo' });
      return response.end();
    case '/away':
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' });
      return response.end();
    case '/long':
      return response.end('x'.repeat(5000));
    case '/never':
      waiting++;
      request.socket.on('close', () => waiting--);
      return undefined;
    default:
      return response.end('?');
  }
});

const HOSTS = {
  h: `capabilities: {supervisor: {}, events: {}, http_client: {allow: ["${origin}/*"], private_addresses: true, max_response: 4000}}`,
  strict: `capabilities: {supervisor: {}, events: {}, http_client: {allow: ["http://*:*"]}}`,
  limited: `lifecycle: {security: {policies: ["a:all", "a:no.echo"]}}, capabilities: {supervisor: {}, events: {}, http_client: {allow: ["${origin}/*"], private_addresses: true}}`,
};

const POLICIES = [
  '{name: all, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow}}',
  `{name: no.echo, kind: security.policy, policy: {actions: http.request, resources: "${origin}/echo", effect: deny, conditions: [{field: meta.method, operator: ne, value: DELETE}]}}`,
];
const DENIED = ['PERMISSION_DENIED', `not allowed: "http.request" of "${origin}/echo": a:no.echo denies`];

interface Case {
  readonly host?: string;
  readonly call: readonly Payload[];
  /** What of the answer is compared, or the kind and a part of the text of the refusal. */
  readonly answer?: (answer: any) => unknown;
  readonly expected: unknown;
}

const status = (answer: any): unknown => [answer.status, answer.status_text];
const body = (answer: any): unknown => answer.body;

const CASES: { readonly [name: string]: Case } = {
  'get as JSON': {
    call: ['get', `${origin}/echo`, { as: 'json', headers: { 'X-Trace': 'abc' } }],
    answer: body,
    expected: { method: 'GET', body: '', trace: 'abc' },
  },
  'post text': {
    call: ['post', `${origin}/echo`, { body: 'hi', as: 'json' }],
    answer: a => a.body.body,
    expected: 'hi',
  },
  'put bytes': {
    call: ['put', `${origin}/echo`, { body: new Uint8Array([104, 105]), as: 'json' }],
    answer: a => a.body.body,
    expected: 'hi',
  },
  'patch a value': {
    call: ['patch', `${origin}/echo`, { json: { a: [1] }, as: 'json' }],
    answer: a => a.body.body,
    expected: '{"a":[1]}',
  },
  delete: { call: ['delete', `${origin}/echo`, { as: 'json' }], answer: a => a.body.method, expected: 'DELETE' },
  head: { call: ['head', `${origin}/echo`], answer: a => [a.status, a.body], expected: [200, ''] },
  request: {
    call: ['request', 'options', `${origin}/echo`, { as: 'json' }],
    answer: a => a.body.method,
    expected: 'OPTIONS',
  },
  bytes: {
    call: ['get', `${origin}/bytes`, { as: 'bytes' }],
    answer: a => Buffer.from(a.body, 'latin1').toString('hex'),
    expected: '0001feff',
  },
  unpacked: { call: ['get', `${origin}/packed`], answer: body, expected: 'unpacked' },
  'an error of the server is an answer': {
    call: ['get', `${origin}/missing`],
    answer: status,
    expected: [404, 'Not Here'],
  },
  redirected: {
    call: ['get', `${origin}/moved`],
    answer: a => [a.url, a.redirected],
    expected: [`${origin}/echo`, true],
  },
  'not redirected': {
    call: ['get', `${origin}/moved`, { redirects: 0 }],
    answer: a => [a.status, a.headers.location],
    expected: [302, '/echo'],
  },
  'a batch': {
    call: ['request_batch', [{ url: `${origin}/missing` }, { method: 'POST', url: 'http://127.0.0.1:1/' }]],
    answer: results => [results[0].answer.status, results[1].answer === undefined],
    expected: [404, true],
  },
  'too long': { call: ['get', `${origin}/long`], expected: ['INVALID', 'the answer is longer than 3.9KiB'] },
  'too late': { call: ['get', `${origin}/never`, { timeout: '20ms' }], expected: ['TIMEOUT', 'no answer within 20ms'] },
  'not allowed': {
    call: ['get', `http://127.0.0.1:${port + 1}/`],
    expected: ['PERMISSION_DENIED', 'a:h does not allow GET http://127.0.0.1:'],
  },
  'not allowed after a redirect': {
    call: ['get', `${origin}/away`],
    expected: ['PERMISSION_DENIED', 'does not allow the redirect to GET http://169.254.169.254/latest/meta-data/'],
  },
  'not public': {
    host: 'a:strict',
    call: ['get', `http://2130706433:${port}/echo`],
    expected: ['PERMISSION_DENIED', `does not allow ${origin}, whose address is not public`],
  },
  'denied by a policy': { host: 'a:limited', call: ['get', `${origin}/echo?q=1`], expected: DENIED },
  'denied by a policy after a redirect': { host: 'a:limited', call: ['get', `${origin}/moved`], expected: DENIED },
  'denied by a policy in a batch': {
    host: 'a:limited',
    call: ['request_batch', [{ url: `${origin}/echo` }, { url: `${origin}/missing` }]],
    answer: results => [results[0].answer === undefined, results[1].answer.status],
    expected: [true, 404],
  },
  'allowed by a policy for its method': {
    host: 'a:limited',
    call: ['delete', `${origin}/echo`, { as: 'json' }],
    answer: a => a.body.method,
    expected: 'DELETE',
  },
  'a user in the URL': {
    call: ['get', `http://u:p@127.0.0.1:${port}/`],
    expected: ['INVALID', 'must not hold a user name'],
  },
  'a header of the connection': {
    call: ['get', origin, { headers: { Host: 'other' } }],
    expected: ['INVALID', 'the header "host" is the connection'],
  },
  'a line break in a header': {
    call: ['get', origin, { headers: { 'x-a': 'b\r\nc: d' } }],
    expected: ['INVALID', 'headers.x-a holds a line break'],
  },
  'no URL': { call: ['get', 5], expected: ['INVALID', 'http_client.get: url must be a string'] },
  'no option': { call: ['get', origin, { retries: 5 }], expected: ['INVALID', 'there is no option "retries"'] },
};

for (const workers of [0, 2]) {
  let agents: Agents;
  const records: AuditRecord[] = [];
  test(`${workers} workers: start`, async () => {
    const onAudit = (record: AuditRecord): void => void records.push(record);
    agents = await startAgents(HOSTS, { workers, placement: 'round-robin', onAudit }, POLICIES);
  });
  for (const language of LANGUAGES) {
    for (const [name, { host, call, answer, expected }] of Object.entries(CASES)) {
      test(`${workers} workers, ${language}: ${name}`, async () => {
        const [operation, ...args] = call;
        const given = await agents.agent(language, host).http(operation as string, ...args);
        if (answer === undefined) {
          const [kind, text] = expected as [string, string];
          assert.is(given.refused?.kind, kind, JSON.stringify(given));
          assert.match(given.refused.message, text);
        } else {
          assert.is(given.refused, undefined, JSON.stringify(given));
          assert.equal(answer(given), expected);
        }
      });
    }
  }
  test(`${workers} workers: what a policy denied is recorded, in every language alike`, async () => {
    const denied = Object.values(CASES).filter(({ host, expected }) => host === 'a:limited' && expected !== 'DELETE');
    const wanted = LANGUAGES.flatMap(language => denied.map(() => `a:${language}`));
    await agents.until(
      () => records.length,
      count => count >= wanted.length,
    );
    assert.equal(records.map(({ id }) => id).sort(), wanted.sort());
    for (const { action, resource, effect, policy, meta, host } of records) {
      assert.equal(
        [action, resource, effect, policy, host],
        ['http.request', `${origin}/echo`, 'deny', 'a:no.echo', 'a:limited'],
      );
      assert.equal(meta, { method: 'GET', scheme: 'http', host: '127.0.0.1', port });
    }
  });
  test(`${workers} workers: the requests of a process end with it`, async () => {
    const { runtime } = agents;
    assert.is(
      await agents.until(
        () => waiting,
        count => count === 0,
      ),
      0,
    );
    const waiters = LANGUAGES.map(language => agents.agent(language));
    for (const agent of waiters) void agent.http('get', `${origin}/never`);
    assert.is(
      await agents.until(
        () => waiting,
        count => count === waiters.length,
      ),
      waiters.length,
    );
    for (const { pid } of waiters) assert.is(runtime.terminate(pid), undefined);
    assert.is(
      await agents.until(
        () => waiting,
        count => count === 0,
      ),
      0,
    );
    await runtime.stop();
  });
}

test.after(() => closeServers());

test.run();
