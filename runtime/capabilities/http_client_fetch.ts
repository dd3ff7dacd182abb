/**
 * A request from its beginning to the answer, over all redirects. Each target is judged as if it had been asked for: by
 * the host's rules, by the policies, and by its addresses when the connection is made. Loaded with the first request of a
 * thread, since most never make one.
 */
import type { Clock } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import { formatSize } from '../size.ts';
import type { CallContext } from './capability.ts';
import { isPublicAddress, literalAddress } from './http_client_address.ts';
import { ACCEPTED, type Allowance, AnswerReceiver, type HttpAnswer, TooLong } from './http_client_answer.ts';
import { AddressRefused, Connections } from './http_client_connections.ts';
import { type HttpClientSettings, isAllowed, type Method, portOf, schemeOf } from './http_client_grant.ts';
import { denied, type HttpRequest, parseUrl, showUrl } from './http_client_request.ts';
import { type Services, servicesOf } from './services.ts';

export interface Fetched extends HttpAnswer {
  /** Where the answer came from. */
  readonly url: URL;
  readonly redirected: boolean;
}

/** One request on its way: the first, or what a redirect made of it. */
interface Hop {
  readonly method: Method;
  readonly url: URL;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array | undefined;
}

const REDIRECTS = [301, 302, 303, 307, 308];
/** Bytes of a redirect's own body, which nobody reads. */
const REDIRECT_BODY = 64 * 1024;
/** What is meant for one origin only. */
const CREDENTIALS = ['authorization', 'cookie', 'cookie2'];

/** Throws a TroupeError that names the request. `shared`: what other requests may take, too. */
export async function fetchAnswer(
  context: CallContext,
  settings: HttpClientSettings,
  request: HttpRequest,
  shared: Allowance,
): Promise<Fetched> {
  const { operation, url, timeout } = request;
  const ending = new AbortController();
  const forget = context.onClose(() => {
    ending.abort(failure(operation, url, 'CANCELED', 'the process has ended', false));
  });
  const disarm = armTimeout(context.clock, timeout, () => {
    const text = `there was no answer within ${formatDuration(timeout)}; give it more time by the option timeout`;
    ending.abort(failure(operation, url, 'TIMEOUT', text, true));
  });
  try {
    return await follow(context, settings, request, shared, ending.signal);
  } finally {
    disarm();
    forget();
  }
}

async function follow(
  context: CallContext,
  settings: HttpClientSettings,
  request: HttpRequest,
  shared: Allowance,
  signal: AbortSignal,
): Promise<Fetched> {
  let hop: Hop = request;
  for (let followed = 0; ; followed++) {
    check(context, settings, request.operation, hop, followed > 0);
    const answer = await exchange(context, settings, request, hop, shared, signal);
    const location = request.redirects === 0 ? undefined : locationOf(answer.status, answer.headers);
    if (location === undefined) return { ...answer, url: hop.url, redirected: followed > 0 };
    if (followed === request.redirects) {
      const text = `redirected more than ${request.redirects} times; the option and the setting redirects say how often it may be`;
      throw failure(request.operation, hop.url, 'UNAVAILABLE', text, false);
    }
    hop = redirected(request.operation, hop, answer.status, location);
  }
}

/** Throws PERMISSION_DENIED. */
function check(
  context: CallContext,
  settings: HttpClientSettings,
  operation: string,
  { method, url }: Hop,
  isRedirect: boolean,
): void {
  const what = `${isRedirect ? 'the redirect to ' : ''}${method} ${showUrl(url)}`;
  if (!isAllowed(settings.allow, method, url)) {
    const text = `${context.host} does not allow ${what}; add it under capabilities: {http_client: {allow: [...]}} of that host`;
    throw denied(operation, text, url);
  }
  const literal = literalAddress(url);
  if (literal !== undefined && !settings.private_addresses && !isPublicAddress(literal)) {
    throw notPublic(context, operation, url);
  }
  const refusal = context.allows?.('http.request', showUrl(url), {
    method,
    scheme: schemeOf(url),
    host: url.hostname,
    port: portOf(url),
  });
  if (refusal !== undefined) throw refusal;
}

function notPublic(context: CallContext, operation: string, url: URL): TroupeError {
  // Which address it is would tell a program what the network inside looks like.
  const text = `${context.host} does not allow ${url.origin}, whose address is not public; say private_addresses: true under its capabilities: {http_client: ...} to allow such`;
  return denied(operation, text, url);
}

// --- one exchange -------------------------------------------------------------------------------------------------

/** By runtime and grant: settings are one object a grant. */
const known = new WeakMap<Services, WeakMap<HttpClientSettings, Connections>>();

function connectionsOf(context: CallContext, settings: HttpClientSettings): Connections {
  const services = servicesOf(context);
  let ofServices = known.get(services);
  if (ofServices === undefined) known.set(services, (ofServices = new WeakMap()));
  let connections = ofServices.get(settings);
  if (connections === undefined) {
    connections = new Connections(services.resolve, settings.private_addresses);
    ofServices.set(settings, connections);
  }
  return connections;
}

async function exchange(
  context: CallContext,
  settings: HttpClientSettings,
  request: HttpRequest,
  hop: Hop,
  shared: Allowance,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  signal.throwIfAborted();
  const connections = connectionsOf(context, settings);
  const connection = connections.take(hop.url.origin);
  let abort: () => void = () => undefined;
  try {
    const answer = await new Promise<HttpAnswer>((resolve, reject) => {
      const receiver = new AnswerReceiver(
        (status, headers) => {
          const isFollowed = request.redirects > 0 && locationOf(status, headers) !== undefined;
          return isFollowed ? allowance(REDIRECT_BODY) : allowance(request.maxBytes, shared);
        },
        resolve,
        reject,
      );
      abort = () => receiver.fail(signal.reason as Error);
      signal.addEventListener('abort', abort);
      connection.send(
        {
          method: hop.method,
          path: hop.url.pathname + hop.url.search,
          headers: headerList(hop.headers),
          body: hop.body,
        },
        receiver,
      );
    });
    connections.giveBack(connection);
    return answer;
  } catch (thrown) {
    connection.destroy();
    throw explained(context, request, hop.url, thrown);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function headerList(headers: Hop['headers']): string[] {
  const list: string[] = [];
  for (const [name, values] of headers) for (const value of values) list.push(name, value);
  if (!headers.has('accept-encoding')) list.push('accept-encoding', ACCEPTED);
  if (!headers.has('user-agent')) list.push('user-agent', 'troupe');
  return list;
}

/** So many bytes, and no more than others leave. */
export function allowance(bytes: number, shared?: Allowance): Allowance {
  let left = bytes;
  return {
    most: bytes,
    take: taken => {
      left -= taken;
      return left >= 0 && (shared === undefined || shared.take(taken));
    },
  };
}

/** What failed on the way, in the words of this capability. */
function explained(context: CallContext, request: HttpRequest, url: URL, thrown: unknown): TroupeError {
  const { operation, maxBytes } = request;
  if (thrown instanceof TroupeError) return thrown;
  if (thrown instanceof AddressRefused) return notPublic(context, operation, url);
  if (thrown instanceof TooLong) {
    const text = `the answer is longer than ${formatSize(maxBytes)}; allow more by the option max_bytes, or by max_response of the host's http_client`;
    return failure(operation, url, 'INVALID', text, false);
  }
  const code = (thrown as { code?: unknown }).code;
  const isCertificate = typeof code === 'string' && /CERT|SIGNATURE|ERR_TLS/.test(code);
  const text = isCertificate ? 'the server cannot prove that it is that host' : 'there was no answer';
  const error = failure(operation, url, 'UNAVAILABLE', `${text} (${String(code ?? 'closed')})`, !isCertificate, code);
  return error;
}

function failure(
  operation: string,
  url: URL,
  kind: 'CANCELED' | 'TIMEOUT' | 'UNAVAILABLE' | 'INVALID',
  text: string,
  retryable: boolean,
  code?: unknown,
): TroupeError {
  const details = { url: showUrl(url), ...(typeof code === 'string' ? { code } : {}) };
  return new TroupeError(`${operation}: ${showUrl(url)}: ${text}`, { kind, retryable, details });
}

// --- redirects ----------------------------------------------------------------------------------------------------

/** Where an answer sends to; undefined: it is the answer. */
function locationOf(status: number, headers: HttpAnswer['headers']): string | undefined {
  return REDIRECTS.includes(status) ? headers.get('location')?.[0] : undefined;
}

/** Throws INVALID for what is no URL. What was meant for another origin is left out. */
function redirected(operation: string, hop: Hop, status: number, location: string): Hop {
  const url = parseUrl(operation, location, hop.url);
  const becomesGet = status === 303 ? hop.method !== 'HEAD' : status < 303 && hop.method === 'POST';
  const headers = new Map(
    [...hop.headers].filter(([name]) => {
      if (url.origin !== hop.url.origin && CREDENTIALS.includes(name)) return false;
      return !becomesGet || !name.startsWith('content-');
    }),
  );
  return becomesGet ? { method: 'GET', url, headers, body: undefined } : { ...hop, url, headers };
}

// --- time ---------------------------------------------------------------------------------------------------------

/** Answers how to take it back. */
function armTimeout(clock: Clock, milliseconds: number, over: () => void): () => void {
  const due = clock.now() + milliseconds;
  let armed: unknown;
  const arm = (): void => {
    armed = clock.arm(Math.max(1, Math.ceil(due - clock.now())), () => {
      // A clock may wake early.
      if (clock.now() < due) arm();
      else over();
    });
  };
  arm();
  return () => clock.disarm(armed);
}
