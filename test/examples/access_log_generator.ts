/** Access logs that look like those of a small shop, the same for the same seed. `examples/access-log/access_log` is `generateLog(SAMPLE)`. */

export interface LogOptions {
  readonly seed: number;
  /** Ordinary requests; attacks and malformed lines come on top. */
  readonly requests: number;
  /** Unix seconds of the first request. */
  readonly start: number;
  /** How long the log lasts, in seconds. */
  readonly seconds: number;
  /** Whether a scanner, a password guesser and a path traverser call. */
  readonly attacks: boolean;
  /** Share of lines that are no log lines. */
  readonly malformed: number;
}

export const SAMPLE: LogOptions = {
  seed: 20260102,
  requests: 3000,
  start: Date.UTC(2026, 0, 2, 8, 0, 0) / 1000,
  seconds: 2 * 3600,
  attacks: true,
  malformed: 0.003,
};

const PAGES: readonly (readonly [weight: number, path: string, status: number, size: number])[] = [
  [18, '/', 200, 9120],
  [12, '/products', 200, 15480],
  [10, '/static/app.css', 200, 20480],
  [10, '/static/app.js', 200, 88310],
  [8, '/static/logo.svg', 200, 3120],
  [6, '/products?page=2', 200, 15230],
  [6, '/api/cart', 200, 640],
  [5, '/favicon.ico', 304, 0],
  [4, '/search?q=lamp&sort=price', 200, 12010],
  [3, '/about', 200, 5230],
  [3, '/account', 302, 0],
  [2, '/checkout', 200, 7010],
  [1, '/old-catalogue', 301, 178],
  [1, '/static/missing.png', 404, 153],
  [1, '/api/orders', 500, 87],
];

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'curl/8.11.0',
];

const PROBES = [
  '/.env',
  '/.git/config',
  '/wp-login.php',
  '/phpmyadmin/index.php',
  '/xmlrpc.php',
  '/admin.php',
  '/backup.zip',
  '/cgi-bin/test.cgi',
];
const TRAVERSALS = [
  '/static/../../../../etc/passwd',
  '/download?file=..%2f..%2f..%2fetc%2fshadow',
  '/%2e%2e/%2e%2e/windows/win.ini',
];
const BROKEN = [
  '',
  '-',
  '\u0016\u0003\u0001 garbage',
  '192.0.2.9 - - [02/Jan/2026:08:',
  'logrotate: file renamed',
  '192.0.2.7 - - [32/Jan/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-"',
];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

interface Request {
  readonly at: number;
  readonly line: string;
}

export function generateLog(options: LogOptions): string {
  const random = seeded(options.seed);
  const requests: Request[] = [];
  for (let i = 0; i < options.requests; i++) {
    // Two waves over the time of the log.
    const share = (i + random()) / options.requests;
    const at = options.start + Math.floor(options.seconds * (share + 0.06 * Math.sin(share * 4 * Math.PI)));
    requests.push(ordinary(Math.max(options.start, at), random));
  }
  if (options.attacks) requests.push(...attacks(options, random));
  // Stable, so that equal seconds keep the order in which they were made.
  requests.sort((a, b) => a.at - b.at);
  let log = '';
  for (const { line } of requests) {
    if (random() < options.malformed) log += `${BROKEN[Math.floor(random() * BROKEN.length)]}\n`;
    log += `${line}\n`;
  }
  return log;
}

function ordinary(at: number, random: () => number): Request {
  const [, path, status, size] = weighted(random);
  // A few clients come often, most seldom.
  const client = `192.0.2.${1 + Math.floor(random() ** 3 * 120)}`;
  const sent = size === 0 ? '-' : String(Math.max(1, Math.round(size * (0.9 + 0.2 * random()))));
  const agent = AGENTS[Math.floor(random() * AGENTS.length)];
  const referer = random() < 0.5 ? 'https://shop.example/' : '-';
  return request(at, client, '-', 'GET', path, status, sent, referer, agent);
}

function attacks({ start, seconds }: LogOptions, random: () => number): Request[] {
  const found: Request[] = [];
  for (let i = 0; i < 60; i++) {
    const path = PROBES[Math.floor(random() * PROBES.length)];
    found.push(
      request(
        start + Math.floor(seconds * 0.25) + i,
        '203.0.113.50',
        '-',
        'GET',
        path,
        404,
        '153',
        '-',
        'Mozilla/5.0 zgrab/0.x',
      ),
    );
  }
  for (let i = 0; i < 45; i++) {
    const at = start + Math.floor(seconds * 0.5) + i * 3;
    found.push(
      request(at, '198.51.100.23', 'admin', 'POST', '/account/login', 401, '87', '-', 'python-requests/2.32.3'),
    );
  }
  for (const [i, path] of TRAVERSALS.entries()) {
    found.push(
      request(
        start + Math.floor(seconds * 0.7) + i * 5,
        '203.0.113.99',
        '-',
        'GET',
        path,
        400,
        '166',
        '-',
        'curl/8.11.0',
      ),
    );
  }
  return found;
}

function request(
  at: number,
  client: string,
  user: string,
  method: string,
  target: string,
  status: number,
  size: string,
  referer: string,
  agent: string,
): Request {
  // Local time, one hour before UTC's clock face.
  const date = new Date((at + 3600) * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const line = `${client} - ${user} [${day}:${time} +0100] "${method} ${target} HTTP/1.1" ${status} ${size} "${referer}" "${agent}"`;
  return { at, line };
}

function weighted(random: () => number): (typeof PAGES)[number] {
  const all = PAGES.reduce((sum, [weight]) => sum + weight, 0);
  let left = random() * all;
  for (const page of PAGES) {
    left -= page[0];
    if (left < 0) return page;
  }
  return PAGES[0];
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
