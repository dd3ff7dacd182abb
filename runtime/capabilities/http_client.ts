/**
 * `http_client`: requests to the servers that the host names, and no others. Nothing is kept between requests: no
 * cookies, no cache, no proxy of the environment.
 */
import { TroupeError, toTroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import { type CallContext, type CapabilityDefinition, operation } from './capability.ts';
import type { Fetched } from './http_client_fetch.ts';
import { type HttpClientSettings, httpClientSettings, type Method } from './http_client_grant.ts';
import { type HttpRequest, methodOf, OPTIONS, REQUESTS, requestOf, showUrl } from './http_client_request.ts';
import { type Arguments, text } from './parameters.ts';
import { type Services, servicesOf } from './services.ts';

/** Every target, redirects included, is asked for while the operation runs. */
const ACTION = { action: 'http.request', guards: () => [], mode: 'async' } as const;

function operationFor(method: Method, summary: string) {
  const title = `http_client.${method.toLowerCase()}`;
  return operation({
    ...ACTION,
    summary,
    args: [text('url'), OPTIONS],
    run: async (context, settings: HttpClientSettings, [url, options]) =>
      await perform(context, settings, requestOf(title, method, url, options, settings)),
  });
}

export const httpClientCapability: CapabilityDefinition<HttpClientSettings> = {
  name: 'http_client',
  summary: 'Requests over HTTP to the servers that the host names',
  settings: httpClientSettings,
  grantedByDefault: false,
  operations: {
    request: operation({
      ...ACTION,
      summary:
        'Ask a server; options: headers, query, body or json, auth, as (text, bytes, json), timeout, max_bytes, redirects',
      args: [text('method'), text('url'), OPTIONS],
      run: async (context, settings: HttpClientSettings, [written, url, options]) => {
        const title = 'http_client.request';
        const method = methodOf(title, written);
        return await perform(context, settings, requestOf(title, method, url, options, settings));
      },
    }),
    get: operationFor('GET', 'The same by GET'),
    head: operationFor('HEAD', 'The same by HEAD: the answer has no body'),
    post: operationFor('POST', 'The same by POST'),
    put: operationFor('PUT', 'The same by PUT'),
    delete: operationFor('DELETE', 'The same by DELETE'),
    patch: operationFor('PATCH', 'The same by PATCH'),
    request_batch: operation({
      ...ACTION,
      summary: 'Several requests ({method, url, options}) at once; of each {answer} or {error}, in their order',
      args: [REQUESTS],
      run: async (context, settings: HttpClientSettings, read) => await performBatch(context, settings, read),
    }),
  },
};

async function perform(context: CallContext, settings: HttpClientSettings, request: HttpRequest): Promise<Payload> {
  const { allowance, fetchAnswer } = await import('./http_client_fetch.ts');
  const { leave } = enter(context, settings, request.operation, 1);
  try {
    return answerOf(await fetchAnswer(context, settings, request, allowance(settings.max_response)), request);
  } finally {
    leave();
  }
}

/** All arguments are checked before anything is sent. Together the answers are no longer than one may be. */
async function performBatch(
  context: CallContext,
  settings: HttpClientSettings,
  [written]: Arguments<readonly [typeof REQUESTS]>,
): Promise<Payload> {
  const title = 'http_client.request_batch';
  const requests = written.map(({ method, url, options }) =>
    requestOf(title, methodOf(title, method), url, options, settings),
  );
  const { allowance, fetchAnswer } = await import('./http_client_fetch.ts');
  if (requests.length === 0) return [];
  const { width, leave } = enter(context, settings, title, requests.length);
  const shared = allowance(settings.max_response);
  const results: Payload[] = new Array(requests.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < requests.length) {
      const at = next++;
      try {
        results[at] = { answer: answerOf(await fetchAnswer(context, settings, requests[at], shared), requests[at]) };
      } catch (thrown) {
        results[at] = { error: toTroupeError(thrown, 'INTERNAL') };
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: width }, work));
    return results;
  } finally {
    leave();
  }
}

function answerOf(fetched: Fetched, request: HttpRequest): Payload {
  const { status, statusText, headers, url, redirected } = fetched;
  return {
    status,
    status_text: statusText,
    headers: Object.fromEntries(
      [...headers].map(([name, values]) => [name, name === 'set-cookie' ? [...values] : values.join(', ')]),
    ),
    body: bodyOf(fetched, request),
    url: url.href,
    redirected,
  };
}

function bodyOf({ body, url }: Fetched, { form, operation }: HttpRequest): Payload {
  if (form === 'bytes') return new Uint8Array(body);
  const text = body.toString('utf8');
  if (form === 'text') return text;
  try {
    return text === '' ? null : (JSON.parse(text) as Payload);
  } catch (thrown) {
    throw new TroupeError(`${operation}: ${showUrl(url)}: the answer is not JSON: ${(thrown as Error).message}`, {
      kind: 'INVALID',
      retryable: false,
      details: { url: showUrl(url) },
    });
  }
}

// --- how many at once ---------------------------------------------------------------------------------------------

interface Running {
  readonly ofProcess: Map<string, number>;
  readonly ofHost: Map<string, number>;
}

/** Requests that run for one runtime on this thread. */
const running = new WeakMap<Services, Running>();

/** Room for `wanted` requests at once, or for as many as there is room for. Throws RATE_LIMITED where there is none. */
function enter(
  context: CallContext,
  { concurrent }: HttpClientSettings,
  operation: string,
  wanted: number,
): { readonly width: number; readonly leave: () => void } {
  const services = servicesOf(context);
  let counts = running.get(services);
  if (counts === undefined) running.set(services, (counts = { ofProcess: new Map(), ofHost: new Map() }));
  const { ofProcess, ofHost } = counts;
  const { pid, host } = context;
  const own = ofProcess.get(pid) ?? 0;
  const all = ofHost.get(host) ?? 0;
  if (own >= concurrent.process) throw tooMany(operation, 'the process', own, host, 'process');
  if (all >= concurrent.host) throw tooMany(operation, host, all, host, 'host');
  const width = Math.min(wanted, concurrent.process - own, concurrent.host - all);
  ofProcess.set(pid, own + width);
  ofHost.set(host, all + width);
  return {
    width,
    leave: () => {
      decrease(ofProcess, pid, width);
      decrease(ofHost, host, width);
    },
  };
}

function decrease(counts: Map<string, number>, key: string, by: number): void {
  const count = counts.get(key)! - by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function tooMany(operation: string, who: string, count: number, host: string, key: 'process' | 'host'): TroupeError {
  return new TroupeError(
    `${operation}: ${who} waits for ${count} requests already; wait for one of them, or raise concurrent.${key} of the http_client of ${host}`,
    { kind: 'RATE_LIMITED', retryable: true },
  );
}
