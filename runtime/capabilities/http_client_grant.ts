/**
 * What a host grants under `http_client`: which requests may be made, and how much of everything.
 *
 *     http_client:
 *       allow:
 *         - "https://api.example.org/v1/*"
 *         - {host: "*.example.net", ports: [443, 8443], methods: [GET]}
 *
 * A request must match one of the rules, and so must each redirect.
 */
import { z } from 'zod';
import { count, duration, refuse, size, text } from '../registry/schema.ts';
import { didYouMean } from '../registry/suggest.ts';
import { matchesGlob } from '../security/decision.ts';

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

const SCHEMES = ['https', 'http'] as const;
const DEFAULT_PORTS = { http: 80, https: 443 } as const;

export interface Rule {
  readonly scheme: 'http' | 'https';
  /** As `URL.hostname` writes it; behind `*.` any name below it, alone `*` any host. */
  readonly host: string;
  /** Undefined: any. */
  readonly ports: readonly number[] | undefined;
  readonly methods: readonly Method[] | undefined;
  /** Globs. */
  readonly paths: readonly string[] | undefined;
}

const ruleKeys = z.strictObject({
  /** An exact name or address, `*.example.org` for all names below one, or `*`. */
  host: text(),
  scheme: z.enum(SCHEMES).default('https'),
  /** Undefined: the usual one of the scheme. */
  ports: z.array(z.int().min(1).max(65_535)).min(1).optional(),
  /** Undefined: all. */
  methods: z.array(z.string()).min(1).optional(),
  /** Undefined: all. */
  paths: z.array(z.string()).min(1).optional(),
});

const rules = z
  .array(
    z.union([z.string(), ruleKeys], {
      error: () => 'expected a URL such as "https://api.example.org/v1/*", or a map with host',
    }),
  )
  .transform((written, context): Rule[] => {
    const made = written.map(rule => (typeof rule === 'string' ? ruleOfText(rule) : ruleOfKeys(rule)));
    const fault = made.find(rule => typeof rule === 'string');
    return fault === undefined ? (made as Rule[]) : refuse(context, fault);
  });

export const httpClientSettings = z.strictObject({
  /** What may be asked for; nothing else is. */
  allow: rules.prefault([]),
  /** Whether hosts may have addresses that are not public: this machine, its network, the cloud's metadata. */
  private_addresses: z.boolean().default(false),
  /** Bytes of a request's body. */
  max_body: size().prefault('4MiB'),
  /** Bytes of an answer's body, as it comes and as it is unpacked. */
  max_response: size().prefault('4MiB'),
  /** For all of a request, redirects included. */
  timeout: duration('positive').prefault('30s'),
  /** How many are followed. */
  redirects: z.int().min(0).max(20).default(5),
  /** Requests at once. */
  concurrent: z
    .strictObject({
      process: count(1).default(8),
      /** Of all processes of the host on one thread. */
      host: count(1).default(64),
    })
    .prefault({}),
});
export type HttpClientSettings = z.infer<typeof httpClientSettings>;

const RULE = /^(https?):\/\/([^/:?#@[\]\s]+|\[[0-9a-f:.]+\])(?::(\d{1,5}|\*))?(\/[^?#\s]*)?$/i;

/** The rule, or what is wrong with the text. */
function ruleOfText(text: string): Rule | string {
  const parts = RULE.exec(text);
  if (parts === null) {
    return `"${text}" is not a rule; write scheme, host, and where wanted port and path: "https://api.example.org:443/v1/*"`;
  }
  const [, scheme, host, port, path] = parts;
  return ruleOf({
    host,
    scheme: scheme.toLowerCase() as Rule['scheme'],
    ports: port === undefined || port === '*' ? undefined : [Number(port)],
    anyPort: port === '*',
    paths: path === undefined || path === '/*' ? undefined : [path],
  });
}

function ruleOfKeys({ host, scheme, ports, methods, paths }: z.infer<typeof ruleKeys>): Rule | string {
  for (const method of methods ?? []) {
    if (!isMethod(method.toUpperCase())) {
      return `there is no method "${method}"${didYouMean(method.toUpperCase(), METHODS, `; there are: ${METHODS.join(', ')}`)}`;
    }
  }
  const wrong = paths?.find(path => !path.startsWith('/'));
  if (wrong !== undefined) return `the path "${wrong}" must begin with "/"`;
  return ruleOf({ host, scheme, ports, paths, methods: methods?.map(method => method.toUpperCase() as Method) });
}

interface Written {
  readonly host: string;
  readonly scheme: Rule['scheme'];
  readonly ports: readonly number[] | undefined;
  readonly anyPort?: boolean;
  readonly methods?: readonly Method[];
  readonly paths: readonly string[] | undefined;
}

function ruleOf({ host, scheme, ports, anyPort, methods, paths }: Written): Rule | string {
  const normal = normalHost(host);
  if (normal === undefined) {
    return `"${host}" is not a host; write a name, an address, "*.example.org" for all names below one, or "*"`;
  }
  return { scheme, host: normal, ports: anyPort ? undefined : (ports ?? [DEFAULT_PORTS[scheme]]), methods, paths };
}

/** As `URL.hostname` writes it. */
function normalHost(host: string): string | undefined {
  if (host === '*') return host;
  const below = host.startsWith('*.');
  const name = below ? host.slice(2) : host;
  if (/[*/:?#@\s]/.test(name) && !/^\[[0-9a-f:.]+\]$/i.test(name)) return undefined;
  try {
    const { hostname } = new URL(`http://${name}/`);
    return below ? `*.${hostname}` : hostname;
  } catch {
    return undefined;
  }
}

export function isMethod(text: string): text is Method {
  return (METHODS as readonly string[]).includes(text);
}

export function portOf(url: URL): number {
  return url.port === '' ? DEFAULT_PORTS[schemeOf(url)] : Number(url.port);
}

/** Only of a URL that is of one of them. */
export function schemeOf(url: URL): Rule['scheme'] {
  return url.protocol === 'https:' ? 'https' : 'http';
}

/** Whether one of the rules allows it. */
export function isAllowed(allowed: readonly Rule[], method: Method, url: URL): boolean {
  return allowed.some(rule => matches(rule, method, url));
}

function matches(rule: Rule, method: Method, url: URL): boolean {
  if (rule.scheme !== schemeOf(url)) return false;
  if (rule.ports !== undefined && !rule.ports.includes(portOf(url))) return false;
  if (rule.methods !== undefined && !rule.methods.includes(method)) return false;
  if (!matchesHost(rule.host, url.hostname)) return false;
  if (rule.paths === undefined) return true;
  // A server that decodes before it looks for ".." would see another path than the rule.
  if (/%2f|%5c|%2e|\/\//i.test(url.pathname)) return false;
  return rule.paths.some(glob => matchesGlob(glob, url.pathname));
}

function matchesHost(wanted: string, hostname: string): boolean {
  if (wanted === '*') return true;
  if (!wanted.startsWith('*.')) return wanted === hostname;
  // The dot belongs to what must be at the end, so "evilexample.org" is not below "example.org".
  return hostname.length > wanted.length - 1 && hostname.endsWith(wanted.slice(1));
}
