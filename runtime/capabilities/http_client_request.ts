/** What a program asks for, checked: a URL, headers that are its own to set, a body that is not too long. */
import { formatDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import { didYouMean } from '../registry/suggest.ts';
import { formatSize } from '../size.ts';
import { invalid } from './arguments.ts';
import { type HttpClientSettings, isMethod, METHODS, type Method } from './http_client_grant.ts';
import { encodeJson } from './json_text.ts';
import {
  any,
  type Arguments,
  bytes,
  duration,
  integer,
  keys,
  list,
  optional,
  options,
  record,
  text,
  word,
} from './parameters.ts';

/** Of all operations. Bounds that the host sets are checked with its settings. */
export const OPTIONS = options(
  optional(record('headers'), {}),
  optional(record('query'), {}),
  optional(bytes('body')),
  // `null` is a value that can be sent.
  any('json'),
  optional(record('auth')),
  optional(word('as', ['text', 'bytes', 'json']), 'text'),
  optional(duration('timeout')),
  optional(integer('max_bytes', 1)),
  optional(integer('redirects', 0)),
);
type Options = Arguments<readonly [typeof OPTIONS]>[0];

/** So many requests at once. */
const MOST_IN_BATCH = 32;

export const REQUESTS = list(
  'requests',
  keys('request', optional(text('method'), 'GET'), text('url'), OPTIONS),
  MOST_IN_BATCH,
);

export type BodyForm = Options['as'];

export interface HttpRequest {
  /** For messages: `http_client.get`. */
  readonly operation: string;
  readonly method: Method;
  /** Without userinfo and fragment. */
  readonly url: URL;
  /** By lower-case names. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array | undefined;
  /** What the answer's body shall be. */
  readonly form: BodyForm;
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes of the answer's body. */
  readonly maxBytes: number;
  readonly redirects: number;
}

const LONGEST_URL = 16 * 1024;
const MOST_HEADERS = 100;
const HEADER_BYTES = 32 * 1024;

/** Of the connection, not of the request: whoever could set these could make one request look like two. */
const CONNECTION_HEADERS = [
  ...['host', 'connection', 'transfer-encoding', 'content-length', 'keep-alive', 'te', 'trailer', 'upgrade', 'expect'],
  ...['http2-settings', 'alt-used'],
];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
/** As it goes over the wire: Latin-1 without control characters. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What arguments ask for; throws INVALID. */
export function requestOf(
  operation: string,
  method: Method,
  url: string,
  options: Options,
  settings: HttpClientSettings,
): HttpRequest {
  const target = parseUrl(operation, url);
  addQuery(operation, target, options.query);
  const headers = headersOf(operation, options.headers);
  const body = bodyOf(operation, options, headers, settings);
  addAuth(operation, options.auth, headers);
  return {
    operation,
    method,
    url: target,
    headers,
    body,
    form: options.as,
    timeout: atMost(operation, 'timeout', options.timeout, settings, 'timeout', formatDuration),
    maxBytes: atMost(operation, 'max_bytes', options.max_bytes, settings, 'max_response', String),
    redirects: atMost(operation, 'redirects', options.redirects, settings, 'redirects', String),
  };
}

export function methodOf(operation: string, value: string): Method {
  const method = value.toUpperCase();
  if (isMethod(method)) return method;
  const hint = didYouMean(method, METHODS, `; there are: ${METHODS.join(', ')}`);
  throw invalid(operation, `method cannot be ${JSON.stringify(value)}${hint}`);
}

/** An absolute URL over HTTP, relative to `base` where there is one. Throws INVALID. */
export function parseUrl(operation: string, text: string, base?: URL): URL {
  if (text.length > LONGEST_URL) throw invalid(operation, `a URL must not be longer than ${formatSize(LONGEST_URL)}`);
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw invalid(operation, 'what is given is no absolute URL; write it like "https://api.example.org/v1/items"');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalid(operation, `the URL must begin with https:// or http://, not with ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(operation, `the URL of ${url.host} must not hold a user name; say it as auth: {user, password}`);
  }
  url.hash = '';
  return url;
}

/** For messages and policies: queries can hold secrets. */
export function showUrl(url: URL): string {
  return url.origin + url.pathname;
}

function addQuery(operation: string, url: URL, query: Options['query']): void {
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean' && typeof one !== 'bigint') {
        throw invalid(operation, `query.${key} must be a text, a number, true or false, or a list of these`);
      }
      url.searchParams.append(key, String(one));
    }
  }
  if (url.href.length > LONGEST_URL) {
    throw invalid(operation, `a URL with its query must not be longer than ${formatSize(LONGEST_URL)}`);
  }
}

function headersOf(operation: string, written: Options['headers']): Map<string, readonly string[]> {
  const headers = new Map<string, readonly string[]>();
  let count = 0;
  let bytes = 0;
  for (const [written_name, value] of Object.entries(written)) {
    const name = written_name.toLowerCase();
    if (!TOKEN.test(name)) throw invalid(operation, `${JSON.stringify(written_name)} cannot be the name of a header`);
    if (CONNECTION_HEADERS.includes(name) || name.startsWith('proxy-')) {
      throw invalid(operation, `the header "${name}" is the connection's own and cannot be set; leave it out`);
    }
    if (headers.has(name)) throw invalid(operation, `the header "${name}" is given twice; give it a list of values`);
    const values = (Array.isArray(value) ? value : [value]).map(one => headerValue(operation, name, one));
    headers.set(name, values);
    count += values.length;
    for (const one of values) bytes += name.length + one.length;
  }
  if (count > MOST_HEADERS || bytes > HEADER_BYTES) {
    throw invalid(operation, `headers are at most ${MOST_HEADERS} with ${formatSize(HEADER_BYTES)}`);
  }
  return headers;
}

function headerValue(operation: string, name: string, value: Payload): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') throw invalid(operation, `headers.${name} must be a text or a list of texts`);
  if (HEADER_VALUE.test(text)) return text;
  throw invalid(operation, `headers.${name} holds a line break or another character that a header cannot have`);
}

/** Sets the content type of what says so itself. */
function bodyOf(
  operation: string,
  { body, json }: Options,
  headers: Map<string, readonly string[]>,
  settings: HttpClientSettings,
): Uint8Array | undefined {
  if (body !== undefined && json !== undefined) {
    throw invalid(operation, 'body and json are both given; leave one out');
  }
  let content = body;
  if (json !== undefined) {
    content = Buffer.from(encodeJson(json, operation, 'json'), 'utf8');
    if (!headers.has('content-type')) headers.set('content-type', ['application/json']);
  }
  if (content !== undefined && content.length > settings.max_body) {
    throw invalid(
      operation,
      `the body has ${formatSize(content.length)}, more than the ${formatSize(settings.max_body)} that the host allows; raise max_body of its http_client`,
    );
  }
  return content;
}

/** `{user, password}`, or `{bearer}`. */
function addAuth(operation: string, auth: Options['auth'], headers: Map<string, readonly string[]>): void {
  if (auth === undefined) return;
  if (headers.has('authorization')) throw invalid(operation, 'auth and the header authorization are both given');
  const { user, password, bearer, ...others } = auth;
  const isBearer = typeof bearer === 'string' && user === undefined && password === undefined;
  if (Object.keys(others).length > 0 || (!isBearer && (typeof user !== 'string' || typeof password !== 'string'))) {
    throw invalid(operation, 'auth must be {user, password} or {bearer}, all texts');
  }
  // A name with a colon would be read as a shorter one with another password.
  if (!isBearer && (user as string).includes(':')) throw invalid(operation, 'auth.user must not hold a colon');
  const value = isBearer ? `Bearer ${bearer}` : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  headers.set('authorization', [headerValue(operation, 'authorization', value)]);
}

/** What the program asks for, which can be no more than its host's setting. */
function atMost(
  operation: string,
  name: string,
  value: number | undefined,
  settings: HttpClientSettings,
  setting: 'timeout' | 'max_response' | 'redirects',
  shown: (number: number) => string,
): number {
  const most = settings[setting];
  if (value === undefined) return most;
  if (value <= most) return value;
  throw invalid(operation, `${name} must not be more than ${shown(most)}, the ${setting} of the host's http_client`);
}

/** The program asked for something that its host does not allow. */
export function denied(operation: string, text: string, url: URL): TroupeError {
  return new TroupeError(`${operation}: ${text}`, {
    kind: 'PERMISSION_DENIED',
    retryable: false,
    details: { url: showUrl(url) },
  });
}
